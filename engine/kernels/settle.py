"""The canonical picture's step after a pass, of the sums that the pass left (numba)."""

import numba
import numpy as np

from engine.kernels import threads

threads.prepare()


@numba.njit(parallel=True, fastmath=True, cache=True)
def settle(sums, momentum, least, picture, speed, weight):  # type: ignore[no-untyped-def]
    """Takes one preconditioned step with momentum, and clears the sums for the next pass.

    ``settle_reference`` says the same in plain numpy.

    Args:
        sums: In and out, float32 [threads, h, w, 4]: sums of w r (3) and of w; 0 afterwards.
        momentum: float32: share of the last step that goes on.
        least: float32: weight up to which a place counts as unseen: it stays, without momentum.
        picture: In and out, float32 [h, w, 3].
        speed: In and out, float32 [h, w, 3]: the steps so far.
        weight: Out, float32 [h, w]: sum of w.
    """
    parts, height, width = sums.shape[:3]
    for y in numba.prange(height):
        for x in range(width):
            den = np.float32(0)
            for k in range(parts):
                den += sums[k, y, x, 3]
            weight[y, x] = den
            seen = den > least
            for c in range(3):
                num = np.float32(0)
                for k in range(parts):
                    num += sums[k, y, x, c]
                step = momentum * speed[y, x, c] + num / den if seen else np.float32(0)
                speed[y, x, c] = step
                picture[y, x, c] += step
            for k in range(parts):
                for c in range(4):
                    sums[k, y, x, c] = 0


def settle_reference(sums, momentum, least, picture, speed, weight):  # type: ignore[no-untyped-def]
    """``settle`` in plain numpy."""
    total = sums.sum(axis=0)
    weight[:] = total[..., 3]
    seen = weight > least
    step = total[..., :3] / np.maximum(weight, least)[..., None]
    speed[:] = np.where(seen[..., None], momentum * speed + step, 0)
    picture += speed
    sums[:] = 0
