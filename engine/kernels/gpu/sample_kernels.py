"""Triton kernels that read a picture at positions; convention as in ``engine.kernels.sample``.

Taps outside the picture are transparent; positions that are no numbers read nothing.
"""

import triton
import triton.language as tl


@triton.jit
def _place(positions, n, origin_x, origin_y, scale_x, scale_y, height, width, N: tl.constexpr):
    """Upper left tap and fraction of each position, and whether any tap is inside."""
    r = tl.program_id(0).to(tl.int64) * N + tl.arange(0, N)
    mask = r < n
    u = tl.load(positions + r * 2, mask=mask, other=0.0) * scale_x - origin_x - 0.5
    v = tl.load(positions + r * 2 + 1, mask=mask, other=0.0) * scale_y - origin_y - 0.5
    # Written so that positions that are no numbers fail it too: they read nothing.
    near = (u > -1) & (v > -1) & (u < width) & (v < height)
    u, v = tl.where(near, u, 0.0), tl.where(near, v, 0.0)
    left, top = tl.floor(u), tl.floor(v)
    return r, mask, near & mask, left.to(tl.int32), top.to(tl.int32), u - left, v - top


@triton.jit
def sample_forward(
    picture,
    positions,
    out,
    n,
    height,
    width,
    origin_x,
    origin_y,
    scale_x,
    scale_y,
    CHANNELS: tl.constexpr,
    PADDED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Bilinear values [N, C] of a picture [h, w, C] at positions [N, 2]."""
    r, mask, near, left, top, fx, fy = _place(
        positions, n, origin_x, origin_y, scale_x, scale_y, height, width, BLOCK
    )
    c = tl.arange(0, PADDED)[None, :]
    total = tl.zeros((BLOCK, PADDED), tl.float32)
    for tap in tl.static_range(4):
        x, y = left + tap % 2, top + tap // 2
        share = (fx if tap % 2 else 1 - fx) * (fy if tap // 2 else 1 - fy)
        inside = near & (x >= 0) & (y >= 0) & (x < width) & (y < height)
        at = picture + (y.to(tl.int64) * width + x)[:, None] * CHANNELS + c
        total += share[:, None] * tl.load(at, mask=inside[:, None] & (c < CHANNELS), other=0.0)
    tl.store(out + r[:, None] * CHANNELS + c, total, mask=mask[:, None] & (c < CHANNELS))


@triton.jit
def sample_backward(
    picture,
    positions,
    slope,
    to_picture,
    to_positions,
    n,
    height,
    width,
    origin_x,
    origin_y,
    scale_x,
    scale_y,
    PICTURE: tl.constexpr,
    POSITIONS: tl.constexpr,
    CHANNELS: tl.constexpr,
    PADDED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Slopes of the picture (added) and of the positions, in one pass."""
    r, mask, near, left, top, fx, fy = _place(
        positions, n, origin_x, origin_y, scale_x, scale_y, height, width, BLOCK
    )
    c = tl.arange(0, PADDED)[None, :]
    there = slope + r[:, None] * CHANNELS + c
    g = tl.load(there, mask=mask[:, None] & (c < CHANNELS), other=0.0)
    gu = tl.zeros((BLOCK,), tl.float32)
    gv = tl.zeros((BLOCK,), tl.float32)
    for tap in tl.static_range(4):
        x, y = left + tap % 2, top + tap // 2
        wx, wy = (fx if tap % 2 else 1 - fx), (fy if tap // 2 else 1 - fy)
        inside = near & (x >= 0) & (y >= 0) & (x < width) & (y < height)
        keep = inside[:, None] & (c < CHANNELS)
        at = (y.to(tl.int64) * width + x)[:, None] * CHANNELS + c
        if PICTURE:
            tl.atomic_add(to_picture + at, g * (wx * wy)[:, None], mask=keep, sem="relaxed")
        if POSITIONS:
            value = tl.sum(g * tl.load(picture + at, mask=keep, other=0.0), axis=1)
            gu += value * wy * (1.0 if tap % 2 else -1.0)
            gv += value * wx * (1.0 if tap // 2 else -1.0)
    if POSITIONS:
        tl.store(to_positions + r * 2, gu * scale_x, mask=mask)
        tl.store(to_positions + r * 2 + 1, gv * scale_y, mask=mask)
