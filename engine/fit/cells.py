"""The smooth lattices of a seed, from what is known of their cells.

Written once for the processor and for cards: it is arithmetic on arrays that numpy and torch spell
alike. What differs is handed in. ``engine.fit.seeds`` (one lattice at a time, numba) and
``engine.fit.device_seeds`` (all frames of a clip at once, on a card) start layers by it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays import F32

#: Bending energy of the seed's lattices: a leg is two cells wide and must bend against its body.
STIFFNESS = 0.05
#: Least trust that a pixel keeps after its chain broke, against one that is sure.
FADED = 0.2
#: Times that the equations are set up and solved; their matrix is only nearly the right one.
ROUNDS = 4
#: Hold, flat, damping, rounds and limit of the solver: nothing but the equations themselves.
PLAIN = (0.0, 1e-6, 1e-6, 25, 1e9)


def middles_of(cells: int) -> F32:
    """What the control points of an axis say in the middle of each cell, [cells, cells + 3].

    It stands for the mean of the cell: in so small a piece a lattice is nearly straight.
    """
    basis = np.array([1, 23, 23, 1], np.float32) / 48
    found = np.zeros((cells, cells + 3), np.float32)
    for k in range(4):
        found[np.arange(cells), np.arange(cells) + k] = basis[k]
    return found


def fit_cells(
    mean: Any, mass: Any, stiffness: float, solve: Callable[..., None], here: Callable[[F32], Any]
) -> Any:
    """The smooth lattices closest to means over their cells.

    Args:
        mean: float32 [B, rows, columns, 2] of numpy or torch.
        mass: float32 [B, rows, columns], 0 where unknown.
        stiffness: Weight of the bending energy against one cell of full weight.
        solve: See ``engine.kernels.backends.interface.Solve``.
        here: Brings an array of numpy to where the means are.

    Returns:
        Control points [B, rows + 3, columns + 3, 2].
    """
    count, rows, columns = (int(size) for size in mass.shape)
    down, across = here(middles_of(rows)), here(middles_of(columns))
    shape = (count, rows + 3, columns + 3)
    normal = here(np.zeros((*shape, 3), np.float32))
    normal[..., 0] = normal[..., 2] = down.T @ mass @ across
    control = here(np.zeros((*shape, 2), np.float32))
    # Start at the overall mean so that empty regions do not pull towards zero.
    total = mass.sum(axis=(1, 2)).clip(min=1e-6)
    overall = (mean * mass[..., None]).sum(axis=(1, 2)) / total[:, None]
    control += overall[:, None, None]
    stiff = here(np.full(shape, stiffness, np.float32))
    free = here(np.zeros((*shape, 2), np.float32))
    for _ in range(ROUNDS):
        gradient = here(np.empty((*shape, 2), np.float32))
        for c in range(2):
            missing = mean[..., c] - down @ control[..., c] @ across.T
            gradient[..., c] = down.T @ (missing * mass) @ across
        solve(control, control, gradient, normal, stiff, free, free[..., 0], *PLAIN)
    return control
