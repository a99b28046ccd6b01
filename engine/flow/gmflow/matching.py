"""From features to flow: global and local matching, propagation, upsampling (sections 3.2-3.4)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Rows of the global matching matrix made at a time times its columns, so that it fits in memory.
ENTRIES = 32_000_000


def grid(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """Pixel indices (x, y), float32 [2, H, W]."""
    y, x = torch.meshgrid(
        torch.arange(height, device=device, dtype=torch.float32),
        torch.arange(width, device=device, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack((x, y))


def warp(features: Tensor, flow: Tensor) -> Tensor:
    """Features read where the flow points, 0 outside.

    Args:
        features: [N, C, H, W].
        flow: [N, 2, H, W] as (dx, dy) in pixels, x right, y down.

    Returns:
        [N, C, H, W].
    """
    height, width = flow.shape[-2:]
    target = (grid(height, width, flow.device) + flow).permute(0, 2, 3, 1)
    size = torch.tensor([max(width - 1, 1), max(height - 1, 1)], device=flow.device)
    return functional.grid_sample(features, 2 * target / size - 1, align_corners=True)


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Softmax attention [N, L, C] to values [N, L, 2], a few rows of the matrix at a time."""
    length, channels = query.shape[1:]
    rows = max(1, ENTRIES // (len(query) * length))
    key = key.transpose(1, 2) / channels**0.5
    parts = [torch.softmax(part @ key, -1) @ value for part in torch.split(query, rows, 1)]
    return torch.cat(parts, 1)


def match_globally(first: Tensor, second: Tensor) -> Tensor:
    """Flow as the expected place over all pixels of the other picture (equations 2-4).

    Args:
        first: Features [N, C, H, W].
        second: Same shape.

    Returns:
        [N, 2, H, W] as (dx, dy) in pixels of the feature map.
    """
    count, _, height, width = first.shape
    here = grid(height, width, first.device)
    places = here.flatten(1).T.expand(count, -1, -1)
    found = _attend(first.flatten(2).transpose(1, 2), second.flatten(2).transpose(1, 2), places)
    return found.transpose(1, 2).reshape(count, 2, height, width) - here


def _neighbours(x: Tensor, radius: int, value: float = 0.0) -> list[Tensor]:
    """The map shifted by every offset of a square window, row by row, each [N, C, H, W]."""
    height, width = x.shape[-2:]
    wide = functional.pad(x, (radius,) * 4, value=value)
    span = range(2 * radius + 1)
    return [wide[..., dy : dy + height, dx : dx + width] for dy in span for dx in span]


def match_nearby(first: Tensor, second: Tensor, radius: int = 4) -> Tensor:
    """Flow as the expected offset within a square window (refinement, section 3.4).

    Args:
        first: Features [N, C, H, W].
        second: Same shape, already warped by the flow known so far.
        radius: Of the window, in pixels.

    Returns:
        [N, 2, H, W] as (dx, dy); offsets outside the picture are no candidates.
    """
    channels, height, width = first.shape[1:]
    scores = torch.stack([(first * x).sum(1) for x in _neighbours(second, radius)], 1)
    scores = scores / channels**0.5
    outside = torch.ones(1, 1, height, width, device=first.device)
    for number, there in enumerate(_neighbours(outside, radius)):
        scores[:, number].masked_fill_(there[:, 0] == 0, float("-inf"))
    side = 2 * radius + 1
    offsets = grid(side, side, first.device).flatten(1) - radius
    return torch.einsum("nkhw,ck->nchw", torch.softmax(scores, 1), offsets)


class Propagation(nn.Module):
    """Brings flow to hidden pixels from pixels that look alike (equation 5).

    Args:
        channels: Of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(channels, channels)
        self.k_proj = nn.Linear(channels, channels)

    def forward(self, features: Tensor, flow: Tensor, radius: int = 0) -> Tensor:
        """The flow mixed by the similarity of features.

        Args:
            features: [N, C, H, W].
            flow: [N, 2, H, W].
            radius: Of the square window that is looked at; 0 for the whole picture.

        Returns:
            [N, 2, H, W].
        """
        channels = features.shape[1]
        flat = features.flatten(2).transpose(1, 2)
        query = self.q_proj(flat)
        # The published weights were trained with the key made from the query where the whole
        # picture is looked at, and from the features in the window.
        key = self.k_proj(flat if radius else query)
        if radius == 0:
            mixed = _attend(query, key, flow.flatten(2).transpose(1, 2))
            return mixed.transpose(1, 2).reshape(flow.shape)
        query, key = (x.transpose(1, 2).reshape(features.shape) for x in (query, key))
        scores = torch.stack([(query * x).sum(1) for x in _neighbours(key, radius)], 1)
        shares = torch.softmax(scores / channels**0.5, 1)
        flows = torch.stack(_neighbours(flow, radius), 1)
        return (shares[:, :, None] * flows).sum(1)


def upsample_convex(flow: Tensor, weights: Tensor, factor: int) -> Tensor:
    """Enlarges flow; each fine pixel is a weighted mean of 3 x 3 coarse ones (RAFT, section 3.3).

    Args:
        flow: [N, 2, H, W] in pixels of its own size.
        weights: [N, 9 * factor * factor, H, W], before the softmax over the 9.
        factor: How much larger.

    Returns:
        [N, 2, factor * H, factor * W] in pixels of the large size.
    """
    count, _, height, width = flow.shape
    shares = torch.softmax(weights.view(count, 1, 9, factor, factor, height, width), 2)
    near = torch.stack(_neighbours(factor * flow, 1), 2).view(count, 2, 9, 1, 1, height, width)
    fine = (shares * near).sum(2).permute(0, 1, 4, 2, 5, 3)
    return fine.reshape(count, 2, factor * height, factor * width)
