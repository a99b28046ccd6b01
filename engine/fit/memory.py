"""How a fit fits into a card's memory: a plan made beforehand, and smaller ones when it fails."""

from dataclasses import dataclass, replace

from engine.errors import DeviceError
from engine.kernels.device.room import USABLE

#: Smallest side of a tile, in pixels, that is planned, and that is gone down to in need.
SMALLEST, LEAST = 64, 8


@dataclass(frozen=True)
class Demand:
    """What a fit asks of the card, in bytes.

    Attributes:
        parameters: Parameters with gradients and running means, of all groups.
        clip: The whole clip as the losses read it.
        frame: One frame of it.
        point: One pixel on its way through the networks and back.
        height: Rows of a frame.
        width: Columns of a frame.
    """

    parameters: int
    clip: int
    frame: int
    point: int
    height: int
    width: int


@dataclass(frozen=True)
class Plan:
    """How it is done.

    Attributes:
        resident: The whole clip stays on the card; else frames are sent as they are needed.
        tile: Side of the tiles that a frame is taken in, in pixels.
    """

    resident: bool
    tile: int

    def sentence(self, demand: Demand, free: int) -> str:
        """The plan in words."""
        clip = "the whole clip stays on the card" if self.resident else "frames are sent one by one"
        whole = self.tile >= max(demand.height, demand.width)
        size = "whole frames" if whole else f"tiles of {self.tile} pixels"
        needs = _bytes(demand, self) / 2**30
        return f"{free / 2**30:.1f} GiB are free: {clip}, {size} at a time ({needs:.1f} GiB)"


def _bytes(demand: Demand, plan: Plan) -> int:
    # A tile is evaluated with a rim of one pixel.
    rows = min(plan.tile + 2, demand.height)
    columns = min(plan.tile + 2, demand.width)
    kept = demand.clip if plan.resident else demand.frame
    return demand.parameters + kept + rows * columns * demand.point


def _sides(demand: Demand) -> list[int]:
    """Tiles from a whole frame down, each half as wide as the one before."""
    sides = [max(demand.height, demand.width)]
    while sides[-1] // 2 >= SMALLEST:
        sides.append(sides[-1] // 2)
    return sides


def plans(demand: Demand) -> list[Plan]:
    """All plans, the fastest first.

    A clip that has to be sent again for every step costs more than tiles do, so tiles come first,
    down to a quarter of the frame's longer side.
    """
    sides = _sides(demand)
    found = [Plan(True, side) for side in sides[:3]]
    found += [Plan(False, side) for side in sides]
    return found


def plan_memory(free: int, demand: Demand) -> Plan:
    """The fastest plan that fits.

    Args:
        free: Bytes that are free on the card.
        demand: What the fit asks.

    Raises:
        DeviceError: Not even the smallest one fits.
    """
    for plan in plans(demand):
        if _bytes(demand, plan) <= USABLE * free:
            return plan
    least = _bytes(demand, plans(demand)[-1]) / USABLE / 2**30
    raise DeviceError(
        f"the card has {free / 2**30:.1f} GiB free and this fit needs {least:.1f}; close other "
        "programs that use the card, or choose --device cpu"
    )


def smaller(plan: Plan, demand: Demand) -> Plan:
    """The next plan down, for when the card was full all the same.

    Raises:
        DeviceError: There is none.
    """
    below = [each for each in plans(demand) if _bytes(demand, each) < _bytes(demand, plan)]
    # The one that comes next in the order, not the least.
    if below:
        return below[0]
    if plan.tile > LEAST:
        return replace(plan, resident=False, tile=max(LEAST, plan.tile // 2))
    raise DeviceError(
        "the card has not enough memory for the smallest tiles; close other programs that use it, "
        "or choose --device cpu"
    )
