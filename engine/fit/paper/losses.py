"""The losses of one step, tile by tile: exactly those of the whole frame, in little memory.

A tile is evaluated with a rim of one pixel, so that its Sobel derivatives are those of the whole
frame; every pixel's losses are counted by the one tile that owns it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from engine.fit.paper.numbers import Numbers
from engine.fit.paper.shot import Asked, Hand
from engine.fit.paper.stored import read
from engine.kernels.field_network import Network

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors


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


class Losses:
    """What one group's networks are asked in one step.

    Args:
        hand: The frame.
        group: Index of the group.
        canonical: C.
        deformation: D.
        numbers: The recipe.
        asked: Which losses have pixels.
        stored: Where the next frame's pixels lay at its last visit [H, W, 2]; None: the deformation
            is asked.
        room: Where this frame's places are left [H, W, 2], or None.
        picks: Only the pixels that count are asked where that spares work. A card would have to
            tell how many these are, and wait.
    """

    def __init__(
        self,
        hand: Hand,
        group: int,
        canonical: Network,
        deformation: Network,
        numbers: Numbers,
        asked: Asked,
        stored: torch.Tensor | None = None,
        room: torch.Tensor | None = None,
        *,
        picks: bool = True,
    ) -> None:
        self.hand, self.numbers, self.asked, self.picks = hand, numbers, asked, picks
        self.stored, self.room = stored, room
        self.canonical, self.deformation = canonical, deformation
        self.inside, self.outside = hand.inside[group], hand.outside[group]
        self.gradient = hand.gradient[group]
        self.colour_factor, self.background_factor, self.gradient_factor, self.flow_factor = (
            hand.factors[group].unbind()
        )

    def backward(self, tile: Tile, figures: torch.Tensor) -> None:
        """Adds a tile's gradients to the parameters, and its loss and squares to the figures."""
        outer = _cut(tile.outer_rows, tile.outer_columns)
        if self.picks and not self._matters(outer):
            return
        hand, asked = self.hand, self.asked
        points = _centres(tile, hand.extent, hand.colour.device)
        places = self._moved(points, hand.time)
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
        squares = (colours[owned] - hand.colour[core]).square().sum(2)
        own = (squares * self.inside[core]).sum()
        loss = own * self.colour_factor
        if asked.background:
            loss = loss + (squares * self.outside[core]).sum() * self.background_factor
        if asked.gradient:
            there = self._sobel(colours, tile)
            truth = self._sobel(hand.colour[outer], tile)
            apart = (there - truth).abs().sum(0)
            loss = loss + (apart * self.gradient[core]).sum() * self.gradient_factor
        if self.room is not None:
            self.room[core] = places.detach().view(rows, columns, 2)[owned]
        if asked.flow:
            near = places.view(rows, columns, 2)[owned]
            landing = points.view(rows, columns, 2)[owned] + hand.flow[core]
            paired = self.inside[core] & hand.trusted[core]
            loss = loss + self._apart(near, landing, paired) * self.flow_factor
        loss.backward()  # type: ignore[no-untyped-call]
        figures += torch.stack([loss.detach(), own.detach()])

    def _apart(
        self, near: torch.Tensor, landing: torch.Tensor, paired: torch.Tensor
    ) -> torch.Tensor:
        """How far places [h, w, 2] and those of the next frame, where flow lands, are apart."""
        if self.stored is not None:
            there = read(self.stored, landing)
            known = (paired & torch.isfinite(there).all(-1))[..., None]
            return torch.where(known, near - torch.where(known, there, 0), 0).abs().sum()
        time = self.hand.next_time
        if not self.picks:
            there = self._moved(landing.reshape(-1, 2), time).view(near.shape)
            return torch.where(paired[..., None], near - there, 0).abs().sum()
        landing = landing[paired]
        if not len(landing):
            return near.new_zeros(())
        return (near[paired] - self._moved(landing, time)).abs().sum()

    def _matters(self, outer: tuple[slice, slice]) -> bool:
        """Whether a tile has pixels that count."""
        if bool(self.inside[outer].any()):
            return True
        return self.asked.background and bool(self.outside[outer].any())

    def _moved(self, points: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        """Canonical shares (row, column) of shares [N, 2] at a time."""
        return moved(self.deformation, points, time, self.hand.weights, self.numbers)

    def _sobel(self, colours: torch.Tensor, tile: Tile) -> torch.Tensor:
        """Derivatives [2, h, w] of luma on the pixels that a tile owns; zeros outside the frame."""
        luma = colours @ self.hand.luma
        left, right = int(tile.columns[0] == 0), int(tile.columns[1] == self.hand.width)
        top, bottom = int(tile.rows[0] == 0), int(tile.rows[1] == self.hand.height)
        luma = functional.pad(luma, (left, right, top, bottom))
        across = luma[:, 2:] - luma[:, :-2]
        down = luma[2:] - luma[:-2]
        return torch.stack(
            [
                across[:-2] + 2 * across[1:-1] + across[2:],
                down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:],
            ]
        )


def moved(
    deformation: Network,
    points: torch.Tensor,
    time: float | torch.Tensor,
    weights: "Factors",
    numbers: Numbers,
) -> torch.Tensor:
    """Canonical shares (row, column) of shares [N, 2] at a time, a share of the clip."""
    asked = torch.cat([points, points.new_zeros(len(points), 1) + time], 1)
    return points + deformation(asked, weights) / numbers.displacement_divisor


def colours_at(canonical: Network, places: torch.Tensor, numbers: Numbers) -> torch.Tensor:
    """Colours [N, 3] of the canonical field at shares (row, column) [N, 2]."""
    if canonical.shape.bounded:
        places = (places + numbers.margin) / (1 + 2 * numbers.margin)
    return canonical(places)


def _cut(rows: tuple[int, int], columns: tuple[int, int]) -> tuple[slice, slice]:
    return slice(*rows), slice(*columns)


def _centres(tile: Tile, extent: tuple[float, float], device: torch.device) -> torch.Tensor:
    """Shares (row, column) [N, 2] of a tile's pixel centres, rim included, row by row."""
    row = (torch.arange(*tile.outer_rows, device=device) + 0.5) / extent[0]
    column = (torch.arange(*tile.outer_columns, device=device) + 0.5) / extent[1]
    grid = torch.stack(torch.meshgrid(row, column, indexing="ij"), -1)
    return grid.view(-1, 2)
