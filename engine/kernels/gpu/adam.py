"""One step of Adam on an NVIDIA card: every number is read and written once."""

import torch
import triton
import triton.language as tl

#: Parameters of one program.
BLOCK = 1024


@triton.jit
def adam_kernel(  # type: ignore[no-untyped-def]
    value,
    slope,
    mean,
    square,
    rates,
    n,
    beta1,
    beta2,
    epsilon,
    BLOCK: tl.constexpr,
):
    """One step of Adam in place; the slope is zeros afterwards."""
    r = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = r < n
    g = tl.load(slope + r, mask=mask, other=0.0)
    pace, root = tl.load(rates), tl.load(rates + 1)
    m = beta1 * tl.load(mean + r, mask=mask, other=0.0) + (1 - beta1) * g
    v = beta2 * tl.load(square + r, mask=mask, other=0.0) + (1 - beta2) * g * g
    # Most of a table is touched by no step: what never had a slope is not written again.
    moved = mask & ((m != 0) | (v != 0))
    p = tl.load(value + r, mask=moved, other=0.0)
    tl.store(value + r, p - pace * m / (tl.sqrt(v) * root + epsilon), mask=moved)
    tl.store(mean + r, m, mask=moved)
    tl.store(square + r, v, mask=moved)
    tl.store(slope + r, tl.zeros((BLOCK,), tl.float32), mask=mask & (g != 0))


def adam(
    value: torch.Tensor,
    slope: torch.Tensor,
    mean: torch.Tensor,
    square: torch.Tensor,
    rates: torch.Tensor,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """As ``engine.kernels.backends.interface.Adam``."""
    n = value.numel()
    if n:
        adam_kernel[(triton.cdiv(n, BLOCK),)](
            value,
            slope,
            mean,
            square,
            rates,
            n,
            beta1,
            beta2,
            epsilon,
            BLOCK=BLOCK,
            num_warps=4,
        )
        # Who keeps something made from the parameters goes by torch's count of their changes.
        torch.autograd.graph.increment_version(value)
