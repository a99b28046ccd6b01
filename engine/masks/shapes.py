"""Drawn shapes: Bezier curves and polygons with feather and keyframes, and their coverage.

Convention: plate pixels, x right, y down, origin at the top left corner, pixel centres at +0.5.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32, F64
from engine.errors import UsageError

#: Pieces that a curve between two points is drawn with.
PIECES = 24
#: Lines to a row of pixels, and how much finer the distance of a feather is taken.
LINES, FINER = 16, 3
_SAID = (
    'a shape is {"kind": "bezier", "feather": 0, "keys": {"101": {"points": [[x, y, in x, in y, '
    "out x, out y], ...]}}}, or a polygon with [[x, y], ...]; correct it"
)


@dataclass(frozen=True)
class Key:
    """A shape in one frame.

    Attributes:
        points: float64 [N, 6]: x, y, and the handles towards the point before and after, relative
            to the point; handles of 0 make a corner.
        feather: How far it fades outward, in pixels.
    """

    points: F64
    feather: float = 0.0


@dataclass(frozen=True)
class Shape:
    """A closed outline that may change from frame to frame.

    Attributes:
        keys: Outline by frame; between them it moves evenly, beyond them it stays.
        subtract: It takes away from the shapes before it instead of adding.
        name: What the artist calls it.
    """

    keys: dict[int, Key]
    subtract: bool = False
    name: str = ""

    def at(self, frame: int) -> Key:
        """The outline in a frame."""
        frames = sorted(self.keys)
        after = bisect_right(frames, frame)
        if after == 0 or after == len(frames):
            return self.keys[frames[min(after, len(frames) - 1)]]
        low, high = frames[after - 1], frames[after]
        share = (frame - low) / (high - low)
        first, second = self.keys[low], self.keys[high]
        return Key(
            first.points + share * (second.points - first.points),
            first.feather + share * (second.feather - first.feather),
        )

    def as_json(self) -> dict[str, Any]:
        """The form that documents keep."""
        return {
            "name": self.name,
            "kind": "bezier"
            if any(k.points[:, 2:].any() for k in self.keys.values())
            else "polygon",
            "subtract": self.subtract,
            "keys": {
                str(frame): {"points": key.points.tolist(), "feather": key.feather}
                for frame, key in sorted(self.keys.items())
            },
        }


def shape_from_json(said: Any) -> Shape:
    """What ``Shape.as_json`` wrote, or a person.

    Raises:
        UsageError: It is something else.
    """
    try:
        everywhere = float(said.get("feather", 0.0))
        keys = {
            int(frame): Key(_points(key["points"]), float(key.get("feather", everywhere)))
            for frame, key in said["keys"].items()
        }
        shape = Shape(keys, bool(said.get("subtract", False)), str(said.get("name", "")))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(_SAID) from error
    counts = {len(key.points) for key in keys.values()}
    if len(counts) != 1 or min(counts) < 3:
        raise UsageError(
            f"the shape {shape.name!r} needs at least 3 points, as many in each of its keyframes; "
            "draw it again"
        )
    if any(not (key.feather >= 0 and np.isfinite(key.points).all()) for key in keys.values()):
        raise UsageError(f"the shape {shape.name!r} holds numbers that are none; draw it again")
    return shape


def _points(said: Any) -> F64:
    points = np.array(said, np.float64)
    if points.ndim != 2 or points.shape[1] not in (2, 6):
        raise ValueError("points")
    if points.shape[1] == 2:
        points = np.concatenate([points, np.zeros((len(points), 4))], axis=1)
    return points


def outline(key: Key) -> F64:
    """The outline as a closed polygon, float64 [M, 2]; the last point is not the first again."""
    points = key.points
    following = np.roll(points, -1, axis=0)
    if not points[:, 2:].any():
        return np.asarray(points[:, :2], np.float64)
    t = (np.arange(PIECES) / PIECES)[None, :, None]
    start, end = points[:, None, :2], following[:, None, :2]
    leave, arrive = start + points[:, None, 4:6], end + following[:, None, 2:4]
    curve = (
        (1 - t) ** 3 * start
        + 3 * (1 - t) ** 2 * t * leave
        + 3 * (1 - t) * t**2 * arrive
        + t**3 * end
    )
    return np.asarray(curve.reshape(-1, 2), np.float64)


def coverage(shapes: Sequence[Shape], frame: int, height: int, width: int) -> F32:
    """How far the shapes cover each pixel of a frame, float32 [H, W], 0 to 1."""
    total = np.zeros((height, width), np.float32)
    for shape in shapes:
        cover = key_coverage(shape.at(frame), height, width)
        if shape.subtract:
            total *= 1 - cover
        else:
            total = total + cover - total * cover
    return total


def key_coverage(key: Key, height: int, width: int) -> F32:
    """Coverage of one outline with its feather, float32 [H, W]."""
    import cv2

    # Here, since the window reads shapes too, and its process has no compiler.
    from engine.masks import kernels

    corners = outline(key)
    margin = int(np.ceil(key.feather)) + 2
    low = np.floor(corners.min(axis=0)).astype(int) - margin
    high = np.ceil(corners.max(axis=0)).astype(int) + margin
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]), width), min(int(high[1]), height)
    found = np.zeros((height, width), np.float32)
    if right <= left or bottom <= top:
        return found
    # The feather reaches in from an outline outside the frame too.
    pad = margin if key.feather > 0 else 0
    wide, tall = right - left + 2 * pad, bottom - top + 2 * pad
    placed = corners - (left - pad, top - pad)
    cover = np.zeros((tall, wide), np.float32)
    kernels.fill(cover, placed, LINES)
    if key.feather > 0:
        fine = np.zeros((tall * FINER, wide * FINER), np.float32)
        kernels.fill(fine, placed * FINER, 1)
        outside = (fine < 0.5).astype(np.uint8)
        away = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_5) / FINER
        fade = np.clip(1 - away / key.feather, 0, 1)
        fade = np.asarray(fade * fade * (3 - 2 * fade), np.float32)
        fade = cv2.resize(fade, (wide, tall), interpolation=cv2.INTER_AREA)
        cover = np.maximum(cover, fade)
    found[top:bottom, left:right] = np.clip(
        cover[pad : pad + bottom - top, pad : pad + right - left], 0, 1
    )
    return found
