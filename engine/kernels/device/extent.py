"""How far frames reach on the canvas, as tensors; see ``engine.fit.canvas.extent_of``."""

import torch

#: Every so manieth pixel tells, and the last ones.
COARSE = 8


def extents(positions: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Boxes (x0, y0, x1, y1) [B, 4] of the canonical points of what is seen, infinite if nothing.

    Args:
        positions: [B, H, W, 2].
        seen: [B, H, W], 0 where nothing is.
    """
    rows, columns = (_coarse((seen > 0).any(axis)) for axis in (2, 1))
    some = rows[0][:, :, None] & columns[0][:, None] | rows[1][:, :, None] & columns[0][:, None]
    some |= rows[0][:, :, None] & columns[1][:, None]
    low = torch.where(some[..., None], positions, torch.inf).amin((1, 2))
    high = torch.where(some[..., None], positions, -torch.inf).amax((1, 2))
    return torch.cat([low, high], 1)


def _coarse(used: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Which places of an axis [B, N] tell: every n-th from the first that is used, and the last."""
    place = torch.arange(used.shape[1], device=used.device)[None]
    none = len(place[0])
    first = torch.where(used, place, none).amin(1, keepdim=True)
    last = torch.where(used, place, -1).amax(1, keepdim=True)
    return (place >= first) & (place <= last) & ((place - first) % COARSE == 0), place == last
