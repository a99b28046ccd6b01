"""Where the published fit keeps its clip, and what it does when a card is full."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import torch

from engine.fit.memory import Demand, Plan, plan_memory, smaller
from engine.fit.paper.clip import ClipData
from engine.fit.paper.halves import HalvedClip
from engine.fit.paper.numbers import Numbers
from engine.fit.paper.shot import Shot
from engine.kernels.backends.choose import kernels_for
from engine.kernels.device.room import free_on
from engine.kernels.field_network import Network
from engine.kernels.hashgrid_network import HashNetwork

#: Bytes of a parameter: value, gradient, two running means; half of it once more as a half.
_PARAMETER = 4 * 4 + 2
#: Bytes of a pixel's coordinates, colours, losses and their gradients.
_PIXEL = 256
#: Least side of a frame at half resolution that shows anything.
_LEAST = 32


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
    # Places of all frames, where the flow loss reads the next frame's; of two, where it is laid.
    places = (plates.count + 2) * plates.height * plates.width * 8 * plates.layers
    # The frame in hand is there besides.
    kept = frame + (places if numbers.stored_next else 0)
    return Demand(
        parameters=parameters * _PARAMETER + kept,
        clip=frame * plates.count,
        frame=frame,
        point=point,
        height=plates.height,
        width=plates.width,
    )


def half_first(
    plates: ClipData,
    numbers: Numbers,
    networks: Sequence[Mapping[str, Network]],
    device: torch.device,
    tell: Callable[[str], None] | None = None,
    free: int | None = None,
) -> Numbers:
    """The recipe for a card that can hold the clip at half resolution only.

    Until annealing begins the deformation is smooth and half the resolution shows all it can do;
    with the clip on the card those steps wait for nothing.

    Args:
        plates: The clip.
        numbers: The recipe.
        networks: ``canonical`` and ``deformation`` of each group.
        device: Where they are.
        tell: Called with a sentence for the person.
        free: Bytes that are free there; None: the device is asked.
    """
    free = free_on(device) if free is None else free
    small = HalvedClip(plates)
    steps = min(numbers.annealing_begin, numbers.steps)
    if free is None or numbers.half_steps or not steps or min(small.height, small.width) < _LEAST:
        return numbers
    halves = kernels_for(device).of["encode"] == "triton"
    plans = []
    for clip in (plates, small):
        demand = demand_of(clip, numbers, networks, halves)
        plans.append(plan_memory(free + demand.parameters, demand))
    if plans[0].resident or not plans[1].resident:
        return numbers
    if tell is not None:
        tell(
            f"{free / 2**30:.1f} GiB are free and the whole clip needs more: the first {steps} "
            "steps see it at half resolution, where it stays on the card"
        )
    return replace(numbers, half_steps=steps)


class Card:
    """Frames on the device of a fit, and tiles as large as its memory allows.

    On the CPU frames are prepared when they are needed, and tiles are as the recipe says, so that
    they stay in the processor's cache. On a card they stay, or the next one is prepared while the
    card works on the one before.

    Args:
        plates: The clip.
        numbers: The recipe.
        networks: ``canonical`` and ``deformation`` of each group.
        device: Where they are.
        tell: Called with sentences for the person.
        free: Bytes that are free there; None: the device is asked, and the CPU has no limit.

    Attributes:
        plates: The clip at the resolution that is worked on.
        device: Where it is.
        extent: Rows and columns of the whole frame in pixels of ``plates``.
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
        self.plates, self.device = plates, device
        self._numbers, self._tell = numbers, tell
        self.extent = (float(plates.height), float(plates.width))
        if isinstance(plates, HalvedClip):
            self.extent = plates.extent
        self._shots: dict[int, Shot] = {}
        self._coming: dict[int, Future[Shot]] = {}
        self._preparing: ThreadPoolExecutor | None = None
        half = kernels_for(device).of["encode"] == "triton"
        self._demand = demand_of(plates, numbers, networks, half)
        self._plan = Plan(False, numbers.tile)
        free = free_on(device) if free is None else free
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
        """A frame on the device.

        Raises:
            DeviceError: There is no room for a single frame.
        """
        if index in self._shots:
            return self._shots[index]
        coming = self._coming.pop(index, None)
        prepared = self._prepared(index) if coming is None else coming.result()
        while True:
            try:
                shot = prepared.on(self.device)
                break
            except torch.OutOfMemoryError:
                pass
            # Outside of the handler: the traceback would hold on to the very tensors.
            self.go_down()
        if self._plan.resident:
            self._shots[index] = shot
        return shot

    def expect(self, index: int) -> None:
        """Says which frame is asked for next."""
        if self.device.type != "cuda" or index in self._shots or index in self._coming:
            return
        if self._preparing is None:
            self._preparing = ThreadPoolExecutor(1, "frames")
        self._coming[index] = self._preparing.submit(self._prepared, index)

    def go_down(self) -> None:
        """The card was full: takes the next smaller plan, and says so.

        Raises:
            DeviceError: There is no smaller way.
        """
        self._shots.clear()
        self._plan = smaller(self._plan, self._demand)
        self.give_back()
        size = f"tiles of {self._plan.tile} pixels"
        where = "the clip stays on it" if self._plan.resident else "frames are sent one by one"
        self._say(f"the card was full; going on with {size}, {where}")

    def give_back(self) -> None:
        """Returns memory that torch keeps for later to the card."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def close(self) -> None:
        """The fit has ended in whatever way: nothing stays on the card on its account."""
        if self._preparing is not None:
            self._preparing.shutdown(wait=True, cancel_futures=True)
            self._preparing = None
        self._coming.clear()
        self._shots.clear()
        self.give_back()

    def _prepared(self, index: int) -> Shot:
        """A frame in the computer's memory."""
        plates = self.plates
        wanted = self._numbers.flow_loss and index + 1 < plates.count
        return Shot.of(
            plates.frame(index),
            plates.masks(index),
            plates.flow(index) if wanted else None,
            index,
            plates.count,
            self._numbers,
            self.extent,
        )

    def _say(self, sentence: str) -> None:
        if self._tell is not None:
            self._tell(sentence)
