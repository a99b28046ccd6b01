"""One visit of every pixel on an NVIDIA card."""

import math

import torch
import triton

from engine.kernels.device.register import register as plain
from engine.kernels.gpu import register_kernels as kernels

#: Pixels of one program, and the longest side of a cell that one still takes whole.
PIXELS, LONGEST = 256, 32


def register(
    gradient: torch.Tensor,
    normal: torch.Tensor,
    splat: torch.Tensor,
    tone: torch.Tensor,
    misfit: torch.Tensor,
    loss: torch.Tensor,
    codes: torch.Tensor,
    weights: torch.Tensor,
    firm: torch.Tensor,
    say: torch.Tensor,
    matrices: torch.Tensor,
    lattices: torch.Tensor,
    canonical: torch.Tensor,
    shade: torch.Tensor,
    spacing: float,
    cell: int,
    scale: float,
    offset: float,
    origin: tuple[float, float],
    robust: float,
) -> None:
    """As ``engine.kernels.backends.interface.Register``."""
    side = triton.next_power_of_2(math.ceil(spacing))
    if side > LONGEST:
        plain(
            gradient,
            normal,
            splat,
            tone,
            misfit,
            loss,
            codes,
            weights,
            firm,
            say,
            matrices,
            lattices,
            canonical,
            shade,
            spacing,
            cell,
            scale,
            offset,
            origin,
            robust,
        )
        return
    for each in (gradient, normal, tone, misfit, loss):
        each.zero_()
    frames, height, width = weights.shape
    rows, columns = lattices.shape[1:3]
    run = max(1, PIXELS // (side * side))
    kernels.register_visit[(triton.cdiv(columns - 3, run), rows - 3, frames)](
        gradient,
        normal,
        splat,
        tone,
        misfit,
        loss,
        codes.contiguous(),
        weights.contiguous(),
        firm.contiguous(),
        say.contiguous(),
        matrices.float().contiguous(),
        lattices.contiguous(),
        canonical,
        shade.contiguous(),
        height,
        width,
        rows,
        columns,
        canonical.shape[0],
        canonical.shape[1],
        shade.shape[1],
        shade.shape[2],
        float(spacing),
        cell,
        scale,
        offset,
        float(origin[0]) + 0.5,
        float(origin[1]) + 0.5,
        1 / (robust * robust) if robust > 0 else 0.0,
        P=side,
        CELLS=run,
        NESTED=cell % spacing == 0,
        num_warps=1,
    )
