"""Compiled loop that moves points by the steps of pins (numba); see ``engine.pins.warp``."""

import numba
import numpy as np

from engine.kernels import threads

threads.prepare()


@numba.njit(parallel=True, cache=True)
def moved(points, centres, steps, radii):  # type: ignore[no-untyped-def]
    """Points [N, 2] after all stages; a point that no disc holds comes back bit for bit.

    Stage s moves a point by the sum over pins i of ``steps[s, i] (1 - r)^4 (1 + 4 r)`` with r its
    distance from ``centres[s, i]`` over ``radii[s, i]``, where that is below 1.

    Args:
        points: float64 [N, 2].
        centres: float64 [S, I, 2].
        steps: float64 [S, I, 2].
        radii: float64 [S, I].
    """
    out = np.empty_like(points)
    stages, count = radii.shape
    for n in numba.prange(points.shape[0]):
        x, y = points[n, 0], points[n, 1]
        for s in range(stages):
            dx, dy = 0.0, 0.0
            for i in range(count):
                a, b = x - centres[s, i, 0], y - centres[s, i, 1]
                squared = a * a + b * b
                if squared < radii[s, i] * radii[s, i]:
                    r = np.sqrt(squared) / radii[s, i]
                    w = (1 - r) * (1 - r)
                    w = w * w * (1 + 4 * r)
                    dx += w * steps[s, i, 0]
                    dy += w * steps[s, i, 1]
            x += dx
            y += dy
        out[n, 0] = x
        out[n, 1] = y
    return out
