"""A picture on a device with its halves, quarters and so on, for reading it wherever it is asked.

On the processor the smaller pictures are made when something needs them (``engine.kernels.sample``)
and mostly nothing does; on a card they take a third of the picture's memory, and nobody has to ask
the card first.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True, eq=False)
class Pyramid:
    """A premultiplied picture and its reductions.

    Attributes:
        flat: float32 [N, C], the pixels of all levels, row by row, the picture itself first.
        sizes: Height and width of each level.
        table: int64 [L, 3] on the same device: where each level begins, its height and width.
    """

    flat: torch.Tensor
    sizes: tuple[tuple[int, int], ...]
    table: torch.Tensor

    @property
    def picture(self) -> torch.Tensor:
        """The picture itself, [h, w, C]; what is written to it does not reach the other levels."""
        height, width = self.sizes[0]
        return self.flat[: height * width].view(height, width, -1)

    @classmethod
    def of(cls, picture: torch.Tensor, most: int = 99) -> "Pyramid":
        """The pyramid of a picture [h, w, C], on its device, of so many levels at most."""
        levels = [picture]
        while min(levels[-1].shape[:2]) > 1 and len(levels) < most:
            levels.append(_halved(levels[-1]))
        rows, begin = [], 0
        for level in levels:
            rows.append((begin, level.shape[0], level.shape[1]))
            begin += level.shape[0] * level.shape[1]
        flat = torch.cat([level.reshape(-1, picture.shape[2]) for level in levels])
        table = torch.tensor(rows, dtype=torch.int64).to(picture.device)
        return cls(flat, tuple((row[1], row[2]) for row in rows), table)


def _halved(picture: torch.Tensor) -> torch.Tensor:
    """As ``engine.kernels.sample.halved``: beyond its border the picture is transparent."""
    height, width = picture.shape[:2]
    even = functional.pad(picture, (0, 0, 0, width % 2, 0, height % 2))
    rows = even[0::2] + even[1::2]
    return (rows[:, 0::2] + rows[:, 1::2]) * 0.25
