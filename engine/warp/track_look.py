"""Points followed by looking at the plate, from frame to frame.

A field has one motion at a place, so legs that cross leave one of them with the motion of the other
for good. Chains of flow between neighbouring frames of the plate are independent of that: followed
backward from every pixel of a frame they tell which point of the first frame the pixel shows. A
point is then where the pixels are that come from nearest to it. Such an answer is coarser than the
field's, so it counts only where both disagree by more than the field can be wrong when it is right.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, I64, U8, AnyArray, Bool
from engine.kernels import origin as chains
from engine.progress import Task
from engine.warp.track_standing import Standing
from engine.warp.track_views import View, Views

#: Pixels from a point up to which what comes from there speaks for it wholly, and at all.
SURE, FAR = 13.0, 18.0
#: Pixels by which field and plate may differ so that the field stands, and from which the plate
#: does; between them, a mixture.
AGREE, DIFFER = 6.0, 12.0
#: Pixels from a point up to which what comes from there counts as the point itself.
ITSELF = 6.0
#: Pixels around a point that its look is compared in, and how much farther from the first look
#: the plate's place may look than the field's place.
REACH, WORSE = 8, 2.0
#: Frames in a row for which the plate must say otherwise; shorter is a slip of the flow.
LASTING = 5
#: First frames that are followed at once: each keeps a map in memory.
TOGETHER = 24


@dataclass(frozen=True)
class Looked:
    """What the plate says.

    Attributes:
        points: Frame points [N, T, 2], NaN where the plate says nothing.
        apart: How far from each point comes what speaks for it, in pixels of the small pictures,
            [N, T]; Inf: nothing.
        shown: Whether the frame shows the layer at the place, [N, T].
        held: Whether the field stands whatever the plate says, [N, T].
        scale: Pixels of the small pictures per pixel of the frame.
    """

    points: F32
    apart: F32
    shown: Bool
    held: Bool
    scale: float


@dataclass(frozen=True)
class _Link:
    """A chain in one frame: ``origin`` and ``known`` as ``engine.kernels.origin`` has them.

    ``there`` is the flow from the frame before to this one; None where the chain starts.
    """

    index: int
    start: int
    origin: F32
    known: Bool
    view: View
    there: F32 | None


def look(
    views: Views,
    points: F32,
    starts: I64,
    expected: F32,
    task: Task,
    ground: F32 | None = None,
) -> Looked:
    """Follows points of one layer through all frames of the plate.

    Args:
        views: The layer's pictures.
        points: Where they start, frame points [N, 2].
        starts: Position of the frame of each, [N].
        expected: Where the field has them, frame points [N, T, 2].
        task: Progress and cancel.
        ground: Where the layer behind would take the points, frame points [N, T, 2]; None:
            nothing is behind.
    """
    places = np.full((len(points), views.count, 2), np.nan, np.float32)
    apart = np.full((len(points), views.count), np.inf, np.float32)
    shown = np.zeros((len(points), views.count), np.bool_)
    held = np.zeros((len(points), views.count), np.bool_)
    small, thought = views.inward(points), views.inward(expected)
    behind = None if ground is None else views.inward(ground)
    first: dict[int, View] = {}
    begun = np.unique(starts)
    parts = [begun[n : n + TOGETHER] for n in range(0, len(begun), TOGETHER)]
    ways = [(some, step) for some in parts for step in (1, -1)]
    for n, (some, step) in enumerate(ways):
        share = task.part(n / len(ways), (n + 1) / len(ways))
        standing: dict[int, Standing] = {}
        for link in _sweep(views, some, step, share):
            index, start, view = link.index, link.start, link.view
            mine = np.flatnonzero(starts == start)
            if index == start:
                first = {s: v for s, v in first.items() if s in some} | {start: view}
            found, gap = chains.answers(link.origin, link.known, small[mine], FAR)
            itself = _at(view.own, found)
            better = _better(first[start], view, small[mine], thought[mine, index], found)
            if behind is not None and link.there is None:
                standing[start] = Standing(
                    small[mine], behind[mine], start, link.origin, link.known
                )
            elif behind is not None and link.there is not None:
                stand, where, seen = standing[start].update(
                    index, found, link.origin, link.known, view, link.there
                )
                found = np.where(stand[:, None], where, found)
                gap = np.where(stand, np.where(seen, ITSELF, SURE), gap)
                itself = np.where(stand, seen, itself)
                better &= ~stand
            places[mine, index], apart[mine, index] = found, gap
            shown[mine, index] = itself
            held[mine, index] = better | _at(view.covered, thought[mine, index])
    return Looked(views.outward(places), apart, shown, held, views.scale)


def _better(first: View, view: View, points: F32, thought: F32, found: F32) -> Bool:
    """Whether the field's places look more like the first look than the plate's places, [N]."""
    import cv2

    side = (2 * REACH + 1, 2 * REACH + 1)

    def look_at(grey: U8, point: F32) -> F32:
        middle = (float(point[0]) - 0.5, float(point[1]) - 0.5)
        return np.asarray(cv2.getRectSubPix(grey, side, middle), np.float32)

    better = np.zeros(len(points), np.bool_)
    away = np.linalg.norm(thought - found, axis=1)
    inside = _at(np.ones_like(view.own), thought)
    for n in np.flatnonzero(inside & (away > AGREE)):
        look = look_at(first.grey, points[n])
        by_field = np.abs(look_at(view.grey, thought[n]) - look).mean()
        by_plate = np.abs(look_at(view.grey, found[n]) - look).mean()
        better[n] = by_plate > WORSE * by_field
    return better


def _sweep(views: Views, starts: I64, step: int, task: Task) -> Iterator[_Link]:
    """Every chain in one direction, each from its start on."""
    last = views.count - 1 if step > 0 else 0
    order = sorted(starts.tolist(), reverse=step < 0)
    running: list[int] = []
    origin: F32 | None = None
    known: Bool | None = None
    before: View | None = None
    frames = range(order[0], last + step, step)
    for n, index in enumerate(frames):
        task.report(n / len(frames), "look")
        view = views.view(index)
        if before is not None and origin is not None and known is not None:
            there, back = views.flows(before, view)
            origin, known = chains.carry(origin, known, there, back, view.clear)
            for s, start in enumerate(running):
                yield _Link(index, start, origin[s], known[s], view, there)
        if index in order:
            begin, own = chains.first(view.clear)
            yield _Link(index, index, begin, own, view, None)
            origin = begin[None] if origin is None else np.concatenate([origin, begin[None]])
            known = np.array([own]) if known is None else np.concatenate([known, own[None]])
            running.append(index)
        before = view


def join(looked: Looked, points: F32, visible: Bool, confidence: F64) -> tuple[F32, Bool, F64]:
    """The field's answers where plate and field agree, the plate's where it surely does not.

    Args:
        looked: What the plate says.
        points: What the field says, frame points [N, T, 2].
        visible: Whether the frame shows them there, [N, T].
        confidence: How far to trust the field, [N, T].

    Returns:
        ``points``, ``visible`` and ``confidence`` together.
    """
    said = np.asarray(np.isfinite(looked.points).all(axis=2), np.bool_)
    plate = np.where(said[..., None], looked.points, points)
    away = np.linalg.norm(plate.astype(np.float64) - points, axis=2) * looked.scale
    apart = np.where(said, looked.apart, FAR).astype(np.float64)
    weight = _ramp(apart, FAR, SURE) * _ramp(away, AGREE, DIFFER)
    weight = _lasting(weight * ~looked.held)
    mixed = np.asarray(points + weight[..., None] * (plate - points), np.float32)
    itself = looked.shown & (apart <= ITSELF) & ~looked.held
    trust = np.exp(-np.square(apart / SURE)) * np.where(itself, 1.0, 0.25)
    other = weight > 0.5
    # What the plate sees where the field expects it is visible, whatever the field thinks.
    agreed = ~other & itself & ~visible
    return (
        mixed,
        np.asarray(np.where(other, itself, visible | itself), np.bool_),
        np.asarray(np.where(other | agreed, trust, confidence * (1 - weight)), np.float64),
    )


def _lasting(weight: F64) -> F64:
    """Weights [N, T] without what lasts for less than ``LASTING`` frames, softened over time."""
    kept = _windows(_windows(weight, LASTING).min(axis=2), LASTING).max(axis=2)
    return np.asarray(np.minimum(weight, _windows(kept, 3).mean(axis=2)), np.float64)


def _windows(values: F64, size: int) -> F64:
    """For each value of [N, T] the ``size`` values around it, [N, T, size]."""
    reach = size // 2
    wider = np.pad(values, ((0, 0), (reach, reach)), mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(wider, size, axis=1), np.float64)


def _at(own: Bool, points: F32) -> Bool:
    """Whether points [N, 2] of a small picture lie on a pixel of the layer."""
    place = np.nan_to_num(np.floor(points), nan=-1).astype(np.int64)
    height, width = own.shape
    inside = (place >= 0).all(axis=1) & (place[:, 0] < width) & (place[:, 1] < height)
    row, column = np.clip(place[:, 1], 0, height - 1), np.clip(place[:, 0], 0, width - 1)
    return np.asarray(inside & own[row, column], np.bool_)


def _ramp(value: AnyArray, nothing: float, all_of_it: float) -> F64:
    """0 up to ``nothing``, 1 from ``all_of_it`` on, smooth between."""
    share = np.clip((np.asarray(value, np.float64) - nothing) / (all_of_it - nothing), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float64)
