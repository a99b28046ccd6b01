"""Numbers to a card and figures back, some steps apart, so that neither waits for the other."""

from collections import deque
from typing import NamedTuple

import torch

from engine.arrays import F32

#: Steps that the host is ahead of the card at most: enough that the card always has work, and few
#: enough that a cancel and a budget are answered at once.
AHEAD = 8


class Reading(NamedTuple):
    """What a step came to.

    Attributes:
        loss: Its loss.
        squares: Its sum of squared differences.
        samples: Numbers that were compared.
    """

    loss: float
    squares: float
    samples: int


class _Slot:
    """Memory of one step on the host."""

    def __init__(self, numbers: int, on_card: bool) -> None:
        self.told = torch.zeros(numbers, pin_memory=on_card)
        self.figures = torch.zeros(2, pin_memory=on_card)
        #: Passed when the card is through with the step.
        self.done = torch.cuda.Event() if on_card else None  # type: ignore[no-untyped-call]
        self.samples = 0


class Conveyor:
    """Sends each step its numbers and brings back its figures.

    On the processor both are there at once; on a card the figures are those of a step some way
    back, and only that step is waited for.

    Args:
        told: Where the numbers go, on the device.
        figures: Where the figures come from, on the device, [2].
    """

    def __init__(self, told: torch.Tensor, figures: torch.Tensor) -> None:
        self._told, self._figures = told, figures
        on_card = told.device.type == "cuda"
        slots = AHEAD + 1 if on_card else 1
        self._free = deque(_Slot(told.numel(), on_card) for _ in range(slots))
        self._under_way: deque[_Slot] = deque()

    def send(self, numbers: F32) -> None:
        """Gives the next step its numbers."""
        slot = self._free[0]
        slot.told.copy_(torch.from_numpy(numbers))
        self._told.copy_(slot.told, non_blocking=True)

    def receive(self, samples: int) -> Reading | None:
        """Takes the figures of the step that was asked for last, when it will be done.

        Args:
            samples: Numbers that it compares.

        Returns:
            The figures of the newest step that is done; None while none is.
        """
        slot = self._free.popleft()
        slot.samples = samples
        slot.figures.copy_(self._figures, non_blocking=True)
        if slot.done is not None:
            slot.done.record()
        self._under_way.append(slot)
        found = None
        while self._under_way and (not self._free or _is_done(self._under_way[0])):
            found = self._take()
        return found

    def last(self) -> Reading | None:
        """Waits for all that is under way; the figures of the last step of it."""
        found = None
        while self._under_way:
            found = self._take()
        return found

    def _take(self) -> Reading:
        """Waits for the oldest step that is under way."""
        slot = self._under_way.popleft()
        if slot.done is not None:
            slot.done.synchronize()
        self._free.append(slot)
        loss, squares = slot.figures.tolist()
        return Reading(loss, squares, slot.samples)


def _is_done(slot: _Slot) -> bool:
    return slot.done is None or bool(slot.done.query())  # type: ignore[no-untyped-call]
