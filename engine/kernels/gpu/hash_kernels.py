"""Triton kernels of the hash grid: values, and gradients to the table and to the points.

Convention: ``points`` is float32 [N, D] row by row. Features and their slopes are addressed with
two strides, because they are laid out feature by feature: neighbouring points of one level are
neighbours in memory, so that every load and store of a warp is one line. A grid's second axis is
the level, and blocks of points come first: the part of the table that a level needs stays in the
second-level cache while all points pass by.

Levels of weight 0 return at once; that is decided on the card, so that a captured graph stays
right while annealing goes on.
"""

import triton
import triton.language as tl

_Y = tl.constexpr(2654435761)
_Z = tl.constexpr(805459861)


@triton.jit
def _entry(x, y, z, size, entries, hashed, D: tl.constexpr):
    """Entry of grid corners within a level's part of the table; unsigned 32-bit arithmetic."""
    ux, uy, uz = x.to(tl.uint32), y.to(tl.uint32), z.to(tl.uint32)
    if hashed != 0:
        index = ux ^ (uy * _Y)
        if D == 3:
            index = index ^ (uz * _Z)
        index = index & (entries - 1)
    else:
        index = ux + uy * size
        if D == 3:
            index = index + uz * size * size
        index = tl.where(index < entries, index, index % entries)
    return index.to(tl.int64)


@triton.jit
def _features(table, index, mask, HALF: tl.constexpr):
    """Both features of entries, as one load of 32 or 64 bits each."""
    if HALF:
        bits = tl.load(table + index, mask=mask, other=0).to(tl.uint32, bitcast=True)
        low = (bits & 0xFFFF).to(tl.uint16).to(tl.float16, bitcast=True)
        high = (bits >> 16).to(tl.uint16).to(tl.float16, bitcast=True)
    else:
        bits = tl.load(table + index, mask=mask, other=0).to(tl.uint64, bitcast=True)
        low = (bits & 0xFFFFFFFF).to(tl.uint32).to(tl.float32, bitcast=True)
        high = (bits >> 32).to(tl.uint32).to(tl.float32, bitcast=True)
    return low.to(tl.float32), high.to(tl.float32)


@triton.jit
def _cells(points, rows, mask, scale, D: tl.constexpr):
    """Cell and fraction of points along each axis; the third axis is 0 in two dimensions."""
    px = tl.load(points + rows * D, mask=mask, other=0.0) * scale + 0.5
    py = tl.load(points + rows * D + 1, mask=mask, other=0.0) * scale + 0.5
    x, y = tl.floor(px), tl.floor(py)
    z, fz = x * 0, x * 0
    if D == 3:
        pz = tl.load(points + rows * D + 2, mask=mask, other=0.0) * scale + 0.5
        z = tl.floor(pz)
        fz = pz - z
    return x.to(tl.int32), y.to(tl.int32), z.to(tl.int32), px - x, py - y, fz


@triton.jit
def _share(fx, fy, fz, DX: tl.constexpr, DY: tl.constexpr, DZ: tl.constexpr, D: tl.constexpr):
    """How much of a corner a point is, from its fraction of the cell along each axis."""
    share = (fx if DX else 1 - fx) * (fy if DY else 1 - fy)
    if D == 3:
        share = share * (fz if DZ else 1 - fz)
    return share


