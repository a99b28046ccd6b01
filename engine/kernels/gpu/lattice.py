"""The lattice on an NVIDIA card, as one step of a torch graph."""

import torch
import triton

from engine.kernels.gpu import lattice_kernels as kernels

#: Pixels of one program of the lattice, and of its gradient.
TILE, GATHER = (4, 64), (8, 32)


class _Lattice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, control, height, width, spacing):  # type: ignore[no-untyped-def]
        frames, rows, columns, _ = control.shape
        out = torch.empty((frames, height, width, 2), dtype=torch.float32, device=control.device)
        grid = (triton.cdiv(width, TILE[1]), triton.cdiv(height, TILE[0]), frames)
        if out.numel():
            kernels.lattice_forward[grid](
                control,
                out,
                height,
                width,
                rows,
                columns,
                1 / spacing,
                BLOCK_Y=TILE[0],
                BLOCK_X=TILE[1],
                num_warps=4,
            )
        ctx.shape, ctx.spacing = control.shape, spacing
        return out

    @staticmethod
    def backward(ctx, slope):  # type: ignore[no-untyped-def]
        frames, rows, columns, _ = ctx.shape
        out = torch.zeros(ctx.shape, dtype=torch.float32, device=slope.device)
        if slope.numel():
            kernels.lattice_backward[(rows * columns, frames)](
                slope.contiguous(),
                out,
                slope.shape[1],
                slope.shape[2],
                rows,
                columns,
                float(ctx.spacing),
                BLOCK_Y=GATHER[0],
                BLOCK_X=GATHER[1],
                num_warps=2,
            )
        return out, None, None, None


def lattice(control: torch.Tensor, height: int, width: int, spacing: float) -> torch.Tensor:
    """As ``engine.kernels.backends.interface.Lattice``."""
    many = control if control.ndim == 4 else control[None]
    found: torch.Tensor = _Lattice.apply(  # type: ignore[no-untyped-call]
        many.contiguous(), height, width, spacing
    )
    return found if control.ndim == 4 else found[0]
