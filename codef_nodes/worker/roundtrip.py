"""The way to paint programs and back: export a canonical image, look at what returned."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.worker.args import Args
from codef_nodes.worker.fieldbook import of_still
from codef_nodes.worker.kinship import fit_near
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import EditError, InputError, UsageError
from engine.fields.field import Field
from engine.progress import Task

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker
    from engine.io.picture import Picture

SETTLED = 0.3
"""Seconds for which a file must stay as it is before it counts as saved."""
PATIENCE = 30.0
"""Seconds to wait for a file that goes on growing or cannot be read yet."""
_PREVIEW = 1200


@verb("export", role="jobs", queue="query", stale=False)
def export(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Writes the canonical image of a layer: PNG or TIFF of 16 bits with a sidecar, or EXR."""
    from codef_nodes.work.canonicals import write_canonicals
    from engine.edit.canonical import canonical_windows, own_scale

    evaluator = worker.evaluator
    field = _field(evaluator, args.text("node"), task)
    layer = _layer(field, args)
    scale = own_scale(field, layer, args.number("scale") if "scale" in args else None)
    depth = args.optional_integer("depth")
    written = write_canonicals(
        field, Path(args.text("file")), layer=layer, scale=scale, task=task, bits=depth
    )
    _, data = canonical_windows(field, layer, scale)
    return {
        "written": written["written"],
        "layer": layer,
        "name": field.layers[layer].name,
        "size": [data.width, data.height],
    }


@verb("place", role="jobs", queue="query", stale=False)
def place(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Waits until a returned file is whole, and says where it belongs and what it changes.

    ``how`` and ``confidence`` tell of its place; ``guessed``: a person should look at ``picture``,
    the canonical image with the change over it. ``changed`` is the share of pixels that differ.
    """
    from engine.edit.canonical import canonical_picture
    from engine.edit.returned import returned_edit
    from engine.paint.raster import paint_over

    evaluator, path = worker.evaluator, Path(args.text("file"))
    field = _field(evaluator, args.text("node"), task)
    layer = _layer(field, args)
    working = str(evaluator.document.settings["working_space"])
    found = returned_edit(field, layer, read_settled(path, working, task), path, working)
    still = canonical_picture(field, layer, scale=1.0)
    paint = found.over(still.data)
    step = max(1, -(-max(paint.shape[:2]) // _PREVIEW))
    step = next(each for each in (1, 2, 4, 8) if each >= min(step, 8))
    shown = paint_over(paint, still.pixels)[::step, ::step]
    data, display = still.data, still.display
    return {
        "how": found.how,
        "guessed": found.guessed,
        "confidence": found.confidence,
        "changed": float(np.count_nonzero(paint[..., 3]) / max(paint[..., 3].size, 1)),
        "layer": field.layers[layer].name,
        "picture": worker.share(
            np.ascontiguousarray(shown),
            data=(data.x0, data.y0, data.x1, data.y1),
            display=(display.x0, display.y0, display.x1, display.y1),
            scale=step,
            aspect=still.pixel_aspect,
        ),
    }


def read_settled(
    path: Path,
    working: str,
    task: Task,
    *,
    settled: float = SETTLED,
    patience: float = PATIENCE,
) -> "Picture":
    """Reads a picture that another program may be writing still.

    Args:
        path: The file.
        working: The working space.
        task: Cancel.
        settled: Seconds for which size and time must stay as they are.
        patience: Seconds after which trouble is told.

    Raises:
        InputError: It is absent, or no picture, also after waiting.
        EditError: It goes on changing.
    """
    from engine.io.read import read_picture

    until = time.monotonic() + patience
    seen, since = _state(path), time.monotonic()
    while True:
        task.check()
        time.sleep(min(settled / 3, 0.1))
        now = _state(path)
        if now != seen:
            seen, since = now, time.monotonic()
        elif now is not None and time.monotonic() - since >= settled:
            try:
                return read_picture(path, working=working)
            except InputError:
                # Some programs write in place and pause: a whole file follows soon.
                if _state(path) == seen and time.monotonic() - since >= 5 * settled:
                    raise
        if time.monotonic() > until:
            if seen is None:
                raise InputError(f"{path} is not there any more; save it again", file=path)
            raise EditError(f"{path} is still being written; save it again", file=path)


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if status.st_size else None


def _field(evaluator: Evaluator, node: str, task: Task) -> Field:
    """The finished fit that a node is, or belongs to; never made for this.

    Raises:
        UsageError: There is none.
    """
    fit = _fit_of(evaluator.document, node)
    if evaluator.unfitted(fit):
        raise UsageError(f"{fit} is not fitted yet; fit it before you export", node=fit)
    value = evaluator.value(fit, None, task)
    if not isinstance(value, Field):
        raise UsageError(f"{fit} gives no fit; choose another node", node=fit)
    return of_still(evaluator.document, node, value)


def _fit_of(document: Document, node: str) -> str:
    if document.node_class(node).output == "field":
        return node
    fit = fit_near(document, node)
    if fit is None:
        raise UsageError(f"{node} belongs to no fit; choose a fit or its canonical view", node=node)
    return fit


def _layer(field: Field, args: Args) -> int:
    from engine.edit.edits import layer_index

    layer = args.get("layer", 0)
    return layer_index(field, layer if isinstance(layer, str | int) else 0)
