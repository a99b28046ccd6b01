"""What ``kernels`` computes, in plain numpy; for tests and for reading."""

import numpy as np

from engine.arrays import F32, F64


def residual(p: F32, wish: F32, strength: F32, links: tuple[F32, F32, F32, F32]) -> F64:
    """Gradient of the energy that ``kernels.relax`` minimises, float64 [h, w]; 0 at its minimum."""
    right, down, falling, rising = (link.astype(np.float64) for link in links)
    value = p.astype(np.float64)
    gradient = strength * (value - wish)
    for link, here, there in (
        (right[:, :-1], np.s_[:, :-1], np.s_[:, 1:]),
        (down[:-1], np.s_[:-1], np.s_[1:]),
        (falling[:-1, :-1], np.s_[:-1, :-1], np.s_[1:, 1:]),
        (rising[:-1, 1:], np.s_[:-1, 1:], np.s_[1:, :-1]),
    ):
        gap = link * (value[here] - value[there])
        gradient[here] += gap
        gradient[there] -= gap
    return np.asarray(gradient, np.float64)


def smoothed(grid: F32, axis: int) -> F32:
    """A grid blurred along one axis by 1 2 1, the ends repeated."""
    moved = np.moveaxis(grid, axis, 0)
    padded = np.concatenate([moved[:1], moved, moved[-1:]])
    blurred = 0.25 * padded[:-2] + 0.5 * moved + 0.25 * padded[2:]
    return np.asarray(np.moveaxis(blurred, 0, axis), np.float32)
