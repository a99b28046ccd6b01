"""The smooth lattice closest to a displacement that is known in places."""

import numpy as np

from engine.arrays import F32
from engine.fit.cells import fit_cells
from engine.kernels import threads
from engine.kernels.solve import solve_lattices


def fit_lattice(displacement: F32, weight: F32, spacing: int, stiffness: float = 0.3) -> F32:
    """The smooth lattice closest to a displacement that is known in places.

    Works on weighted means over lattice cells: flow is not sharper than that.

    Args:
        displacement: [H, W, 2] in pixels.
        weight: [H, W], 0 where unknown.
        spacing: Whole pixels between control points.
        stiffness: Weight of the bending energy against one cell of full weight.

    Returns:
        Control points [gy, gx, 2].
    """
    import cv2

    height, width = weight.shape
    cells = (-(-height // spacing), -(-width // spacing))
    below, right = cells[0] * spacing - height, cells[1] * spacing - width
    displacement, weight = (
        np.asarray(cv2.copyMakeBorder(v, 0, below, 0, right, cv2.BORDER_CONSTANT), np.float32)
        for v in (displacement, weight)
    )
    everywhere = ((0, cells[0]), (0, cells[1]))
    return closest(*cell_means(displacement, weight, cells, everywhere), stiffness)


def cell_means(
    displacement: F32,
    weight: F32,
    cells: tuple[int, int],
    part: tuple[tuple[int, int], tuple[int, int]],
) -> tuple[F32, F32]:
    """Weighted means of a displacement over lattice cells.

    Args:
        displacement: [h, w, 2] over ``part``, a whole number of pixels per cell.
        weight: [h, w], 0 where unknown.
        cells: Cells of the lattice, (rows, columns).
        part: Range of rows and of columns of cells that the arrays cover.

    Returns:
        Mean [rows, columns, 2] and mean weight [rows, columns], 0 outside ``part``.
    """
    import cv2

    (top, bottom), (left, right) = part
    size = (right - left, bottom - top)
    mean = np.zeros((*cells, 2), np.float32)
    mass = np.zeros(cells, np.float32)
    here = (slice(top, bottom), slice(left, right))
    mass[here] = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(displacement * weight[..., None], size, interpolation=cv2.INTER_AREA)
    mean[here] = total / np.maximum(mass[here], 1e-8)[..., None]
    return mean, mass


def closest(mean: F32, mass: F32, stiffness: float) -> F32:
    """The smooth lattice closest to means over its cells; see ``engine.fit.cells.fit_cells``.

    Args:
        mean: [rows, columns, 2].
        mass: [rows, columns], 0 where unknown.
        stiffness: As for ``fit_lattice``.

    Returns:
        Control points [rows + 3, columns + 3, 2].
    """
    with threads.guard():
        found = fit_cells(mean[None], mass[None], stiffness, solve_lattices, np.asarray)
    return np.asarray(found[0], np.float32)
