"""The step of many lattices on an NVIDIA card."""

import torch
import triton

from engine.kernels.gpu import solve_kernels as kernels

#: Control points of one program.
BLOCK = 256


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
    frames, rows, columns, _ = lattices.shape
    grid = (triton.cdiv(rows * columns, BLOCK), frames)
    size, points = (rows, columns), frames * rows * columns
    matrix = torch.empty_like(normal)
    r, z, q, old, new = (torch.empty_like(lattices) for _ in range(5))
    step = torch.zeros_like(lattices)
    energy = torch.zeros(rounds + 1, frames, device=lattices.device)
    work = torch.zeros(rounds, frames, device=lattices.device)
    home, gradient, normal, stiffness, pull, bond = (
        each.contiguous() for each in (home, gradient, normal, stiffness, pull, bond)
    )
    kernels.solve_begin[grid](
        lattices,
        home,
        gradient,
        normal,
        stiffness,
        pull,
        bond,
        matrix,
        r,
        z,
        energy[0],
        *size,
        float(hold),
        float(flat),
        float(damping),
        BLOCK=BLOCK,
        num_warps=4,
    )
    for turn in range(rounds):
        kernels.solve_direction[grid](
            stiffness,
            matrix,
            z,
            old,
            new,
            q,
            energy[turn],
            energy[max(turn - 1, 0)],
            work[turn],
            *size,
            BLOCK=BLOCK,
            FIRST=turn == 0,
            num_warps=4,
        )
        kernels.solve_advance[grid](
            stiffness,
            matrix,
            new,
            q,
            r,
            z,
            step,
            energy[turn],
            work[turn],
            energy[turn + 1],
            *size,
            BLOCK=BLOCK,
            num_warps=4,
        )
        old, new = new, old
    kernels.solve_end[(triton.cdiv(points, BLOCK),)](
        lattices, step, points, float(limit), BLOCK=BLOCK, num_warps=4
    )
