"""Where the published fit keeps its clip, and what it does when a card is full."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch

from engine.fit.memory import Demand, Plan, plan_memory, smaller
from engine.fit.paper.clip import ClipData
from engine.fit.paper.losses import Shot
from engine.fit.paper.numbers import Numbers
from engine.kernels.backends.choose import kernels_for
from engine.kernels.field_network import Network
from engine.kernels.hashgrid_network import HashNetwork

_T = TypeVar("_T")
#: Bytes of a parameter: value, gradient, two running means; half of it once more as a half.
_PARAMETER = 4 * 4 + 2
#: Bytes of a pixel's coordinates, colours, losses and their gradients.
_PIXEL = 256


def _point(network: Network, half: bool) -> int:
    """Bytes of a point on its way through a network and back."""
    size = 2 if half else 4
    if not isinstance(network, HashNetwork):
        return 2 * 4 * sum(a + b for a, b in network.shape.layers)
    mlp = network.mlp
    # Plain torch keeps what it needs of every corner of every cell for the way back.
    corners = 0 if half else network.grid.levels * 2**network.grid.dimensions * 24
    return 2 * 4 * mlp.sizes[0] + 2 * size * mlp.hidden_layers * mlp.width + corners


def demand_of(
    plates: ClipData, numbers: Numbers, networks: Sequence[Mapping[str, Network]], half: bool
) -> Demand:
    """What a fit asks of a card.

    Args:
        plates: The clip.
        numbers: The recipe.
        networks: ``canonical`` and ``deformation`` of each group.
        half: Whether the kernels keep halves between the layers.
    """
    parameters = sum(
        vector.numel()
        for group in networks
        for network in group.values()
        for vector in network.vectors.values()
    )
    # Colour, flow and its trust, and three masks for each group.
    frame = plates.height * plates.width * (12 + 8 + 1 + 3 * plates.layers)
    one = networks[0]
    twice = (
        2 if numbers.flow_loss and not numbers.stored_next else 1
    )  # at its own time and at the next frame's
    point = _PIXEL + _point(one["canonical"], half) + twice * _point(one["deformation"], half)
    # Places of all frames, where the flow loss reads the next frame's.
    kept = plates.count * plates.height * plates.width * 8 * plates.layers
    return Demand(
        parameters=parameters * _PARAMETER + (kept if numbers.stored_next else 0),
        clip=frame * plates.count,
        frame=frame,
        point=point,
        height=plates.height,
        width=plates.width,
    )


class Card:
    """Frames on the device of a fit, and tiles as large as its memory allows.

    On the CPU frames are prepared when they are needed, and tiles are as the recipe says, so that
    they stay in the processor's cache.

    Args:
        plates: The clip.
        numbers: The recipe.
        networks: ``canonical`` and ``deformation`` of each group.
        device: Where they are.
        tell: Called with sentences for the person.
        free: Bytes that are free there; None: the device is asked, and the CPU has no limit.
    """

    def __init__(
        self,
        plates: ClipData,
        numbers: Numbers,
        networks: Sequence[Mapping[str, Network]],
        device: torch.device,
        tell: Callable[[str], None] | None = None,
        free: int | None = None,
    ) -> None:
        self._plates, self._numbers, self._device, self._tell = plates, numbers, device, tell
        self._shots: dict[int, Shot] = {}
        half = kernels_for(device).of["encode"] == "triton"
        self._demand = demand_of(plates, numbers, networks, half)
        self._plan = Plan(False, numbers.tile)
        if free is None and device.type == "cuda":
            free = int(torch.cuda.mem_get_info(device)[0])
        if free is not None:
            # The parameters are there already.
            self._plan = plan_memory(free + self._demand.parameters, self._demand)
            self._say(self._plan.sentence(self._demand, free))

    @property
    def tile(self) -> int:
        """Side of the tiles."""
        return self._plan.tile

    @property
    def resident(self) -> bool:
        """Whether frames stay on the device."""
        return self._plan.resident

    def shot(self, index: int) -> Shot:
        """A frame on the device."""
        if index in self._shots:
            return self._shots[index]
        plates = self._plates
        wanted = self._numbers.flow_loss and index + 1 < plates.count
        shot = Shot.of(
            plates.frame(index),
            plates.masks(index),
            plates.flow(index) if wanted else None,
            index,
            plates.count,
            self._numbers,
            self._device,
        )
        if self._plan.resident:
            self._shots[index] = shot
        return shot

    def attempt(self, work: Callable[[], _T], begin_again: Callable[[], None]) -> _T:
        """Does some work; where the card is full, begins it again in less memory.

        Args:
            work: The work.
            begin_again: Undoes what a part of it has done.

        Raises:
            DeviceError: There is no smaller way.
        """
        while True:
            try:
                return work()
            except torch.OutOfMemoryError:
                pass
            # Outside of the handler: the traceback would hold on to the very tensors.
            begin_again()
            self._shots.clear()
            self._plan = smaller(self._plan, self._demand)
            self.give_back()
            size = f"tiles of {self._plan.tile} pixels"
            where = "the clip stays on it" if self._plan.resident else "frames are sent one by one"
            self._say(f"the card was full; going on with {size}, {where}")

    def give_back(self) -> None:
        """Returns memory that torch keeps for later to the card."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def close(self) -> None:
        """The fit has ended in whatever way: nothing stays on the card on its account."""
        self._shots.clear()
        self.give_back()

    def _say(self, sentence: str) -> None:
        if self._tell is not None:
            self._tell(sentence)
