"""Flow between small pictures on a device: some thousand small steps, recorded for each size."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from engine.arrays import F32, U8
from engine.flow import device as card_flow
from engine.flow.confidence import confidence_of
from engine.flow.dis import dis_flow
from engine.kernels.device.replay import Replays

#: How carefully the processor matches there and back, where the card has no room.
PRESETS = ("patches", "sketch")


@dataclass(frozen=True)
class _Room:
    """Where pairs of one size are laid, and what is found of them."""

    first: torch.Tensor
    second: torch.Tensor
    there: torch.Tensor
    sure: torch.Tensor

    @classmethod
    def of(cls, shape: tuple[int, ...], device: torch.device) -> "_Room":
        planes = [torch.zeros(shape, device=device) for _ in range(3)]
        return cls(planes[0], planes[1], torch.zeros(*shape, 2, device=device), planes[2])


class Links:
    """Matches pictures; from several threads one after the other.

    Args:
        device: Where.
        replays: What records.
        tell: Called with a sentence for the person when the card is full.
    """

    def __init__(
        self,
        device: torch.device,
        replays: Replays,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._device, self._replays, self._tell = device, replays, tell
        self._full = False
        self._rooms: dict[tuple[int, ...], _Room] = {}
        self._lock = threading.Lock()

    def __call__(self, first: U8, second: U8) -> tuple[F32, F32]:
        """Flow from one grey picture to another, and how far the way back confirms it."""
        with self._lock:
            if not self._full:
                try:
                    return self._one(first, second)
                except torch.OutOfMemoryError:
                    self._full = True
                # Outside of the handler: the traceback would hold on to the very tensors.
                self._give_up()
        there = dis_flow(first, second, PRESETS[0])
        return there, confidence_of(there, dis_flow(second, first, PRESETS[1]))

    def _one(self, first: U8, second: U8) -> tuple[F32, F32]:
        """One pair on the device."""
        pair = (
            torch.from_numpy(np.ascontiguousarray(each)).to(self._device)[None]
            for each in (first, second)
        )
        there, sure = self.many(*pair)
        return there[0].cpu().numpy(), sure[0].cpu().numpy()

    def _give_up(self) -> None:
        """The card has no room for two small pictures: it has none to spare."""
        self.clear()
        self._replays.forget()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if self._tell is not None:
            self._tell("the card was full; going on with matching on the processor")

    @torch.no_grad()
    def many(self, first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same of many pairs on the device; what is returned is overwritten by the next call.

        Args:
            first: [N, h, w], grey levels 0 to 255.
            second: Same shape.

        Returns:
            Flow [N, h, w, 2], and how far the way back confirms it [N, h, w].
        """
        shape = tuple(first.shape)
        if shape not in self._rooms:
            self._rooms[shape] = _Room.of(shape, self._device)
        room = self._rooms[shape]
        room.first.copy_(first)
        room.second.copy_(second)

        def work() -> None:
            there, sure, _, _ = card_flow.link(room.first, room.second)
            room.there.copy_(there)
            room.sure.copy_(sure)

        self._replays.run(("link", shape, room.first.data_ptr()), work)
        return room.there, room.sure

    def clear(self) -> None:
        """Gives the memory back."""
        self._rooms.clear()
