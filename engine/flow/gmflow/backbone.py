"""The convolutional part of GMFlow: features of one picture at two resolutions (section 3.1)."""

from torch import Tensor, nn
from torch.nn import functional


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut.

    Args:
        channels: Channels that come in.
        width: Channels that go out.
        stride: Of the first convolution and the shortcut.
    """

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride), nn.InstanceNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Features [N, channels, H, W] to [N, width, H / stride, W / stride]."""
        y = functional.relu(functional.instance_norm(self.conv1(x)))
        y = functional.relu(functional.instance_norm(self.conv2(y)))
        return functional.relu(self.downsample(x) + y)


class Backbone(nn.Module):
    """Pictures to features at an eighth and a quarter of their size.

    One last convolution makes both resolutions with the same weights, once with stride 2 and once
    with stride 1 ("trident").

    Args:
        widths: Channels of the three stages.
    """

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        first, second, third = widths
        self.conv1 = nn.Conv2d(3, first, 7, 2, 3, bias=False)
        self.layer1 = nn.Sequential(Residual(first, first), Residual(first, first))
        self.layer2 = nn.Sequential(Residual(first, second, 2), Residual(second, second))
        self.layer3 = nn.Sequential(Residual(second, third), Residual(third, third))
        self.conv2 = nn.Conv2d(third, third, 1)
        self.trident_conv = nn.Conv2d(third, third, 3, 1, 1, bias=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Features of pictures.

        Args:
            pictures: [N, 3, H, W], normalised; sides are multiples of 8.

        Returns:
            Features [N, C, H / 8, W / 8] and [N, C, H / 4, W / 4].
        """
        x = functional.relu(functional.instance_norm(self.conv1(pictures)))
        x = self.conv2(self.layer3(self.layer2(self.layer1(x))))
        coarse = functional.conv2d(x, self.trident_conv.weight, stride=2, padding=1)
        fine = functional.conv2d(x, self.trident_conv.weight, stride=1, padding=1)
        return coarse, fine
