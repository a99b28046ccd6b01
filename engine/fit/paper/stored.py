"""Where each frame's pixels lay when they were visited last: the flow loss without a second look.

As published, the flow loss asks the deformation twice for each pixel: at its own frame, and at the
next one where its flow leads. With ``stored_next`` the second answer is read from what the next
frame's last visit left behind. It is some steps old and has no slope, so only the frame in hand is
pulled, towards the one after it.
"""

import torch
from torch.nn import functional


class Stored:
    """Canonical places of all frames and groups, on the device of the fit.

    Args:
        height: Rows of the frames.
        width: Columns of the frames.
        device: Where.
    """

    def __init__(self, height: int, width: int, device: torch.device) -> None:
        self._shape, self._device = (height, width, 2), device
        self._places: dict[tuple[int, int], torch.Tensor] = {}

    def of(self, group: int, index: int) -> torch.Tensor | None:
        """Places [H, W, 2] of a frame's pixels, no numbers where none were asked; None: never."""
        return self._places.get((group, index))

    def room(self, group: int, index: int) -> torch.Tensor:
        """What a visit of a frame writes to."""
        key = group, index
        if key not in self._places:
            self._places[key] = torch.full(self._shape, torch.nan, device=self._device)
        return self._places[key]

    def clear(self) -> None:
        """Gives the memory back."""
        self._places.clear()


def read(places: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Stored places read bilinearly.

    Args:
        places: [H, W, 2].
        points: Shares (row, column) [h, w, 2]; the border goes on.

    Returns:
        [h, w, 2]; no numbers where a pixel that was never asked has a share in them.
    """
    at = torch.stack([points[..., 1], points[..., 0]], -1)[None] * 2 - 1
    found = functional.grid_sample(
        places.permute(2, 0, 1)[None], at, padding_mode="border", align_corners=False
    )
    return found[0].permute(1, 2, 0)
