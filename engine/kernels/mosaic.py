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