@triton.jit
def encode_forward(
    points,
    table,
    out,
    scales,
    sizes,
    entries,
    offsets,
    hashed,
    weights,
    n,
    row_stride,
    column_stride,
    FIRST: tl.constexpr,
    WIDTH: tl.constexpr,
    LEVELS: tl.constexpr,
    D: tl.constexpr,
    HALF: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Features [N, WIDTH]: raw coordinates, two features a level, ones."""
    rows = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = rows < n
    level = tl.program_id(1)
    there = out + rows * row_stride
    if level == LEVELS:
        for axis in tl.static_range(FIRST):
            raw = tl.load(points + rows * D + axis, mask=mask, other=0.0)
            tl.store(there + axis * column_stride, raw, mask=mask)
        for column in tl.static_range(FIRST + 2 * LEVELS, WIDTH):
            tl.store(there + column * column_stride, tl.full((BLOCK,), 1.0, tl.float32), mask=mask)
    else:
        weight = tl.load(weights + level)
        first = tl.zeros((BLOCK,), tl.float32)
        second = tl.zeros((BLOCK,), tl.float32)
        if weight != 0:
            size, most = tl.load(sizes + level), tl.load(entries + level)
            part, kind = table + tl.load(offsets + level), tl.load(hashed + level)
            x, y, z, fx, fy, fz = _cells(points, rows, mask, tl.load(scales + level), D)
            for corner in tl.static_range(2**D):
                dx, dy, dz = corner % 2, (corner // 2) % 2, corner // 4
                share = _share(fx, fy, fz, dx, dy, dz, D)
                index = _entry(x + dx, y + dy, z + dz, size, most, kind, D)
                a, b = _features(part, index, mask, HALF)
                first += share * a
                second += share * b
        column = FIRST + 2 * level
        tl.store(there + column * column_stride, first * weight, mask=mask)
        tl.store(there + (column + 1) * column_stride, second * weight, mask=mask)


@triton.jit
def _run_sum(a, b, start, c, d, restart):
    """Sums that begin anew where a run starts: the associative form of a segmented sum."""
    return tl.where(restart != 0, c, a + c), tl.where(restart != 0, d, b + d), start | restart


@triton.jit
def encode_to_table(
    points,
    slope,
    gradient,
    scales,
    sizes,
    entries,
    offsets,
    hashed,
    weights,
    n,
    row_stride,
    column_stride,
    FIRST: tl.constexpr,
    D: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Adds the slopes of features to the entries that they came from.

    Where neighbours in memory lie in one cell (coarse levels of a picture in raster order) their
    shares are summed first, and each run of them is added once: thousands of atomic additions to
    the same few entries would wait for each other. What a block does is decided by its points.
    """
    level = tl.program_id(1)
    weight = tl.load(weights + level)
    if weight != 0:
        place = tl.arange(0, BLOCK)
        rows = tl.program_id(0).to(tl.int64) * BLOCK + place
        mask = rows < n
        scale, size, most = (
            tl.load(scales + level),
            tl.load(sizes + level),
            tl.load(entries + level),
        )
        kind = tl.load(hashed + level)
        part = gradient + tl.load(offsets + level) * 2
        x, y, z, fx, fy, fz = _cells(points, rows, mask, scale, D)
        given = slope + rows * row_stride + (FIRST + 2 * level) * column_stride
        s = tl.load(given, mask=mask, other=0.0).to(tl.float32) * weight
        t = tl.load(given + column_stride, mask=mask, other=0.0).to(tl.float32) * weight
        before = mask & (place > 0)
        after = (rows + 1 < n) & (place < BLOCK - 1)
        bx, by, bz, _, _, _ = _cells(points, rows - 1, before, scale, D)
        ax, ay, az, _, _, _ = _cells(points, rows + 1, after, scale, D)
        starts = (~(before & (bx == x) & (by == y) & (bz == z))).to(tl.int32)
        ends = mask & ~(after & (ax == x) & (ay == y) & (az == z))
        pair = tl.arange(0, 2)[None, :]
        runs = tl.sum(ends.to(tl.int32), axis=0)
        if runs * 2 <= BLOCK:
            for corner in tl.static_range(2**D):
                dx, dy, dz = corner % 2, (corner // 2) % 2, corner // 4
                share = _share(fx, fy, fz, dx, dy, dz, D)
                index = _entry(x + dx, y + dy, z + dz, size, most, kind, D)
                a, b, _began = tl.associative_scan((share * s, share * t, starts), 0, _run_sum)
                both = tl.join(a, b)
                keep = ends[:, None] & (pair < 2)
                tl.atomic_add(part + index[:, None] * 2 + pair, both, mask=keep, sem="relaxed")
        else:
            for corner in tl.static_range(2**D):
                dx, dy, dz = corner % 2, (corner // 2) % 2, corner // 4
                share = _share(fx, fy, fz, dx, dy, dz, D)
                index = _entry(x + dx, y + dy, z + dz, size, most, kind, D)
                both = tl.join(share * s, share * t)
                keep = mask[:, None] & (pair < 2)
                tl.atomic_add(part + index[:, None] * 2 + pair, both, mask=keep, sem="relaxed")


@triton.jit
def encode_to_points(
    points,
    slope,
    table,
    out,
    scales,
    sizes,
    entries,
    offsets,
    hashed,
    weights,
    n,
    row_stride,
    column_stride,
    FIRST: tl.constexpr,
    LEVELS: tl.constexpr,
    D: tl.constexpr,
    HALF: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Slopes [N, D] of the points, summed over the levels in registers."""
    rows = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = rows < n
    given = slope + rows * row_stride
    gx = tl.zeros((BLOCK,), tl.float32)
    gy = tl.zeros((BLOCK,), tl.float32)
    gz = tl.zeros((BLOCK,), tl.float32)
    if FIRST > 0:
        gx += tl.load(given, mask=mask, other=0.0).to(tl.float32)
        gy += tl.load(given + column_stride, mask=mask, other=0.0).to(tl.float32)
        if D == 3:
            gz += tl.load(given + 2 * column_stride, mask=mask, other=0.0).to(tl.float32)
    for level in range(LEVELS):
        weight = tl.load(weights + level)
        if weight != 0:
            scale, size = tl.load(scales + level), tl.load(sizes + level)
            most, kind = tl.load(entries + level), tl.load(hashed + level)
            part = table + tl.load(offsets + level)
            x, y, z, fx, fy, fz = _cells(points, rows, mask, scale, D)
            here = given + (FIRST + 2 * level) * column_stride
            s = tl.load(here, mask=mask, other=0.0).to(tl.float32) * (weight * scale)
            t = tl.load(here + column_stride, mask=mask, other=0.0).to(tl.float32)
            t = t * (weight * scale)
            for corner in tl.static_range(2**D):
                dx, dy, dz = corner % 2, (corner // 2) % 2, corner // 4
                index = _entry(x + dx, y + dy, z + dz, size, most, kind, D)
                a, b = _features(part, index, mask, HALF)
                value = a * s + b * t
                wx, wy = (fx if dx else 1 - fx), (fy if dy else 1 - fy)
                wz = 1.0
                if D == 3:
                    wz = fz if dz else 1 - fz
                    gz += value * wx * wy * (1.0 if dz else -1.0)
                gx += value * wy * wz * (1.0 if dx else -1.0)
                gy += value * wx * wz * (1.0 if dy else -1.0)
    tl.store(out + rows * D, gx, mask=mask)
    tl.store(out + rows * D + 1, gy, mask=mask)
    if D == 3:
        tl.store(out + rows * D + 2, gz, mask=mask)
