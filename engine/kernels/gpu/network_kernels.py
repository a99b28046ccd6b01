"""Triton kernels of the small networks: a block of rows goes through all layers in registers.

Convention: as ``engine.kernels.mlp`` lays a network out, with matrices [out, in] one after the
other in ``flat``. Rows and their slopes are addressed with two strides. ``kept`` holds what the
hidden layers gave, [hidden layers, N, width]; the backward pass needs it.
"""

import triton
import triton.language as tl


@triton.jit
def _product(a, b, HALF: tl.constexpr):
    """A matrix product on the tensor cores with float32 sums, of halves or of whole floats."""
    if HALF:
        return tl.dot(a.to(tl.float16), b.to(tl.float16), out_dtype=tl.float32)
    return tl.dot(a.to(tl.float32), b.to(tl.float32), input_precision="tf32x3")


@triton.jit
def _matrix(flat, m, k, M: tl.constexpr, K: tl.constexpr, row: tl.constexpr, column: tl.constexpr):
    """Entries ``m * row + k * column`` of a matrix, zeros beyond M and K."""
    mask = (m[:, None] < M) & (k[None, :] < K)
    return tl.load(flat + m[:, None] * row + k[None, :] * column, mask=mask, other=0.0)


@triton.jit
def network_forward(
    rows,
    flat,
    out,
    kept,
    n,
    row_stride,
    column_stride,
    INPUTS: tl.constexpr,
    WIDTH: tl.constexpr,
    HIDDEN: tl.constexpr,
    OUTPUTS: tl.constexpr,
    KEEP: tl.constexpr,
    HALF: tl.constexpr,
    BLOCK: tl.constexpr,
    PADDED_INPUTS: tl.constexpr,
    PADDED_WIDTH: tl.constexpr,
    PADDED_OUTPUTS: tl.constexpr,
):
    """Outputs [N, OUTPUTS] of inputs [N, INPUTS]."""
    r = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    i, w = tl.arange(0, PADDED_INPUTS), tl.arange(0, PADDED_WIDTH)
    o = tl.arange(0, PADDED_OUTPUTS)
    there = rows + r[:, None] * row_stride + i[None, :] * column_stride
    x = tl.load(there, mask=(r[:, None] < n) & (i[None, :] < INPUTS), other=0.0)
    inside = (r[:, None] < n) & (w[None, :] < WIDTH)
    h = tl.maximum(_product(x, _matrix(flat, i, w, INPUTS, WIDTH, 1, INPUTS), HALF), 0.0)
    place = kept + r[:, None] * WIDTH + w[None, :]
    if KEEP:
        tl.store(place, h, mask=inside)
    flat += INPUTS * WIDTH
    for _layer in range(1, HIDDEN):
        h = tl.maximum(_product(h, _matrix(flat, w, w, WIDTH, WIDTH, 1, WIDTH), HALF), 0.0)
        flat += WIDTH * WIDTH
        if KEEP:
            place += n.to(tl.int64) * WIDTH
            tl.store(place, h, mask=inside)
    y = _product(h, _matrix(flat, w, o, WIDTH, OUTPUTS, 1, WIDTH), HALF)
    mask = (r[:, None] < n) & (o[None, :] < OUTPUTS)
    tl.store(out + r[:, None] * OUTPUTS + o[None, :], y, mask=mask)


