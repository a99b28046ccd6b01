"""Compiled resampling of a picture at given positions.

Convention: positions are (x, y) in canonical (or frame) pixels, pixel centres at +0.5. Pixel
``picture[i, j]`` is centred on ``((x0 + j + 0.5) / scale, (y0 + i + 0.5) / scale)``: ``(x0, y0)``
is the picture's data window on a canvas ``scale`` times as fine as the positions' own grid.
Pictures are premultiplied, so taps outside the picture count as transparent black.

``sample_reference.py`` states the same in plain numpy; the tests hold both together.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, I64
from engine.kernels import threads
from engine.kernels.footprint import FAR, FILTERS, LONGEST, ONSET, REDUCED, WHOLE

threads.prepare()


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
def _widened(size):  # type: ignore[no-untyped-def]
    """Half width of the filter, as a factor, where a step covers ``size`` picture pixels."""
    if size <= np.float32(ONSET):
        return np.float32(1)
    if size < np.float32(WHOLE):
        return np.float32(1) + (size - np.float32(ONSET)) * np.float32(
            (WHOLE - 1) / (WHOLE - ONSET)
        )
    return min(size, np.float32(LONGEST))


@njit(cache=True, inline="always")
def _steps(positions, i, j, sx, sy):  # type: ignore[no-untyped-def]
    """How far one step to the right and one down go, in picture pixels: (xx, xy, yx, yy)."""
    rows, columns = positions.shape[:2]
    none = np.float32(0)
    axx = axy = ayx = ayy = none
    ja, jb = max(j - 1, 0), min(j + 1, columns - 1)
    if jb > ja:
        part = np.float32(0.5) if jb - ja == 2 else np.float32(1)
        axx = (positions[i, jb, 0] - positions[i, ja, 0]) * part * sx
        axy = (positions[i, jb, 1] - positions[i, ja, 1]) * part * sy
    ia, ib = max(i - 1, 0), min(i + 1, rows - 1)
    if ib > ia:
        part = np.float32(0.5) if ib - ia == 2 else np.float32(1)
        ayx = (positions[ib, j, 0] - positions[ia, j, 0]) * part * sx
        ayy = (positions[ib, j, 1] - positions[ia, j, 1]) * part * sy
    return axx, axy, ayx, ayy


@njit(cache=True, inline="always")
def _wide(axx, axy, ayx, ayy):  # type: ignore[no-untyped-def]
    """Whether a step covers so much that a filter must be wider than one pixel."""
    # The larger singular value is below the root of the sum of squares.
    total = axx * axx + axy * axy + ayx * ayx + ayy * ayy
    if not (total > np.float32(ONSET * ONSET) and total < np.float32(1e12)):
        return False
    half = np.float32(0.5)
    diff = half * (axx * axx + ayx * ayx - axy * axy - ayy * ayy)
    cross = axx * axy + ayx * ayy
    return half * total + np.sqrt(diff * diff + cross * cross) > np.float32(ONSET * ONSET)


@njit(cache=True, inline="always")
def _footprint(axx, axy, ayx, ayy):  # type: ignore[no-untyped-def]
    """Axes of the ellipse that a step covers: sizes, and cosine and sine of twice its angle."""
    half, none = np.float32(0.5), np.float32(0)
    mean = half * (axx * axx + axy * axy + ayx * ayx + ayy * ayy)
    diff = half * (axx * axx + ayx * ayx - axy * axy - ayy * ayy)
    cross = axx * axy + ayx * ayy
    root = np.sqrt(diff * diff + cross * cross)
    major = np.sqrt(mean + root)
    minor = np.sqrt(max(mean - root, none))
    if root > none:
        return major, minor, diff / root, cross / root
    return major, minor, np.float32(1), none


@njit(cache=True, inline="always")
def _area(d, size):  # type: ignore[no-untyped-def]
    """A box as wide as a step, its edges one pixel soft: at size 1 the tent of ``bilinear``."""
    half, one = np.float32(0.5), np.float32(1)
    return min(max((half - abs(d)) * size + half, np.float32(0)), one)


@njit(cache=True)
def _add_wide(picture, u, v, major, minor, c2, s2, cubic, weight, out):  # type: ignore[no-untyped-def]
    """The kernel widened to an ellipse, its weights made to sum to 1."""
    h, w, channels = picture.shape
    half = np.float32(0.5)
    first, second = _widened(major), _widened(minor)
    a, b = half * (first + second), half * (first - second)
    pxx, pxy, pyy = a + b * c2, b * s2, a - b * c2
    one = np.float32(1)
    a, b = half * (one / first + one / second), half * (one / first - one / second)
    qxx, qxy, qyy = a + b * c2, b * s2, a - b * c2
    across, down = one / np.sqrt(qxx * qxx + qxy * qxy), one / np.sqrt(qxy * qxy + qyy * qyy)
    radius = np.float32(2) if cubic else one
    reach_x, reach_y = radius * (abs(pxx) + abs(pxy)), radius * (abs(pxy) + abs(pyy))
    top, low = int(np.ceil(v - reach_y)), int(np.floor(v + reach_y))
    left, right = int(np.ceil(u - reach_x)), int(np.floor(u + reach_x))
    total = np.float32(0)
    for i in range(top, low + 1):
        dy = np.float32(i) - v
        for j in range(left, right + 1):
            dx = np.float32(j) - u
            ex, ey = qxx * dx + qxy * dy, qxy * dx + qyy * dy
            if cubic:
                total += _keys(ex) * _keys(ey)
            else:
                total += _area(ex, across) * _area(ey, down)
    if not total > np.float32(0):
        return
    share = weight / total
    for i in range(max(top, 0), min(low, h - 1) + 1):
        dy = np.float32(i) - v
        for j in range(max(left, 0), min(right, w - 1) + 1):
            dx = np.float32(j) - u
            ex, ey = qxx * dx + qxy * dy, qxy * dx + qyy * dy
            if cubic:
                s = _keys(ex) * _keys(ey) * share
            else:
                s = _area(ex, across) * _area(ey, down) * share
            if s == 0:
                continue
            for c in range(channels):
                out[c] += s * picture[i, j, c]


@njit(cache=True, inline="always")
def _level(minor, levels):  # type: ignore[no-untyped-def]
    """How often the picture is halved, so that its narrower side is 2 to 4 pixels."""
    level = 0
    while level < levels and minor >= np.float32(REDUCED):
        minor *= np.float32(0.5)
        level += 1
    return level


@njit(cache=True, inline="always")
def _add_footprint(  # type: ignore[no-untyped-def]
    picture, reduced, tops, u, v, axx, axy, ayx, ayy, cubic, weight, out
):
    """Reads the ellipse that a step covers, of the picture or of it at a half, a quarter, ..."""
    half = np.float32(0.5)
    major, minor, c2, s2 = _footprint(axx, axy, ayx, ayy)
    level = _level(minor, len(tops) - 1)
    if level == 0:
        _add_wide(picture, u, v, major, minor, c2, s2, cubic, weight, out)
        return
    part = np.float32(1) / np.float32(2**level)
    tall = -(-picture.shape[0] // 2**level)
    wide = -(-picture.shape[1] // 2**level)
    small = reduced[tops[level] : tops[level] + tall, :wide]
    u, v = (u + half) * part - half, (v + half) * part - half
    _add_wide(small, u, v, major * part, minor * part, c2, s2, cubic, weight, out)


@njit(cache=True, parallel=True)
def _narrowest(positions, sx, sy):  # type: ignore[no-untyped-def]
    """The largest of the narrower sides of all steps, in picture pixels."""
    rows, columns = positions.shape[:2]
    most = np.zeros(rows, np.float32)
    for i in prange(rows):
        for j in range(columns):
            axx, axy, ayx, ayy = _steps(positions, i, j, sx, sy)
            # Both sides are at least that long only if the area is.
            area = abs(axx * ayy - axy * ayx)
            if area >= np.float32(REDUCED * REDUCED) and area < np.float32(1e9):
                most[i] = max(most[i], _footprint(axx, axy, ayx, ayy)[1])
    return most.max() if rows > 0 else np.float32(0)


@njit(cache=True, parallel=True)
def _sample(picture, reduced, tops, positions, weights, x0, y0, sx, sy, cubic, footprint, out):  # type: ignore[no-untyped-def]
    rows, columns = positions.shape[:2]
    h, w = picture.shape[:2]
    half, far = np.float32(0.5), np.float32(FAR)
    far *= np.float32(2 ** (len(tops) - 1))
    for i in prange(rows):
        for j in range(columns):
            share = np.float32(1)
            if weights.size:
                share = weights[i, j]
                if not share > 0:
                    continue
            u = positions[i, j, 0] * sx - x0 - half
            v = positions[i, j, 1] * sy - y0 - half
            # Written so that NaN and Inf positions fail it too: they read nothing.
            if not (u > -far and v > -far and u < w + far and v < h + far):
                continue
            if footprint:
                axx, axy, ayx, ayy = _steps(positions, i, j, sx, sy)
                if _wide(axx, axy, ayx, ayy):
                    _add_footprint(
                        picture, reduced, tops, u, v, axx, axy, ayx, ayy, cubic, share, out[i, j]
                    )
                    continue
            if cubic:
                _add_cubic(picture, u, v, share, out[i, j])
            else:
                _add_bilinear(picture, u, v, share, out[i, j])


def halved(picture: F32) -> F32:
    """A premultiplied picture [h, w, C] at half its size; beyond its border it is transparent."""
    h, w, channels = picture.shape
    even = np.zeros((h + h % 2, w + w % 2, channels), np.float32)
    even[:h, :w] = picture
    rows = even[0::2] + even[1::2]
    return np.asarray((rows[:, 0::2] + rows[:, 1::2]) * np.float32(0.25), np.float32)


def reductions(picture: F32, positions: F32, sx: float, sy: float) -> tuple[F32, I64]:
    """The smaller pictures that reading a picture at positions [H, W, 2] needs; mostly none.

    Returns:
        Halved pictures, each below the one before, and the row where each begins; the first entry
        of the rows stands for the picture itself.
    """
    narrowest = float(_narrowest(positions, np.float32(sx), np.float32(sy)))
    levels, small = [], picture
    while narrowest >= REDUCED and min(small.shape[:2]) > 1:
        small = halved(small)
        levels.append(small)
        narrowest /= 2
    if not levels:
        return np.zeros((0, 0, picture.shape[2]), np.float32), np.zeros(1, np.int64)
    heights = [len(level) for level in levels]
    tops = np.array([0, 0, *np.cumsum(heights)[:-1]], np.int64)
    reduced = np.zeros((sum(heights), levels[0].shape[1], picture.shape[2]), np.float32)
    for top, level in zip(tops[1:], levels, strict=True):
        reduced[top : top + len(level), : level.shape[1]] = level
    return reduced, tops


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
        footprint: Widen the filter to the ellipse that one step of the [H, W] grid covers where
            that is larger than a picture pixel (halving the picture first where it is much
            larger), so that nothing aliases. Where a step covers less the filter interpolates.
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
    footprint = footprint and points.ndim == 3
    picture = np.ascontiguousarray(picture, np.float32)
    with threads.guard():
        # Points of no grid cover nothing.
        reduced, tops = reductions(picture, grid if footprint else grid[:0], sx, sy)
        _sample(
            picture,
            reduced,
            tops,
            grid,
            none if weights is None else np.ascontiguousarray(weights, np.float32),
            np.float32(origin[0]),
            np.float32(origin[1]),
            np.float32(sx),
            np.float32(sy),
            filter == "cubic",
            footprint,
            out,
        )
    return out if points.ndim == 3 else out[0]
