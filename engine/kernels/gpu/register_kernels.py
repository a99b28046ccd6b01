"""The Triton kernel that visits every pixel of a batch of frames; see ``engine.kernels.register``.

A program owns a run of lattice cells in one row of cells, with all their pixels. What its pixels
say of a control point is summed in registers, first along x and then along y, as the B-spline's
weights are products; so a cell costs eighty additions to memory and not a pixel. The canonical
picture takes four numbers in one addition, which cards from Hopper on do in one instruction.
"""

import triton
import triton.language as tl

from engine.kernels.gpu.lattice_kernels import _spline


@triton.jit
def _channel(codes, canonical, light, at, corner, lamps, below, fu, fv, lit, scale, offset, mask):
    """What one channel of each pixel lacks, the same without light, and the picture's slopes."""
    upper, lower = canonical + corner, canonical + corner + below
    c00, c01 = tl.load(upper, mask=mask, other=0.0), tl.load(upper + 3, mask=mask, other=0.0)
    c10, c11 = tl.load(lower, mask=mask, other=0.0), tl.load(lower + 3, mask=mask, other=0.0)
    over, under = c00 + fu * (c01 - c00), c10 + fu * (c11 - c10)
    code = tl.load(codes + at, mask=mask, other=0).to(tl.float32)
    rest = code * scale + offset - (over + fv * (under - over))
    a00, a01, a10, a11 = lamps
    tx, ty = lit
    first, last = tl.load(light + a00), tl.load(light + a01)
    upper_light = first + tx * (last - first)
    first, last = tl.load(light + a10), tl.load(light + a11)
    glow = upper_light + ty * (first + tx * (last - first) - upper_light)
    slope_x = (c01 - c00) + fv * ((c11 - c10) - (c01 - c00))
    return rest, rest - glow, slope_x, under - over


@triton.jit
def _share(spacing, cell, size, P: tl.constexpr):
    """Pixels [cells, P] of cells along an axis, which of them there are, and where in the cell."""
    first = tl.ceil(cell * spacing - 0.5).to(tl.int32)
    beyond = tl.ceil((cell + 1) * spacing - 0.5).to(tl.int32)
    pixel = first[:, None] + tl.arange(0, P)[None, :]
    there = (pixel < beyond[:, None]) & (pixel < size)
    return pixel, there, (pixel + 0.5) / spacing - cell[:, None]


@triton.jit
def _four(a, b, c, d, N: tl.constexpr):
    """Four numbers side by side, [N, 4]."""
    a, b, c, d = (
        tl.reshape(a, (N,)),
        tl.reshape(b, (N,)),
        tl.reshape(c, (N,)),
        tl.reshape(d, (N,)),
    )
    return tl.reshape(tl.join(tl.join(a, c), tl.join(b, d)), (N, 4))


@triton.jit
def _add_four(out, at, values, much, mask, N: tl.constexpr):
    """Adds [N, 4] times a share to ``out`` at fours of numbers."""
    lane = tl.arange(0, 4)[None, :]
    place = out + tl.reshape(at, (N,))[:, None] * 4 + lane
    share, keep = tl.reshape(much, (N,))[:, None], tl.reshape(mask, (N,))[:, None]
    tl.atomic_add(place, values * share, mask=keep & (lane < 4), sem="relaxed")


