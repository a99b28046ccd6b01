"""The way from one still to the next, as a smooth map."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.arrays import F32, F64, AnyArray
from engine.io.picture import Window

#: Canonical pixels between the points that a map is kept at.
CELL = 8
#: Rounds that turn values at points into control points of a spline through them.
_ROUNDS = 6
#: A homography's denominator stays this far from 0: beyond, nothing is known anyway.
_HORIZON = 0.05


@dataclass(frozen=True, eq=False)
class LinkMap:
    """``there = M(here) + d(here)``: a homography and a displacement by a cubic B-spline.

    Convention: canonical points (x, y), y down, as in ``Deformation``. Defined everywhere; where
    ``known`` is 0 it is a smooth guess that nothing is to be carried by.

    Attributes:
        matrix: float64 [3, 3].
        steps: Displacements at points ``CELL`` apart, [gy, gx, 2] (``nodes``).
        known: How surely the map holds there, 0 to 1, [gy, gx].
        canvas: The still that the map begins on.
    """

    matrix: F64
    steps: F32
    known: F32
    canvas: Window

    def at(self, points: F32) -> F32:
        """Where points [..., 2] of the first still lie on the second."""
        place = np.asarray(points, np.float64).reshape(-1, 2)
        moved = through(self.matrix, place) + self._read(self._bent, place)
        return moved.astype(np.float32).reshape(np.shape(points))

    def known_at(self, points: F32) -> F32:
        """How surely the map holds at points [..., 2]; 0 outside the still."""
        place = np.asarray(points, np.float64).reshape(-1, 2)
        read = self._read(self._known, place)[:, 0]
        canvas = self.canvas
        inside = (place[:, 0] >= canvas.x0) & (place[:, 0] <= canvas.x1)
        inside &= (place[:, 1] >= canvas.y0) & (place[:, 1] <= canvas.y1)
        sure = np.where(inside, np.clip(read, 0, 1), 0)
        return np.asarray(sure, np.float32).reshape(np.shape(points)[:-1])

    def resized(self, size: tuple[float, float], canvas: Window) -> "LinkMap":
        """The map in larger or smaller canonical pixels.

        Args:
            size: New pixels for each old one, in x and in y.
            canvas: The still that the map begins on, in new pixels.
        """
        scale = np.diag([*size, 1.0])
        matrix = scale @ self.matrix @ np.linalg.inv(scale)
        here = nodes(canvas)
        old = (here / np.array(size, np.float32)).astype(np.float32)
        there = self.at(old).astype(np.float64) * np.array(size)
        plain = through(matrix, here.reshape(-1, 2)).reshape(here.shape)
        return LinkMap(matrix, (there - plain).astype(np.float32), self.known_at(old), canvas)

    @property
    def reaches(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.known.any())

    @cached_property
    def _bent(self) -> F32:
        return control_points(self.steps)

    @cached_property
    def _known(self) -> F32:
        # No spline through the values: what is known must not swing beyond 0 and 1.
        return np.ascontiguousarray(np.repeat(self.known[..., None], 2, axis=2), np.float32)

    def _read(self, lattice: F32, place: F64) -> F64:
        from engine.kernels.lattice import evaluate_points

        canvas = self.canvas
        corner = np.array([canvas.x0, canvas.y0], np.float64)
        found: F64 = evaluate_points(
            lattice, float(CELL), canvas.height, canvas.width, place - corner
        )
        return found


def nodes(canvas: Window) -> F32:
    """The points that a map over a still is kept at, [gy, gx, 2]."""
    from engine.kernels.lattice import grid_shape

    rows, columns = grid_shape(canvas.height, canvas.width, CELL)
    x = canvas.x0 + (np.arange(columns) - 1.0) * CELL
    y = canvas.y0 + (np.arange(rows) - 1.0) * CELL
    return np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)


def control_points(values: F32) -> F32:
    """Control points of the cubic B-spline through values [gy, gx, 2] at its points."""
    import cv2

    stencil = np.array([1, 4, 1], np.float32) / 6
    control = values.astype(np.float32)
    for _ in range(_ROUNDS):
        read = cv2.sepFilter2D(control, -1, stencil, stencil, borderType=cv2.BORDER_REPLICATE)
        control = control + (values - read.reshape(values.shape))
    return np.ascontiguousarray(control, np.float32)


def through(matrix: F64, points: AnyArray) -> F64:
    """A homography at points [N, 2]; finite also beyond its horizon."""
    place = np.asarray(points, np.float64)
    far = place @ matrix[2, :2] + matrix[2, 2]
    moved = place @ matrix[:2, :2].T + matrix[:2, 2]
    return np.asarray(moved / np.maximum(far, _HORIZON)[:, None], np.float64)


def joined(maps: list[LinkMap]) -> LinkMap:
    """Several maps after one another as one; what one of them does not know is unknown."""
    if len(maps) == 1:
        return maps[0]
    first = maps[0]
    here = nodes(first.canvas)
    place, known, matrix = here, np.ones(here.shape[:2], np.float32), np.eye(3)
    for step in maps:
        known = known * step.known_at(place)
        place = step.at(place)
        matrix = step.matrix @ matrix
    plain = through(matrix, here.reshape(-1, 2)).reshape(here.shape)
    return LinkMap(matrix, (place - plain).astype(np.float32), known, first.canvas)
