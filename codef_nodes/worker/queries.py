"""Questions about nodes that the window may not answer itself: facts, faces, cached frames."""

from typing import TYPE_CHECKING, Any

from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.worker.args import Args
from codef_nodes.worker.clips import clip_above, frames_text
from codef_nodes.worker.facing import Faces
from codef_nodes.worker.kinship import fit_near, passes_on, space_of
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.viewing import layer_asked
from codef_nodes.worker.work import WorkTask
from engine.errors import UsageError
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker
    from engine.io.clip import Clip


@verb("faces", role="view", queue="query", stale=False)
def faces(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """What every node's face shows: an error, and the state of its fit."""
    return {"nodes": Faces(worker).look()}


@verb("cached", role="view", queue="query")
def cached(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Which frames of a node need no work: in memory, on disk, or there from before an edit.

    ``scale`` makes no difference: whole results are kept, and any scale is taken from them.
    """
    node, frames = args.text("node"), args.integers("frames") or []
    evaluator = worker.evaluator
    # What only passes on keeps nothing itself.
    keeper = passes_on(evaluator, node)
    places: dict[str, list[int]] = {"ram": [], "disk": [], "stale": []}
    shown = evaluator.keys(node, frames)
    for frame, key in evaluator.keys(keeper, frames).items():
        task.check()
        place = evaluator.cache.where(key)
        if place is None:
            before = worker.seen.key(node, frame)
            place = "stale" if before is not None and before != shown.get(frame) else None
        if place is not None:
            places[place].append(frame)
    return dict(places)


@verb("info", role="view", queue="query")
def info(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """What there is to know about a node's result."""
    node, frame = args.text("node"), args.frame()
    evaluator = worker.evaluator
    document = evaluator.document
    offered = evaluator.frames(node)
    found: dict[str, Any] = {
        "frames": frames_text(evaluator, node, offered),
        "first": offered[0] if offered else None,
        "last": offered[-1] if offered else None,
        "space": space_of(document, node),
        "fit": fit_near(document, node),
        "format": None,
        "data": None,
        "channels": [],
        "colour": None,
        "bytes": None,
        "layers": [],
        "segments": [],
        "scale": 1.0,
    }
    clip = clip_above(evaluator, node)
    fps = (clip.fps if clip is not None else None) or float(document.settings["fps"])
    found["fps"] = fps
    found["seconds"] = len(offered) / fps if offered else None
    at = frame if offered is None or frame in offered else offered[0]
    if not evaluator.unfitted(node, at):
        found.update(_of_the_value(evaluator, node, at, task, clip, layer_asked(args)))
        if found["space"] == "canonical" and found["fit"] is not None:
            field = evaluator.value(found["fit"], at, task)
            found["scale"] = found["format"][0] / field.display.width
    return found


def _of_the_value(
    evaluator: Evaluator,
    node: str,
    frame: int | None,
    task: Task,
    clip: "Clip | None",
    layer: int | str | None,
) -> dict[str, Any]:
    from codef_nodes.graph.memory import size_of
    from codef_nodes.worker.looks import layer_names, look
    from codef_nodes.worker.pictures import NAMES

    value = evaluator.value(node, frame, task)
    try:
        picture = look(value, node, layer, frame=frame)
    except UsageError:  # this fit has fewer layers than the one before: its names say so
        picture = look(value, node, frame=frame)
    display, data = picture.display, picture.data
    channels = list(NAMES.get(picture.pixels.shape[2], []))
    if picture.native is not None:
        channels = list(picture.native.channels)
    for part in picture.extra:
        channels += [f"{part.part}.{name}" if part.part else name for name in part.channels]
    return {
        "format": [display.width, display.height],
        "data": [data.x0, data.y0, data.x1, data.y1],
        "channels": channels,
        "colour": clip.colour_space
        if clip is not None and picture.native is not None
        else str(evaluator.document.settings["working_space"]),
        "bytes": size_of(value),
        "layers": layer_names(value),
        "reference": getattr(value, "reference", None),
        "segments": _segments(value),
    }


def _segments(value: Any) -> list[dict[str, Any]]:
    """Of a long shot its segments: frames of each, and those that are nearest to its own still."""
    from engine.linked.field import LinkedField

    if not isinstance(value, LinkedField):
        return []
    own: dict[int, list[int]] = {}
    for index, frame in enumerate(value.frames):
        own.setdefault(value.segments.of_frame(index), []).append(frame)
    return [
        {
            "first": part.frames[0],
            "last": part.frames[-1],
            "own": [own[n][0], own[n][-1]],
            "reference": part.reference,
        }
        for n, part in enumerate(value.segments.parts)
    ]
