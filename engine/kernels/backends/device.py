"""Which device work runs on."""

import ctypes
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import DeviceError, UsageError

if TYPE_CHECKING:
    import torch

#: What ``CODEF_KERNELS`` says where the processor's work is done by its compiled loops.
_LOOPS = ("", "numba")


def card_for(name: str, tell: Callable[[str], None] | None = None) -> "torch.device | None":
    """Where work goes the way of cards; None where compiled loops of the processor do it.

    ``CODEF_KERNELS`` set to torch or triton takes the way of cards on the processor too, to find
    out whose fault something is.

    Args:
        name: As for ``device_of``.
        tell: Called with sentences for the person.

    Raises:
        UsageError: There is no such kind of device.
        DeviceError: There is no such card, or not the kernels that are asked for.
    """
    asked = os.environ.get("CODEF_KERNELS", "").strip()
    if asked in _LOOPS and (name == "cpu" or (name == "auto" and not _has_driver())):
        return None
    from engine.kernels.backends.choose import preferred

    device, first = device_of(name, tell), preferred()
    return None if device.type == "cpu" and first in _LOOPS else device


def device_of(name: str, tell: Callable[[str], None] | None = None) -> "torch.device":
    """The device of an option; ``auto`` takes the first NVIDIA card that works.

    A card is tried before its first use in this process, see ``engine.kernels.backends.card``.

    Args:
        name: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        tell: Called with sentences for the person.

    Raises:
        UsageError: There is no such kind of device.
        DeviceError: There is no such card, or it does not work.
    """
    import torch

    if name == "auto":
        return _first_that_works(tell)
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"no device is called {name!r}; choose auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"work runs on cpu or cuda, not on {name!r}")
    if device.type == "cuda":
        from engine.kernels.backends.card import check

        if (device.index or 0) >= torch.cuda.device_count():
            raise DeviceError(
                f"there is no device {name} here (NVIDIA GPUs found: "
                f"{torch.cuda.device_count()}); choose --device cpu"
            )
        device = torch.device("cuda", device.index or 0)
        problem = check(str(device)).problem
        if problem:
            raise DeviceError(f"{device} cannot be used: {problem}; choose --device cpu")
    return device


def _first_that_works(tell: Callable[[str], None] | None) -> "torch.device":
    """A card that works, or the processor; a card that is left out is named."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for number in range(count):
        from engine.kernels.backends.card import check

        device = torch.device("cuda", number)
        problem = check(str(device)).problem
        if not problem:
            return device
        if tell is not None:
            tell(f"{device} is left out: {problem}")
    return torch.device("cpu")


def chosen(device: "torch.device") -> "torch.device":
    """A device by its full name, and made the one that this thread starts kernels on."""
    import torch

    if device.type == "cuda":
        device = torch.device("cuda", device.index or 0)
        torch.cuda.set_device(device)
    return device


def _has_driver() -> bool:
    """Whether there is a driver of NVIDIA cards: who has none need not wait for torch."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