@triton.jit
def register_visit(
    gradient,
    normal,
    splat,
    tone,
    misfit,
    loss,
    codes,
    weights,
    firm,
    say,
    matrices,
    lattices,
    canonical,
    shade,
    height,
    width,
    rows,
    columns,
    tall,
    wide,
    lamp_rows,
    lamp_columns,
    spacing,
    cell,
    scale,
    offset,
    origin_x,
    origin_y,
    doubt,
    P: tl.constexpr,
    CELLS: tl.constexpr,
    NESTED: tl.constexpr,
):
    """One visit; everything that is written was cleared before, but for ``splat``."""
    N: tl.constexpr = P * CELLS * P
    j = tl.program_id(0) * CELLS + tl.arange(0, CELLS)
    i = tl.program_id(1) + tl.zeros((1,), tl.int32)
    frame = tl.program_id(2).to(tl.int64)
    x, x_there, fx = _share(spacing, j, width, P)
    y, y_there, fy = _share(spacing, i, height, P)
    y, y_there, fy = tl.reshape(y, (P,)), tl.reshape(y_there, (P,)), tl.reshape(fy, (P,))
    there = y_there[:, None, None] & x_there[None, :, :]
    pixel = (frame * height + y[:, None, None]) * width + x[None, :, :]
    part = tl.load(weights + pixel, mask=there, other=0).to(tl.float32) * (1.0 / 255.0)
    if tl.max(part) > 0:
        cells = j < columns - 3
        control = lattices + ((frame * rows + tl.program_id(1)) * columns + j) * 2
        dx = tl.zeros((P, CELLS, P), tl.float32)
        dy = tl.zeros((P, CELLS, P), tl.float32)
        for n in range(4):
            down_x = tl.zeros((P, CELLS), tl.float32)
            down_y = tl.zeros((P, CELLS), tl.float32)
            for m in range(4):
                much = _spline(fy + (1 - m))[:, None]
                from_point = control + (m * columns + n) * 2
                down_x += much * tl.load(from_point, mask=cells, other=0.0)[None, :]
                down_y += much * tl.load(from_point + 1, mask=cells, other=0.0)[None, :]
            much = _spline(fx + (1 - n))[None, :, :]
            dx += down_x[:, :, None] * much
            dy += down_y[:, :, None] * much

        matrix = matrices + frame * 9
        px, py = x[None, :, :] + 0.5, y[:, None, None] + 0.5
        m0, m1, m2 = tl.load(matrix), tl.load(matrix + 1), tl.load(matrix + 2)
        m3, m4, m5 = tl.load(matrix + 3), tl.load(matrix + 4), tl.load(matrix + 5)
        m6, m7, m8 = tl.load(matrix + 6), tl.load(matrix + 7), tl.load(matrix + 8)
        d = 1.0 / (m6 * px + m7 * py + m8)
        u = (m0 * px + m1 * py + m2) * d + dx - origin_x
        v = (m3 * px + m4 * py + m5) * d + dy - origin_y
        inside = (u >= 0) & (v >= 0) & (u < wide - 1) & (v < tall - 1) & (part > 0)
        part = tl.where(inside, part, 0.0)
        u, v = tl.where(inside, u, 0.0), tl.where(inside, v, 0.0)
        left, top = tl.floor(u), tl.floor(v)
        fu, fv = u - left, v - top
        corner = top.to(tl.int64) * wide + left.to(tl.int32)

        last_x, last_y = (lamp_columns - 1).to(tl.float32), (lamp_rows - 1).to(tl.float32)
        lamp_x = tl.minimum(tl.maximum((x + 0.5) / cell - 0.5, 0.0), last_x)
        lamp_y = tl.minimum(tl.maximum((y + 0.5) / cell - 0.5, 0.0), last_y)
        low_x, low_y = tl.floor(lamp_x), tl.floor(lamp_y)
        lit = ((lamp_x - low_x)[None, :, :], (lamp_y - low_y)[:, None, None])
        high_x = tl.minimum(low_x + 1, last_x).to(tl.int32)[None, :, :]
        high_y = tl.minimum(low_y + 1, last_y).to(tl.int32)[:, None, None]
        low_x, low_y = low_x.to(tl.int32)[None, :, :], low_y.to(tl.int32)[:, None, None]
        light = shade + frame * lamp_rows * lamp_columns * 3
        lamps = (
            (low_y * lamp_columns + low_x) * 3,
            (low_y * lamp_columns + high_x) * 3,
            (high_y * lamp_columns + low_x) * 3,
            (high_y * lamp_columns + high_x) * 3,
        )
        at, from_canvas, below = pixel * 3, corner * 3, wide * 3
        r0, s0, x0, y0 = _channel(
            codes,
            canonical,
            light,
            at,
            from_canvas,
            lamps,
            below,
            fu,
            fv,
            lit,
            scale,
            offset,
            inside,
        )
        r1, s1, x1, y1 = _channel(
            codes + 1,
            canonical + 1,
            light + 1,
            at,
            from_canvas,
            lamps,
            below,
            fu,
            fv,
            lit,
            scale,
            offset,
            inside,
        )
        r2, s2, x2, y2 = _channel(
            codes + 2,
            canonical + 2,
            light + 2,
            at,
            from_canvas,
            lamps,
            below,
            fu,
            fv,
            lit,
            scale,
            offset,
            inside,
        )
        error = r0 * r0 + r1 * r1 + r2 * r2
        seen = s0 * s0 + s1 * s1 + s2 * s2
        tl.atomic_add(loss + frame * 2, tl.sum(part * error), sem="relaxed")
        tl.atomic_add(loss + frame * 2 + 1, tl.sum(part), sem="relaxed")

        solid = tl.where(tl.load(firm + pixel, mask=inside, other=0) > 0, part, 0.0)
        fits = misfit + ((frame * (rows - 3) + tl.program_id(1)) * (columns - 3) + j) * 2
        tl.store(fits, tl.sum(tl.sum(solid * seen, axis=2), axis=0), mask=cells)
        tl.store(fits + 1, tl.sum(tl.sum(solid, axis=2), axis=0), mask=cells)
        w = solid / (1 + seen * doubt)
        point = (frame * rows + tl.program_id(1)) * columns + j
        bx, by = w * (x0 * s0 + x1 * s1 + x2 * s2), w * (y0 * s0 + y1 * s1 + y2 * s2)
        xx, yy = w * (x0 * x0 + x1 * x1 + x2 * x2), w * (y0 * y0 + y1 * y1 + y2 * y2)
        xy = w * (x0 * y0 + x1 * y1 + x2 * y2)
        # Loops that are no copies of their body: it would take the compiler a quarter of a minute.
        for n in range(4):
            along = _spline(fx + (1 - n))[None, :, :]
            hx, hy = tl.sum(bx * along, axis=2), tl.sum(by * along, axis=2)
            hxx, hxy = tl.sum(xx * along, axis=2), tl.sum(xy * along, axis=2)
            hyy = tl.sum(yy * along, axis=2)
            for m in range(4):
                down = _spline(fy + (1 - m))[:, None]
                to = gradient + (point + m * columns + n) * 2
                tl.atomic_add(to, tl.sum(hx * down, axis=0), mask=cells, sem="relaxed")
                tl.atomic_add(to + 1, tl.sum(hy * down, axis=0), mask=cells, sem="relaxed")
                to = normal + (point + m * columns + n) * 3
                tl.atomic_add(to, tl.sum(hxx * down, axis=0), mask=cells, sem="relaxed")
                tl.atomic_add(to + 1, tl.sum(hxy * down, axis=0), mask=cells, sem="relaxed")
                tl.atomic_add(to + 2, tl.sum(hyy * down, axis=0), mask=cells, sem="relaxed")

        w = part / (1 + error * doubt)
        lamp = frame * lamp_rows * lamp_columns
        if NESTED:
            # Every lattice cell lies in one cell of light.
            sums = _four(
                tl.sum(tl.sum(w * r0, axis=2), axis=0),
                tl.sum(tl.sum(w * r1, axis=2), axis=0),
                tl.sum(tl.sum(w * r2, axis=2), axis=0),
                tl.sum(tl.sum(w, axis=2), axis=0),
                CELLS,
            )
            down, across = tl.program_id(1) * spacing, j * spacing
            lit = (down / cell).to(tl.int32) * lamp_columns + (across / cell).to(tl.int32)
            _add_four(tone, lamp + lit, sums, tl.full((CELLS,), 1.0, tl.float32), cells, CELLS)
        said = _four(r0, r1, r2, tl.full((P, CELLS, P), 1.0, tl.float32), N)
        own = lamp + (y[:, None, None] // cell) * lamp_columns + x[None, :, :] // cell
        if not NESTED:
            _add_four(tone, own, said, w, inside, N)
        w *= tl.load(say + own, mask=inside, other=0.0)
        _add_four(splat, corner, said, w * (1 - fu) * (1 - fv), inside, N)
        _add_four(splat, corner + 1, said, w * fu * (1 - fv), inside, N)
        _add_four(splat, corner + wide, said, w * (1 - fu) * fv, inside, N)
        _add_four(splat, corner + wide + 1, said, w * fu * fv, inside, N)
