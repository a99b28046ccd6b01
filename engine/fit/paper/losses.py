"""The losses of one step, tile by tile: exactly those of the whole frame, in little memory.

A tile is evaluated with a rim of one pixel, so that its Sobel derivatives are those of the whole
frame; every pixel's losses are counted by the one tile that owns it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional

from engine.arrays import F32, I64, U8, Bool
from engine.fit.paper.numbers import Numbers
from engine.fit.paper.stored import read
from engine.flow.pair import FlowPair
from engine.kernels.field_network import Network

_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Tile:
    """Rows and columns that a tile owns, and those it is evaluated on (one more on each side)."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    outer_rows: tuple[int, int]
    outer_columns: tuple[int, int]


def tiles(height: int, width: int, size: int) -> Iterator[Tile]:
    """All tiles of a frame."""
    for y in range(0, height, size):
        for x in range(0, width, size):
            rows, columns = (y, min(y + size, height)), (x, min(x + size, width))
            yield Tile(
                rows,
                columns,
                (max(rows[0] - 1, 0), min(rows[1] + 1, height)),
                (max(columns[0] - 1, 0), min(columns[1] + 1, width)),
            )


@dataclass(frozen=True)
class Shot:
    """A frame as the losses want it.

    Attributes:
        colour: float32 [H, W, 3], encoded, zeros where not finite.
        inside: bool [K, H, W], the pixels of each group.
        outside: bool [K, H, W], the others that are finite.
        gradient: bool [K, H, W], the pixels of each group all of whose neighbours are finite.
        flow: float32 [H, W, 2] towards the next frame as shares (row, column), or None.
        trusted: bool [H, W], where the flow counts, or None.
        counts: int [4, K] of pixels that are inside, outside, in ``gradient``, and inside with a
            trusted flow. They are counted here once: asking a card would make it wait.
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
        device: torch.device,
    ) -> "Shot":
        """Prepares a frame; without masks everything is in the one group."""
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
            shares = pair.forward[..., ::-1] / np.array([height, width], np.float32)
            flow = torch.from_numpy(np.where(known[..., None], shares, 0).astype(np.float32))
            if pair.forward_confidence is not None:
                known &= pair.forward_confidence >= numbers.flow_confidence
            trusted = torch.from_numpy(known)
        masks_of = (inside, finite & ~inside, inside & whole, inside & known)
        return cls(
            torch.from_numpy(np.where(finite[..., None], frame, 0).astype(np.float32)).to(device),
            torch.from_numpy(masks_of[0]).to(device),
            torch.from_numpy(masks_of[1]).to(device),
            torch.from_numpy(masks_of[2]).to(device),
            None if flow is None else flow.to(device),
            None if trusted is None else trusted.to(device),
            np.array([mask.sum(axis=(1, 2)) for mask in masks_of], np.int64),
            (index + 1) / count,
            (index + 2) / count,
        )


@dataclass
class Tally:
    """Sums over the tiles of a step, left on their device until they are asked for."""

    losses: list[torch.Tensor] = field(default_factory=list)
    squares: list[torch.Tensor] = field(default_factory=list)
    samples: int = 0

    @property
    def loss(self) -> float:
        """The loss of the step."""
        return float(sum(float(each) for each in self.losses))

    @property
    def psnr(self) -> float:
        """Decibels of this frame inside the groups."""
        error = max(sum(float(each) for each in self.squares) / max(self.samples, 1), 1e-10)
        return float(-10 * np.log10(error))


class Losses:
    """What one group's networks are asked in one step.

    Args:
        shot: The frame.
        group: Index of the group.
        canonical: C.
        deformation: D.
        weights: float32 [L], annealing of D.
        numbers: The recipe.
        stored: Where the next frame's pixels lay at its last visit [H, W, 2]; None: the deformation
            is asked.
        room: Where this frame's places are left, or None.
    """

    def __init__(
        self,
        shot: Shot,
        group: int,
        canonical: Network,
        deformation: Network,
        weights: F32,
        numbers: Numbers,
        stored: torch.Tensor | None = None,
        room: torch.Tensor | None = None,
    ) -> None:
        self.stored, self.room = stored, room
        self.shot, self.weights, self.numbers = shot, weights, numbers
        self.canonical, self.deformation = canonical, deformation
        self.inside, self.outside = shot.inside[group], shot.outside[group]
        self.gradient = shot.gradient[group]
        self.paired = None if shot.trusted is None else self.inside & shot.trusted
        inside, outside, sloped, paired = (int(count) for count in shot.counts[:, group])
        self._inside, self._outside = inside, outside
        self.colour_weight = 1 / (3 * max(inside, 1))
        self.background_weight = numbers.background_loss / (3 * max(outside, 1))
        self.gradient_weight = numbers.gradient_loss / (2 * max(sloped, 1))
        self.flow_weight = numbers.flow_loss / (2 * max(paired, 1)) if paired else 0.0

    def backward(self, tile: Tile, tally: Tally) -> None:
        """Adds a tile's gradients to the parameters, and its figures to the tally."""
        outer = _cut(tile.outer_rows, tile.outer_columns)
        if not self._matters(outer):
            return
        shot = self.shot
        height, width = shot.colour.shape[:2]
        points = _centres(tile, height, width, shot.colour.device)
        places = self._moved(points, shot.time)
        colours = colours_at(self.canonical, places, self.numbers)
        rows = tile.outer_rows[1] - tile.outer_rows[0]
        columns = tile.outer_columns[1] - tile.outer_columns[0]
        colours = colours.view(rows, columns, 3)

        top, left = tile.rows[0] - tile.outer_rows[0], tile.columns[0] - tile.outer_columns[0]
        owned = (
            slice(top, top + tile.rows[1] - tile.rows[0]),
            slice(left, left + tile.columns[1] - tile.columns[0]),
        )
        core = _cut(tile.rows, tile.columns)
        squares = (colours[owned] - shot.colour[core]).square().sum(2)
        own = (squares * self.inside[core]).sum()
        loss = own * self.colour_weight
        if self.background_weight:
            loss = loss + (squares * self.outside[core]).sum() * self.background_weight
        if self.gradient_weight:
            there = _sobel(colours, tile, height, width)
            truth = _sobel(shot.colour[outer], tile, height, width)
            apart = (there - truth).abs().sum(0)
            loss = loss + (apart * self.gradient[core]).sum() * self.gradient_weight
        if self.room is not None:
            self.room[core] = places.detach().view(rows, columns, 2)[owned]
        if self.flow_weight and self.paired is not None and shot.flow is not None:
            near = places.view(rows, columns, 2)[owned]
            landing = points.view(rows, columns, 2)[owned] + shot.flow[core]
            loss = loss + self._apart(near, landing, self.paired[core]) * self.flow_weight
        loss.backward()  # type: ignore[no-untyped-call]
        tally.losses.append(loss.detach())
        tally.squares.append(own.detach())
        here = self.inside[core]
        tally.samples += 3 * (self._inside if self._whole(here) else int(here.sum()))

    def _apart(
        self, near: torch.Tensor, landing: torch.Tensor, paired: torch.Tensor
    ) -> torch.Tensor:
        """How far places [h, w, 2] and those of the next frame, where flow lands, are apart."""
        if self.stored is not None:
            # Nothing is picked out, so the device need not tell how much there is.
            there = read(self.stored, landing)
            known = (paired & torch.isfinite(there).all(-1))[..., None]
            return torch.where(known, near - torch.where(known, there, 0), 0).abs().sum()
        landing = landing[paired]
        if not len(landing):
            return near.new_zeros(())
        return (near[paired] - self._moved(landing, self.shot.next_time)).abs().sum()

    def _matters(self, outer: tuple[slice, slice]) -> bool:
        """Whether a tile has pixels that count; of a whole frame that is known without asking."""
        background = self.background_weight > 0
        if self._whole(self.inside[outer]):
            return self._inside > 0 or (background and self._outside > 0)
        if bool(self.inside[outer].any()):
            return True
        return background and bool(self.outside[outer].any())

    def _whole(self, part: torch.Tensor) -> bool:
        return part.shape == self.inside.shape

    def _moved(self, points: torch.Tensor, time: float) -> torch.Tensor:
        """Canonical shares (row, column) of shares [N, 2] at a time."""
        return moved(self.deformation, points, time, self.weights, self.numbers)


