"""The verb behind the overlays of the viewers: lines, and heat maps of how far to trust the fit.

Convention: frame and canonical pixels as in ``codef_nodes.worker.mapping``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from codef_nodes.worker.args import Args
from codef_nodes.worker.fieldbook import Fit, fit_of
from codef_nodes.worker.kinship import clip_of
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import Cancelled, CodefError, UsageError

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker
    from engine.arrays import F32
    from engine.warp.heat import HeatMap

KINDS = ("grid", "outlines", "coverage", "confidence", "folds")


@verb("overlay", role="view", queue="query")
def overlay(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Lines (with the layer of each) or a heat map from 0 to 1.

    On a frame without ``layer``: of what each pixel shows. On the canonical image: of ``layer``,
    else the front one; coverage and folds are over all frames (at most 48, evenly spread) there,
    confidence is that of ``frame``.
    """
    kind, space = args.text("kind"), args.text("space")
    if kind not in KINDS or space not in ("canonical", "frame"):
        raise UsageError(
            f"there is no overlay {kind!r} on {space!r}; there are {', '.join(KINDS)} on "
            "'canonical' and 'frame'"
        )
    fit = fit_of(worker, args, task)
    layer = fit.layer(args)
    if kind == "grid":
        return _lines(_grid(fit, args, layer, space))
    if kind == "outlines":
        return _lines(_outlines(fit, args, layer, space))
    if kind == "confidence":
        heat = _confidence(worker, fit, args, layer, space, task)
    elif space == "frame":
        heat = _heat_in(fit, args, layer, kind, task)
    else:
        heat = _heat_on(fit, args, layer or 0, kind, task)
    return {"picture": _shared(worker, fit, heat)}


def _grid(fit: Fit, args: Args, layer: int | None, space: str) -> list[tuple[int, "F32"]]:
    from engine.warp.warpgrid import grid_in_canonical, grid_in_frame, spacing_of

    field, spacing = fit.field, spacing_of(fit.field)
    if space == "canonical":
        k = layer or 0
        return [(k, line) for line in grid_in_canonical(field, k, spacing)]
    lookup = fit.lookups.frame(fit.index(args))
    layers = range(len(field.layers)) if layer is None else (layer,)
    return [(k, line) for k in layers for line in grid_in_frame(lookup, k, spacing)]


def _outlines(fit: Fit, args: Args, layer: int | None, space: str) -> list[tuple[int, "F32"]]:
    from engine.warp.warpgrid import outlines_in_canonical, outlines_in_frame

    if space == "canonical":
        k = layer or 0
        return [(k, line) for line in outlines_in_canonical(fit.field, k)]
    found = outlines_in_frame(fit.lookups.frame(fit.index(args)))
    return [(k, line) for k, line in found if layer in (None, k)]


def _heat_on(fit: Fit, args: Args, k: int, kind: str, task: WorkTask) -> "HeatMap":
    """On the canonical image of a layer."""
    from engine.warp.heat import coverage_of, folds_of

    make = coverage_of if kind == "coverage" else folds_of
    found: HeatMap = fit.summed(kind, k, lambda: make(fit.field, k, task))
    return found


def _heat_in(fit: Fit, args: Args, layer: int | None, kind: str, task: WorkTask) -> "HeatMap":
    """On a frame."""
    from engine.warp.heat import coverage_in, folds_in

    lookup = fit.lookups.frame(fit.index(args))
    if kind == "folds":
        return folds_in(lookup, layer)
    layers = range(len(fit.field.layers)) if layer is None else (layer,)
    return coverage_in(lookup, {k: _heat_on(fit, args, k, kind, task) for k in layers})


def _confidence(
    worker: "Worker", fit: Fit, args: Args, layer: int | None, space: str, task: WorkTask
) -> "HeatMap":
    from engine.warp.heat import agreement, confidence_in, confidence_on

    lookup = fit.lookups.frame(fit.index(args))
    plate = _plate(worker, fit, lookup.index, task)
    task.check()
    agreed = None if plate is None else agreement(lookup, plate)
    if space == "frame":
        return confidence_in(lookup, layer, agreed)
    return confidence_on(lookup, layer or 0, agreed)


def _plate(worker: "Worker", fit: Fit, index: int, task: WorkTask) -> "F32 | None":
    """The frame that was fitted, where the fit is wired to its clip; else None."""
    from codef_nodes.worker.viewing import result_of
    from engine.io.clip import MADE_UP

    evaluator = worker.evaluator
    clip = clip_of(evaluator.document, fit.node)
    if clip is None:
        return None
    try:
        picture = result_of(worker, evaluator, clip, fit.field.frames[index], task)
    except Cancelled:
        raise
    except CodefError:
        # The clip is gone or has lost the frame: the map alone has to do.
        return None
    if picture.metadata.get(MADE_UP):
        return None
    pixels: F32 = picture.pixels
    field = fit.field
    fits = pixels.shape[:2] == (field.height, field.width) and pixels.shape[2] >= 3
    return pixels if fits else None


def _lines(lines: Sequence[tuple[int, "F32"]]) -> Reply:
    return {
        "lines": [[[round(float(x), 2), round(float(y), 2)] for x, y in line] for _, line in lines],
        "layers": [k for k, _ in lines],
    }


def _shared(worker: "Worker", fit: Fit, heat: "HeatMap") -> Reply:
    display = fit.field.display
    return worker.share(
        heat.values,
        data=heat.box,
        display=(display.x0, display.y0, display.x1, display.y1),
        scale=heat.step,
        aspect=fit.field.pixel_aspect,
        channels=["Y"],
    )
