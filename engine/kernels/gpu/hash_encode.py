"""The hash grid on an NVIDIA card, as one step of a torch graph."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
import triton

from engine.kernels.gpu import hash_kernels as kernels
from engine.kernels.hashgrid_levels import HashGrid, check_inputs, weights_of

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors

#: Points of one program. A block of a picture's row is long enough for runs of equal cells.
BLOCK, WARPS = 256, 4


@lru_cache(maxsize=32)
def _levels(grid: HashGrid, device: torch.device) -> tuple[torch.Tensor, ...]:
    """The numbers of a grid's levels on a device."""
    sizes = (
        grid.scales,
        grid.resolutions.astype(np.int32),
        grid.entries.astype(np.int32),
        grid.offsets[:-1],
        grid.hashed.astype(np.int32),
    )
    found = [torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in sizes]
    # Kept as 32-bit patterns: the kernels count without a sign.
    found[1], found[2] = found[1].view(torch.uint32), found[2].view(torch.uint32)
    return tuple(found)


@lru_cache(maxsize=256)
def _factors(weights: bytes, device: torch.device) -> torch.Tensor:
    """Weights of the levels on a device; the same ones are not sent twice."""
    return torch.frombuffer(bytearray(weights), dtype=torch.float32).to(device)


def _packed(table: torch.Tensor) -> torch.Tensor:
    """A table with both features of an entry as one number."""
    return table.view(torch.int32 if table.dtype == torch.float16 else torch.int64)


class _Encode(torch.autograd.Function):
    @staticmethod
    def forward(ctx, points, table, grid, factors, first, width, accumulate):  # type: ignore[no-untyped-def]
        n, half = points.shape[0], table.dtype == torch.float16
        # Feature by feature: a level's features of neighbouring points are neighbours.
        out = torch.empty((width, n), dtype=torch.float32, device=points.device).t()
        levels = _levels(grid, points.device)
        if n:
            kernels.encode_forward[(triton.cdiv(n, BLOCK), grid.levels + 1)](
                points,
                _packed(table),
                out,
                *levels,
                factors,
                n,
                *out.stride(),
                FIRST=first,
                WIDTH=width,
                LEVELS=grid.levels,
                D=grid.dimensions,
                HALF=half,
                BLOCK=BLOCK,
                num_warps=WARPS,
            )
        ctx.save_for_backward(points, table, factors)
        ctx.grid, ctx.first, ctx.accumulate = grid, first, accumulate
        return out

    @staticmethod
    def backward(ctx, slope):  # type: ignore[no-untyped-def]
        points, table, factors = ctx.saved_tensors
        grid, first, n = ctx.grid, ctx.first, points.shape[0]
        levels = _levels(grid, points.device)
        blocks = triton.cdiv(n, BLOCK)
        to_points = to_table = None
        if ctx.needs_input_grad[1]:
            sums = ctx.accumulate
            if sums is None:
                # Summed in single precision, whatever the table is kept in.
                sums = to_table = torch.zeros(table.shape, dtype=torch.float32, device=table.device)
            if n:
                kernels.encode_to_table[(blocks, grid.levels)](
                    points,
                    slope,
                    sums,
                    *levels,
                    factors,
                    n,
                    *slope.stride(),
                    FIRST=first,
                    D=grid.dimensions,
                    BLOCK=BLOCK,
                    num_warps=WARPS,
                )
            if to_table is not None:
                to_table = to_table.to(table.dtype)
        if ctx.needs_input_grad[0]:
            to_points = torch.empty_like(points)
            if n:
                kernels.encode_to_points[(blocks,)](
                    points,
                    slope,
                    _packed(table),
                    to_points,
                    *levels,
                    factors,
                    n,
                    *slope.stride(),
                    FIRST=first,
                    LEVELS=grid.levels,
                    D=grid.dimensions,
                    HALF=table.dtype == torch.float16,
                    BLOCK=BLOCK,
                    num_warps=WARPS,
                )
        return to_points, to_table, None, None, None, None, None


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
    """As ``engine.kernels.backends.interface.Encode``; the table may be float16 as well.

    The features lie in memory feature by feature. The sums of the table's gradient are made in
    single precision in no fixed order, so that runs repeat up to rounding only.

    Raises:
        UsageError: The shapes do not fit together.
    """
    check_inputs(points, table, grid, weights)
    if isinstance(weights, torch.Tensor):
        on_device = weights
    else:
        on_device = _factors(weights_of(grid, weights).tobytes(), points.device)
    first = grid.dimensions if raw else 0
    width = max(padded_to, first + grid.width)
    encoded: torch.Tensor = _Encode.apply(  # type: ignore[no-untyped-call]
        points.contiguous(), table.contiguous(), grid, on_device, first, width, accumulate
    )
    return encoded
