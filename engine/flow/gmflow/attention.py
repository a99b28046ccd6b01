"""Attention inside windows of a feature map, plain and shifted by half a window (section 3.1)."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def split(x: Tensor, splits: int) -> Tensor:
    """Cuts maps into splits x splits windows.

    Args:
        x: [N, H, W, C]; H and W are multiples of ``splits``.
        splits: Windows per side.

    Returns:
        [N * splits * splits, H / splits, W / splits, C], windows row by row.
    """
    count, height, width, channels = x.shape
    h, w = height // splits, width // splits
    cut = x.view(count, splits, h, splits, w, channels).transpose(2, 3)
    return cut.reshape(count * splits * splits, h, w, channels)


def merge(windows: Tensor, splits: int) -> Tensor:
    """Undoes ``split``."""
    count, h, w, channels = windows.shape
    count //= splits * splits
    cut = windows.view(count, splits, splits, h, w, channels).transpose(2, 3)
    return cut.reshape(count, splits * h, splits * w, channels)


def shift_mask(height: int, width: int, splits: int, device: torch.device | None = None) -> Tensor:
    """Which pixels of a shifted window were neighbours before the shift.

    A map that is rolled by half a window brings opposite borders together in the last row and
    column of windows; those pixels must not look at each other.

    Args:
        height: Of the map.
        width: Of the map.
        splits: Windows per side.
        device: Where the mask is made.

    Returns:
        bool [splits * splits, L, L] with L pixels per window, True where one may look at another.
    """

    def bands(size: int) -> Tensor:
        window = size // splits
        place = torch.arange(size, device=device)
        # Old border between the last window's two halves: 0 before it, 1 after it.
        return (place >= size - window // 2).long()

    region = bands(height)[:, None] * 2 + bands(width)[None, :]
    flat = split(region[None, :, :, None], splits).flatten(1)
    return flat[:, :, None] == flat[:, None, :]


def window_attention(
    query: Tensor, key: Tensor, value: Tensor, splits: int, mask: Tensor | None = None
) -> Tensor:
    """Softmax attention of one head within each window.

    Args:
        query: [N, H, W, C].
        key: Same shape.
        value: Same shape.
        splits: Windows per side; 1 for the whole map.
        mask: Of ``shift_mask``, which also says that windows are shifted by half their size.

    Returns:
        [N, H, W, C].
    """
    count, height, width, channels = query.shape
    shift = (height // splits // 2, width // splits // 2)
    tensors = [query, key, value]
    if mask is not None:
        back = (-shift[0], -shift[1])
        tensors = [torch.roll(x, back, (1, 2)) for x in tensors]
    # [windows, 1 head, L, C]: torch's kernel needs no matrix of L x L values.
    q, k, v = (split(x, splits).flatten(1, 2)[:, None] for x in tensors)
    allowed = None if mask is None else mask.repeat(count, 1, 1)[:, None]
    mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    shape = (-1, height // splits, width // splits, channels)
    merged = merge(mixed[:, 0].reshape(shape), splits)
    return merged if mask is None else torch.roll(merged, shift, (1, 2))


def positions(height: int, width: int, channels: int, device: torch.device | None = None) -> Tensor:
    """Sine and cosine code of the place in a window ("Attention is all you need", section 3.5).

    Args:
        height: Of the window.
        width: Of the window.
        channels: Half of them tell the row, half the column.
        device: Where the code is made.

    Returns:
        [height, width, channels].
    """
    half = channels // 2

    def code(size: int) -> Tensor:
        place = torch.arange(1, size + 1, device=device, dtype=torch.float32)
        angle = place / (size + 1e-6) * (2 * math.pi)
        order = torch.arange(half, device=device)
        angles = angle[:, None] / 10000 ** (2 * (order // 2) / half)
        return torch.where(order % 2 == 0, angles.sin(), angles.cos())

    down = code(height)[:, None].expand(height, width, half)
    across = code(width)[None].expand(height, width, half)
    return torch.cat((down, across), 2)
