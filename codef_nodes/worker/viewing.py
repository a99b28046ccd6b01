"""The verb that viewers live on: a node's picture, as much of it as is looked at."""

from functools import partial
from typing import TYPE_CHECKING, Any

from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.worker.args import Args
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import Cancelled, CodefError, UsageError
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker
    from engine.io.picture import Picture


@verb("view", role="view", queue="slot")
def view(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """The picture of a node at a frame; the region at the scale that are asked for."""
    from codef_nodes.worker.cropping import crop
    from codef_nodes.worker.groupcolours import colours_above
    from codef_nodes.worker.looks import look

    node, frame, layer = args.text("node"), args.frame(), layer_asked(args)
    evaluator = worker.evaluator
    value = result_of(worker, evaluator, node, frame, task)
    colours = partial(colours_above, evaluator.document, node)
    picture: Picture = look(value, node, layer, colours, frame)
    pixels, box = crop(picture.pixels, picture.data, args.box("region"), args.integer("scale", 1))
    task.check()
    key = evaluator.key(node, frame)
    worker.seen.shown(evaluator, node, frame, key)
    display = picture.display
    shared = worker.share(
        pixels,
        data=box,
        display=(display.x0, display.y0, display.x1, display.y1),
        scale=args.integer("scale", 1),
        aspect=picture.pixel_aspect,
    )
    return {
        "picture": shared,
        "key": key if layer is None else f"{key}.{layer}",
        "frame": frame,
    }


def result_of(
    worker: "Worker", evaluator: Evaluator, node: str, frame: int | None, task: Task
) -> Any:
    """A node's result, without ever making a fit for it.

    Raises:
        UsageError: A fit is needed that was never made.
        CodefError: Any error of a node; the node's face tells it from now on.
    """
    try:
        missing = sorted(evaluator.unfitted(node, frame))
        if not missing:
            return evaluator.value(node, frame, task)
    except Cancelled:
        raise
    except CodefError as error:
        error.node = error.node or node
        error.frame = frame if error.frame is None else error.frame
        worker.seen.failed(evaluator, error, frame)
        raise
    # No failure of the node: its face says that it has no fit yet.
    raise UsageError(f"{missing[0]} is not fitted yet; select it and press Fit", node=missing[0])


def layer_asked(args: Args) -> int | str | None:
    """The layer that a request means, by number or name; None: the front one."""
    layer = args.get("layer")
    if layer is None or (isinstance(layer, int | str) and not isinstance(layer, bool)):
        return layer
    raise UsageError("the request needs a number or a name as 'layer'")
