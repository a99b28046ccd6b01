"""Points followed through a clip by its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32, I64
from engine.errors import UsageError
from engine.fields.field import Field
from engine.progress import Task
from engine.warp.inverse import TOLERANCE, FrameInverse


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
    """The layer that owns each frame point [N, 2] in a frame; outside, that of the border."""
    coverage = field.coverage(index)
    column = np.clip(np.floor(points[:, 0]) - field.data.x0, 0, field.width - 1).astype(np.intp)
    row = np.clip(np.floor(points[:, 1]) - field.data.y0, 0, field.height - 1).astype(np.intp)
    return np.asarray(coverage[:, row, column].argmax(axis=0), np.int64)


def track(
    field: Field, points: Sequence[TrackPoint | Mapping[str, Any]], task: Task
) -> list[list[dict[str, Any]]]:
    """Follows points through every frame of the field.

    A point belongs to the group that owns its pixel. Where the point is hidden or outside, ``x``
    and ``y`` say where the field expects it. ``confidence`` is 1 for a place that maps back
    exactly, falls with the residual, and is scaled by the group's share of the pixel.

    Args:
        field: The field.
        points: Where the tracks start; as ``TrackPoint`` or as ``points.json`` has them.
        task: Progress and cancel.

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
    place = np.array([[p.x, p.y] for p in asked], np.float32).reshape(-1, 2)
    for index in np.unique(starts):
        task.check()
        here = np.flatnonzero(starts == index)
        layer[here] = owners(field, int(index), place[here])
        for k in np.unique(layer[here]):
            mine = here[layer[here] == k]
            deformation = field.layers[k].deformation
            canonical[mine] = deformation.at(int(index), place[mine])
    tracks: list[list[dict[str, Any]]] = [[] for _ in asked]
    last: dict[int, F32] = {}
    for index, frame in enumerate(field.frames):
        task.report(index / len(field.frames), "track")
        coverage = field.seen(index)
        for k in np.unique(layer).tolist():
            mine = np.flatnonzero(layer == k)
            inverse = FrameInverse(field, k, index, coverage[k])
            places = inverse.find(canonical[mine], last.get(k))
            last[k] = places.points
            visible = places.visible
            trust = np.exp(-np.square(places.residual / TOLERANCE))
            confidence = trust * np.where(visible, places.coverage, 0.25)
            for n, point in enumerate(mine.tolist()):
                x, y = (float(v) for v in places.points[n])
                entry = {"visible": bool(visible[n]), "confidence": float(confidence[n])}
                if starts[point] == index:
                    # What the person pointed at stays where it was put.
                    x, y = asked[point].x, asked[point].y
                tracks[point].append({"frame": frame, "x": x, "y": y, **entry})
    task.report(1.0, "track")
    return tracks
