"""What an artist says about one frame: a rectangle, scribbles, or a rough mask.

Convention: plate pixels, x right, y down, origin at the top left corner, centres at +0.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32, U8
from engine.errors import UsageError

#: Radius of a scribble that does not say its own, in plate pixels.
RADIUS = 4.0


@dataclass(frozen=True)
class Scribble:
    """A line over what is in the mask, or over what is not.

    Attributes:
        points: (x, y) in plate pixels.
        inside: Whether it marks the object; else the background.
        radius: Half of its width, in plate pixels.
    """

    points: tuple[tuple[float, float], ...]
    inside: bool = True
    radius: float = RADIUS


@dataclass(frozen=True)
class Rough:
    """What is known of the mask in one frame.

    Attributes:
        rectangle: (left, top, right, bottom) around the object, in plate pixels.
        scribbles: Lines over the object and over the background.
        mask: A rough mask, uint8 [H, W] of the plate's size, 255 = inside.
        exact: The mask is right as it is, edge included, and is kept.
    """

    rectangle: tuple[float, float, float, float] | None = None
    scribbles: tuple[Scribble, ...] = ()
    mask: U8 | None = None
    exact: bool = False

    def __post_init__(self) -> None:
        if self.rectangle is None and self.mask is None and not self.scribbles:
            raise UsageError("a rough mask is empty; draw a rectangle, a scribble or a mask")
        if self.rectangle is not None:
            left, top, right, bottom = self.rectangle
            if not (right - left >= 1 and bottom - top >= 1):
                raise UsageError(
                    f"the rectangle {left:g},{top:g},{right:g},{bottom:g} is empty; give left, "
                    "top, right, bottom in pixels"
                )

    def as_json(self) -> dict[str, Any]:
        """The form that documents and files keep; a mask is no part of it."""
        found: dict[str, Any] = {}
        if self.rectangle is not None:
            found["rectangle"] = [float(v) for v in self.rectangle]
        if self.scribbles:
            found["scribbles"] = [
                {
                    "points": [[float(x), float(y)] for x, y in line.points],
                    "inside": line.inside,
                    "radius": float(line.radius),
                }
                for line in self.scribbles
            ]
        return found


def rough_from_json(said: Any) -> Rough:
    """What ``Rough.as_json`` wrote.

    Raises:
        UsageError: It is something else.
    """
    try:
        box = said.get("rectangle")
        lines = tuple(
            Scribble(
                tuple((float(x), float(y)) for x, y in line["points"]),
                bool(line.get("inside", True)),
                float(line.get("radius", RADIUS)),
            )
            for line in said.get("scribbles", ())
        )
        rectangle = None if box is None else _four([float(v) for v in box])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            'a rough mask is {"rectangle": [left, top, right, bottom], "scribbles": [{"points": '
            '[[x, y], ...], "inside": true, "radius": 4}]}; correct the file'
        ) from error
    if any(not line.points for line in lines):
        raise UsageError("a scribble has no points; take it out of the file")
    return Rough(rectangle, lines)


def _four(box: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left, top, right, bottom


def drawn(scribbles: Sequence[Scribble], shape: tuple[int, int], scale: tuple[float, float]) -> F32:
    """Scribbles on a small picture, float32 [h, w]: 1 inside, -1 outside, 0 not told.

    Args:
        scribbles: In the order they were drawn: the later one wins.
        shape: (height, width) of the small picture.
        scale: Its pixels per plate pixel along x and y.
    """
    import cv2

    found = np.zeros(shape, np.float32)
    for line in scribbles:
        layer = np.zeros(shape, np.uint8)
        points = np.array(line.points, np.float64) * scale - 0.5
        fine = np.rint(points * 16).astype(np.int32).reshape(-1, 1, 2)
        radius = line.radius * (scale[0] + scale[1]) / 2
        if len(fine) > 1:
            cv2.polylines(layer, [fine], False, 1, max(1, round(2 * radius)), cv2.LINE_8, 4)
        for x, y in points:
            cv2.circle(layer, (round(x), round(y)), max(0, round(radius - 0.5)), 1, -1)
        found[layer > 0] = 1 if line.inside else -1
    return found


def region(rough: Rough, shape: tuple[int, int], scale: tuple[float, float]) -> U8:
    """Where the object may be on a small picture, uint8 [h, w] of 0 and 1.

    The rectangle; a rough mask and a band around it; around scribbles alone, as far again as they
    reach.
    """
    import cv2

    height, width = shape
    found = np.zeros(shape, np.uint8)
    if rough.rectangle is not None:
        left, top, right, bottom = rough.rectangle
        columns = slice(max(int(left * scale[0]), 0), max(round(right * scale[0]), 0))
        rows = slice(max(int(top * scale[1]), 0), max(round(bottom * scale[1]), 0))
        found[rows, columns] = 1
        return found
    if rough.mask is not None:
        small = cv2.resize(rough.mask, (width, height), interpolation=cv2.INTER_AREA) > 127
        reach = max(2, round(0.08 * float(np.sqrt(small.sum()))))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        return np.asarray(cv2.dilate(small.astype(np.uint8), disc), np.uint8)
    marks = drawn(rough.scribbles, shape, scale) > 0
    if not marks.any():
        return np.ones(shape, np.uint8)
    marked, across = np.flatnonzero(marks.any(axis=1)), np.flatnonzero(marks.any(axis=0))
    reach = max(int(max(np.ptp(marked), np.ptp(across)) * 0.6), min(shape) // 12)
    top, left = max(int(marked[0]) - reach, 0), max(int(across[0]) - reach, 0)
    found[top : int(marked[-1]) + reach + 1, left : int(across[-1]) + reach + 1] = 1
    return found