@triton.jit
def network_backward(
    slope,
    flat,
    kept,
    hidden_slopes,
    to_rows,
    scale,
    n,
    slope_row,
    slope_column,
    row_stride,
    column_stride,
    INPUTS: tl.constexpr,
    WIDTH: tl.constexpr,
    HIDDEN: tl.constexpr,
    OUTPUTS: tl.constexpr,
    HALF: tl.constexpr,
    BLOCK: tl.constexpr,
    PADDED_INPUTS: tl.constexpr,
    PADDED_WIDTH: tl.constexpr,
    PADDED_OUTPUTS: tl.constexpr,
):
    """Slopes of the inputs, and of what the hidden layers gave (times ``scale``)."""
    r = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    i, w = tl.arange(0, PADDED_INPUTS), tl.arange(0, PADDED_WIDTH)
    o = tl.arange(0, PADDED_OUTPUTS)
    factor = tl.load(scale)
    there = slope + r[:, None] * slope_row + o[None, :] * slope_column
    g = tl.load(there, mask=(r[:, None] < n) & (o[None, :] < OUTPUTS), other=0.0)
    g = g.to(tl.float32) * factor
    inside = (r[:, None] < n) & (w[None, :] < WIDTH)
    layer_size = n.to(tl.int64) * WIDTH
    flat += INPUTS * WIDTH + (HIDDEN - 1) * WIDTH * WIDTH
    place = (HIDDEN - 1) * layer_size + r[:, None] * WIDTH + w[None, :]
    g = _product(g, _matrix(flat, o, w, OUTPUTS, WIDTH, WIDTH, 1), HALF)
    g = tl.where(tl.load(kept + place, mask=inside, other=0.0) > 0, g, 0.0)
    tl.store(hidden_slopes + place, g, mask=inside)
    for _layer in range(1, HIDDEN):
        flat -= WIDTH * WIDTH
        place -= layer_size
        g = _product(g, _matrix(flat, w, w, WIDTH, WIDTH, WIDTH, 1), HALF)
        g = tl.where(tl.load(kept + place, mask=inside, other=0.0) > 0, g, 0.0)
        tl.store(hidden_slopes + place, g, mask=inside)
    flat -= INPUTS * WIDTH
    x = _product(g, _matrix(flat, w, i, WIDTH, INPUTS, INPUTS, 1), HALF) / factor
    there = to_rows + r[:, None] * row_stride + i[None, :] * column_stride
    tl.store(there, x, mask=(r[:, None] < n) & (i[None, :] < INPUTS))


@triton.jit
def matrix_slope(
    left,
    right,
    out,
    scale,
    n,
    chunk,
    left_row,
    left_column,
    left_layer,
    right_row,
    right_column,
    right_layer,
    out_split,
    LEFT: tl.constexpr,
    RIGHT: tl.constexpr,
    SCALED: tl.constexpr,
    HALF: tl.constexpr,
    BLOCK: tl.constexpr,
    PADDED_LEFT: tl.constexpr,
    PADDED_RIGHT: tl.constexpr,
):
    """Sums over some rows of ``left`` times ``right``, [LEFT, RIGHT] for each layer.

    Programs of the first axis take ``chunk`` rows each and write sums of their own, which are added
    afterwards in a fixed order. ``SCALED``: ``left`` is to be multiplied by ``scale`` first, else
    it has been.
    """
    split, layer = tl.program_id(0), tl.program_id(1)
    a, b = tl.arange(0, PADDED_LEFT), tl.arange(0, PADDED_RIGHT)
    factor = tl.load(scale)
    left += layer.to(tl.int64) * left_layer
    right += layer.to(tl.int64) * right_layer
    total = tl.zeros((PADDED_LEFT, PADDED_RIGHT), tl.float32)
    begin = split.to(tl.int64) * chunk
    for step in range(0, chunk, BLOCK):
        r = begin + step + tl.arange(0, BLOCK)
        known = (r < n) & (r < begin + chunk)
        at = left + r[:, None] * left_row + a[None, :] * left_column
        g = tl.load(at, mask=known[:, None] & (a[None, :] < LEFT), other=0.0)
        if SCALED:
            g = g.to(tl.float32) * factor
        at = right + r[:, None] * right_row + b[None, :] * right_column
        h = tl.load(at, mask=known[:, None] & (b[None, :] < RIGHT), other=0.0)
        total += _product(tl.trans(g), h, HALF)
    mask = (a[:, None] < LEFT) & (b[None, :] < RIGHT)
    there = out + split.to(tl.int64) * out_split + layer * LEFT * RIGHT
    tl.store(there + a[:, None] * RIGHT + b[None, :], total / factor, mask=mask)
