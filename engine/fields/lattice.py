"""The deformation of the ``seeded`` recipe: a homography and a cubic B-spline lattice per frame."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.arrays import F32, F64, U8, AnyArray
from engine.errors import FieldError
from engine.io.picture import Window

#: Finest step, in pixels, that control points are stored in: far below what can be seen.
STEP = 1 / 512


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

    def positions(self, index: int, part: tuple[slice, slice] | None = None) -> F32:
        """Canonical point of each pixel centre of the data window, float32 [H, W, 2].

        Args:
            index: Position of the frame.
            part: Rows and columns of the data window that are wanted, every n-th too; None: all.
        """
        from engine.kernels import lattice

        down, across = part or (slice(None), slice(None))
        top, _, below = down.indices(self.data.height)
        left, _, beside = across.indices(self.data.width)
        rows, row_weights = lattice.taps(self.data.height, self.spacing)
        columns, column_weights = lattice.taps(self.data.width, self.spacing)
        matrix: F64 = self.matrices[index]
        x0, y0 = float(self.data.x0 + left), float(self.data.y0 + top)
        if (below, beside) != (1, 1):
            # The loop counts by one: what it counts is stretched to the pixels that are meant.
            x0, y0 = x0 + 0.5 - 0.5 * beside, y0 + 0.5 - 0.5 * below
            matrix = matrix @ np.array([[beside, 0, x0], [0, below, y0], [0, 0, 1.0]])
            x0 = y0 = 0.0
        result: F32 = lattice.positions(
            matrix,
            x0,
            y0,
            self.lattices[index],
            rows[down],
            row_weights[down],
            columns[across],
            column_weights[across],
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
        """Matrices, and the lattices in steps of one size per frame, packed (see ``_packed``)."""
        reach = np.abs(self.lattices).max(axis=(1, 2, 3)) if self.lattices.size else np.zeros(0)
        step = np.maximum(reach / 32767, STEP).astype(np.float32)
        fixed = np.rint(self.lattices / step[:, None, None, None]).astype(np.int16)
        return {"matrices": self.matrices, "packed": _packed(fixed), "step": step}

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
            spacing = float(numbers["spacing"])
            window = Window(*(int(v) for v in numbers["data"]))
            shape = (len(matrices), *grid_shape(window.height, window.width, spacing), 2)
            fixed = tensors["lattices"] if "lattices" in tensors else _unpacked(tensors, shape)
            lattices = fixed.astype(np.float32) * step[:, None, None, None]
        except (KeyError, TypeError, ValueError, IndexError, zlib.error) as error:
            raise FieldError(
                f"a lattice layer of this field is damaged ({error}); fit again"
            ) from error
        if matrices.shape[1:] != (3, 3) or lattices.shape != shape:
            raise FieldError(
                f"a lattice layer of this field has shape {lattices.shape} instead of {shape}; "
                "fit again"
            )
        return cls(matrices, lattices, spacing, window)


def _packed(fixed: NDArray[np.int16]) -> U8:
    """Control points [T, gy, gx, 2] as one zlib stream.

    Each is stored as its difference from the one to its left, all low bytes before all high ones:
    neighbours are alike, so the high bytes vanish.
    """
    apart = fixed.copy()
    apart[:, :, 1:] -= fixed[:, :, :-1]
    split = np.stack([apart & 0xFF, (apart >> 8) & 0xFF]).astype(np.uint8)
    return np.frombuffer(zlib.compress(split.tobytes(), 4), np.uint8)


def _unpacked(tensors: dict[str, AnyArray], shape: tuple[int, ...]) -> NDArray[np.int16]:
    """What ``_packed`` was given.

    Raises:
        ValueError: The stream is of another size.
        zlib.error: It is damaged.
    """
    stream = zlib.decompressobj()
    size = 2 * int(np.prod(shape))
    # One byte more than there should be: a stream that lies about its size fills no memory.
    plain = stream.decompress(tensors["packed"].tobytes(), size + 1)
    split = np.frombuffer(plain, np.uint8).reshape(2, *shape).astype(np.uint16)
    apart = (split[0] | (split[1] << 8)).view(np.int16)
    return np.asarray(np.cumsum(apart, axis=2, dtype=np.int16), np.int16)
