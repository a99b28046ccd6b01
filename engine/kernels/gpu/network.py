"""The small networks on an NVIDIA card, as one step of a torch graph."""

from typing import Any

import torch
import triton

from engine.kernels.gpu import network_kernels as kernels
from engine.kernels.mlp import Mlp

#: Rows and warps of one program: the largest whose layers stay in registers. Whole floats take
#: three products of the tensor cores each, and twice the room.
HALVES, FLOATS = (128, 8), (64, 8)
#: Rows that a sum over all rows takes at once.
SUMMED = 64
#: Programs that share the sum over all rows.
SPLITS = 264
#: What the largest slope is brought to before it is halved in precision (a power of two).
TARGET = 16.0


def _padded(size: int) -> int:
    """What a tensor core takes: a power of two of 16 or more."""
    return max(16, int(triton.next_power_of_2(size)))


def _shape(mlp: Mlp, half: bool) -> dict[str, int]:
    block, warps = HALVES if half else FLOATS
    inputs = mlp.sizes[0]
    return {
        "INPUTS": inputs,
        "WIDTH": mlp.width,
        "HIDDEN": mlp.hidden_layers,
        "OUTPUTS": mlp.outputs,
        "PADDED_INPUTS": _padded(inputs),
        "PADDED_WIDTH": _padded(mlp.width),
        "PADDED_OUTPUTS": _padded(mlp.outputs),
        "HALF": half,
        "BLOCK": block,
        "num_warps": warps,
    }


def _scale(slope: torch.Tensor, half: bool) -> torch.Tensor:
    """A power of two that brings slopes into the range of half precision; stays on the card."""
    if not half or not slope.numel():
        return torch.ones(1, device=slope.device)
    most = slope.abs().amax().float()
    power = torch.exp2(torch.floor(torch.log2(TARGET / most.clamp(1e-30, 1e30))))
    return torch.where(most > 0, power, torch.ones_like(power)).reshape(1)


class _Network(torch.autograd.Function):
    @staticmethod
    def forward(ctx, flat, rows, mlp, half):  # type: ignore[no-untyped-def]
        n, kind = rows.shape[0], torch.float16 if half else torch.float32
        out = torch.empty((n, mlp.outputs), dtype=torch.float32, device=rows.device)
        keep = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        matrices = flat.to(kind)
        shape = (mlp.hidden_layers, n, mlp.width) if keep else (1, 1, 1)
        kept = torch.empty(shape, dtype=kind, device=rows.device)
        if n:
            sizes = _shape(mlp, half)
            kernels.network_forward[(triton.cdiv(n, sizes["BLOCK"]),)](
                rows, matrices, out, kept, n, *rows.stride(), KEEP=keep, **sizes
            )
        ctx.save_for_backward(matrices, rows, kept)
        ctx.mlp, ctx.half = mlp, half
        return out

    @staticmethod
    def backward(ctx, slope):  # type: ignore[no-untyped-def]
        matrices, rows, kept = ctx.saved_tensors
        mlp, n, half = ctx.mlp, rows.shape[0], ctx.half
        if not n:
            nothing = torch.zeros(mlp.parameters, dtype=torch.float32, device=rows.device)
            return nothing, torch.empty_like(rows), None, None
        scale = _scale(slope, half)
        hidden = torch.empty_like(kept)
        to_rows = torch.empty_strided(
            rows.shape, rows.stride(), dtype=rows.dtype, device=rows.device
        )
        sizes = _shape(mlp, half)
        kernels.network_backward[(triton.cdiv(n, sizes["BLOCK"]),)](
            slope,
            matrices,
            kept,
            hidden,
            to_rows,
            scale,
            n,
            *slope.stride(),
            *to_rows.stride(),
            **sizes,
        )
        to_flat = None
        if ctx.needs_input_grad[0]:
            to_flat = _flat_slope(mlp, slope, rows, kept, hidden, scale, half)
        return to_flat, to_rows, None, None


def _flat_slope(
    mlp: Mlp,
    slope: torch.Tensor,
    rows: torch.Tensor,
    kept: torch.Tensor,
    hidden: torch.Tensor,
    scale: torch.Tensor,
    half: bool,
) -> torch.Tensor:
    """Slope of all matrices, each a sum over all rows."""
    n, width, inputs = rows.shape[0], mlp.width, mlp.sizes[0]
    splits = min(SPLITS, triton.cdiv(n, SUMMED))
    chunk = triton.cdiv(triton.cdiv(n, splits), SUMMED) * SUMMED
    sums = torch.zeros((splits, mlp.parameters), dtype=torch.float32, device=rows.device)

    def add(
        left: torch.Tensor, right: torch.Tensor, layers: int, offset: int, **sizes: Any
    ) -> None:
        kernels.matrix_slope[(splits, layers)](
            left,
            right,
            sums[:, offset:],
            scale,
            n,
            chunk,
            *left.stride()[-2:],
            left.stride(0),
            *right.stride()[-2:],
            right.stride(0),
            mlp.parameters,
            HALF=half,
            BLOCK=SUMMED,
            PADDED_LEFT=_padded(sizes["LEFT"]),
            PADDED_RIGHT=_padded(sizes["RIGHT"]),
            num_warps=8,
            **sizes,
        )

    add(hidden[:1], rows[None], 1, 0, LEFT=width, RIGHT=inputs, SCALED=False)
    first, deep = inputs * width, mlp.hidden_layers - 1
    if deep:
        add(hidden[1:], kept[:-1], deep, first, LEFT=width, RIGHT=width, SCALED=False)
    last = first + deep * width * width
    add(slope[None], kept[-1:], 1, last, LEFT=mlp.outputs, RIGHT=width, SCALED=True)
    return sums.sum(0)


def network(
    flat: torch.Tensor, rows: torch.Tensor, mlp: Mlp, *, half: bool = False
) -> torch.Tensor:
    """As ``engine.kernels.backends.interface.Network``.

    With ``half`` the tensor cores multiply halves, and what the layers gave is kept in them.
    Inputs, outputs, the vector of the matrices and all gradients stay in single precision; on their
    way through the layers slopes are brought into the range of halves by a factor that is measured
    on the card.
    """
    if rows.shape[1] < mlp.sizes[0]:
        rows = torch.nn.functional.pad(rows, (0, mlp.sizes[0] - rows.shape[1]), value=1.0)
    result: torch.Tensor = _Network.apply(flat, rows, mlp, half)  # type: ignore[no-untyped-call]
    return result
