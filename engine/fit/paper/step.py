"""One step of the published fit: a whole frame through all groups, then Adam.

All that changes from step to step lies in tensors that stay where they are (``Hand``), so that on a
card a step is recorded once for each kind of frame and then played again.
"""

from dataclasses import dataclass

import torch

from engine.fit.paper.adam import Moments, adam_step
from engine.fit.paper.card import Card
from engine.fit.paper.conveyor import Conveyor, Reading
from engine.fit.paper.losses import Losses, tiles
from engine.fit.paper.numbers import Numbers
from engine.fit.paper.shot import Asked, Hand
from engine.fit.paper.stored import Stored
from engine.kernels.device.replay import Replays
from engine.kernels.field_network import Network
from engine.progress import Task


@dataclass
class Group:
    """The two fields of a group, and what Adam knows of their parameters."""

    canonical: Network
    deformation: Network
    moments: dict[str, Moments]

    @property
    def networks(self) -> dict[str, Network]:
        """Both networks by name."""
        return {"canonical": self.canonical, "deformation": self.deformation}

    @classmethod
    def initial(
        cls, numbers: Numbers, frames: int, generator: torch.Generator, device: torch.device
    ) -> "Group":
        """At the start of a fit."""
        canonical = numbers.canonical.initial(generator)
        deformation = numbers.deformation(frames).initial(generator)
        moments = {}
        for name, network in (("canonical", canonical), ("deformation", deformation)):
            for part, vector in network.vectors.items():
                network.vectors[part] = vector.to(device)
                moments[f"{name}.{part}"] = Moments.of(network.vectors[part])
        return cls(canonical, deformation, moments)


class Steps:
    """Takes steps at one resolution.

    Args:
        groups: What is fitted, changed in place.
        numbers: The recipe.
        card: The frames.
        seed: Of the order of the frames.
        replays: What records the steps.
    """

    def __init__(
        self, groups: list[Group], numbers: Numbers, card: Card, seed: int, replays: Replays
    ) -> None:
        self._groups, self._numbers, self._card, self._seed = groups, numbers, card, seed
        self._replays = replays
        plates, levels = card.plates, len(numbers.annealing(0))
        size = (plates.height, plates.width)
        self._hand = Hand(*size, card.extent, len(groups), levels, card.device)
        self._conveyor = Conveyor(self._hand.told, self._hand.figures)
        self._stored = Stored(*size, card.device) if numbers.stored_next else None
        shape = (len(groups) if numbers.stored_next else 0, *size, 2)
        #: Places of the next frame at its last visit, and of this one, of each group.
        self._ahead, self._room = (torch.zeros(shape, device=card.device) for _ in range(2))

    def take(self, step: int, task: Task) -> Reading | None:
        """Takes a step.

        Args:
            step: Its number, from 0.
            task: Cancel.

        Returns:
            Figures of the newest step that is done, on a card some steps back.

        Raises:
            DeviceError: The card has no room for the smallest tiles.
            Cancelled: The person stopped the fit; nothing of this step has been done.
        """
        task.check()
        plates, numbers = self._card.plates, self._numbers
        index = numbers.frame_at(step, plates.count, self._seed)
        shot = self._card.shot(index)
        self._card.expect(numbers.frame_at(step + 1, plates.count, self._seed))
        self._hand.take(shot)
        self._conveyor.send(self._hand.numbers_of(shot, numbers, step))
        asked = shot.asked(numbers)
        known = self._bring(index)
        moved = False

        def whole() -> None:
            self._slopes(asked, known, None)
            self._move()

        def first() -> None:
            nonlocal moved
            self._slopes(asked, known, task)
            moved = True

        while True:
            kind = (self._card.tile, *asked, *known)
            try:
                self._replays.run(kind, whole, first)
                break
            except torch.OutOfMemoryError:
                pass
            # Outside of the handler: the traceback would hold on to the very tensors.
            self._forget()
            self._replays.forget()
            self._card.go_down()
        if moved:
            self._move()
        for group in self._groups:
            for moments in group.moments.values():
                # What was played is no change that torch counts by itself.
                torch.autograd.graph.increment_version(moments.value.detach())
        self._leave(index)
        return self._conveyor.receive(int(3 * shot.counts[0].sum()))

    def last(self) -> Reading | None:
        """Waits until all steps are done; figures of the last one that nobody has read."""
        return self._conveyor.last()

    def close(self) -> None:
        """Gives back what lies on the device."""
        self._forget()
        self._replays.forget()
        if self._stored is not None:
            self._stored.clear()
        # What is still held by a traceback holds nothing on the card.
        del self._hand, self._conveyor, self._ahead, self._room
        self._card.close()

    def _slopes(self, asked: list[Asked], known: list[bool], task: Task | None) -> None:
        """Gradients of all groups; without a task nothing asks whether to go on."""
        hand, numbers = self._hand, self._numbers
        hand.figures.zero_()
        picks = hand.colour.device.type == "cpu" and not self._replays.records
        for k, group in enumerate(self._groups):
            if not (asked[k].colour or asked[k].background):
                continue
            for network in group.networks.values():
                network.refresh()
            losses = Losses(
                hand,
                k,
                group.canonical,
                group.deformation,
                numbers,
                asked[k],
                self._ahead[k] if self._stored is not None and known[k] else None,
                self._room[k] if self._stored is not None else None,
                picks=picks,
            )
            for tile in tiles(hand.height, hand.width, self._card.tile):
                if task is not None:
                    task.check()
                losses.backward(tile, hand.figures)

    def _move(self) -> None:
        """Adam."""
        numbers = self._numbers
        for group in self._groups:
            for moments in group.moments.values():
                adam_step(moments, self._hand.rates, numbers.beta1, numbers.beta2, numbers.epsilon)

    def _forget(self) -> None:
        """Drops gradients that were begun, and what was made of the parameters meanwhile."""
        for group in self._groups:
            for network in group.networks.values():
                network.refresh()
            for moments in group.moments.values():
                if moments.value.grad is not None:
                    moments.value.grad.zero_()

    def _bring(self, index: int) -> list[bool]:
        """Lays the stored places of a frame and the next where the losses read them.

        Returns:
            Of each group: whether those of the next frame are known.
        """
        if self._stored is None:
            return []
        known = []
        for k in range(len(self._groups)):
            ahead = self._stored.of(k, index + 1)
            known.append(ahead is not None)
            if ahead is not None:
                self._ahead[k].copy_(ahead)
            self._room[k].copy_(self._stored.room(k, index))
        return known

    def _leave(self, index: int) -> None:
        """Keeps the places of a frame."""
        if self._stored is not None:
            for k in range(len(self._groups)):
                self._stored.room(k, index).copy_(self._room[k])
