"""The whole network: two pictures to flow in both directions."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.flow.gmflow.backbone import Backbone
from engine.flow.gmflow.matching import (
    Propagation,
    match_globally,
    match_nearby,
    upsample_convex,
    warp,
)
from engine.flow.gmflow.transformer import Transformer

#: Sides of pictures are multiples of this: eight windows per side at a quarter of the size.
MULTIPLE = 32
#: Windows per side at an eighth and a quarter of the size.
SPLITS = (2, 8)
#: Enlargement from the features' quarter to the picture.
FACTOR = 4
#: Mean and spread of the colours that the weights were trained on (ImageNet's), sRGB 0 to 1.
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Size:
    """How large a network is.

    Attributes:
        widths: Channels of the backbone's three stages; the last is that of the features.
        blocks: Transformer blocks.
        upsampler: Channels inside the upsampler.
    """

    widths: tuple[int, int, int] = (64, 96, 128)
    blocks: int = 6
    upsampler: int = 256


PUBLISHED = Size()


class Gmflow(nn.Module):
    """GMFlow with one refinement.

    Args:
        size: How large.
    """

    def __init__(self, size: Size = PUBLISHED) -> None:
        super().__init__()
        channels = size.widths[2]
        self.backbone = Backbone(size.widths)
        self.transformer = Transformer(channels, size.blocks)
        self.feature_flow_attn = Propagation(channels)
        self.upsampler = nn.Sequential(
            nn.Conv2d(2 + channels, size.upsampler, 3, 1, 1),
            nn.ReLU(),
            nn.Conv2d(size.upsampler, 9 * FACTOR * FACTOR, 1),
        )

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Flow between two pictures.

        Args:
            first: sRGB-encoded [N, 3, H, W] from 0 to 1; sides are multiples of 32.
            second: Same shape.

        Returns:
            Flow first to second and second to first, [N, 2, H, W] as (dx, dy) in pixels.
        """
        pictures = torch.cat((first, second))
        mean, spread = (pictures.new_tensor(x)[:, None, None] for x in (MEAN, SPREAD))
        coarse, fine = self.backbone((pictures - mean) / spread)
        here = torch.cat(self.transformer(*coarse.chunk(2), SPLITS[0]))
        flow = match_globally(here, _swapped(here))
        flow = self.feature_flow_attn(here, flow)
        flow = 2 * functional.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=True)
        here, there = self.transformer(fine, warp(_swapped(fine), flow), SPLITS[1])
        flow = flow + match_nearby(here, there)
        flow = self.feature_flow_attn(here, flow, radius=1)
        flow = upsample_convex(flow, self.upsampler(torch.cat((flow, here), 1)), FACTOR)
        forward, backward = flow.chunk(2)
        return forward, backward


def _swapped(both: Tensor) -> Tensor:
    """The other picture's features in the place of each."""
    first, second = both.chunk(2)
    return torch.cat((second, first))


def expected(size: Size = PUBLISHED) -> Mapping[str, tuple[int, ...]]:
    """Names and shapes of a network's weights; allocates nothing."""
    with torch.device("meta"):
        network = Gmflow(size)
    return {name: tuple(weights.shape) for name, weights in network.state_dict().items()}
