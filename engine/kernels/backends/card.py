"""Whether a card can be used at all, found out before the first work is given to it.

A card may be too old for this build of torch, its driver may not fit, another program may have left
it in a bad state. So before its first use in a process plain torch does every operation there once,
and flow, against the processor; then each kernel does (``choose``). A card on which plain torch
fails is left out; a kernel that fails is left out alone.
"""

import logging
import time
from dataclasses import dataclass
from functools import lru_cache

import torch

from engine.kernels.backends import plain
from engine.kernels.backends.choose import kernels_for
from engine.kernels.backends.interface import OPERATIONS
from engine.kernels.backends.trial import trial

log = logging.getLogger(__name__)

#: Pixels by which flow on a card may differ from that of the processor on average.
NEAR = 0.1


@dataclass(frozen=True)
class Check:
    """What became of trying a card.

    Attributes:
        problem: Why it cannot be used, in a few words; empty where it can.
        seconds: How long it took; the first time on a machine kernels are compiled as well.
    """

    problem: str
    seconds: float


@lru_cache(maxsize=16)
def check(device: str) -> Check:
    """Tries a card; the answer is kept.

    Args:
        device: ``cuda:N``.

    Raises:
        DeviceError: The kernels that ``CODEF_KERNELS`` asks for cannot be used there.
    """
    began, where = time.monotonic(), torch.device(device)
    problem = _plain_problem(where)
    if not problem:
        kernels_for(where)
        # What a kernel does to memory that is not its own may show only now.
        problem = _silence(where)
        if problem:
            problem = f"after its kernels were tried, {problem}; set CODEF_KERNELS=torch"
    return Check(problem, time.monotonic() - began)


def _plain_problem(device: torch.device) -> str:
    """What plain torch cannot do there, in a few words."""
    problem = _silence(device)
    if problem:
        return problem
    for operation in OPERATIONS:
        problem = trial(operation, getattr(plain, operation), device)
        if problem:
            return f"plain torch: {operation} {problem}"
    return _flow_problem(device)


def _silence(device: torch.device) -> str:
    """Whether it answers at all."""
    try:
        total = float(torch.arange(5, device=device).square().sum())
    except Exception as error:
        # A driver, a build without code for this card, memory that is gone: any of them, any way.
        log.info("%s does not answer", device, exc_info=True)
        lines = str(error).strip().splitlines()
        return f"it does not answer ({lines[0][:160] if lines else type(error).__name__})"
    return "" if total == 30 else f"it says that 0 + 1 + 4 + 9 + 16 is {total:g}"


def _flow_problem(device: torch.device) -> str:
    """What is wrong with flow there, in a few words."""
    from engine.flow.device import flow

    made = torch.Generator().manual_seed(2)
    coarse = torch.rand(1, 1, 12, 16, generator=made) * 255
    size = (48, 64)
    picture = torch.nn.functional.interpolate(coarse, size, mode="bicubic")[0].clamp(0, 255)
    pair = picture, picture.roll(2, 2)
    wanted = flow(*pair)
    try:
        found = flow(*(each.to(device) for each in pair)).cpu()
    except Exception as error:
        log.info("flow fails on %s", device, exc_info=True)
        return f"plain torch: flow fails with {type(error).__name__}"
    apart = float((found - wanted).norm(dim=-1).mean())
    return "" if apart <= NEAR else f"plain torch: flow is {apart:.2g} pixels off"
