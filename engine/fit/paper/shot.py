"""A frame as the losses want it: made on the host, then laid where the device reads it."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from engine.arrays import F32, I64, U8, AnyArray, Bool
from engine.fit.paper.adam import rates_of
from engine.fit.paper.numbers import Numbers
from engine.flow.pair import FlowPair

_LUMA = (0.299, 0.587, 0.114)


class Asked(NamedTuple):
    """Which losses of a group have pixels in a frame; known without asking the device."""

    colour: bool
    background: bool
    gradient: bool
    flow: bool


@dataclass(frozen=True)
class Shot:
    """A frame.

    Attributes:
        colour: float32 [H, W, 3], encoded, zeros where not finite.
        inside: bool [K, H, W], the pixels of each group.
        outside: bool [K, H, W], the others that are finite.
        gradient: bool [K, H, W], the pixels of each group all of whose neighbours are finite.
        flow: float32 [H, W, 2] towards the next frame as shares (row, column), or None.
        trusted: bool [H, W], where the flow counts, or None.
        counts: int [4, K] of pixels that are inside, outside, in ``gradient``, and inside with a
            trusted flow.
        time: Share of the clip at this frame.
        next_time: And at the next.
    """

    colour: torch.Tensor
    inside: torch.Tensor
    outside: torch.Tensor
    gradient: torch.Tensor
    flow: torch.Tensor | None
    trusted: torch.Tensor | None
    counts: I64
    time: float
    next_time: float

    @classmethod
    def of(
        cls,
        frame: F32,
        masks: list[U8],
        pair: FlowPair | None,
        index: int,
        count: int,
        numbers: Numbers,
        extent: tuple[float, float],
    ) -> "Shot":
        """Prepares a frame; without masks everything is in the one group.

        Args:
            frame: Encoded colours [H, W, 3]; NaN is left out.
            masks: Of the groups.
            pair: Flow in pixels of this frame, or None.
            index: Of the frame.
            count: Frames of the clip.
            numbers: The recipe.
            extent: Rows and columns of the whole frame in pixels of this one.
        """
        height, width = frame.shape[:2]
        finite: Bool = np.asarray(np.isfinite(frame).all(axis=2))
        if masks:
            grey = np.stack(masks)
            finite &= grey.any(axis=0)  # in no group at all: the pixel was left out on purpose
            inside = (grey >= numbers.mask_threshold) & finite
        else:
            inside = finite[None]
        around = np.pad(finite, 1, constant_values=True)
        whole = np.ones_like(finite)
        for dy in range(3):
            for dx in range(3):
                whole &= around[dy : dy + height, dx : dx + width]
        flow = trusted = None
        known: Bool = np.zeros_like(finite)
        if pair is not None and pair.forward is not None:
            known = np.asarray(np.isfinite(pair.forward).all(axis=2))
            shares = pair.forward[..., ::-1] / np.array(extent, np.float32)
            flow = _tensor(np.where(known[..., None], shares, 0), np.float32)
            if pair.forward_confidence is not None:
                known &= pair.forward_confidence >= numbers.flow_confidence
            trusted = torch.from_numpy(known)
        outside, gradient, paired = finite & ~inside, inside & whole, inside & known
        masks_of = (inside, outside, gradient, paired)
        return cls(
            _tensor(np.where(finite[..., None], frame, 0), np.float32),
            torch.from_numpy(inside),
            torch.from_numpy(outside),
            torch.from_numpy(gradient),
            flow,
            trusted,
            np.array([mask.sum(axis=(1, 2)) for mask in masks_of], np.int64),
            (index + 1) / count,
            (index + 2) / count,
        )

    def on(self, device: torch.device) -> "Shot":
        """The same on a device; from memory that the card fetches by itself, so nobody waits."""
        if device.type != "cuda":
            return self

        def sent(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.pin_memory().to(device, non_blocking=True)

        return replace(
            self,
            colour=sent(self.colour),
            inside=sent(self.inside),
            outside=sent(self.outside),
            gradient=sent(self.gradient),
            flow=None if self.flow is None else sent(self.flow),
            trusted=None if self.trusted is None else sent(self.trusted),
        )

    def asked(self, numbers: Numbers) -> list[Asked]:
        """Which losses count here, of each group."""
        inside, outside, sloped, paired = (self.counts > 0).tolist()
        wanted = numbers.background_loss > 0, numbers.gradient_loss > 0, numbers.flow_loss > 0
        return [
            Asked(a, wanted[0] and b, wanted[1] and c, wanted[2] and d)
            for a, b, c, d in zip(inside, outside, sloped, paired, strict=True)
        ]

    def factors(self, numbers: Numbers) -> F32:
        """What a pixel's difference counts in each loss, [K, 4]; losses are means."""
        whole = (1.0, numbers.background_loss, numbers.gradient_loss, numbers.flow_loss)
        found = np.array(whole)[:, None] / np.array([3, 3, 2, 2])[:, None]
        return np.ascontiguousarray((found / np.maximum(self.counts, 1)).T, np.float32)


