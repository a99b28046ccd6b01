"""Compiled sums for exposure and lighting: how a layer's picture and the frames compare.

``light_reference.py`` states the same in plain numpy; the tests hold both together.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, U8, AnyArray
from engine.kernels import threads
from engine.kernels.curve import decoded

threads.prepare()

_TOE = np.float32(0.055)


@njit(cache=True, inline="always")
def _steepness(value, linear):  # type: ignore[no-untyped-def]
    """Squared slope of the encoding at an encoded ``value``: a linear step in encoded steps."""
    size = abs(value)
    if size <= np.float32(0.055 / 1.4):
        return np.float32(12.9232 * 12.9232)
    # e = 1.055 L^(1/2.4) - 0.055, so de/dL = (e + 0.055) / (2.4 L).
    slope = (size + np.float32(0.055)) / (np.float32(2.4) * abs(linear))
    return slope * slope


@njit(cache=True, parallel=True)
def _light_sums(  # type: ignore[no-untyped-def]
    codes, scale, offset, weights, positions, picture, cx, cy, tone, step, block, robust, sums
):
    rows, columns = weights.shape
    h, w = picture.shape[:2]
    bands, cells = sums.shape[:2]
    start = step // 2
    one = np.float32(1)
    inverse = one / (robust * robust)
    for band in prange(bands):
        sums[band] = 0
        frame = np.empty(3, np.float32)
        still = np.empty(3, np.float32)
        for i in range(band * block + start, min((band + 1) * block, rows), step):
            for j in range(start, columns, step):
                share = np.float32(weights[i, j]) * np.float32(1 / 255)
                if share == 0:
                    continue
                u = positions[i, j, 0] - cx - np.float32(0.5)
                v = positions[i, j, 1] - cy - np.float32(0.5)
                if not (u >= 0 and v >= 0 and u < w - 1 and v < h - 1):
                    continue
                a, b = int(v), int(u)
                fx, fy = u - np.float32(b), v - np.float32(a)
                error = np.float32(0)
                for c in range(3):
                    top = picture[a, b, c] + fx * (picture[a, b + 1, c] - picture[a, b, c])
                    low = picture[a + 1, b, c]
                    low += fx * (picture[a + 1, b + 1, c] - low)
                    still[c] = top + fy * (low - top)
                    frame[c] = codes[i, j, c] * scale + offset
                    # A gain of linear light scales encoded colours about -0.055.
                    error += (frame[c] - still[c] * tone[c] - _TOE * (tone[c] - one)) ** 2
                belief = share * share / (one + error * inverse)
                cell = min(j // block, cells - 1)
                for c in range(3):
                    s = decoded(still[c])
                    f = decoded(frame[c])
                    k = belief * _steepness(still[c], s)
                    sums[band, cell, c, 0] += k
                    sums[band, cell, c, 1] += k * s
                    sums[band, cell, c, 2] += k * f


def light_sums(
    codes: AnyArray,
    scale: float,
    offset: float,
    weights: U8,
    positions: F32,
    picture: F32,
    corner: tuple[float, float],
    tone: F32,
    *,
    step: int = 1,
    block: int = 16,
    robust: float = 0.15,
) -> F32:
    """Weighted sums over blocks of one frame.

    A difference counts by the square of what it makes in encoded colours (the slope of the curve at
    the still's colour), by the visible share squared, and less where the colours have nothing to do
    with each other (Cauchy).

    Args:
        codes: uint8 or uint16 [H, W, 3]; encoded colour = code * scale + offset.
        scale: See ``codes``.
        offset: See ``codes``.
        weights: uint8 [H, W], visible share of the layer, 255 = wholly.
        positions: Canonical points [H, W, 2].
        picture: Encoded canonical picture [h, w, 3].
        corner: Canonical point of its upper left corner.
        tone: [3], what ``encoded + 0.055`` of the still is about to be multiplied by in this frame,
            so that a change of light does not pass for a wrong colour.
        step: Every how many pixels count, in x and in y.
        block: Pixels of a block; a multiple of ``step``.
        robust: Encoded difference at which the weight halves.

    Returns:
        float32 [ceil(H / block), ceil(W / block), 3, 3]: per channel the sums of 1, still and
        frame, scene-linear.
    """
    height, width = weights.shape
    sums = np.empty((-(-height // block), -(-width // block), 3, 3), np.float32)
    with threads.guard():
        _light_sums(
            codes,
            np.float32(scale),
            np.float32(offset),
            weights,
            positions,
            picture,
            np.float32(corner[0]),
            np.float32(corner[1]),
            np.ascontiguousarray(tone, np.float32),
            step,
            block,
            np.float32(robust),
            sums,
        )
    return sums
