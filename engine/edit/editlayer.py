"""A change of a layer as paint with its matte."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import F32
from engine.warp.sheet import Sheet

if TYPE_CHECKING:
    from engine.edit.patch import Reading


@dataclass(frozen=True, eq=False)
class EditLayer:
    """A change on the canonical canvas (or on a frame): premultiplied paint with its matte.

    Attributes:
        sheet: Colours and matte (alpha), cropped to what changed. Where the change is fainter than
            ``FULL`` the matte is partial and the colour holds what must be added besides.
        grade: How surely each pixel is a grade of what was there and no paint, [h, w] as the
            sheet's pixels; None: all of it is paint.
        below: What it was made on where that is no still: a stabilised frame, whose light, grain
            and softness it has then; or None.
    """

    sheet: Sheet
    grade: F32 | None = None
    below: Sheet | None = None

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Canonical x0, y0, x1, y1 that the change can reach, filter included."""
        h, w = self.sheet.pixels.shape[:2]
        (x0, y0), (sx, sy) = self.sheet.origin, self.sheet.scale
        return (x0 - 2) / sx, (y0 - 2) / sy, (x0 + w + 2) / sx, (y0 + h + 2) / sy

    @property
    def density(self) -> float:
        """Pixels per canonical pixel."""
        return max(self.sheet.scale)

    @property
    def lit(self) -> bool:
        """Whether the field's light belongs on it: it was not made in that of its frame."""
        return self.below is None

    @property
    def on_plate(self) -> bool:
        """Whether it was made on pixels of the plate."""
        return self.below is not None

    def at(self, points: F32, filter: str) -> "Reading":
        """The change at canonical points [h, w, 2]."""
        from engine.edit.patch import Reading

        paint = self.sheet.read_linear(points, filter=filter)
        below = None if self.below is None else self.below.read_linear(points, filter=filter)
        return Reading(paint, below, None if self.grade is None else self._graded(points))

    def _graded(self, points: F32) -> F32:
        """How surely it is a grade there, weighted by the matte, so that its rim is not paint."""
        from engine.kernels.sample import sample

        matte = self.sheet.pixels[..., 3]
        planes = np.stack([np.asarray(self.grade, np.float32) * matte, matte], axis=2)
        read = sample(planes, points, origin=self.sheet.origin, scale=self.sheet.scale)
        share = read[..., 0] / np.maximum(read[..., 1], 1e-6)
        return np.asarray(np.clip(share, 0, 1), np.float32)


def cropped(
    rgba: F32,
    origin: tuple[float, float],
    scale: tuple[float, float],
    grade: F32 | None = None,
) -> EditLayer | None:
    """A change layer cut to the pixels whose matte is above 0; None when there are none."""
    matte = rgba[..., 3] > 0
    rows = np.flatnonzero(matte.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(matte.any(axis=0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    cut = Sheet.of(rgba[top:bottom, left:right]).pixels
    cut[..., 3] = np.clip(cut[..., 3], 0, 1)
    # Colour without matte is no paint: it would glow through the filter.
    cut[cut[..., 3] <= 0] = 0
    part = None if grade is None else np.ascontiguousarray(grade[top:bottom, left:right])
    return EditLayer(Sheet(cut, (origin[0] + left, origin[1] + top), scale), part)


def stacked(lower: EditLayer | None, upper: EditLayer | None) -> EditLayer | None:
    """Two changes on one grid as one, ``upper`` over ``lower``."""
    if lower is None or upper is None:
        return upper or lower
    a, b = lower.sheet, upper.sheet
    x0, y0 = min(a.origin[0], b.origin[0]), min(a.origin[1], b.origin[1])
    x1 = max(s.origin[0] + s.pixels.shape[1] for s in (a, b))
    y1 = max(s.origin[1] + s.pixels.shape[0] for s in (a, b))
    both = np.zeros((round(y1 - y0), round(x1 - x0), 4), np.float32)
    grade = np.zeros(both.shape[:2], np.float32)
    for layer in (lower, upper):
        sheet = layer.sheet
        h, w = sheet.pixels.shape[:2]
        row, column = round(sheet.origin[1] - y0), round(sheet.origin[0] - x0)
        part = slice(row, row + h), slice(column, column + w)
        both[part] *= 1 - sheet.pixels[..., 3:]
        both[part] += sheet.pixels
        grade[part] *= 1 - sheet.pixels[..., 3]
        if layer.grade is not None:
            grade[part] += layer.grade * sheet.pixels[..., 3]
    # So far it is weighted by the mattes.
    grade /= np.maximum(both[..., 3], np.float32(1e-6))
    known = lower.grade is not None or upper.grade is not None
    return EditLayer(Sheet(both, (x0, y0), a.scale), grade if known else None)
