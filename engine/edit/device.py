"""Which device carries edits into frames."""

import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.edit.carrier import Carrier


def carrier_for(name: str, tell: Callable[[str], Any] | None = None) -> "Carrier | None":
    """What carries edits on a device; None on the processor, whose own loops are faster there.

    ``CODEF_KERNELS`` set to torch or triton takes the way of cards on the processor, to find out
    whose fault something is.

    Args:
        name: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        tell: Called with sentences for the person.

    Raises:
        UsageError: There is no such kind of device.
        DeviceError: There is no such card, or it does not work.
    """
    from engine.fit.device import device_of, has_driver

    first = os.environ.get("CODEF_KERNELS", "").strip()
    if first in ("", "numba") and (name == "cpu" or (name == "auto" and not has_driver())):
        return None
    device = device_of(name, tell)
    if device.type == "cpu" and first in ("", "numba"):
        return None
    found = _carrier(str(device), first)
    found.tell, found.explains = tell, name.startswith("cuda")
    return found


def name_of(carrier: "Carrier | None") -> str:
    """The device by its name."""
    return "cpu" if carrier is None else str(carrier.device)


@lru_cache(maxsize=8)
def _carrier(device: str, first: str) -> "Carrier":
    """One for each device and choice of kernels, so that stills are sent once."""
    import torch

    from engine.edit.carrier import Carrier

    return Carrier(torch.device(device))