def moved(
    deformation: Network, points: torch.Tensor, time: float, weights: F32, numbers: Numbers
) -> torch.Tensor:
    """Canonical shares (row, column) of shares [N, 2] at a time, a share of the clip."""
    asked = functional.pad(points, (0, 1), value=time)
    return points + deformation(asked, weights) / numbers.displacement_divisor


def colours_at(canonical: Network, places: torch.Tensor, numbers: Numbers) -> torch.Tensor:
    """Colours [N, 3] of the canonical field at shares (row, column) [N, 2]."""
    if canonical.shape.bounded:
        places = (places + numbers.margin) / (1 + 2 * numbers.margin)
    return canonical(places)


def _cut(rows: tuple[int, int], columns: tuple[int, int]) -> tuple[slice, slice]:
    return slice(*rows), slice(*columns)


def _centres(tile: Tile, height: int, width: int, device: torch.device) -> torch.Tensor:
    """Shares (row, column) [N, 2] of a tile's pixel centres, rim included, row by row."""
    row = (torch.arange(*tile.outer_rows, device=device) + 0.5) / height
    column = (torch.arange(*tile.outer_columns, device=device) + 0.5) / width
    grid = torch.stack(torch.meshgrid(row, column, indexing="ij"), -1)
    return grid.view(-1, 2)


def _sobel(colours: torch.Tensor, tile: Tile, height: int, width: int) -> torch.Tensor:
    """Derivatives [2, h, w] of luma on the pixels that a tile owns; zeros outside the frame."""
    luma = colours @ torch.tensor(_LUMA, device=colours.device)
    left, right = int(tile.columns[0] == 0), int(tile.columns[1] == width)
    top, bottom = int(tile.rows[0] == 0), int(tile.rows[1] == height)
    luma = functional.pad(luma, (left, right, top, bottom))
    across = luma[:, 2:] - luma[:, :-2]
    down = luma[2:] - luma[:-2]
    return torch.stack(
        [
            across[:-2] + 2 * across[1:-1] + across[2:],
            down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:],
        ]
    )
