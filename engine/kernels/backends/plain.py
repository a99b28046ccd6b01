"""The operations in plain torch, on any device: what all others must agree with."""

from typing import TYPE_CHECKING

import torch

from engine.kernels import hashgrid_reference, lattice_reference
from engine.kernels.device.merge import merge as merge
from engine.kernels.device.read import place as place
from engine.kernels.device.read import read as read
from engine.kernels.device.register import register as register
from engine.kernels.device.solve import solve as solve
from engine.kernels.hashgrid_levels import HashGrid, check_inputs, weights_of
from engine.kernels.mlp import Mlp

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors


def encode(
    points: torch.Tensor,
    table: torch.Tensor,
    grid: HashGrid,
    weights: "Factors | None" = None,
    *,
    raw: bool = False,
    padded_to: int = 0,
    accumulate: torch.Tensor | None = None,
) -> torch.Tensor:
    """See ``interface.Encode``; torch itself adds up the gradient, so ``accumulate`` is not needed.

    Raises:
        UsageError: The shapes do not fit together.
    """
    check_inputs(points, table, grid, weights)
    factors = weights if isinstance(weights, torch.Tensor) else weights_of(grid, weights)
    return hashgrid_reference.encode(points, table, grid, factors, raw=raw, padded_to=padded_to)


def network(
    flat: torch.Tensor, rows: torch.Tensor, mlp: Mlp, *, half: bool = False
) -> torch.Tensor:
    """See ``interface.Network``; always in single precision."""
    return mlp(flat, rows)


def lattice(control: torch.Tensor, height: int, width: int, spacing: float) -> torch.Tensor:
    """See ``interface.Lattice``."""
    if control.ndim == 3:
        return lattice_reference.evaluate(control, height, width, spacing)
    return torch.stack([lattice(each, height, width, spacing) for each in control])


def sample(
    picture: torch.Tensor,
    positions: torch.Tensor,
    *,
    origin: tuple[float, float] = (0.0, 0.0),
    scale: tuple[float, float] = (1.0, 1.0),
) -> torch.Tensor:
    """See ``interface.Sample``."""
    height, width, channels = picture.shape
    size = picture.new_tensor(scale)
    place = positions.reshape(-1, 2) * size - picture.new_tensor(origin) - 0.5
    u, v = place[:, 0], place[:, 1]
    near = (u > -1) & (v > -1) & (u < width) & (v < height)
    u, v = torch.where(near, u, 0 * near), torch.where(near, v, 0 * near)
    left, top = torch.floor(u.detach()), torch.floor(v.detach())
    fx, fy = u - left, v - top
    total = picture.new_zeros(len(place), channels)
    for dy in range(2):
        for dx in range(2):
            x, y = left.long() + dx, top.long() + dy
            inside = near & (x >= 0) & (y >= 0) & (x < width) & (y < height)
            tap = picture[y.clamp(0, height - 1), x.clamp(0, width - 1)]
            share = (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
            total = total + torch.where(inside, share, 0 * share)[:, None] * tap
    return total.view(*positions.shape[:-1], channels)


def adam(
    value: torch.Tensor,
    slope: torch.Tensor,
    mean: torch.Tensor,
    square: torch.Tensor,
    rates: torch.Tensor,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """See ``interface.Adam``."""
    mean.mul_(beta1).add_(slope, alpha=1 - beta1)
    square.mul_(beta2).addcmul_(slope, slope, value=1 - beta2)
    pace, root = rates
    value.sub_(mean.div(square.sqrt().mul_(root).add_(epsilon)).mul_(pace))
    slope.zero_()
