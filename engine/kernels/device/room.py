"""Which card a thread works on, and how much of its memory is free."""

from contextlib import AbstractContextManager, nullcontext

import torch

#: Share of the free memory that a plan may use; the rest is for libraries and fragments.
USABLE = 0.85


def working_on(device: torch.device) -> AbstractContextManager[object]:
    """Makes a card the one that this thread starts kernels on: Triton goes by nothing else.

    Args:
        device: Of torch.
    """
    if device.type != "cuda":
        return nullcontext()
    return torch.cuda.device(device)


def free_on(device: torch.device) -> int | None:
    """Bytes that are free on a card, what torch keeps for later included; None: no limit is known.

    Args:
        device: Of torch.
    """
    if device.type != "cuda":
        return None
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + int(kept)
