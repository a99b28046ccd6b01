"""Strokes taken from one space to another: a frame to the canonical image, one fit to the next.

A stroke's points go through the map, its sizes are scaled by how much the map enlarges there. Where
the map bends a straight piece of a stroke, points are put in between.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import F32, F64, I64, Bool
from engine.errors import EditError, UsageError
from engine.fields.field import Field
from engine.paint.stroke import LIMITS, Stroke
from engine.warp.inverse import FrameInverse
from engine.warp.lookup import FrameLookup, magnification

#: Pixels that a straight piece may be off the bent one.
_BENT = 0.2
_ROUNDS = 6
#: Frames that are asked for what the reference frame does not show.
_OTHERS = 24

#: Points [N, 2] to their places [N, 2] and the Jacobian [N, 2, 2] there.
Map = Callable[[F32], tuple[F32, F64]]


@dataclass(frozen=True)
class CarriedStroke:
    """A stroke of one canonical image on that of another fit.

    Attributes:
        stroke: The stroke.
        found: Share of its points whose place some frame shows, 0 to 1; the others are where the
            fit continues them.
    """

    stroke: Stroke
    found: float


def to_canonical(
    lookup: FrameLookup, strokes: Sequence[Stroke], layer: int | None = None
) -> list[tuple[int, Stroke]]:
    """Strokes drawn on a frame as strokes on canonical images.

    A stroke belongs to the layer that owns the first of its points within the frame.

    Args:
        lookup: The frame.
        strokes: Points, sizes and offsets in frame pixels.
        layer: The layer for all of them; None: as said.

    Returns:
        For each stroke its layer and the stroke in canonical pixels.

    Raises:
        EditError: A stroke lies wholly outside the frame, where the fit did not look, or where its
            map leads nowhere.
    """
    field = lookup.field
    frame = field.frames[lookup.index]
    found: list[tuple[int, Stroke]] = []
    for n, stroke in enumerate(strokes):
        points = np.array([point[:2] for point in stroke.points], np.float32)
        label = _label(stroke, n)
        inside = _inside(points, stroke.size, field)
        if not inside.any():
            raise EditError(
                f"{label} lies outside the picture of frame {frame}; paint on the picture",
                frame=frame,
            )
        kept = field.kept(lookup.index)
        if kept is not None and not _any_kept(points[inside], kept, field):
            raise EditError(
                f"{label} lies where the fit was told not to look in frame {frame}; paint it in "
                "another frame, or take the ignore mask off and fit again",
                frame=frame,
            )
        # Where the pen came down, so that it goes where it was seen to go while it was drawn.
        k = int(lookup.owners(points[inside][:1])[0]) if layer is None else layer
        moved = _moved(stroke, lambda p, k=k: lookup.stretched(p, k), label)  # type: ignore[misc]
        _check_canvas(moved, field, k, label)
        found.append((k, moved))
    return found


def carried(
    old: Field, new: Field, k_old: int, k_new: int, strokes: Sequence[Stroke]
) -> list[CarriedStroke]:
    """Strokes on a canonical image of one fit as strokes on that of another fit of the clip.

    They go through the reference frame of the old fit; what that does not show goes through the
    nearest frame that does, and what no frame shows is continued from the reference frame.

    Args:
        old: The fit that the strokes were painted on.
        new: The fit that they shall be on.
        k_old: The layer in the old fit.
        k_new: The layer in the new fit.
        strokes: In canonical pixels of the old fit.

    Raises:
        EditError: The fits have no frame in common, or a stroke leads nowhere.
    """
    ways = _Ways(old, new, k_old, k_new)
    found: list[CarriedStroke] = []
    for n, stroke in enumerate(strokes):
        label = _label(stroke, n)
        share = ways.take([point[:2] for point in stroke.points])
        moved = _moved(stroke, ways.through, label)
        found.append(CarriedStroke(moved, share))
    return found


class _Ways:
    """From one canonical image to another through the frames that both fits hold."""

    def __init__(self, old: Field, new: Field, k_old: int, k_new: int) -> None:
        self._old, self._new, self._k_old, self._k_new = old, new, k_old, k_new
        common = sorted(set(old.frames) & set(new.frames))
        if not common:
            raise EditError(
                f"the fits have no frame in common ({old.frames[0]}-{old.frames[-1]} and "
                f"{new.frames[0]}-{new.frames[-1]}), so strokes cannot be carried from one to the "
                "other; fit a range that overlaps"
            )
        near = sorted(common, key=lambda frame: (abs(frame - old.reference), frame))
        step = max(1, len(near) // _OTHERS)
        self._frames = [near[0], *near[1::step]]
        self._inverses: dict[int, FrameInverse] = {}
        self._used = [near[0]]

    def take(self, points: Sequence[Sequence[float]]) -> float:
        """Chooses the frames for a stroke; returns the share of its points that they show."""
        left = np.array(points, np.float32).reshape(-1, 2)
        total = len(left)
        self._used = []
        for frame in self._frames:
            seen = self._inverse(frame).find(left).visible
            if seen.any() or not self._used:
                self._used.append(frame)
            left = left[~seen]
            if not len(left):
                break
        return 1 - len(left) / max(total, 1)

    def through(self, points: F32) -> tuple[F32, F64]:
        """The points in the new canonical image, and the Jacobian."""
        reach = np.float32(0.5)
        apart = np.array([[0, 0], [reach, 0], [-reach, 0], [0, reach], [0, -reach]], np.float32)
        asked = (points[None] + apart[:, None]).astype(np.float32)
        # The five points of a cross go through the same frame.
        places = np.full(asked.shape, np.nan, np.float32)
        open_: Bool = np.ones(len(points), np.bool_)
        for frame in self._used:
            seen = self._inverse(frame).find(points).visible & open_
            places[:, seen] = self._by(frame, asked[:, seen])
            open_ &= ~seen
        if open_.any():
            places[:, open_] = self._by(self._used[0], asked[:, open_])
        jacobian = np.stack([places[1] - places[2], places[3] - places[4]], axis=2)
        return places[0], jacobian.astype(np.float64)

    def _by(self, frame: int, asked: F32) -> F32:
        flat = np.ascontiguousarray(asked.reshape(-1, 2))
        at = self._inverse(frame).find(flat).points
        there = self._new.layers[self._k_new].deformation.at(self._new.index(frame), at)
        return np.asarray(there.reshape(asked.shape), np.float32)

    def _inverse(self, frame: int) -> FrameInverse:
        if frame not in self._inverses:
            self._inverses[frame] = FrameInverse(self._old, self._k_old, self._old.index(frame))
        return self._inverses[frame]


def _moved(stroke: Stroke, way: Map, label: str) -> Stroke:
    """A stroke through a map."""
    source = _refined(np.array(stroke.points, np.float64), way)
    places, jacobian = way(np.ascontiguousarray(source[:, :2], np.float32))
    size = magnification(jacobian)
    if not (np.isfinite(places).all() and np.isfinite(size).all() and (size > 0).all()):
        raise EditError(f"{label} leads to no place; the fit is broken there, fit it again")
    pressure = source[:, 2]
    # Where pressure makes the brush smaller it can follow the map's scale point by point.
    if stroke.pressure_size and not (stroke.pressure_opacity or stroke.pressure_hardness):
        most = float(size.max())
        pressure = pressure * size / most
    else:
        most = float(np.median(size))
    offset = np.array(stroke.offset, np.float64)
    if offset.any():
        # Both ends of the offset go through the map, where it starts.
        ends = np.stack([source[0, :2], source[0, :2] + offset]).astype(np.float32)
        both = way(ends)[0].astype(np.float64)
        offset = both[1] - both[0]
    points = np.concatenate([places, pressure[:, None]], axis=1)
    return replace(
        stroke,
        points=tuple((round(float(x), 4), round(float(y), 4), float(p)) for x, y, p in points),
        size=_limited("size", stroke.size * most),
        radius=_limited("radius", stroke.radius * most),
        offset=(float(offset[0]), float(offset[1])),
    )


def _refined(points: F64, way: Map) -> F64:
    """Points with others in between where the map bends the straight piece."""
    for _ in range(_ROUNDS):
        if len(points) < 2:
            return points
        middle = (points[:-1] + points[1:]) / 2
        ends = way(np.ascontiguousarray(points[:, :2], np.float32))[0]
        bent = way(np.ascontiguousarray(middle[:, :2], np.float32))[0]
        off = np.linalg.norm(bent - (ends[:-1] + ends[1:]) / 2, axis=1)
        more: I64 = np.flatnonzero(off > _BENT)
        if not len(more):
            return points
        points = np.insert(points, more + 1, middle[more], axis=0)
    return points


def _limited(name: str, value: float) -> float:
    low, high = LIMITS[name]
    return float(min(max(value, low), high))


def _label(stroke: Stroke, n: int) -> str:
    return f"stroke {stroke.name!r}" if stroke.name else f"stroke {n + 1}"


def _inside(points: F32, size: float, field: Field) -> Bool:
    """Whether the brush reaches the frame at points [N, 2]."""
    reach, data = size / 2, field.data
    x, y = points[:, 0], points[:, 1]
    across = (x > data.x0 - reach) & (x < data.x1 + reach)
    return np.asarray(across & (y > data.y0 - reach) & (y < data.y1 + reach), np.bool_)


def _any_kept(points: F32, kept: Bool, field: Field) -> bool:
    column = np.clip(np.floor(points[:, 0]) - field.data.x0, 0, field.width - 1).astype(np.intp)
    row = np.clip(np.floor(points[:, 1]) - field.data.y0, 0, field.height - 1).astype(np.intp)
    return bool(kept[row, column].any())


def _check_canvas(stroke: Stroke, field: Field, k: int, label: str) -> None:
    canvas, reach = field.layers[k].canonical.data, stroke.size / 2
    for x, y, _ in stroke.points:
        across = canvas.x0 - reach < x < canvas.x1 + reach
        if across and canvas.y0 - reach < y < canvas.y1 + reach:
            return
    raise EditError(
        f"{label} falls outside the canonical image of {field.layers[k].name}; paint it in a frame "
        "that the fit holds there"
    )


def layer_like(old: Field, new: Field, k: int) -> int:
    """The layer of a new fit that a layer of the old one has become.

    Raises:
        UsageError: There is none of that name, and the numbers of layers differ.
    """
    names = [layer.name for layer in new.layers]
    name = old.layers[k].name
    if name in names:
        return names.index(name)
    if len(names) == len(old.layers):
        return k
    raise UsageError(
        f"the new fit has no group {name!r} to carry strokes to; it has {', '.join(names)}"
    )
