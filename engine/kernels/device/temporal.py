"""What the frames beside say about a lattice, as tensors; see ``engine.kernels.temporal``."""

import torch

from engine.kernels.device.lattice import through
from engine.kernels.lattice_reference import bspline_weights


def neighbours_pull(
    lattices: torch.Tensor,
    matrices: torch.Tensor,
    inverses: torch.Tensor,
    spacing: float,
    height: int,
    width: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean displacement of the same content in the frames beside, minus a frame's own.

    Args:
        lattices: float32 [T, gy, gx, 2].
        matrices: float64 [T, 3, 3].
        inverses: float64 [T, 3, 3]: their inverses.
        spacing: Pixels between control points.
        height: Rows of the frames.
        width: Columns of the frames.

    Returns:
        The pull [T, gy, gx, 2], 0 where no neighbour has the content, and which share of the two
        neighbours has it, [T, gy, gx].
    """
    count, rows, columns, _ = lattices.shape
    device = lattices.device
    y = (torch.arange(rows, dtype=torch.float64, device=device) - 1)[None, :, None] * spacing
    x = (torch.arange(columns, dtype=torch.float64, device=device) - 1)[None, None, :] * spacing
    place = through(matrices, x, y)
    total = torch.zeros_like(lattices)
    seen = lattices.new_zeros(count, rows, columns)
    for here, there in ((slice(1, None), slice(0, -1)), (slice(0, -1), slice(1, None))):
        at = through(inverses[there], place[here, ..., 0], place[here, ..., 1])
        u, v = at.unbind(-1)
        inside = (u >= 0) & (v >= 0) & (u <= width) & (v <= height)
        at = torch.where(inside[..., None], at, 0)
        total[here] += _read(lattices[there], at / spacing) * inside[..., None]
        seen[here] += inside
    at = torch.stack([x.expand(1, rows, -1), y.expand(1, -1, columns)], -1) / spacing
    own = _read(lattices, at.expand(count, -1, -1, -1))
    pull = torch.where(seen[..., None] > 0, total / seen.clamp(min=1)[..., None] - own, 0)
    return pull, seen / 2


def _read(lattices: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Displacements [T, n, m, 2] at points [T, n, m, 2] in cells from the data window's corner."""
    count, rows, columns, _ = lattices.shape
    u = at[..., 0].clamp(0, columns - 3 - 1e-5)
    v = at[..., 1].clamp(0, rows - 3 - 1e-5)
    j, i = u.long(), v.long()
    across, down = (bspline_weights((a - b).float()) for a, b in ((u, j), (v, i)))
    frame = torch.arange(count, device=lattices.device).view(-1, 1, 1) * (rows * columns)
    corner = frame + i * columns + j
    flat = lattices.reshape(-1, 2)
    total = lattices.new_zeros(*corner.shape, 2)
    for m in range(4):
        for n in range(4):
            share = down[..., m] * across[..., n]
            total += share[..., None] * flat[corner + (m * columns + n)]
    return total


def without_trend(pull: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The pull [B, gy, gx, 2] without its affine part, weighted by [B, gy, gx]."""
    _, rows, columns = weight.shape
    down = torch.linspace(-1, 1, rows, dtype=torch.float64, device=pull.device)
    across = torch.linspace(-1, 1, columns, dtype=torch.float64, device=pull.device)
    down, across = torch.meshgrid(down, across, indexing="ij")
    basis = torch.stack([torch.ones_like(down), across, down], -1).view(-1, 3)
    weighted = basis * weight.double().flatten(1)[..., None]
    normal = basis.T @ weighted + 1e-6 * torch.eye(3, dtype=torch.float64, device=pull.device)
    said = weighted.transpose(1, 2) @ pull.double().flatten(1, 2)
    # Without checks: they would make the device tell us.
    found = torch.linalg.solve_ex(normal, said, check_errors=False)[0]
    trend: torch.Tensor = (basis @ found).view(pull.shape).float()
    return pull - trend
