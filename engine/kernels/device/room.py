"""How much of a card's memory is free."""

import torch


def free_on(device: torch.device) -> int | None:
    """Bytes that are free on a card, what torch keeps for later included; None: no limit is known.

    Args:
        device: Of torch.
    """
    if device.type != "cuda":
        return None
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + int(kept)
