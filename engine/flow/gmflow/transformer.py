"""Six blocks of self- and cross-attention that make the features of two pictures comparable."""

import torch
from torch import Tensor, nn

from engine.flow.gmflow.attention import positions, shift_mask, window_attention


class Attention(nn.Module):
    """One attention with its projections, and a feed-forward network where asked for.

    Args:
        channels: Of the features.
        feed_forward: Whether the network follows.
    """

    def __init__(self, channels: int, feed_forward: bool) -> None:
        super().__init__()
        self.q_proj = nn.Linear(channels, channels, bias=False)
        self.k_proj = nn.Linear(channels, channels, bias=False)
        self.v_proj = nn.Linear(channels, channels, bias=False)
        self.merge = nn.Linear(channels, channels, bias=False)
        self.norm1 = nn.LayerNorm(channels)
        self.feed_forward = feed_forward
        if feed_forward:
            self.mlp = nn.Sequential(
                nn.Linear(2 * channels, 8 * channels, bias=False),
                nn.GELU(),
                nn.Linear(8 * channels, channels, bias=False),
            )
            self.norm2 = nn.LayerNorm(channels)

    def forward(self, source: Tensor, target: Tensor, splits: int, mask: Tensor | None) -> Tensor:
        """What ``source`` becomes after a look at ``target``, both [N, H, W, C]."""
        message = window_attention(
            self.q_proj(source), self.k_proj(target), self.v_proj(target), splits, mask
        )
        message = self.norm1(self.merge(message))
        if self.feed_forward:
            message = self.norm2(self.mlp(torch.cat((source, message), -1)))
        mixed: Tensor = source + message
        return mixed


class Block(nn.Module):
    """Self-attention, then attention to the other picture.

    Args:
        channels: Of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.self_attn = Attention(channels, feed_forward=False)
        self.cross_attn_ffn = Attention(channels, feed_forward=True)

    def forward(self, source: Tensor, target: Tensor, splits: int, mask: Tensor | None) -> Tensor:
        """Both [N, H, W, C]."""
        source = self.self_attn(source, source, splits, mask)
        mixed: Tensor = self.cross_attn_ffn(source, target, splits, mask)
        return mixed


class Transformer(nn.Module):
    """All blocks; every second one with shifted windows, as in the Swin transformer.

    Args:
        channels: Of the features.
        blocks: Number of blocks.
    """

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Block(channels) for _ in range(blocks))

    def forward(self, first: Tensor, second: Tensor, splits: int) -> tuple[Tensor, Tensor]:
        """Features of two pictures that know each other.

        Args:
            first: [N, C, H, W]; H and W are multiples of ``splits``.
            second: Same shape.
            splits: Windows per side.

        Returns:
            The two maps, [N, C, H, W].
        """
        count, channels, height, width = first.shape
        place = positions(height // splits, width // splits, channels, first.device)
        both = torch.cat((first, second)).permute(0, 2, 3, 1) + place.repeat(splits, splits, 1)
        mask = shift_mask(height, width, splits, first.device) if splits > 1 else None
        for number, layer in enumerate(self.layers):
            other = torch.cat((both[count:], both[:count]))
            both = layer(both, other, splits, mask if number % 2 else None)
        known = both.permute(0, 3, 1, 2).contiguous()
        return known[:count], known[count:]
