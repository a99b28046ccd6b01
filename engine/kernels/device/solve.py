"""The Gauss-Newton step of many lattices, as tensors; see ``engine.kernels.solve``.

Nothing is asked of the device on the way: a frame that is solved early goes on with steps of 0.
"""

import torch
from torch.nn import functional

#: Residual below which a frame is solved.
SOLVED = 1e-12


def solve(
    lattices: torch.Tensor,
    home: torch.Tensor,
    gradient: torch.Tensor,
    normal: torch.Tensor,
    stiffness: torch.Tensor,
    pull: torch.Tensor,
    bond: torch.Tensor,
    hold: float,
    flat: float,
    damping: float,
    rounds: int,
    limit: float,
) -> None:
    """As ``engine.kernels.backends.interface.Solve``."""
    a, o, d = normal.unbind(-1)
    trace = a + d
    largest = 0.5 * (trace + ((a - d).square() + 4 * o.square()).sqrt())
    scale = hold / (trace + flat)
    h00, h01, h11 = scale * (largest - a + flat), -scale * o, scale * (largest - d + flat)
    away = lattices - home
    # Planes [B, 2, gy, gx]; the blocks [3, B, 1, gy, gx] are (xx, xy, yy).
    drawn = torch.stack(
        [h00 * away[..., 0] + h01 * away[..., 1], h01 * away[..., 0] + h11 * away[..., 1]], 1
    )
    planes = lattices.permute(0, 3, 1, 2)
    stiff = stiffness[:, None]
    r = gradient.permute(0, 3, 1, 2) - _bend(planes, stiff) - drawn
    r = r + bond[:, None] * pull.permute(0, 3, 1, 2)
    block = torch.stack([a + h00 + bond + damping, o + h01, d + h11 + bond + damping])
    c00, c01, c11 = block[0] + 16 * stiffness + 1e-9, block[1], block[2] + 16 * stiffness + 1e-9
    scale = 1 / (c00 * c11 - c01 * c01)
    inverse = torch.stack([c11 * scale, -c01 * scale, c00 * scale])

    z = _times(inverse, r)
    p, step = z, torch.zeros_like(r)
    rz = _dot(r, z)
    for _ in range(rounds):
        q = _bend(p, stiff) + _times(block, p)
        alpha = torch.where(rz < SOLVED, 0, rz / _dot(p, q))
        step = step + alpha * p
        r = r - alpha * q
        z = _times(inverse, r)
        fresh = _dot(r, z)
        p = z + torch.where(rz < SOLVED, 0, fresh / rz) * p
        rz = torch.where(rz < SOLVED, rz, fresh)
    length = step.square().sum(1, keepdim=True).sqrt()
    lattices += (step * torch.where(length <= limit, 1, limit / length)).permute(0, 2, 3, 1)


def coast(
    lattices: torch.Tensor,
    before: torch.Tensor,
    normal: torch.Tensor,
    flat: float,
    glide: float,
    step: torch.Tensor,
) -> None:
    """Goes on by a share of the last step, in place; see ``engine.kernels.solve.coast``."""
    checked = normal[..., 0] + normal[..., 2] >= flat
    lattices += step * (glide * checked)[..., None]
    torch.sub(lattices, before, out=step)


def _dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a * b).sum((1, 2, 3), keepdim=True)


def _times(block: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Symmetric 2 x 2 blocks [3, B, gy, gx] times planes [B, 2, gy, gx]."""
    u, v = x[:, 0], x[:, 1]
    return torch.stack([block[0] * u + block[1] * v, block[1] * u + block[2] * v], 1)


def _bend(p: torch.Tensor, stiff: torch.Tensor) -> torch.Tensor:
    """``D^T S D p`` of planes [B, 2, gy, gx]: second differences along x, y and twice the mixed."""
    along = stiff[..., 1:-1] * (p[..., :-2] - 2 * p[..., 1:-1] + p[..., 2:])
    down = stiff[..., 1:-1, :] * (p[..., :-2, :] - 2 * p[..., 1:-1, :] + p[..., 2:, :])
    mixed = p[..., :-1, :-1] - p[..., 1:, :-1] - p[..., :-1, 1:] + p[..., 1:, 1:]
    mixed = 2 * stiff[..., :-1, :-1] * mixed
    along, down = functional.pad(along, (2, 2)), functional.pad(down, (0, 0, 2, 2))
    mixed = functional.pad(mixed, (1, 1, 1, 1))
    return (
        along[..., :-2]
        - 2 * along[..., 1:-1]
        + along[..., 2:]
        + down[..., :-2, :]
        - 2 * down[..., 1:-1, :]
        + down[..., 2:, :]
        + mixed[..., 1:, 1:]
        - mixed[..., :-1, 1:]
        - mixed[..., 1:, :-1]
        + mixed[..., :-1, :-1]
    )