class Hand:
    """The frame in hand, in tensors that stay where they are from step to step.

    Args:
        height: Rows of the frames.
        width: Columns of the frames.
        extent: Rows and columns of the whole frame in pixels of these.
        layers: Groups.
        levels: Weights that annealing has.
        device: Of the fit.

    Attributes:
        colour: As of ``Shot``, like the next five.
        inside: See there.
        outside: See there.
        gradient: See there.
        flow: See there.
        trusted: See there.
        told: float32 [7 + 4 K + L], all numbers that change from step to step; what follows but
            ``figures`` are parts of it.
        time: Share of the clip at this frame, [1].
        next_time: And at the next, [1].
        rates: Of Adam, [2].
        factors: What a pixel's difference counts in each loss, [K, 4].
        weights: Annealing of the deformation, [L].
        figures: float32 [2]: the loss of the step, and its sum of squared differences.
        luma: float32 [3].
    """

    def __init__(
        self,
        height: int,
        width: int,
        extent: tuple[float, float],
        layers: int,
        levels: int,
        device: torch.device,
    ) -> None:
        self.height, self.width, self.extent, self.layers = height, width, extent, layers
        size, kinds = (height, width), ("inside", "outside", "gradient")
        self.colour = torch.zeros(*size, 3, device=device)
        self.inside, self.outside, self.gradient = (
            torch.zeros(layers, *size, dtype=torch.bool, device=device) for _ in kinds
        )
        self.flow = torch.zeros(*size, 2, device=device)
        self.trusted = torch.zeros(size, dtype=torch.bool, device=device)
        sizes = [1, 1, 2, 4 * layers, levels]
        self.told = torch.zeros(sum(sizes), device=device)
        parts = torch.split(self.told, sizes)
        self.time, self.next_time, self.rates, factors, self.weights = parts
        self.factors = factors.view(layers, 4)
        self.figures = torch.zeros(2, device=device)
        self.luma = torch.tensor(_LUMA, device=device)

    def take(self, shot: Shot) -> None:
        """Lays a frame into the tensors; wherever it comes from, nobody waits."""
        for name in ("colour", "inside", "outside", "gradient", "flow", "trusted"):
            given: torch.Tensor | None = getattr(shot, name)
            if given is not None:
                there: torch.Tensor = getattr(self, name)
                there.copy_(given, non_blocking=True)

    @staticmethod
    def numbers_of(shot: Shot, numbers: Numbers, step: int) -> F32:
        """What ``told`` holds in a step (counted from 0)."""
        rates = rates_of(step + 1, numbers.rate_at(step), numbers.beta1, numbers.beta2)
        head = np.array([shot.time, shot.next_time, *rates])
        parts = [head, shot.factors(numbers).ravel(), numbers.annealing(step)]
        return np.concatenate(parts).astype(np.float32)


def _tensor(values: AnyArray, kind: type) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, kind))
