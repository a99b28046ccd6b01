"""Compiled resampling of a picture at given positions.

Convention: positions are (x, y) in canonical (or frame) pixels, pixel centres at +0.5. Pixel
``picture[i, j]`` is centred on ``((x0 + j + 0.5) / scale, (y0 + i + 0.5) / scale)``: ``(x0, y0)``
is the picture's data window on a canvas ``scale`` times as fine as the positions' own grid.
Pictures are premultiplied, so taps outside the picture count as transparent black.

``sample_reference.py`` states the same in plain numpy; the tests hold both together.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32
from engine.kernels import threads

threads.prepare()

FILTERS = ("bilinear", "cubic")
_MOST_SUBSAMPLES = 8


@njit(cache=True, inline="always")
def _add_bilinear(picture, u, v, weight, out):  # type: ignore[no-untyped-def]
    h, w, channels = picture.shape
    j0 = int(np.floor(u))
    i0 = int(np.floor(v))
    fx = np.float32(u - j0)
    fy = np.float32(v - i0)
    for a in range(2):
        i = i0 + a
        if i < 0 or i >= h:
            continue
        wy = fy if a == 1 else np.float32(1) - fy
        if wy == 0:
            continue
        for b in range(2):
            j = j0 + b
            if j < 0 or j >= w:
                continue
            wx = fx if b == 1 else np.float32(1) - fx
            if wx == 0:
                continue
            s = wy * wx * weight
            for c in range(channels):
                out[c] += s * picture[i, j, c]


@njit(cache=True, inline="always")
def _keys(d):  # type: ignore[no-untyped-def]
    """The cubic kernel of Keys (1981), eq. 15, a = -1/2, at distance ``d``."""
    d = abs(d)
    if d <= 1:
        return (np.float32(1.5) * d - np.float32(2.5)) * d * d + np.float32(1)
    if d < 2:
        return ((np.float32(-0.5) * d + np.float32(2.5)) * d - np.float32(4)) * d + np.float32(2)
    return np.float32(0)


@njit(cache=True, inline="always")
def _add_cubic(picture, u, v, weight, out):  # type: ignore[no-untyped-def]
    h, w, channels = picture.shape
    j0 = int(np.floor(u))
    i0 = int(np.floor(v))
    fx = np.float32(u - j0)
    fy = np.float32(v - i0)
    for a in range(-1, 3):
        i = i0 + a
        if i < 0 or i >= h:
            continue
        wy = _keys(fy - np.float32(a))
        if wy == 0:
            continue
        for b in range(-1, 3):
            j = j0 + b
            if j < 0 or j >= w:
                continue
            s = wy * _keys(fx - np.float32(b)) * weight
            if s == 0:
                continue
            for c in range(channels):
                out[c] += s * picture[i, j, c]


@njit(cache=True, inline="always")
def _subsamples(dx, dy):  # type: ignore[no-untyped-def]
    """How many samples one step of ``(dx, dy)`` picture pixels needs; 1 up to 1.5 pixels."""
    length = np.sqrt(dx * dx + dy * dy)
    if not length > 1.5:
        return 1
    return int(min(np.ceil(length - 0.5), _MOST_SUBSAMPLES))


@njit(cache=True, parallel=True)
def _sample(picture, positions, weights, x0, y0, sx, sy, cubic, footprint, out):  # type: ignore[no-untyped-def]
    rows, columns = positions.shape[:2]
    h, w = picture.shape[:2]
    half = np.float32(0.5)
    for i in prange(rows):
        ia = max(i - 1, 0)
        ib = min(i + 1, rows - 1)
        for j in range(columns):
            share = np.float32(1)
            if weights.size:
                share = weights[i, j]
                if not share > 0:
                    continue
            u = positions[i, j, 0] * sx - x0 - half
            v = positions[i, j, 1] * sy - y0 - half
            # Written so that NaN and Inf positions fail it too: they read nothing.
            if not (u > -9 and v > -9 and u < w + 9 and v < h + 9):
                continue
            nx = 1
            ny = 1
            axx = axy = ayx = ayy = np.float32(0)
            if footprint:
                ja = max(j - 1, 0)
                jb = min(j + 1, columns - 1)
                if jb > ja:
                    step = np.float32(1) / np.float32(jb - ja)
                    axx = (positions[i, jb, 0] - positions[i, ja, 0]) * step * sx
                    axy = (positions[i, jb, 1] - positions[i, ja, 1]) * step * sy
                    nx = _subsamples(axx, axy)
                if ib > ia:
                    step = np.float32(1) / np.float32(ib - ia)
                    ayx = (positions[ib, j, 0] - positions[ia, j, 0]) * step * sx
                    ayy = (positions[ib, j, 1] - positions[ia, j, 1]) * step * sy
                    ny = _subsamples(ayx, ayy)
            weight = share / np.float32(nx * ny)
            for p in range(ny):
                fy = (np.float32(p) + half) / np.float32(ny) - half
                for q in range(nx):
                    fx = (np.float32(q) + half) / np.float32(nx) - half
                    su = u + fx * axx + fy * ayx
                    sv = v + fx * axy + fy * ayy
                    if cubic:
                        _add_cubic(picture, su, sv, weight, out[i, j])
                    else:
                        _add_bilinear(picture, su, sv, weight, out[i, j])


def sample(
    picture: F32,
    positions: F32,
    *,
    origin: tuple[float, float] = (0.0, 0.0),
    scale: float | tuple[float, float] = 1.0,
    filter: str = "bilinear",
    footprint: bool = False,
    weights: F32 | None = None,
) -> F32:
    """Reads a picture at any positions.

    Convention: see the module. ``bilinear`` or ``cubic`` (Keys 1981, a = -1/2, interpolating;
    overshoots at edges, so clamp a sampled alpha).

    Args:
        picture: [h, w, C], premultiplied.
        positions: (x, y), [H, W, 2] or [N, 2].
        origin: Upper left pixel of the picture's data window, on the picture's own grid.
        scale: Picture pixels per unit of the positions, or one figure for x and one for y.
        filter: ``bilinear`` or ``cubic``.
        footprint: Average several samples where one step of the [H, W] grid covers more than one
            and a half picture pixels, so that a finer picture does not alias.
        weights: [H, W] factors of the result; what has 0 is not read. None: all 1.

    Returns:
        float32 [H, W, C] or [N, C]; zero where every tap is outside, and for positions that are
        no numbers.

    Raises:
        ValueError: An unknown filter.
    """
    if filter not in FILTERS:
        raise ValueError(f"unknown filter {filter!r}; use one of {', '.join(FILTERS)}")
    points = np.ascontiguousarray(positions, np.float32)
    grid = points if points.ndim == 3 else points[None]
    out = np.zeros((*grid.shape[:2], picture.shape[2]), np.float32)
    none = np.zeros((0, 0), np.float32)
    sx, sy = scale if isinstance(scale, tuple) else (scale, scale)
    with threads.guard():
        _sample(
            np.ascontiguousarray(picture, np.float32),
            grid,
            none if weights is None else np.ascontiguousarray(weights, np.float32),
            np.float32(origin[0]),
            np.float32(origin[1]),
            np.float32(sx),
            np.float32(sy),
            filter == "cubic",
            footprint and points.ndim == 3,
            out,
        )
    return out if points.ndim == 3 else out[0]
