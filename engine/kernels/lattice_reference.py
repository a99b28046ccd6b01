"""The lattice in plain torch, differentiable: what ``engine.kernels.lattice`` must agree with."""

import torch


def bspline_weights(f: torch.Tensor) -> torch.Tensor:
    """Uniform cubic B-spline weights [N, 4] at fractions [N] of a cell."""
    g = 1 - f
    return torch.stack(
        [
            g**3 / 6,
            (3 * f**3 - 6 * f**2 + 4) / 6,
            (3 * g**3 - 6 * g**2 + 4) / 6,
            f**3 / 6,
        ],
        dim=-1,
    )


def evaluate(lattice: torch.Tensor, height: int, width: int, spacing: float) -> torch.Tensor:
    """Displacement [H, W, 2] of every pixel centre from control points [gy, gx, 2]."""
    rows, down = _axis(height, spacing, lattice)
    columns, across = _axis(width, spacing, lattice)
    around = lattice[rows[:, None, :, None], columns[None, :, None, :]]  # [H, W, 4, 4, 2]
    return torch.einsum("hi,wj,hwijc->hwc", down, across, around)


def _axis(size: int, spacing: float, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    u = (torch.arange(size, dtype=torch.float64, device=like.device) + 0.5) / spacing
    cell = torch.floor(u)
    weights = bspline_weights(u - cell).to(like.dtype)
    return cell.long()[:, None] + torch.arange(4, device=like.device), weights


def positions(
    matrix: torch.Tensor, lattice: torch.Tensor, height: int, width: int, spacing: float
) -> torch.Tensor:
    """Homography plus displacement at every pixel centre, [H, W, 2]."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) + 0.5,
        torch.arange(width, dtype=torch.float64) + 0.5,
        indexing="ij",
    )
    points = torch.stack([x, y, torch.ones_like(x)], dim=-1) @ matrix.double().T
    return (points[..., :2] / points[..., 2:]).to(lattice.dtype) + evaluate(
        lattice, height, width, spacing
    )
