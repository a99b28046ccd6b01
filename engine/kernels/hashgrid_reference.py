"""The hash-grid encoding in plain torch: slow, short, differentiable, on any device.

It is what the compiled kernels are compared with in values and gradients.
"""

from itertools import product
from typing import TYPE_CHECKING

import torch

from engine.kernels.hashgrid_levels import FEATURES, PRIMES, HashGrid

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors

_LOW = 0xFFFFFFFF


def corner_index(grid: HashGrid, level: int, corner: torch.Tensor) -> torch.Tensor:
    """Entry of grid corners int64 [N, d] within a level's part of the table, int64 [N].

    Corners are cast to unsigned 32-bit numbers as the published code does, so negative ones wrap.
    """
    entries, resolution = int(grid.entries[level]), int(grid.resolutions[level])
    index = torch.zeros_like(corner[:, 0])
    for axis in range(grid.dimensions):
        if grid.hashed[level]:
            index = index ^ (corner[:, axis] * PRIMES[axis])
        else:
            index = index + corner[:, axis] * resolution**axis
    return (index & _LOW) % entries


def encode(
    points: torch.Tensor,
    table: torch.Tensor,
    grid: HashGrid,
    weights: "Factors",
    *,
    raw: bool = False,
    padded_to: int = 0,
) -> torch.Tensor:
    """As ``engine.kernels.hashgrid.encode``, which says what the arguments are."""
    entries = table.view(-1, FEATURES)
    parts = [points] if raw else []
    for level in range(grid.levels):
        weight = weights[level]
        # Weights that lie on a device are not asked: that would make it wait.
        if not isinstance(weight, torch.Tensor) and weight == 0:
            parts.append(points.new_zeros(points.shape[0], FEATURES))
            continue
        position = points * float(grid.scales[level]) + 0.5
        cell = torch.floor(position.detach())
        fraction = position - cell
        whole = cell.to(torch.int64)
        value = points.new_zeros(points.shape[0], FEATURES)
        for step in product((0, 1), repeat=grid.dimensions):
            corner = torch.stack([whole[:, axis] + far for axis, far in enumerate(step)], 1)
            share = torch.ones_like(points[:, 0])
            for axis, far in enumerate(step):
                share = share * (fraction[:, axis] if far else 1 - fraction[:, axis])
            index = corner_index(grid, level, corner) + int(grid.offsets[level])
            value = value + share[:, None] * entries[index]
        parts.append(value * (weight if isinstance(weight, torch.Tensor) else float(weight)))
    missing = padded_to - sum(part.shape[1] for part in parts)
    if missing > 0:
        parts.append(points.new_ones(points.shape[0], missing))
    return torch.cat(parts, 1)
