"""What visits the pixels of a seeded fit on the device that was asked for."""

from collections.abc import Callable

from engine.fit.passes import Passes, host_passes
from engine.kernels.backends.device import card_for


def passes_for(name: str, tell: Callable[[str], None] | None = None) -> Passes:
    """What visits the pixels of a seeded fit; on the processor compiled loops.

    Args:
        name: As for ``engine.kernels.backends.device.device_of``.
        tell: Called with sentences for the person.

    Raises:
        UsageError: There is no such kind of device.
        DeviceError: There is no such card, or not the kernels that are asked for.
    """
    device = card_for(name, tell)
    if device is None:
        return host_passes()
    from engine.fit.device_passes import DevicePasses

    return DevicePasses(device, tell)
