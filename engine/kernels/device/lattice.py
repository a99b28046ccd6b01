"""Lattices of many frames as tensors; convention as in ``engine.kernels.lattice``."""

import math

import torch

from engine.kernels.lattice_reference import bspline_weights

#: First control point [N] of each pixel of an axis, and its four weights [N, 4].
Taps = tuple[torch.Tensor, torch.Tensor]


def taps(size: int, spacing: float, device: torch.device) -> Taps:
    """First control point and weights of each pixel centre of an axis."""
    place = (torch.arange(size, dtype=torch.float64, device=device) + 0.5) / spacing
    cell = torch.floor(place)
    return cell.long(), bspline_weights((place - cell).float())


def evaluate(lattices: torch.Tensor, rows: Taps, columns: Taps) -> torch.Tensor:
    """Displacements [B, H, W, 2] of pixel centres from control points [B, gy, gx, 2]."""
    blended = lattices[:, rows[0]] * rows[1][:, 0, None, None]
    for k in range(1, 4):
        blended += lattices[:, rows[0] + k] * rows[1][:, k, None, None]
    moved = blended[:, :, columns[0]] * columns[1][:, 0, None]
    for k in range(1, 4):
        moved += blended[:, :, columns[0] + k] * columns[1][:, k, None]
    return moved


def gather_back(
    values: torch.Tensor, rows: Taps, columns: Taps, grid: tuple[int, int]
) -> torch.Tensor:
    """Sums [B, gy, gx, C] at the control points of values [B, H, W, C]: ``evaluate`` turned round.

    Args:
        values: What the pixels say.
        rows: Of the pixels.
        columns: Of the pixels.
        grid: Control points, (rows, columns).
    """
    batch, height, _, channels = values.shape
    across = values.new_zeros(batch, height, grid[1], channels)
    for k in range(4):
        across.index_add_(2, columns[0] + k, values * columns[1][:, k, None])
    total = values.new_zeros(batch, *grid, channels)
    for k in range(4):
        total.index_add_(1, rows[0] + k, across * rows[1][:, k, None, None])
    return total


def through(matrices: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Points through homographies.

    Args:
        matrices: [B, 3, 3].
        x: [B, ...] or [1, ...].
        y: As ``x``.

    Returns:
        [B, ..., 2].
    """
    m = matrices.view(len(matrices), 3, 3, *([1] * (x.ndim - 1)))
    w = m[:, 2, 0] * x + m[:, 2, 1] * y + m[:, 2, 2]
    u = (m[:, 0, 0] * x + m[:, 0, 1] * y + m[:, 0, 2]) / w
    v = (m[:, 1, 0] * x + m[:, 1, 1] * y + m[:, 1, 2]) / w
    return torch.stack([u, v], -1)


def inverse(matrices: torch.Tensor) -> torch.Tensor:
    """Inverses of homographies [B, 3, 3]; written out, because libraries cannot be recorded."""
    rows = matrices.unbind(1)
    pairs = ((1, 2), (2, 0), (0, 1))
    crossed = [torch.linalg.cross(rows[i], rows[j], dim=-1) for i, j in pairs]
    scale = (rows[0] * crossed[0]).sum(-1)
    found: torch.Tensor = torch.stack(crossed, -1) / scale[:, None, None]
    return found


def positions(
    matrices: torch.Tensor, lattices: torch.Tensor, height: int, width: int, spacing: float
) -> torch.Tensor:
    """Homography plus displacement at every pixel centre, float32 [B, H, W, 2].

    Args:
        matrices: float64 [B, 3, 3].
        lattices: float32 [B, gy, gx, 2].
        height: Rows of the frames.
        width: Columns of the frames.
        spacing: Pixels between control points.
    """
    device = lattices.device
    y = (torch.arange(height, dtype=torch.float64, device=device) + 0.5)[None, :, None]
    x = (torch.arange(width, dtype=torch.float64, device=device) + 0.5)[None, None, :]
    moved = evaluate(lattices, taps(height, spacing, device), taps(width, spacing, device))
    return (through(matrices, x, y) + moved).float()


def grid_shape(height: int, width: int, spacing: float) -> tuple[int, int]:
    """Control points (rows, columns) of a lattice over a picture."""
    return math.ceil(height / spacing) + 3, math.ceil(width / spacing) + 3


def subdivide(lattices: torch.Tensor, height: int, width: int, spacing: float) -> torch.Tensor:
    """The same displacements on lattices of half the spacing; see ``engine.kernels.lattice``."""
    rows, columns = grid_shape(height, width, spacing / 2)
    return _finer(_finer(lattices, rows, 1), columns, 2).contiguous()


def _finer(coarse: torch.Tensor, count: int, axis: int) -> torch.Tensor:
    """Subdivides along an axis; fine point m stands at (m - 1) / 2 in coarse spacings."""
    fine = torch.arange(count, device=coarse.device)
    here = torch.div(fine - 1, 2, rounding_mode="floor") + 1
    last = coarse.shape[axis] - 1

    def at(index: torch.Tensor) -> torch.Tensor:
        return coarse.index_select(axis, index.clamp(0, last))

    whole = ((fine - 1) % 2 == 0).view(*([-1] + [1] * (coarse.ndim - axis - 1)))
    middle, after = at(here), at(here + 1)
    return torch.where(whole, (at(here - 1) + 6 * middle + after) / 8, (middle + after) / 2)
