"""Triton kernels: where pixels lie on a still, and what they read there.

Convention: as ``engine.kernels.lattice`` and ``engine.kernels.sample``. A program has a run of
pixels. Where no step of them is wide, each takes its 4 or 16 taps; where one is, the whole run goes
through as many taps as its widest ellipse has, of the level that is right for each pixel.
"""

import triton
import triton.language as tl

from engine.kernels.footprint import LONGEST, ONSET, REDUCED, WHOLE
from engine.kernels.gpu.lattice_kernels import _moved

_ONSET = tl.constexpr(ONSET)
_WHOLE = tl.constexpr(WHOLE)
_LONGEST = tl.constexpr(LONGEST)
_REDUCED = tl.constexpr(REDUCED)


@triton.jit
def place_points(
    matrix,
    lattice,
    out,
    top,
    left,
    height,
    width,
    columns,
    spacing,
    BLOCK_Y: tl.constexpr,
    BLOCK_X: tl.constexpr,
):
    """Canonical points [H, W, 2] of pixel centres, from a homography and control points."""
    x = tl.program_id(0) * BLOCK_X + tl.arange(0, BLOCK_X)
    y = tl.program_id(1) * BLOCK_Y + tl.arange(0, BLOCK_Y)
    mask = (y[:, None] < height) & (x[None, :] < width)
    px, py = (x + left).to(tl.float64) + 0.5, (y + top).to(tl.float64) + 0.5
    u, v = px / spacing, py / spacing
    cell_x, cell_y = tl.floor(u), tl.floor(v)
    fx, fy = (u - cell_x).to(tl.float32), (v - cell_y).to(tl.float32)
    corner = cell_y.to(tl.int64)[:, None] * columns + cell_x.to(tl.int64)[None, :]
    first = lattice + corner * 2
    dx, dy = _moved(first, columns, fx, fy, mask, BLOCK_Y, BLOCK_X)
    m0, m1, m2 = tl.load(matrix), tl.load(matrix + 1), tl.load(matrix + 2)
    m3, m4, m5 = tl.load(matrix + 3), tl.load(matrix + 4), tl.load(matrix + 5)
    m6, m7, m8 = tl.load(matrix + 6), tl.load(matrix + 7), tl.load(matrix + 8)
    px, py = px[None, :], py[:, None]
    w = 1.0 / (m6 * px + m7 * py + m8)
    to_x = ((m0 * px + m1 * py + m2) * w + dx).to(tl.float32)
    to_y = ((m3 * px + m4 * py + m5) * w + dy).to(tl.float32)
    at = out + (y.to(tl.int64)[:, None] * width + x[None, :]) * 2
    pair = tl.arange(0, 2)[None, None, :]
    tl.store(at[:, :, None] + pair, tl.join(to_x, to_y), mask=mask[:, :, None] & (pair < 2))


@triton.jit
def _keys(distance):
    """The cubic kernel of Keys (1981), eq. 15, a = -1/2."""
    d = tl.abs(distance)
    near = (1.5 * d - 2.5) * d * d + 1.0
    far = ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
    return tl.where(d <= 1, near, tl.where(d < 2, far, 0.0))


@triton.jit
def _area(distance, size):
    """A box as wide as a step, its edges one pixel soft."""
    return tl.minimum(tl.maximum((0.5 - tl.abs(distance)) * size + 0.5, 0.0), 1.0)


@triton.jit
def _size(axis):
    """Half width of the filter, as a factor, where a step covers so many picture pixels."""
    ramp = 1.0 + (axis - _ONSET) * ((_WHOLE - 1) / (_WHOLE - _ONSET))
    wide = tl.where(axis < _WHOLE, ramp, tl.minimum(axis, _LONGEST))
    return tl.where(axis <= _ONSET, 1.0, wide)


