"""Compiled collecting of what frames see onto the canonical picture.

The share of ``engine.kernels.register`` that the last, full-size pass needs: nothing moves, so the
equations of the lattice are left out. ``splat_reference.py`` states the same in plain numpy.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, U8, AnyArray
from engine.kernels import threads

threads.prepare()


@njit(cache=True, inline="always")
def _difference(picture, a, b, fu, fv, c, seen):  # type: ignore[no-untyped-def]
    below, right = a + np.uint32(1), b + np.uint32(1)
    top = picture[a, b, c] + fu * (picture[a, right, c] - picture[a, b, c])
    low = picture[below, b, c] + fu * (picture[below, right, c] - picture[below, b, c])
    return seen - (top + fv * (low - top))


@njit(cache=True, inline="always")
def _put(splat, a, b, share, r, g, bl):  # type: ignore[no-untyped-def]
    splat[a, b, 0] += share * r
    splat[a, b, 1] += share * g
    splat[a, b, 2] += share * bl
    splat[a, b, 3] += share


@njit(cache=True, parallel=True, error_model="numpy")
def _splat(codes, scale, offset, weights, robust, positions, picture, cx, cy, splats):  # type: ignore[no-untyped-def]
    batch, rows, columns = weights.shape
    right_edge = np.float32(picture.shape[1] - 1)
    low_edge = np.float32(picture.shape[0] - 1)
    half, one, none, next_to = np.float32(0.5), np.float32(1), np.float32(0), np.uint32(1)
    inverse = one / (robust * robust)
    for n in prange(batch):
        splat = splats[n]
        for i in range(rows):
            for j in range(columns):
                share = weights[n, i, j]
                if share == 0:
                    continue
                u = positions[n, i, j, 0] - cx - half
                v = positions[n, i, j, 1] - cy - half
                if not (u >= none and v >= none and u < right_edge and v < low_edge):
                    continue
                a, b = np.uint32(v), np.uint32(u)
                fu, fv = u - np.float32(b), v - np.float32(a)
                red = np.float32(codes[n, i, j, 0]) * scale + offset
                green = np.float32(codes[n, i, j, 1]) * scale + offset
                blue = np.float32(codes[n, i, j, 2]) * scale + offset
                red = _difference(picture, a, b, fu, fv, 0, red)
                green = _difference(picture, a, b, fu, fv, 1, green)
                blue = _difference(picture, a, b, fu, fv, 2, blue)
                error = red * red + green * green + blue * blue
                weight = np.float32(share) * np.float32(1 / 255) / (one + error * inverse)
                low, high = weight * fv, weight * (one - fv)
                _put(splat, a, b, high * (one - fu), red, green, blue)
                _put(splat, a, b + next_to, high * fu, red, green, blue)
                _put(splat, a + next_to, b, low * (one - fu), red, green, blue)
                _put(splat, a + next_to, b + next_to, low * fu, red, green, blue)


def splat_frames(
    codes: AnyArray,
    scale: float,
    offset: float,
    weights: U8,
    robust: float,
    positions: F32,
    picture: F32,
    corner: tuple[float, float],
    splats: F32,
) -> None:
    """Adds to a canonical picture's sums how far frames differ from it.

    Args:
        codes: uint8 or uint16 [B, H, W, 3]; encoded colour = code * scale + offset.
        scale: See ``codes``.
        offset: See ``codes``.
        weights: uint8 [B, H, W], how far a pixel belongs to the layer, 255 = wholly.
        robust: Encoded difference at which a pixel's weight halves (Cauchy).
        positions: Canonical points [B, H, W, 2].
        picture: Encoded canonical picture [h, w, 3].
        corner: Canonical point of its upper left corner.
        splats: float32 [at least B, h, w, 4], one for each frame of a call, so that frames may be
            taken at once: sums of weight times difference (3) and of weight; added to.
    """
    with threads.guard():
        _splat(
            codes,
            np.float32(scale),
            np.float32(offset),
            weights,
            np.float32(robust),
            positions,
            picture,
            np.float32(corner[0]),
            np.float32(corner[1]),
            splats,
        )
