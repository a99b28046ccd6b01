"""Which device carries edits into frames."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.edit.carrier import Carrier
    from engine.edit.device_room import DeviceRoom


def carrier_for(name: str, tell: Callable[[str], Any] | None = None) -> "Carrier | None":
    """What carries the edits of a job; None on the processor, whose own loops are faster there.

    Args:
        name: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        tell: Called with sentences for the person.

    Raises:
        UsageError: There is no such kind of device.
        DeviceError: There is no such card, or not the kernels that are asked for.
    """
    from engine.kernels.backends.device import card_for

    device = card_for(name, tell)
    if device is None:
        return None
    from engine.edit.carrier import Carrier
    from engine.kernels.backends.choose import preferred

    return Carrier(room_on(str(device), preferred()), tell, explains=name.startswith("cuda"))


def name_of(carrier: "Carrier | None") -> str:
    """The device by its name."""
    return "cpu" if carrier is None else str(carrier.device)


@lru_cache(maxsize=8)
def room_on(device: str, first: str) -> "DeviceRoom":
    """One for each device and choice of kernels, so that jobs send stills once.

    Args:
        device: ``cpu`` or ``cuda:N``.
        first: What ``CODEF_KERNELS`` puts first: kernels are chosen by it.
    """
    import torch

    from engine.edit.device_room import DeviceRoom

    return DeviceRoom(torch.device(device))
