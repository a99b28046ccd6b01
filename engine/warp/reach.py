"""Which part of a frame an edit can reach, found without looking at every pixel."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64
from engine.fields.deformation import Deformation
from engine.fields.lattice import LatticeDeformation
from engine.io.picture import Window
from engine.kernels.footprint import LONGEST, REACH
from engine.linked.deformation import LinkedDeformation
from engine.pins.deformation import PinnedDeformation
from engine.warp.render import bounds

#: Rows and columns of the field's data window.
Part = tuple[slice, slice]
#: Corners of a cell that are this near to the horizon of a homography tell nothing.
_HORIZON = 1e-3


@dataclass(frozen=True, eq=False)
class Cells:
    """Bounds of where the cells of a frame lie on the canonical image.

    Attributes:
        size: Pixels per side of a cell; the first begins at the corner of the data window.
        low: Smallest x and y of any canonical point of each cell, [r, c, 2].
        high: Largest, [r, c, 2].
        step: Canonical pixels that one step of the frame covers there at most, [r, c].
    """

    size: float
    low: F64
    high: F64
    step: F64

    def part(self, box: tuple[float, float, float, float], scale: float, data: Window) -> Part:
        """Rows and columns of the pixels that may see a box, and one more on each side.

        Args:
            box: x0, y0, x1, y1 in canonical pixels.
            scale: Pixels of the picture that is read per canonical pixel.
            data: The field's data window.

        Returns:
            Slices; empty ones when nothing sees it.
        """
        wide = np.minimum(self.step * scale, LONGEST) * (REACH["cubic"] / scale)
        hit = (
            (self.high[..., 0] > box[0] - wide)
            & (self.low[..., 0] < box[2] + wide)
            & (self.high[..., 1] > box[1] - wide)
            & (self.low[..., 1] < box[3] + wide)
        )
        found = bounds(hit)
        if found is None:
            return slice(0, 0), slice(0, 0)
        sides = zip(found, (data.height, data.width), strict=True)
        rows, columns = (
            slice(
                max(int(np.floor(side.start * self.size)) - 1, 0),
                min(int(np.ceil(side.stop * self.size)) + 1, most),
            )
            for side, most in sides
        )
        return rows, columns


def cells_of(deformation: LatticeDeformation, index: int) -> Cells:
    """Bounds from the control points: a B-spline stays within those around it.

    Args:
        deformation: The layer's.
        index: Position of the frame.
    """
    lattice = deformation.lattices[index].astype(np.float64)
    data, size = deformation.data, float(deformation.spacing)
    rows, columns = lattice.shape[0] - 3, lattice.shape[1] - 3
    x = data.x0 + np.minimum(np.arange(columns + 1) * size, data.width)
    y = data.y0 + np.minimum(np.arange(rows + 1) * size, data.height)
    corners = np.stack(np.meshgrid(x, y), axis=-1)
    matrix = deformation.matrices[index]
    far = corners @ matrix[2, :2] + matrix[2, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        there = (corners @ matrix[:2, :2].T + matrix[:2, 2]) / far[..., None]
    low, high = _four(there, np.minimum), _four(there, np.maximum)
    span = high - low
    low = low + _sixteen(lattice, np.minimum)
    high = high + _sixteen(lattice, np.maximum)
    # Sides of a cell tell how a homography stretches it, differences of control points the rest.
    wide = np.maximum(np.diff(x)[None, :], 1e-9), np.maximum(np.diff(y)[:, None], 1e-9)
    stretch = np.hypot(span[..., 0], span[..., 1]) / np.minimum(*np.broadcast_arrays(*wide))
    step = stretch * 1.2 + _bent(lattice) / size
    # A cell that the horizon passes through may lie anywhere.
    side = _four(far, np.minimum), _four(far, np.maximum)
    lost = (side[0] * side[1] <= 0) | (np.minimum(abs(side[0]), abs(side[1])) < _HORIZON)
    lost |= ~np.isfinite(low).all(axis=2) | ~np.isfinite(high).all(axis=2)
    low[lost], high[lost], step[lost] = -np.inf, np.inf, LONGEST
    return Cells(size, low, high, step)


def points_near(
    deformation: Deformation,
    index: int,
    box: tuple[float, float, float, float],
    scale: float,
    data: Window,
    within: Part | None = None,
) -> tuple[Part, F32] | None:
    """The pixels of a frame that may see a box of the canonical image, and where they lie on it.

    Deformations with bounds of their own are evaluated there only; others everywhere.

    Args:
        deformation: The layer's.
        index: Position of the frame.
        box: x0, y0, x1, y1 in canonical pixels.
        scale: Pixels of the picture that is read per canonical pixel.
        data: The field's data window.
        within: Rows and columns that are wanted; None: all.

    Returns:
        Rows and columns, and their canonical points [h, w, 2]; None when nothing sees the box.
    """
    whole = within or (slice(0, data.height), slice(0, data.width))
    if isinstance(deformation, LinkedDeformation):
        if not deformation.reaches(index):
            return None
        alone = deformation.alone(index)
        if alone is not None:
            return points_near(*alone, box, scale, data, within)
    if not isinstance(deformation, LatticeDeformation | PinnedDeformation):
        return whole, deformation.positions(index)[whole]
    fitted = deformation.base if isinstance(deformation, PinnedDeformation) else deformation
    if not isinstance(fitted, LatticeDeformation):
        return whole, deformation.positions(index, whole)
    found = cells_of(fitted, index).part(box, scale, data)
    if isinstance(deformation, PinnedDeformation) and found[0].start < found[0].stop:
        warp = deformation.warps.at(index)
        found = found if warp is None else warp.widened(found, data.x0, data.y0)
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(found, whole, strict=True)
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return (rows, columns), deformation.positions(index, (rows, columns))


def widening(points: F32, scale: float) -> float:
    """Canonical pixels that a filter reaches beyond two pixels of the picture it reads.

    Args:
        points: Canonical points of neighbouring pixels, [h, w, 2].
        scale: Pixels of the picture per canonical pixel.
    """
    most = 0.0
    for axis in (0, 1):
        steps = np.diff(points, axis=axis)
        if steps.size:
            squares = np.square(steps[..., 0]) + np.square(steps[..., 1])
            squares = squares[np.isfinite(squares)]
            most += float(squares.max()) if squares.size else 0.0
    size = min(np.sqrt(most) * scale, LONGEST * 2)
    return max(float(REACH["cubic"] * size - 2) / scale, 0.0)


def _four(values: F64, fold: np.ufunc) -> F64:
    """Minimum or maximum over the corners of each cell."""
    a = fold(values[:-1], values[1:])
    return np.asarray(fold(a[:, :-1], a[:, 1:]), np.float64)


def _sixteen(values: F64, fold: np.ufunc) -> F64:
    """Minimum or maximum over the 4 x 4 control points of each cell."""
    a = fold(fold(values[:-3], values[1:-2]), fold(values[2:-1], values[3:]))
    return np.asarray(fold(fold(a[:, :-3], a[:, 1:-2]), fold(a[:, 2:-1], a[:, 3:])), np.float64)


def _bent(lattice: F64) -> F64:
    """The largest difference of neighbouring control points around each cell, [r, c]."""
    along = np.linalg.norm(np.diff(lattice, axis=1), axis=2)
    down = np.linalg.norm(np.diff(lattice, axis=0), axis=2)
    a = np.maximum(np.maximum(along[:-3], along[1:-2]), np.maximum(along[2:-1], along[3:]))
    a = np.maximum(np.maximum(a[:, :-2], a[:, 1:-1]), a[:, 2:])
    b = np.maximum(np.maximum(down[:-2], down[1:-1]), down[2:])
    b = np.maximum(np.maximum(b[:, :-3], b[:, 1:-2]), np.maximum(b[:, 2:-1], b[:, 3:]))
    return np.asarray(np.hypot(a, b), np.float64)
