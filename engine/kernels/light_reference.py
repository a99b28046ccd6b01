"""What ``engine.kernels.light`` computes, in plain numpy."""

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.colour.encoding import decode
from engine.kernels.sample_reference import sample_reference


def light_sums(
    codes: AnyArray,
    scale: float,
    offset: float,
    weights: U8,
    positions: F32,
    picture: F32,
    corner: tuple[int, int],
    tone: F32,
    *,
    step: int,
    block: int,
    robust: float,
) -> F32:
    """As ``engine.kernels.light.light_sums``."""
    height, width = weights.shape
    still = sample_reference(picture, positions, origin=corner)
    frame = codes.astype(np.float64) * scale + offset
    error = np.square(frame + 0.055 - (still + 0.055) * tone).sum(axis=2)
    belief = np.square(weights / 255) / (1 + error / robust**2)
    place = positions - np.asarray(corner) - 0.5
    limit = np.array([picture.shape[1] - 1, picture.shape[0] - 1])
    belief[~((place >= 0) & (place < limit)).all(axis=2)] = 0
    chosen = np.zeros((height, width), np.bool_)
    chosen[step // 2 :: step, step // 2 :: step] = True
    belief[~chosen] = 0
    s, f = decode(still).astype(np.float64), decode(frame).astype(np.float64)
    small = 1e-4 * np.maximum(np.abs(s), 1e-3)
    slope = (encode_wide(s + small) - encode_wide(s - small)) / (2 * small)
    k = belief[..., None] * slope**2
    result = np.zeros((-(-height // block), -(-width // block), 3, 3))
    for n, values in enumerate((k, k * s, k * f)):
        for i in range(result.shape[0]):
            for j in range(result.shape[1]):
                part = values[i * block : (i + 1) * block, j * block : (j + 1) * block]
                result[i, j, :, n] = part.sum(axis=(0, 1))
    return result.astype(np.float32)


def encode_wide(linear: AnyArray) -> AnyArray:
    """``encode`` in float64, so that differences of near values mean something."""
    size = np.abs(linear)
    cut = 0.055 / 1.4
    linear_cut = ((cut + 0.055) / 1.055) ** 2.4
    curved = 1.055 * np.maximum(size, 1e-12) ** (1 / 2.4) - 0.055
    coded = np.where(size <= linear_cut, size * cut / linear_cut, curved)
    result: AnyArray = np.copysign(coded, linear)
    return result
