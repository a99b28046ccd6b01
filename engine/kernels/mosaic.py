"""Laying frames into a canonical picture: forward splat with bilinear weights (numba)."""

import numba
import numpy as np

from engine.kernels import threads

threads.prepare()


@numba.njit(fastmath=True, cache=True)
def lay_frame(codes, scale, offset, weights, positions, cx, cy, out):  # type: ignore[no-untyped-def]
    """Adds one frame to a canonical accumulator.

    Args:
        codes: uint8 or uint16 [H, W, 3]; encoded colour = codes * scale + offset.
        scale: See ``codes``.
        offset: See ``codes``.
        weights: uint8 [H, W], 0 = leave out.
        positions: float32 [H, W, 2]: canonical points, pixel centres at +0.5.
        cx: Canvas x of the accumulator's left edge.
        cy: Canvas y of its top edge.
        out: In and out, float32 [h, w, 4]: sums of weight * colour and of weight.
    """
    height, width = weights.shape
    ch, cw = out.shape[0], out.shape[1]
    for y in range(height):
        for x in range(width):
            if weights[y, x] == 0:
                continue
            u = positions[y, x, 0] - cx - 0.5
            v = positions[y, x, 1] - cy - 0.5
            if not (u > -1 and v > -1 and u < cw and v < ch):
                continue
            iu, iv = int(np.floor(u)), int(np.floor(v))
            fu, fv = np.float32(u - iu), np.float32(v - iv)
            share = weights[y, x] * np.float32(1 / 255)
            for dy in range(2):
                i = iv + dy
                if i < 0 or i >= ch:
                    continue
                wy = fv if dy else np.float32(1) - fv
                for dx in range(2):
                    j = iu + dx
                    if j < 0 or j >= cw:
                        continue
                    w = share * wy * (fu if dx else np.float32(1) - fu)
                    out[i, j, 3] += w
                    for c in range(3):
                        out[i, j, c] += w * (codes[y, x, c] * scale + offset)


@numba.njit(parallel=True, fastmath=True, cache=True)
def lay_frames(codes, scale, offset, weights, positions, cx, cy, outs):  # type: ignore[no-untyped-def]
    """``lay_frame`` for a few frames side by side, each into a cleared picture of its own.

    Args:
        codes: uint8 or uint16 [B, H, W, 3].
        scale: As for ``lay_frame``.
        offset: As for ``lay_frame``.
        weights: uint8 [B, H, W].
        positions: float32 [B, H, W, 2].
        cx: As for ``lay_frame``.
        cy: As for ``lay_frame``.
        outs: Out, float32 [B, h, w, 4].
    """
    for b in numba.prange(codes.shape[0]):
        outs[b] = 0
        lay_frame(codes[b], scale, offset, weights[b], positions[b], cx, cy, outs[b])


@numba.njit(parallel=True, cache=True)
def keep_first(picture, laid, x0, y0, seen, whole):  # type: ignore[no-untyped-def]
    """Takes over from frames, in their order, what is not seen yet.

    Args:
        picture: In and out, float32 [h, w, 4]: sums of weight * colour and of weight.
        laid: float32 [B, h', w', 4], frames as ``lay_frames`` lays them, a part of the picture.
        x0: Column of the picture where the part begins.
        y0: Row of it.
        seen: Weight from which a place counts as seen.
        whole: Weight from which a frame's sample is taken for good. Thinner ones are the fringe of
            a frame: they count little, until a whole one comes.
    """
    height, width = laid.shape[1:3]
    little = seen / np.float32(2)
    for y in numba.prange(height):
        for x in range(width):
            kept = picture[y + y0, x + x0]
            for b in range(laid.shape[0]):
                weight = laid[b, y, x, 3]
                if weight > whole and kept[3] < seen:
                    for c in range(4):
                        kept[c] = laid[b, y, x, c]
                if weight > seen and kept[3] == 0:
                    for c in range(4):
                        kept[c] = laid[b, y, x, c] * little
