"""Verbs that take places and strokes from a frame to the canonical image and back.

Convention: frame points in pixels of the display window, canonical points in canonical pixels
(those of the reference frame, whatever the scale of a CanonicalView), y down, centres at +0.5.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codef_nodes.worker.args import Args
from codef_nodes.worker.fieldbook import fit_of, view
from codef_nodes.worker.verbs import Emit, Reply, verb
from codef_nodes.worker.work import WorkTask
from engine.errors import CodefError, UsageError

if TYPE_CHECKING:
    from codef_nodes.worker.server import Worker
    from engine.arrays import F32
    from engine.fields.field import Field
    from engine.warp.lookup import FrameLookup, Places

_WAYS = ("canonical", "frame")
_FLAT = 1e-6
"""Area of a pixel's image from which on the map has no way back."""


@verb("map", role="view", queue="place")
def map_points(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Points of a frame on the canonical image, or back.

    ``layers`` are numbers; ``visible`` says whether the frame shows the layer there, ``confidence``
    how well the place is known. Without ``layer`` a frame point goes to the layer that owns it, and
    a canonical point is one of the front layer. ``segment`` is the one of a long shot on whose
    still canonical points are; a request may name it. ``slopes`` are the derivatives of the map
    there, [[dx/dx, dx/dy], [dy/dx, dy/dy]], or null where it has none. No points at all get the map
    ready.
    """
    to = args.text("to")
    if to not in _WAYS:
        raise UsageError(f"places are mapped to 'canonical' or to 'frame', not to {to!r}")
    points: F32 = np.array(args.points("points"), np.float32).reshape(-1, 2)
    fit = fit_of(worker, args, task)
    layer = fit.layer(args)
    lookup = fit.lookups.frame(fit.index(args))
    if to == "canonical":
        found = lookup.to_canonical(points, layer)
    else:
        found = lookup.to_frame(points, layer or 0)
    return {
        "slopes": _slopes(lookup, points, found, to),
        "points": [[float(x), float(y)] for x, y in found.points],
        "visible": [bool(each) for each in found.visible],
        "confidence": [float(each) for each in found.confidence],
        "layers": [int(each) for each in found.layers],
        "names": [layer.name for layer in fit.field.layers],
        "segment": getattr(fit.field, "anchor", 0),
    }


def _slopes(
    lookup: "FrameLookup", points: "F32", found: "Places", to: str
) -> list[list[list[float]] | None]:
    """The derivatives of the map at each point."""
    slopes: list[list[list[float]] | None] = [None] * len(points)
    at = points if to == "canonical" else found.points
    for k in np.unique(found.layers).tolist():
        mine = np.flatnonzero(found.layers == k)
        _, stretch = lookup.stretched(np.ascontiguousarray(at[mine]), k)
        for index, slope in zip(mine.tolist(), stretch, strict=True):
            if not np.isfinite(slope).all() or abs(np.linalg.det(slope)) < _FLAT:
                continue
            slopes[index] = (slope if to == "canonical" else np.linalg.inv(slope)).tolist()
    return slopes


@verb("strokes.to_canonical", role="view", queue="query", stale=False)
def strokes_to_canonical(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Strokes drawn on a frame as strokes on the canonical image of the layer that owns them."""
    from engine.edit.strokemaps import to_canonical

    strokes = _strokes(args)
    fit = fit_of(worker, args, task)
    layer = fit.layer(args)
    lookup = fit.lookups.frame(fit.index(args))
    try:
        found = to_canonical(lookup, strokes, layer)
    except CodefError as error:
        error.node = error.node or fit.node
        raise
    return {
        "strokes": [stroke.as_dict() for _, stroke in found],
        "layers": [k for k, _ in found],
        "names": [fit.field.layers[k].name for k, _ in found],
        "segment": getattr(fit.field, "anchor", 0),
    }


@verb("strokes.carry", role="view", queue="query")
def strokes_carry(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """Strokes painted on the canonical image of one fit as strokes on that of another.

    ``old`` and ``new`` are field folders, ``strokes`` those to carry (default: of the Paint node
    ``node``), ``layer`` theirs in the old fit (default: the front one) and ``segment`` theirs in a
    long shot (default: the first). In the new fit they get the still of the same number, or, if
    ``follow`` says so, that which shows what the old one showed: its number is in the answer.
    ``found`` says for each what share of it some frame shows; the rest is where the fit continues
    it.
    """
    from codef_nodes.worker.looks import layer_of
    from engine.edit.strokemaps import carried, layer_like
    from engine.linked.field import view_at

    node = args.text("node")
    strokes = _strokes(args, worker)
    segment = args.integer("segment", 0)
    old, new = (_field(worker, args.text(which)) for which in ("old", "new"))
    old = view(old, segment)
    if args.flag("follow") and old.reference in new.frames:
        new = view_at(new, new.index(old.reference))
    else:
        new = view(new, segment)
    task.check()
    layer = args.get("layer")
    k = layer_of(old, layer, node)
    to = layer_like(old, new, k)
    try:
        found = carried(old, new, k, to, strokes)
    except CodefError as error:
        error.node = error.node or node
        raise
    return {
        "strokes": [each.stroke.as_dict() for each in found],
        "found": [each.found for each in found],
        "layer": to,
        "name": new.layers[to].name,
        "segment": getattr(new, "anchor", 0),
    }


@verb("shape.track", role="view", queue="query")
def shape_track(worker: "Worker", args: Args, task: WorkTask, emit: Emit) -> Reply:
    """A drawn shape with keys through the shot, from its outline in ``frame`` on.

    ``shape`` is one as documents hold it; ``every`` says how many frames lie between its keys
    (default 1); ``layer`` is the one that it follows (default: the one that it holds most of).
    """
    from dataclasses import replace

    from engine.lift.shapes import tracked_shape
    from engine.masks.shapes import shape_from_json

    fit = fit_of(worker, args, task)
    shape = shape_from_json(args.get("shape"))
    frame = fit.field.frames[fit.index(args)]
    every = max(args.integer("every", 1), 1)
    one = replace(shape, keys={frame: shape.at(frame)})
    try:
        found, k = tracked_shape(fit.field, one, task, layer=fit.layer(args), every=every)
    except CodefError as error:
        error.node = error.node or fit.node
        raise
    return {"keys": found.as_json()["keys"], "layer": fit.field.layers[k].name}


def _strokes(args: Args, worker: "Worker | None" = None) -> list[Any]:
    from engine.paint.stroke import strokes_from

    given = args.get("strokes")
    if given is None and worker is not None:
        given = worker.document.knob_value(args.text("node"), "strokes")
    if not isinstance(given, list) or not given:
        raise UsageError(f"the request {args.verb!r} needs a list of strokes as 'strokes'")
    return strokes_from(given)


def _field(worker: "Worker", path: str) -> "Field":
    from engine.fields.folder import load_field

    return load_field(worker.evaluator.folder / Path(path))
