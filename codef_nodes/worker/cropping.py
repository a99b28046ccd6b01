"""A part of a picture at a part of its size: only what is looked at is sent."""

import numpy as np

from engine.arrays import F32
from engine.errors import UsageError
from engine.io.picture import Window

SCALES = (1, 2, 4, 8)
Box = tuple[int, int, int, int]


def crop(pixels: F32, data: Window, region: Box | None, scale: int) -> tuple[F32, Box]:
    """A region of a picture, made smaller by the mean of square blocks.

    The blocks lie on a grid that starts at pixel (0, 0), so that regions fit together. A block at
    the edge of the picture is the mean of the pixels that are there.

    Args:
        pixels: float32 [H, W, C] over the data window.
        data: The data window.
        region: ``(x0, y0, x1, y1)``, right and bottom excluded; None: all. What lies outside the
            picture is left out.
        scale: Pixels per side of a block.

    Returns:
        The pixels [h, w, C], and the box that they cover in full-size pixels: the region grown to
        whole blocks.

    Raises:
        UsageError: No such scale.
    """
    if scale not in SCALES:
        raise UsageError(f"pictures are sent at 1/1, 1/2, 1/4 or 1/8 of their size, not 1/{scale}")
    box = (data.x0, data.y0, data.x1, data.y1)
    if region is not None:
        box = (
            max(box[0], region[0]),
            max(box[1], region[1]),
            min(box[2], region[2]),
            min(box[3], region[3]),
        )
    if box[0] >= box[2] or box[1] >= box[3]:
        empty = (box[0], box[1], box[0], box[1])
        return np.zeros((0, 0, pixels.shape[2]), np.float32), empty
    whole = (
        box[0] // scale * scale,
        box[1] // scale * scale,
        -(-box[2] // scale) * scale,
        -(-box[3] // scale) * scale,
    )
    inner = (
        max(whole[0], data.x0),
        max(whole[1], data.y0),
        min(whole[2], data.x1),
        min(whole[3], data.y1),
    )
    part = pixels[inner[1] - data.y0 : inner[3] - data.y0, inner[0] - data.x0 : inner[2] - data.x0]
    if scale == 1:
        return part, whole
    if inner == whole:
        return _halved(part, scale), whole
    return _with_edges(part, inner, whole, scale), whole


def _halved(pixels: F32, scale: int) -> F32:
    while scale > 1:
        rows = pixels[0::2] + pixels[1::2]
        pixels = (rows[:, 0::2] + rows[:, 1::2]) * np.float32(0.25)
        scale //= 2
    return pixels


def _with_edges(part: F32, inner: Box, whole: Box, scale: int) -> F32:
    height, width = whole[3] - whole[1], whole[2] - whole[0]
    padded = np.zeros((height, width, part.shape[2]), np.float32)
    top, left = inner[1] - whole[1], inner[0] - whole[0]
    padded[top : top + part.shape[0], left : left + part.shape[1]] = part
    down = _shares(top, part.shape[0], height, scale)
    across = _shares(left, part.shape[1], width, scale)
    means = _halved(padded, scale) / (down[:, None, None] * across[None, :, None])
    return np.asarray(means, np.float32)


def _shares(start: int, count: int, length: int, scale: int) -> F32:
    """Share of each block, along one axis, that lies in the picture."""
    there = np.zeros(length, np.float32)
    there[start : start + count] = 1
    return np.asarray(there.reshape(-1, scale).mean(axis=1), np.float32)
