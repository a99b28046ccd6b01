"""Compiled gradients of reading a picture bilinearly (numba).

The twin in plain torch is ``engine.kernels.backends.plain.sample``; the convention is that of
``engine.kernels.sample``.
"""

import numba
import numpy as np

from engine.arrays import F32
from engine.kernels import threads

threads.prepare()


@numba.njit(inline="always")
def _near(u, v, height, width):  # type: ignore[no-untyped-def]
    """Whether any tap is inside; false for positions that are no numbers."""
    return u > -1 and v > -1 and u < width and v < height


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _to_picture(points, slope, x0, y0, sx, sy, out):  # type: ignore[no-untyped-def]
    height, width, channels = out.shape
    half, one = np.float32(0.5), np.float32(1)
    for n in range(points.shape[0]):
        u, v = points[n, 0] * sx - x0 - half, points[n, 1] * sy - y0 - half
        if not _near(u, v, height, width):
            continue
        left, top = int(np.floor(u)), int(np.floor(v))
        fx, fy = u - np.float32(left), v - np.float32(top)
        for tap in range(4):
            dx, dy = tap & 1, tap >> 1
            x, y = left + dx, top + dy
            if x < 0 or y < 0 or x >= width or y >= height:
                continue
            share = (fx if dx else one - fx) * (fy if dy else one - fy)
            for c in range(channels):
                out[y, x, c] += share * slope[n, c]


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _to_points(picture, points, slope, x0, y0, sx, sy, out):  # type: ignore[no-untyped-def]
    height, width, channels = picture.shape
    half, one = np.float32(0.5), np.float32(1)
    for n in numba.prange(points.shape[0]):
        u, v = points[n, 0] * sx - x0 - half, points[n, 1] * sy - y0 - half
        if not _near(u, v, height, width):
            continue
        left, top = int(np.floor(u)), int(np.floor(v))
        fx, fy = u - np.float32(left), v - np.float32(top)
        gu = gv = np.float32(0)
        for tap in range(4):
            dx, dy = tap & 1, tap >> 1
            x, y = left + dx, top + dy
            if x < 0 or y < 0 or x >= width or y >= height:
                continue
            value = np.float32(0)
            for c in range(channels):
                value += picture[y, x, c] * slope[n, c]
            wx, wy = (fx if dx else one - fx), (fy if dy else one - fy)
            gu += value * wy if dx else -value * wy
            gv += value * wx if dy else -value * wx
        out[n, 0], out[n, 1] = gu * sx, gv * sy


def sample_gradient(
    picture: F32,
    points: F32,
    slope: F32,
    origin: tuple[float, float],
    scale: tuple[float, float],
    wanted: tuple[bool, ...] = (True, True),
) -> tuple[F32 | None, F32 | None]:
    """Gradients of what ``engine.kernels.sample.sample`` reads bilinearly.

    Args:
        picture: [h, w, C].
        points: [N, 2].
        slope: Gradient [N, C] of the values that were read.
        origin: As for ``sample``.
        scale: Picture pixels per unit of the positions, in x and y.
        wanted: Whether the picture's and the positions' are wanted.

    Returns:
        Gradients [h, w, C] and [N, 2], None where not wanted. The same bits on every run.
    """
    numbers = [np.float32(each) for each in (*origin, *scale)]
    to_picture = to_points = None
    if wanted[0]:
        to_picture = np.zeros_like(picture)
        _to_picture(points, slope, *numbers, to_picture)
    if wanted[1]:
        to_points = np.zeros_like(points)
        with threads.guard():
            _to_points(picture, points, slope, *numbers, to_points)
    return to_picture, to_points
