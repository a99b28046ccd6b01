"""Compiled laying of frames onto a picture finer than they are: the reverse of a footprint read.

What ``engine.kernels.sample`` (bilinear, with footprints) gathers for a frame pixel from the pixels
that it covers, this gives back to the same pixels in the same shares. So the difference between a
frame and what is read for it goes where it came from, whatever the scale of either.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32
from engine.kernels import threads
from engine.kernels.sample import _area, _footprint, _steps, _wide, _widened

threads.prepare()


@njit(cache=True, inline="always")
def _put(total, i, j, share, red, green, blue):  # type: ignore[no-untyped-def]
    total[i, j, 0] += share * red
    total[i, j, 1] += share * green
    total[i, j, 2] += share * blue
    total[i, j, 3] += share
    total[i, j, 4] += share * (red * red + green * green + blue * blue)


@njit(cache=True)
def _spread_wide(total, u, v, axx, axy, ayx, ayy, weight, red, green, blue):  # type: ignore[no-untyped-def]
    """Gives a pixel to the ellipse that it covers; see ``_add_wide`` of the reading kernel."""
    h, w = total.shape[:2]
    half, one, none = np.float32(0.5), np.float32(1), np.float32(0)
    major, minor, c2, s2 = _footprint(axx, axy, ayx, ayy)
    first, second = _widened(major), _widened(minor)
    a, b = half * (first + second), half * (first - second)
    pxx, pxy, pyy = a + b * c2, b * s2, a - b * c2
    a, b = half * (one / first + one / second), half * (one / first - one / second)
    qxx, qxy, qyy = a + b * c2, b * s2, a - b * c2
    across, down = one / np.sqrt(qxx * qxx + qxy * qxy), one / np.sqrt(qxy * qxy + qyy * qyy)
    reach_x, reach_y = abs(pxx) + abs(pxy), abs(pxy) + abs(pyy)
    top, low = int(np.ceil(v - reach_y)), int(np.floor(v + reach_y))
    left, right = int(np.ceil(u - reach_x)), int(np.floor(u + reach_x))
    whole = none
    for i in range(top, low + 1):
        dy = np.float32(i) - v
        for j in range(left, right + 1):
            dx = np.float32(j) - u
            whole += _area(qxx * dx + qxy * dy, across) * _area(qxy * dx + qyy * dy, down)
    if not whole > none:
        return
    weight /= whole
    for i in range(max(top, 0), min(low, h - 1) + 1):
        dy = np.float32(i) - v
        for j in range(max(left, 0), min(right, w - 1) + 1):
            dx = np.float32(j) - u
            share = _area(qxx * dx + qxy * dy, across) * _area(qxy * dx + qyy * dy, down)
            if share > none:
                _put(total, i, j, share * weight, red, green, blue)


@njit(cache=True, parallel=True, error_model="numpy")
def _spread(values, weights, positions, x0, y0, scale, totals):  # type: ignore[no-untyped-def]
    batch, rows, columns = weights.shape
    half, one, none = np.float32(0.5), np.float32(1), np.float32(0)
    h, w = totals.shape[1:3]
    right_edge, low_edge = np.float32(w - 1), np.float32(h - 1)
    for n in prange(batch):
        total = totals[n]
        for i in range(rows):
            for j in range(columns):
                weight = weights[n, i, j]
                if not weight > none:
                    continue
                u = positions[n, i, j, 0] * scale - x0 - half
                v = positions[n, i, j, 1] * scale - y0 - half
                # Written so that NaN and Inf positions fail it too.
                if not (u >= none and v >= none and u < right_edge and v < low_edge):
                    continue
                red, green, blue = values[n, i, j, 0], values[n, i, j, 1], values[n, i, j, 2]
                axx, axy, ayx, ayy = _steps(positions[n], i, j, scale, scale)
                if _wide(axx, axy, ayx, ayy):
                    _spread_wide(total, u, v, axx, axy, ayx, ayy, weight, red, green, blue)
                    continue
                a, b = int(v), int(u)
                fu, fv = u - np.float32(b), v - np.float32(a)
                low, high = weight * fv, weight * (one - fv)
                _put(total, a, b, high * (one - fu), red, green, blue)
                _put(total, a, b + 1, high * fu, red, green, blue)
                _put(total, a + 1, b, low * (one - fu), red, green, blue)
                _put(total, a + 1, b + 1, low * fu, red, green, blue)


def spread_frames(
    values: F32,
    weights: F32,
    positions: F32,
    origin: tuple[float, float],
    scale: float,
    totals: F32,
) -> None:
    """Adds what frames say to sums over a picture, each pixel over all that it covers there.

    Convention: positions and picture as in ``engine.kernels.sample``. What is centred outside the
    picture is left out.

    Args:
        values: float32 [B, H, W, 3].
        weights: float32 [B, H, W], 0 = left out.
        positions: float32 [B, H, W, 2].
        origin: Upper left pixel of the picture's data window, on the picture's own grid.
        scale: Picture pixels per unit of the positions.
        totals: float32 [at least B, h, w, 5], one for each frame, so that frames may be taken at
            once: sums of weight times value (3), of weight, and of weight times the value's square
            (over the channels); added to.
    """
    with threads.guard():
        _spread(
            np.ascontiguousarray(values, np.float32),
            np.ascontiguousarray(weights, np.float32),
            np.ascontiguousarray(positions, np.float32),
            np.float32(origin[0]),
            np.float32(origin[1]),
            np.float32(scale),
            totals,
        )
