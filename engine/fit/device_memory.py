"""How the passes of a seeded fit fit into a card: a plan made beforehand, smaller ones in need."""

from dataclasses import dataclass

from engine.errors import DeviceError
from engine.kernels.device.room import USABLE

#: Frames of one call at most: beyond, a card gains nothing.
MOST_FRAMES = 256
GIB = float(2**30)


@dataclass(frozen=True)
class PassDemand:
    """What passes at one resolution ask of the card, in bytes.

    Attributes:
        clip: All frames and the shares of all layers.
        kept: Lattices, light and pictures, which always stay there.
        frame: One frame of a call, with its shares and all that is worked out for it.
        count: Frames of the clip.
    """

    clip: int
    kept: int
    frame: int
    count: int


@dataclass(frozen=True)
class PassPlan:
    """How it is done.

    Attributes:
        resident: The clip stays on the card; else the frames of a call are sent for it.
        frames: Of one call.
    """

    resident: bool
    frames: int

    def sentence(self, what: str, free: int) -> str:
        """The plan in words."""
        clip = "the whole clip stays on the card" if self.resident else "frames are sent"
        return f"{free / GIB:.1f} GiB are free for {what}: {clip}, {self.frames} at a time"


def plan_passes(free: int, demand: PassDemand) -> PassPlan:
    """The fastest plan that fits.

    A clip that stays is worth more than calls of many frames. At half resolution it takes a
    quarter, so the passes that come first may keep a clip that the last ones must send.

    Args:
        free: Bytes that are free on the card, the clip not being there yet.
        demand: What the passes ask.

    Raises:
        DeviceError: Not even one frame at a time fits.
    """
    most = min(demand.count, MOST_FRAMES)
    room = USABLE * free - demand.kept
    if room - demand.clip >= demand.frame * min(most, 4):
        return PassPlan(True, min(most, int((room - demand.clip) // demand.frame)))
    frames = min(most, int(room // demand.frame))
    if frames < 1:
        needed = (demand.kept + demand.frame) / USABLE / GIB
        raise DeviceError(
            f"the card has {free / GIB:.1f} GiB free and this fit needs {needed:.1f}; close other "
            "programs that use the card, or choose --device cpu"
        )
    return PassPlan(False, frames)


def smaller_passes(plan: PassPlan) -> PassPlan:
    """The next plan down, for when the card was full all the same.

    Raises:
        DeviceError: There is none.
    """
    if plan.resident and plan.frames <= 4:
        return PassPlan(False, plan.frames)
    if plan.frames > 1:
        return PassPlan(plan.resident, plan.frames // 2)
    raise DeviceError(
        "the card has not enough memory for one frame of this fit; close other programs that use "
        "it, or choose --device cpu"
    )
