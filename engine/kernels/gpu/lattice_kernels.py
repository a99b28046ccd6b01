"""Triton kernels of the B-spline lattice, in the convention of ``engine.kernels.lattice``.

The gradient is gathered, a program for each control point over the 4 x 4 cells that it moves: no
atomic addition, and the same bits on every run.
"""

import triton
import triton.language as tl


@triton.jit
def _spline(distance):
    """The uniform cubic B-spline at a distance in cells."""
    d = tl.abs(distance)
    near = (3 * d - 6) * d * d + 4
    far = tl.maximum(2 - d, 0.0)
    return tl.where(d < 1, near, far * far * far) * (1.0 / 6.0)


@triton.jit
def _moved(first, columns, fx, fy, mask, BLOCK_Y: tl.constexpr, BLOCK_X: tl.constexpr):
    """Displacements of pixels at fractions of cells, from the first control point of each."""
    dx = tl.zeros((BLOCK_Y, BLOCK_X), tl.float32)
    dy = tl.zeros((BLOCK_Y, BLOCK_X), tl.float32)
    for i in tl.static_range(4):
        down = _spline(fy + (1 - i))
        for j in tl.static_range(4):
            share = down[:, None] * _spline(fx + (1 - j))[None, :]
            point = first + (i * columns + j) * 2
            dx += share * tl.load(point, mask=mask, other=0.0)
            dy += share * tl.load(point + 1, mask=mask, other=0.0)
    return dx, dy


@triton.jit
def lattice_forward(
    control,
    out,
    height,
    width,
    rows,
    columns,
    per_pixel,
    BLOCK_Y: tl.constexpr,
    BLOCK_X: tl.constexpr,
):
    """Displacements [B, H, W, 2] of every pixel centre from control points [B, gy, gx, 2]."""
    x = tl.program_id(0) * BLOCK_X + tl.arange(0, BLOCK_X)
    y = tl.program_id(1) * BLOCK_Y + tl.arange(0, BLOCK_Y)
    frame = tl.program_id(2).to(tl.int64)
    u, v = (x + 0.5) * per_pixel, (y + 0.5) * per_pixel
    cell_x, cell_y = tl.floor(u), tl.floor(v)
    fx, fy = u - cell_x, v - cell_y
    mask = (y[:, None] < height) & (x[None, :] < width)
    corner = cell_y.to(tl.int32)[:, None] * columns + cell_x.to(tl.int32)[None, :]
    first = control + (frame * rows * columns + corner) * 2
    dx, dy = _moved(first, columns, fx, fy, mask, BLOCK_Y, BLOCK_X)
    place = out + (frame * height * width + y[:, None] * width + x[None, :]) * 2
    pair = tl.arange(0, 2)[None, None, :]
    tl.store(place[:, :, None] + pair, tl.join(dx, dy), mask=mask[:, :, None] & (pair < 2))


@triton.jit
def lattice_backward(
    slope,
    out,
    height,
    width,
    rows,
    columns,
    spacing,
    BLOCK_Y: tl.constexpr,
    BLOCK_X: tl.constexpr,
):
    """Slopes [B, gy, gx, 2] of control points from slopes [B, H, W, 2] of displacements."""
    point, frame = tl.program_id(0), tl.program_id(1).to(tl.int64)
    i, j = point // columns, point % columns
    top = tl.maximum(tl.floor((i - 3) * spacing - 0.5), 0.0).to(tl.int32)
    left = tl.maximum(tl.floor((j - 3) * spacing - 0.5), 0.0).to(tl.int32)
    bottom = tl.minimum(tl.ceil((i + 1) * spacing + 0.5).to(tl.int32), height)
    right = tl.minimum(tl.ceil((j + 1) * spacing + 0.5).to(tl.int32), width)
    given = slope + frame * height * width * 2
    dx = tl.zeros((BLOCK_Y, BLOCK_X), tl.float32)
    dy = tl.zeros((BLOCK_Y, BLOCK_X), tl.float32)
    for y0 in range(top, bottom, BLOCK_Y):
        y = y0 + tl.arange(0, BLOCK_Y)
        down = _spline((y + 0.5) / spacing - (i - 1))
        for x0 in range(left, right, BLOCK_X):
            x = x0 + tl.arange(0, BLOCK_X)
            share = down[:, None] * _spline((x + 0.5) / spacing - (j - 1))[None, :]
            mask = (y[:, None] < bottom) & (x[None, :] < right)
            place = given + (y[:, None] * width + x[None, :]) * 2
            dx += share * tl.load(place, mask=mask, other=0.0)
            dy += share * tl.load(place + 1, mask=mask, other=0.0)
    place = out + (frame * rows * columns + point) * 2
    tl.store(place, tl.sum(dx))
    tl.store(place + 1, tl.sum(dy))
