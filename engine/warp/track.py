"""Points followed through a clip by its field, and by its plate where that is at hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32, F64, I64, Bool
from engine.errors import UsageError
from engine.fields.field import Field
from engine.linked.field import LinkedField
from engine.progress import Task
from engine.warp.continued import astray, moved_along
from engine.warp.inverse import TOLERANCE, FrameInverse
from engine.warp.track_plate import Plate


@dataclass(frozen=True)
class TrackPoint:
    """Where a track starts.

    Convention: pixels of the frame's display window, origin top-left, y down, centres at +0.5.
    """

    frame: int
    x: float
    y: float

    @classmethod
    def from_json(cls, item: Any) -> "TrackPoint":
        """One entry of ``points.json``; unknown keys are ignored.

        Raises:
            UsageError: No frame, x or y, or not numbers.
        """
        try:
            frame, x, y = int(item["frame"]), float(item["x"]), float(item["y"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UsageError(
                f'a track point must look like {{"frame": 1, "x": 10.5, "y": 20.5}}, not {item!r}'
            ) from error
        if not (np.isfinite(x) and np.isfinite(y)):
            raise UsageError(f"the track point {item!r} has no finite place; correct it")
        return cls(frame, x, y)


def owners(field: Field, index: int, points: F32) -> I64:
    """The layer that owns each frame point [N, 2] in a frame; outside, that of the border.

    Asked of the masks as a person gave them: who points at the rim of a thing means the thing,
    however little of the pixel the fit found of it.
    """
    coverage = field.as_drawn().coverage(index)
    column = np.clip(np.floor(points[:, 0]) - field.data.x0, 0, field.width - 1).astype(np.intp)
    row = np.clip(np.floor(points[:, 1]) - field.data.y0, 0, field.height - 1).astype(np.intp)
    return np.asarray(coverage[:, row, column].argmax(axis=0), np.int64)


#: Places [N, 2], whether they are visible [N], and their confidence [N].
_Answer = tuple[F32, Bool, F64]


class _Sweep:
    """The points of one layer followed away from where they start, frame by frame.

    Args:
        field: The field.
        k: Layer, front to back.
        canonical: The points in the canonical image, [N, 2].
        places: Where they start, frame points [N, 2].
        starts: Position of the frame of each, [N].
    """

    def __init__(self, field: Field, k: int, canonical: F32, places: F32, starts: I64) -> None:
        self._field, self._k = field, k
        self._canonical, self._starts = canonical, starts
        self._last = places.copy()

    def run(self, step: int, task: Task) -> Iterator[tuple[int, I64, _Answer]]:
        """Every frame of one direction, with the points that have begun and their answers.

        Args:
            step: 1 forward, from the start on; -1 backward, from the frame before the start.
            task: Progress and cancel.
        """
        field = self._field
        count = len(field.frames)
        before: F32 | None = None
        for n, index in enumerate(range(count) if step > 0 else range(count - 1, -1, -1)):
            task.report(n / count, "track")
            begun = self._starts <= index if step > 0 else self._starts > index
            some = np.flatnonzero(begun)
            if len(some):
                coverage = field.seen(index)
                yield index, some, self._answer(index, step, some, coverage, before)
                before = coverage

    def _answer(
        self, index: int, step: int, some: I64, coverage: F32, before: F32 | None
    ) -> _Answer:
        field, k = self._field, self._k
        corner = (field.data.x0, field.data.y0)
        inverse = FrameInverse(field, k, index, coverage[k])
        found = inverse.find(self._canonical[some], self._last[some])
        points, visible = found.points, found.visible
        trust = np.exp(-np.square(found.residual / TOLERANCE))
        confidence = np.asarray(trust * np.where(visible, found.coverage, 0.25), np.float64)
        lost, points = astray(coverage, k, points, corner)
        gone = np.flatnonzero(lost & (self._starts[some] != index))
        if len(gone):
            was = self._last[some[gone]]
            shown = (field.seen(index - step) if before is None else before)[k]
            moved = moved_along(field, k, index - step, inverse, shown, was)
            points[gone] = astray(coverage, k, moved, corner)[1]
            confidence[gone] = 0
        self._last[some] = points
        return points, visible, confidence


def swept(
    field: Field,
    layer: I64,
    canonical: F32,
    place: F32,
    starts: I64,
    plate: Plate | None,
    task: Task,
) -> tuple[F32, Bool, F64]:
    """Places [N, T, 2], visibility and confidence [N, T] of points, from their starts on."""
    # Hard masks cut limbs apart that soft edges would join, and every fit has the same.
    field = field.as_drawn()
    if plate is not None and len(layer):
        answers = swept(field, layer, canonical, place, starts, None, task.part(0, 0.3))
        return _looked(field, layer, place, starts, answers, plate, task.part(0.3, 1))
    size = (len(layer), len(field.frames))
    places = np.zeros((*size, 2), np.float32)
    visible, confidence = np.zeros(size, np.bool_), np.zeros(size)
    ways = [(k, step) for k in np.unique(layer).tolist() for step in (1, -1)]
    for n, (k, step) in enumerate(ways):
        mine = np.flatnonzero(layer == k)
        sweep = _Sweep(field, k, canonical[mine], place[mine], starts[mine])
        part = task.part(n / len(ways), (n + 1) / len(ways))
        for index, some, answer in sweep.run(step, part):
            rows = mine[some]
            places[rows, index], visible[rows, index], confidence[rows, index] = answer
    return places, visible, confidence


def _looked(
    field: Field,
    layer: I64,
    place: F32,
    starts: I64,
    answers: tuple[F32, Bool, F64],
    plate: Plate,
    task: Task,
) -> tuple[F32, Bool, F64]:
    """The field's answers, and the plate's where the field is wrong."""
    from engine.warp.track_join import join
    from engine.warp.track_look import look
    from engine.warp.track_standing import ground_tracks
    from engine.warp.track_views import Views

    places, visible, confidence = answers
    layers = np.unique(layer).tolist()
    for n, k in enumerate(layers):
        mine = np.flatnonzero(layer == k)
        part = task.part(n / len(layers), (n + 1) / len(layers))
        last = k == len(field.layers) - 1
        ground = None if last else ground_tracks(field, place[mine], starts[mine])
        views = Views(field, k, plate)
        found = look(views, place[mine], starts[mine], places[mine], part, ground)
        places[mine], visible[mine], confidence[mine] = join(
            found, places[mine], visible[mine], confidence[mine]
        )
    return places, visible, confidence


def track_canonical(
    field: Field, k: int, points: F32, task: Task, plate: Plate | None = None
) -> list[list[dict[str, Any]]]:
    """Follows points of a layer's still through every frame, from the reference frame on.

    Args:
        field: The field.
        k: Layer, front to back.
        points: Canonical points [N, 2].
        task: Progress and cancel.
        plate: The clip, as for ``track``.

    Returns:
        As ``track`` does.

    Raises:
        Cancelled: The person stopped the work.
    """
    points = np.ascontiguousarray(points, np.float32).reshape(-1, 2)
    if isinstance(field, LinkedField):
        from engine.linked.track import start_on_still, track_linked

        own = field.segments.field(field.anchor)
        begun = [start_on_still(own, k, point) for point in points]
        return track_linked(field, [field.anchor] * len(points), begun, task, plate)
    start = field.index(field.reference)
    place = FrameInverse(field, k, start).find(points).points
    count = len(points)
    places, visible, confidence = swept(
        field,
        np.full(count, k, np.int64),
        points,
        place,
        np.full(count, start, np.int64),
        plate,
        task,
    )
    task.report(1.0, "track")
    return [
        [
            {"frame": frame, "x": float(x), "y": float(y), "visible": bool(v), "confidence": c}
            for frame, (x, y), v, c in zip(
                field.frames, places[n], visible[n], confidence[n].tolist(), strict=True
            )
        ]
        for n in range(count)
    ]


def track(
    field: Field,
    points: Sequence[TrackPoint | Mapping[str, Any]],
    task: Task,
    plate: Plate | None = None,
) -> list[list[dict[str, Any]]]:
    """Follows points through every frame of the field.

    A point belongs to the group that owns its pixel. Where the point is hidden or outside, ``x``
    and ``y`` say where the field expects it; where that cannot be, because the frame shows there
    what lies behind the group, the point goes on with what is beside it (``engine.warp.continued``)
    and has no confidence. ``confidence`` is 1 for a place that maps back exactly, falls with the
    residual, and is scaled by the group's share of the pixel.

    With a plate the points are looked for in the frames too (``engine.warp.track_look``): where
    limbs cross, a field has the motion of one of them only.

    Args:
        field: The field.
        points: Where the tracks start; as ``TrackPoint`` or as ``points.json`` has them.
        task: Progress and cancel.
        plate: The clip (``engine.warp.track_plate.plate_of``); None: the field alone answers.

    Returns:
        Per point, in the order asked, per frame ``{"frame", "x", "y", "visible", "confidence"}``.

    Raises:
        UsageError: A point has no frame or place.
        MissingFrameError: A point lies in a frame that the field does not hold.
        Cancelled: The person stopped the work.
    """
    asked = [p if isinstance(p, TrackPoint) else TrackPoint.from_json(p) for p in points]
    layer = np.zeros(len(asked), np.int64)
    canonical = np.zeros((len(asked), 2), np.float32)
    starts = np.array([field.index(point.frame) for point in asked], np.int64)
    if isinstance(field, LinkedField):
        return _track_shot(field, asked, starts, task, plate)
    place = np.array([[p.x, p.y] for p in asked], np.float32).reshape(-1, 2)
    for index in np.unique(starts):
        task.check()
        here = np.flatnonzero(starts == index)
        layer[here] = owners(field, int(index), place[here])
        for k in np.unique(layer[here]):
            mine = here[layer[here] == k]
            deformation = field.layers[k].deformation
            canonical[mine] = deformation.at(int(index), place[mine])
    places, visible, confidence = swept(field, layer, canonical, place, starts, plate, task)
    # What the person pointed at stays where it was put.
    tracks: list[list[dict[str, Any]]] = []
    for n, point in enumerate(asked):
        places_of = [(float(x), float(y)) for x, y in places[n]]
        places_of[int(starts[n])] = (point.x, point.y)
        tracks.append(
            [
                {"frame": frame, "x": x, "y": y, "visible": bool(seen), "confidence": float(trust)}
                for frame, (x, y), seen, trust in zip(
                    field.frames, places_of, visible[n], confidence[n], strict=True
                )
            ]
        )
    task.report(1.0, "track")
    return tracks


def _track_shot(
    field: LinkedField,
    asked: Sequence[TrackPoint],
    starts: I64,
    task: Task,
    plate: Plate | None,
) -> list[list[dict[str, Any]]]:
    """``track`` through a shot of several segments; each point begins in that of its frame."""
    from engine.linked.track import Start, track_linked

    segments = [field.segments.of_frame(int(i)) for i in starts]
    begun = []
    for point, segment in zip(asked, segments, strict=True):
        task.check()
        own = field.segments.field(segment)
        place, index = np.array([[point.x, point.y]], np.float32), own.index(point.frame)
        layer = own.layers[int(owners(own, index, place)[0])]
        canonical = layer.deformation.at(index, place)[0]
        begun.append(Start(layer.name, canonical, point.frame, place[0]))
    tracks = track_linked(field, segments, begun, task, plate)
    for point, index, one in zip(asked, starts.tolist(), tracks, strict=True):
        # What the person pointed at stays where it was put.
        one[index].update(x=point.x, y=point.y)
    task.report(1.0, "track")
    return tracks
