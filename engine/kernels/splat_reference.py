"""What ``engine.kernels.splat`` computes, in plain numpy."""

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.kernels.sample_reference import sample_reference


def splat_frames(
    codes: AnyArray,
    scale: float,
    offset: float,
    weights: U8,
    robust: float,
    positions: F32,
    picture: F32,
    corner: tuple[int, int],
    splats: F32,
) -> None:
    """As ``engine.kernels.splat.splat_frames``."""
    height, width = picture.shape[:2]
    for n in range(len(codes)):
        place = positions[n] - np.asarray(corner) - 0.5
        inside = ((place >= 0) & (place < (width - 1, height - 1))).all(axis=2) & (weights[n] > 0)
        still = sample_reference(picture, positions[n][inside], origin=corner)
        difference = codes[n][inside] * scale + offset - still
        error = np.square(difference).sum(axis=1)
        weight = weights[n][inside] / 255 / (1 + error / robust**2)
        values = np.concatenate([difference, np.ones((len(difference), 1))], axis=1)
        cell = np.floor(place[inside]).astype(np.intp)
        part = place[inside] - cell
        for dy in (0, 1):
            for dx in (0, 1):
                share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1]) * weight
                where = (cell[:, 1] + dy, cell[:, 0] + dx)
                np.add.at(splats[n], where, share[:, None] * values)