@triton.jit
def _step(positions, before, after, apart, scale_x, scale_y, mask):
    """How far a step goes, in picture pixels, from the points of the pixels around."""
    part = tl.where(apart == 2, 0.5, 1.0)
    x0 = tl.load(positions + before * 2, mask=mask, other=0.0)
    y0 = tl.load(positions + before * 2 + 1, mask=mask, other=0.0)
    x1 = tl.load(positions + after * 2, mask=mask, other=0.0)
    y1 = tl.load(positions + after * 2 + 1, mask=mask, other=0.0)
    return (x1 - x0) * part * scale_x, (y1 - y0) * part * scale_y


@triton.jit
def _ellipses(
    flat,
    table,
    levels,
    u,
    v,
    mean,
    diff,
    cross,
    root,
    wide,
    c,
    CUBIC: tl.constexpr,
    CHANNELS: tl.constexpr,
    PADDED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Values [BLOCK, C] of what wide steps cover, 0 for the others; nothing is done without any."""
    weight = tl.zeros((BLOCK,), tl.float32)
    sums = tl.zeros((BLOCK, PADDED), tl.float32)
    if tl.max(wide.to(tl.int32)) > 0:
        mean, diff = tl.where(wide, mean, 1.0), tl.where(wide, diff, 0.0)
        cross = tl.where(wide, cross, 0.0)
        major, minor = tl.sqrt(mean + root), tl.sqrt(tl.maximum(mean - root, 0.0))
        turned = root > 0
        c2 = tl.where(turned, diff / tl.where(turned, root, 1.0), 1.0)
        s2 = tl.where(turned, cross / tl.where(turned, root, 1.0), 0.0)
        level = tl.zeros((BLOCK,), tl.int32)
        part = tl.full((BLOCK,), 1.0, tl.float32)
        for _ in range(levels - 1):
            smaller = minor * part >= _REDUCED
            level += smaller.to(tl.int32)
            part = tl.where(smaller, part * 0.5, part)
        entry = table + level * 3
        begin, tall, broad = tl.load(entry), tl.load(entry + 1), tl.load(entry + 2)
        pu, pv = (u + 0.5) * part - 0.5, (v + 0.5) * part - 0.5
        first, second = _size(major * part), _size(minor * part)
        a, b = 0.5 * (first + second), 0.5 * (first - second)
        pxx, pxy, pyy = a + b * c2, b * s2, a - b * c2
        a, b = 0.5 * (1 / first + 1 / second), 0.5 * (1 / first - 1 / second)
        qxx, qxy, qyy = a + b * c2, b * s2, a - b * c2
        along = 1 / tl.sqrt(qxx * qxx + qxy * qxy)
        across = 1 / tl.sqrt(qxy * qxy + qyy * qyy)
        RADIUS: tl.constexpr = 2 if CUBIC else 1
        reach_x = RADIUS * (tl.abs(pxx) + tl.abs(pxy))
        reach_y = RADIUS * (tl.abs(pxy) + tl.abs(pyy))
        x0, y0 = tl.ceil(pu - reach_x).to(tl.int64), tl.ceil(pv - reach_y).to(tl.int64)
        x1, y1 = tl.floor(pu + reach_x).to(tl.int64), tl.floor(pv + reach_y).to(tl.int64)
        tallest = tl.max(tl.where(wide, y1 - y0 + 1, 0)).to(tl.int32)
        widest = tl.max(tl.where(wide, x1 - x0 + 1, 0)).to(tl.int32)
        for dy in range(tallest):
            y = y0 + dy
            gap_y = y.to(tl.float32) - pv
            for dx in range(widest):
                x = x0 + dx
                gap_x = x.to(tl.float32) - pu
                ex, ey = qxx * gap_x + qxy * gap_y, qxy * gap_x + qyy * gap_y
                if CUBIC:
                    share = _keys(ex) * _keys(ey)
                else:
                    share = _area(ex, along) * _area(ey, across)
                share = tl.where(wide & (y <= y1) & (x <= x1), share, 0.0)
                weight += share
                inside = (share != 0) & (x >= 0) & (y >= 0) & (x < broad) & (y < tall)
                at = flat + (begin + y * broad + x)[:, None] * CHANNELS + c
                value = tl.load(at, mask=inside[:, None] & (c < CHANNELS), other=0.0)
                sums += share[:, None] * value
    good = weight > 0
    return tl.where(good, 1 / tl.where(good, weight, 1.0), 0.0)[:, None] * sums


@triton.jit
def read_footprints(
    flat,
    table,
    positions,
    out,
    rows,
    columns,
    height,
    width,
    levels,
    far,
    origin_x,
    origin_y,
    scale_x,
    scale_y,
    CUBIC: tl.constexpr,
    FOOTPRINT: tl.constexpr,
    MATTE: tl.constexpr,
    CHANNELS: tl.constexpr,
    PADDED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Values [H, W, C] of a picture and its reductions at the points [H, W, 2] of a grid."""
    n = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = n < rows * columns
    i, j = n // columns, n % columns
    u = tl.load(positions + n * 2, mask=mask, other=0.0) * scale_x - origin_x - 0.5
    v = tl.load(positions + n * 2 + 1, mask=mask, other=0.0) * scale_y - origin_y - 0.5
    # Written so that positions that are no numbers fail it too: they read nothing.
    near = (u > -far) & (v > -far) & (u < width + far) & (v < height + far) & mask
    u, v = tl.where(near, u, 0.0), tl.where(near, v, 0.0)
    c = tl.arange(0, PADDED)[None, :]
    total = tl.zeros((BLOCK, PADDED), tl.float32)
    wide = near & (u != u)
    if FOOTPRINT:
        ja, jb = tl.maximum(j - 1, 0), tl.minimum(j + 1, columns - 1)
        ia, ib = tl.maximum(i - 1, 0), tl.minimum(i + 1, rows - 1)
        row = i * columns
        xx, xy = _step(positions, row + ja, row + jb, jb - ja, scale_x, scale_y, near)
        yx, yy = _step(
            positions, ia * columns + j, ib * columns + j, ib - ia, scale_x, scale_y, near
        )
        mean = 0.5 * (xx * xx + xy * xy + yx * yx + yy * yy)
        diff = 0.5 * (xx * xx + yx * yx - xy * xy - yy * yy)
        cross = xx * xy + yx * yy
        wide = near & (2 * mean > _ONSET * _ONSET) & (2 * mean < 1e12)
        root = tl.sqrt(tl.where(wide, diff * diff + cross * cross, 0.0))
        wide = wide & (mean + root > _ONSET * _ONSET)

    narrow = near & (wide == 0)
    left, top = tl.floor(u), tl.floor(v)
    fx, fy = u - left, v - top
    x0, y0 = left.to(tl.int64), top.to(tl.int64)
    TAPS: tl.constexpr = 4 if CUBIC else 2
    FIRST: tl.constexpr = -1 if CUBIC else 0
    for a in tl.static_range(TAPS):
        dy = FIRST + a
        down = _keys(fy - dy) if CUBIC else (fy if a else 1 - fy)
        for b in tl.static_range(TAPS):
            dx = FIRST + b
            across = _keys(fx - dx) if CUBIC else (fx if b else 1 - fx)
            x, y = x0 + dx, y0 + dy
            inside = narrow & (x >= 0) & (y >= 0) & (x < width) & (y < height)
            at = flat + (y * width + x)[:, None] * CHANNELS + c
            value = tl.load(at, mask=inside[:, None] & (c < CHANNELS), other=0.0)
            total += (down * across)[:, None] * value

    if FOOTPRINT:
        total += _ellipses(
            flat, table, levels, u, v, mean, diff, cross, root, wide, c, CUBIC, CHANNELS, PADDED,
            BLOCK,
        )  # fmt: skip

    if MATTE:
        alpha = tl.sum(tl.where(c == CHANNELS - 1, total, 0.0), axis=1)[:, None]
        total = tl.where(alpha > 1.0 / 4096.0, total / tl.maximum(alpha, 1.0), 0.0)
    tl.store(out + n[:, None] * CHANNELS + c, total, mask=mask[:, None] & (c < CHANNELS))
