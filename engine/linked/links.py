"""Links: where the still of one segment lies on the still of the next.

Both segments were fitted on the frames that they share, so each of these frames says, pixel by
pixel, which point of the one still is which point of the other. What most of the frames say, made
smooth, is the link; both ways are found from the same pixels, so that one undoes the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.colour.encoding import encode
from engine.fields.field import Field
from engine.fit.canvas import fill_holes
from engine.fit.motion import global_motion
from engine.io.picture import Window
from engine.linked.linkmap import CELL, LinkMap, nodes, through
from engine.progress import Task

#: Most pixels of a frame that are looked at.
PIXELS = 60_000
#: Visible share of a pixel from which it speaks.
SEEN = 0.6
#: Encoded difference of both stills at which a pixel speaks half as loud.
DIFFERENT = 0.08
#: Weight near a point of the map from which a frame says anything about it.
LEAST = 0.5
#: Canonical pixels beyond what the frames showed over which the link fades out.
FADE = 48.0
#: Points of the map over which what the frames say is made smooth.
SMOOTH = 0.8
#: Canonical pixels between the points that the overall motion is found from.
_COARSE = 4
#: Factors of light beyond which a link says nothing about it.
_MOST_LIGHT = 4.0


@dataclass(frozen=True, eq=False)
class Link:
    """The link of one layer between a segment and the next.

    Attributes:
        on: From the still of the first to that of the second.
        back: From the second to the first.
        light: Factor of the second still over the first, [3], scene-linear.
        figures: ``error`` and ``worst``: canonical pixels by which a shared pixel lands beside its
            place, median and 95 in 100; ``known``: share of the first still that is linked.
    """

    on: LinkMap
    back: LinkMap
    light: F32
    figures: dict[str, float] = field(default_factory=dict)


Links = dict[str, Link]


@dataclass(frozen=True, eq=False)
class _Pairs:
    """What one frame says: points of both stills, and how loud."""

    here: F64
    there: F64
    weight: F64


def link_segments(before: Field, after: Field, task: Task) -> Links:
    """Links two fields that share frames, layer by layer.

    Args:
        before: The earlier segment.
        after: The later one.
        task: Progress and cancel.

    Returns:
        By name of the layer, for the layers that both have. One that the shared frames do not show
        has a link that knows nothing.

    Raises:
        Cancelled: The person stopped the work.
    """
    shared = sorted(set(before.frames) & set(after.frames))
    names = [layer.name for layer in after.layers]
    both = [(k, names.index(x.name)) for k, x in enumerate(before.layers) if x.name in names]
    found: Links = {}
    for n, (k, j) in enumerate(both):
        part = task.part(n / len(both), (n + 1) / len(both), "linking")
        found[before.layers[k].name] = _link(before, k, after, j, shared, part)
    return found


def _link(before: Field, k: int, after: Field, j: int, shared: Sequence[int], task: Task) -> Link:
    pairs, light = [], []
    for n, frame in enumerate(shared):
        task.report(n / max(len(shared), 1))
        said = _pairs(before, k, after, j, frame)
        if len(said.weight):
            pairs.append(said)
            light.append(_light(before, k, after, j, frame))
    ways = [before.layers[k].canonical.data, after.layers[j].canonical.data]
    on = _map(pairs, ways[0])
    back = _map([_Pairs(p.there, p.here, p.weight) for p in pairs], ways[1])
    factor = np.median(np.stack(light), axis=0) if light else np.ones(3)
    return Link(on, back, factor.astype(np.float32), _figures(pairs, on))


def _pairs(before: Field, k: int, after: Field, j: int, frame: int) -> _Pairs:
    """Points of both stills that a shared frame shows in one pixel."""
    from engine.warp.sheet import sheet_of

    a, b = before.index(frame), after.index(frame)
    step = max(1, int(np.ceil(np.sqrt(before.height * before.width / PIXELS))))
    some = slice(step // 2, None, step), slice(step // 2, None, step)
    seen = np.minimum(before.seen(a, some)[k], after.seen(b, some)[j])
    one, other = before.layers[k], after.layers[j]
    here = np.ascontiguousarray(one.deformation.positions(a)[some])
    there = np.ascontiguousarray(other.deformation.positions(b)[some])
    sound = (seen > SEEN) & _upright(here) & _upright(there)
    colours = [sheet_of(one.canonical).read(here), sheet_of(other.canonical).read(there)]
    sound &= (colours[0][..., 3] > 0.5) & (colours[1][..., 3] > 0.5)
    if not sound.any():
        return _Pairs(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))
    plain = [encode(c[sound][:, :3] / c[sound][:, 3:]) for c in colours]
    apart = plain[0] - plain[1]
    # The light may have changed from one still to the other; their content has not.
    apart = np.abs(apart - np.median(apart, axis=0)).max(axis=1)
    weight = seen[sound] / (1 + np.square(apart / DIFFERENT))
    return _Pairs(here[sound].astype(np.float64), there[sound].astype(np.float64), weight)


def _upright(points: F32) -> Bool:
    """Where a map [h, w, 2] is neither folded nor undefined."""
    if min(points.shape[:2]) < 2:
        return np.asarray(np.isfinite(points).all(axis=2), np.bool_)
    down, across = (np.asarray(np.gradient(points, axis=axis)) for axis in (0, 1))
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    return np.asarray(np.isfinite(points).all(axis=2) & (area > 0), np.bool_)


def _map(pairs: Sequence[_Pairs], canvas: Window) -> LinkMap:
    """The smooth map through what the frames say, the median of them at each point."""
    import cv2

    grid = nodes(canvas)
    shape = grid.shape[:2]
    if not pairs:
        return LinkMap(
            np.eye(3), np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32), canvas
        )
    matrix = _overall(pairs, canvas)
    said = np.full((len(pairs), *shape, 2), np.nan)
    for n, pair in enumerate(pairs):
        rest = pair.there - through(matrix, pair.here)
        said[n] = _gathered(pair, rest, canvas, shape)
    spoke = np.isfinite(said[..., 0]).sum(axis=0)
    # A place that one frame of ten shows may be a mistake of that frame.
    enough = np.asarray(spoke > len(pairs) // 4, np.bool_)
    steps = np.zeros((*shape, 2), np.float32)
    if enough.any():
        steps[enough] = np.nanmedian(said[:, enough], axis=0)
    size = (0, 0)
    weight = cv2.GaussianBlur(enough.astype(np.float32), size, SMOOTH)
    blurred = cv2.GaussianBlur(steps, size, SMOOTH) / np.maximum(weight, 1e-6)[..., None]
    steps = fill_holes(np.where(enough[..., None], blurred, 0).astype(np.float32), enough)
    far = cv2.distanceTransform((~enough).astype(np.uint8), cv2.DIST_L2, 5) * CELL
    known = np.clip(1 - np.maximum(far - CELL, 0) / FADE, 0, 1) if enough.any() else far * 0
    return LinkMap(matrix, steps, np.asarray(known, np.float32), canvas)


def _overall(pairs: Sequence[_Pairs], canvas: Window) -> F64:
    """The motion of the whole still: it carries on where nothing is known."""
    size = -(-canvas.height // _COARSE) + 1, -(-canvas.width // _COARSE) + 1
    flow, weight = np.zeros((*size, 2), np.float32), np.zeros(size, np.float32)
    corner = np.array([canvas.x0, canvas.y0])
    for pair in pairs:
        place = np.floor((pair.here - corner) / _COARSE).astype(np.intp)
        place = np.clip(place, 0, np.array(size[::-1]) - 1)
        row, column = place[:, 1], place[:, 0]
        flow[row, column] = (pair.there - pair.here) / _COARSE
        weight[row, column] = np.maximum(weight[row, column], pair.weight)
    found = global_motion(flow, weight)
    # From the coarse grid of the canvas to canonical points.
    to_grid = np.array(
        [[1 / _COARSE, 0, -canvas.x0 / _COARSE], [0, 1 / _COARSE, -canvas.y0 / _COARSE], [0, 0, 1]]
    )
    return np.asarray(np.linalg.inv(to_grid) @ found @ to_grid, np.float64)


def _gathered(pair: _Pairs, rest: F64, canvas: Window, shape: tuple[int, ...]) -> F64:
    """Weighted means [gy, gx, 2] of what pixels around each point say; NaN where none do."""
    place = (pair.here - np.array([canvas.x0, canvas.y0])) / CELL + 1
    cell = np.floor(place).astype(np.intp)
    inside = (cell >= 0).all(axis=1) & (cell[:, 1] < shape[0] - 1) & (cell[:, 0] < shape[1] - 1)
    cell, rest, weight = cell[inside], rest[inside], pair.weight[inside]
    part = place[inside] - cell
    total, sums = np.zeros(shape[0] * shape[1]), np.zeros((2, shape[0] * shape[1]))
    for down in (0, 1):
        for right in (0, 1):
            near = np.abs(1 - right - part[:, 0]) * np.abs(1 - down - part[:, 1]) * weight
            flat = (cell[:, 1] + down) * shape[1] + cell[:, 0] + right
            total += np.bincount(flat, near, len(total))
            for axis in (0, 1):
                sums[axis] += np.bincount(flat, near * rest[:, axis], len(total))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > LEAST, sums / total, np.nan)
    return np.asarray(mean.T.reshape(*shape, 2), np.float64)


def _light(before: Field, k: int, after: Field, j: int, frame: int) -> F64:
    """Factor of the second still over the first, from how both are lit in a shared frame."""
    from engine.warp.render import light

    some = slice(None, None, 16), slice(None, None, 16)
    one = light(before, k, before.index(frame), part=some)
    other = light(after, j, after.index(frame), part=some)
    share = before.seen(before.index(frame), some)[k] > SEEN
    if not share.any():
        return np.ones(3)
    above = np.ones(3) if one is None else np.median(one[share], axis=0)
    below = np.ones(3) if other is None else np.median(other[share], axis=0)
    factor = above / np.maximum(below, 1e-3)
    return np.asarray(np.clip(factor, 1 / _MOST_LIGHT, _MOST_LIGHT), np.float64)


def _figures(pairs: Sequence[_Pairs], on: LinkMap) -> dict[str, float]:
    if not pairs:
        return {"error": 0.0, "worst": 0.0, "known": 0.0}
    errors, weights = [], []
    for pair in pairs:
        errors.append(np.linalg.norm(on.at(pair.here.astype(np.float32)) - pair.there, axis=1))
        weights.append(pair.weight)
    error = np.concatenate(errors)[np.concatenate(weights) > LEAST]
    if not len(error):
        error = np.concatenate(errors)
    middle, worst = np.percentile(error, (50, 95))
    return {
        "error": round(float(middle), 3),
        "worst": round(float(worst), 3),
        "known": round(float((on.known > 0.5).mean()), 3),
    }
