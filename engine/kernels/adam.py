"""One compiled step of Adam on flat arrays (numba); ``backends.plain.adam`` is its plain twin."""

import numba
import numpy as np

from engine.arrays import F32
from engine.kernels import threads

threads.prepare()


@numba.njit(parallel=True, cache=True, nogil=True)
def _adam(value, slope, mean, square, pace, root, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    keep1, keep2 = np.float32(1) - beta1, np.float32(1) - beta2
    for i in numba.prange(value.shape[0]):
        g, m, v = slope[i], mean[i], square[i]
        if g == 0 and m == 0 and v == 0:
            continue
        m = beta1 * m + keep1 * g
        v = beta2 * v + keep2 * g * g
        value[i] -= pace * m / (np.sqrt(v) * root + epsilon)
        mean[i], square[i], slope[i] = m, v, 0


def adam(value: F32, slope: F32, mean: F32, square: F32, *factors: float) -> None:
    """Moves ``value`` in place and zeroes ``slope``; what no step has touched yet costs nothing.

    Args:
        value: Parameters [N].
        slope: Their gradient [N].
        mean: Running mean of it [N].
        square: Running mean of its square [N].
        factors: pace, root, beta1, beta2, epsilon; see ``backends.interface.Adam``.
    """
    with threads.guard():
        _adam(value, slope, mean, square, *(np.float32(each) for each in factors))
