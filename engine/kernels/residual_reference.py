"""What ``engine.kernels.residual`` computes, in plain numpy."""

import numpy as np

from engine.arrays import F32, F64
from engine.colour.encoding import decode, encode

#: Red, green and blue to luma, R - Y and B - Y.
TO_LUMA = np.array([[0.299, 0.587, 0.114], [0.701, -0.587, -0.114], [-0.299, -0.587, 0.886]])


def hats(pixels: int, cell: int) -> F64:
    """Linear weights [pixels, ceil(pixels / cell) + 1] of control points at pixel corners."""
    count = -(-pixels // cell) + 1
    place = (np.arange(pixels) + 0.5) / cell
    return np.asarray(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(count))))


def collect(truth: F32, picture: F32, cell: int) -> tuple[F32, float]:
    """As ``engine.kernels.residual.collect``, but for the encoded picture."""
    difference = encode(truth).astype(np.float64) - encode(picture)
    difference[~np.isfinite(difference).all(axis=2)] = 0
    rows, columns = hats(len(truth), cell), hats(truth.shape[1], cell)
    planes = difference @ TO_LUMA.T
    sums = np.einsum("hr,hwc,wk->rkc", rows, planes, columns, optimize=True)
    return sums.astype(np.float32), float(np.square(difference).sum())


def added(luma: F32, chroma: F32, cell: int, picture: F32) -> F32:
    """The picture that ``engine.kernels.residual.add`` makes."""
    height, width = picture.shape[:2]
    y = hats(height, cell) @ luma @ hats(width, cell).T
    rows, columns = hats(height, 2 * cell), hats(width, 2 * cell)
    tint = np.einsum("hr,rkc,wk->hwc", rows, chroma, columns, optimize=True)
    red, blue = y + tint[..., 0], y + tint[..., 1]
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    return decode(encode(picture) + np.stack([red, green, blue], axis=2))
