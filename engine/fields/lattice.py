"""The deformation of the ``seeded`` recipe: a homography and a cubic B-spline lattice per frame."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32, F64, AnyArray
from engine.errors import FieldError
from engine.io.picture import Window


@dataclass
class LatticeDeformation:
    """``canonical = M_t(x) + d_t(x)`` with a homography M and a lattice displacement d per frame.

    Convention: x and the result in pixels of the display window, origin top-left, y down, pixel
    centres at +0.5; control points as in ``engine.kernels.lattice``, from the corner of ``data``.

    Attributes:
        matrices: float64 [T, 3, 3].
        lattices: float32 [T, gy, gx, 2] in pixels.
        spacing: Pixels between control points.
        data: The frames' data window.
    """

    matrices: F64
    lattices: F32
    spacing: float
    data: Window

    kind = "lattice"

    def positions(self, index: int) -> F32:
        """Canonical point of each pixel centre of the data window, float32 [H, W, 2]."""
        from engine.kernels import lattice

        rows, row_weights = lattice.taps(self.data.height, self.spacing)
        columns, column_weights = lattice.taps(self.data.width, self.spacing)
        result: F32 = lattice.positions(
            self.matrices[index],
            float(self.data.x0),
            float(self.data.y0),
            self.lattices[index],
            rows,
            row_weights,
            columns,
            column_weights,
        )
        return result

    def at(self, index: int, points: F32) -> F32:
        """Canonical points [N, 2] of any frame points [N, 2]; the lattice holds at the border."""
        from engine.kernels import lattice

        place = np.asarray(points, np.float64).reshape(-1, 2)
        corner = np.array([self.data.x0, self.data.y0], np.float64)
        moved = lattice.apply_matrix(self.matrices[index], place)
        moved += lattice.evaluate_points(
            self.lattices[index],
            float(self.spacing),
            self.data.height,
            self.data.width,
            place - corner,
        )
        return moved.astype(np.float32)

    def tensors(self) -> dict[str, AnyArray]:
        """Matrices, and the lattices as 16-bit fixed point with one step size per frame."""
        reach = np.abs(self.lattices).max(axis=(1, 2, 3)) if self.lattices.size else np.zeros(0)
        step = (np.maximum(reach, 1e-6) / 32767).astype(np.float32)
        fixed = np.rint(self.lattices / step[:, None, None, None]).astype(np.int16)
        return {"matrices": self.matrices, "lattices": fixed, "step": step}

    def numbers(self) -> dict[str, Any]:
        """Spacing and window."""
        d = self.data
        return {"spacing": self.spacing, "data": [d.x0, d.y0, d.x1, d.y1]}

    @classmethod
    def from_tensors(
        cls, tensors: dict[str, AnyArray], numbers: dict[str, Any]
    ) -> "LatticeDeformation":
        """The field again from what ``tensors`` and ``numbers`` gave.

        Raises:
            FieldError: A tensor is absent or has the wrong shape.
        """
        from engine.kernels.lattice import grid_shape

        try:
            matrices = np.asarray(tensors["matrices"], np.float64)
            step = np.asarray(tensors["step"], np.float32)
            lattices = tensors["lattices"].astype(np.float32) * step[:, None, None, None]
            spacing = float(numbers["spacing"])
            window = Window(*(int(v) for v in numbers["data"]))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise FieldError(
                f"a lattice layer of this field is damaged ({error}); fit again"
            ) from error
        shape = (len(matrices), *grid_shape(window.height, window.width, spacing), 2)
        if matrices.shape[1:] != (3, 3) or lattices.shape != shape:
            raise FieldError(
                f"a lattice layer of this field has shape {lattices.shape} instead of {shape}; "
                "fit again"
            )
        return cls(matrices, lattices, spacing, window)
