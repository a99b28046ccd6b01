"""A change put into a frame on an NVIDIA card."""

import torch
import triton

from engine.kernels.gpu import merge_kernels as kernels

#: Pixels of one program.
BLOCK = 256


def merge(
    result: torch.Tensor,
    covered: torch.Tensor,
    paint: torch.Tensor,
    below: torch.Tensor,
    plate: torch.Tensor,
    share: torch.Tensor | None,
    strength: torch.Tensor | None,
    gain: torch.Tensor | None,
    grade: torch.Tensor | None,
    *,
    kind: str,
    mix: float,
    lit: tuple[bool, bool],
) -> None:
    """As ``engine.kernels.backends.interface.Merge``."""
    pixels = covered.numel()
    if not pixels:
        return
    # Something has to stand where nothing is read.
    maybe = [
        plate if each is None else each.contiguous() for each in (share, strength, gain, grade)
    ]
    kernels.merge_change[(triton.cdiv(pixels, BLOCK),)](
        result,
        covered,
        paint.contiguous(),
        below.contiguous(),
        plate.contiguous(),
        *maybe,
        pixels,
        float(mix),
        KIND=kind,
        SHARED=share is not None,
        STRENGTH=strength is not None,
        LIT_PAINT=gain is not None and lit[0],
        LIT_BELOW=gain is not None and lit[1],
        GRADED=grade is not None,
        BLOCK=BLOCK,
        num_warps=4,
    )
