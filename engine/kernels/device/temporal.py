"""What the frames beside say about a lattice, as tensors; see ``engine.kernels.temporal``."""

import torch

from engine.kernels.device.lattice import inverse, through
from engine.kernels.lattice_reference import bspline_weights


def neighbours_pull(
    lattices: torch.Tensor,
    matrices: torch.Tensor,
    spacing: float,
    height: int,
    width: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean displacement of the same content in the frames beside, minus a frame's own.

    Args:
        lattices: float32 [T, gy, gx, 2].
        matrices: float64 [T, 3, 3].
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
    place, inverses = through(matrices, x, y), inverse(matrices)
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


def solved(normal: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
    """Solves positive definite systems [B, 3, 3] for right-hand sides [B, 3, N], by elimination.

    Written out, because libraries ask the device how it went, or may not be recorded.
    """
    a, b, c = normal[:, 0, 0], normal[:, 0, 1], normal[:, 0, 2]
    d, e, f = normal[:, 1, 1], normal[:, 1, 2], normal[:, 2, 2]
    p, q = b / a, c / a
    second = d - p * b
    r = (e - p * c) / second
    third = f - q * c - r * (e - p * c)
    y0, y1, y2 = said.unbind(1)
    y1 = y1 - p[:, None] * y0
    y2 = y2 - q[:, None] * y0 - r[:, None] * y1
    x2 = y2 / third[:, None]
    x1 = y1 / second[:, None] - r[:, None] * x2
    x0 = y0 / a[:, None] - p[:, None] * x1 - q[:, None] * x2
    return torch.stack([x0, x1, x2], 1)


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
    trend: torch.Tensor = (basis @ solved(normal, said)).view(pull.shape).float()
    return pull - trend
