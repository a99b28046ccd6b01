"""Pictures that are made piece by piece, where somebody looks."""

import threading
from collections.abc import Callable, Iterator

import numpy as np

from engine.arrays import F32, Bool
from engine.paint.stamps import Box, common

#: Side of a tile.
TILE = 128


def tiles(box: Box, bounds: Box) -> Iterator[Box]:
    """The tiles of a canvas, counted from its corner, that a box touches.

    Args:
        box: Pixels.
        bounds: The canvas; tiles at its right and bottom are cut.
    """
    inside = common(box, bounds)
    if inside is None:
        return
    left, top = bounds[:2]
    for y in range((inside[1] - top) // TILE, (inside[3] - 1 - top) // TILE + 1):
        for x in range((inside[0] - left) // TILE, (inside[2] - 1 - left) // TILE + 1):
            tile = common(
                (
                    left + x * TILE,
                    top + y * TILE,
                    left + (x + 1) * TILE,
                    top + (y + 1) * TILE,
                ),
                bounds,
            )
            if tile is not None:
                yield tile


class TiledPicture:
    """A picture whose tiles are made when they are first read, and kept.

    So what a pixel holds never depends on who asked for it in how large a piece.

    Args:
        bounds: The canvas, in canonical pixels.
        make: Makes the pixels of a tile, float32 [h, w, 4], premultiplied and finite.
    """

    def __init__(self, bounds: Box, make: Callable[[Box], F32]) -> None:
        self.bounds = bounds
        self._make = make
        self._made: dict[Box, F32] = {}
        self._lock = threading.Lock()

    def read(self, box: Box) -> F32:
        """The pixels of a box, [h, w, 4]; outside the canvas there is nothing."""
        result = np.zeros((box[3] - box[1], box[2] - box[0], 4), np.float32)
        for tile in tiles(box, self.bounds):
            with self._lock:
                made = self._made.get(tile)
                if made is None:
                    made = self._made[tile] = self._make(tile)
            part = common(tile, box)
            if part is not None:
                piece(result, box, part)[...] = piece(made, tile, part)
        return result


def piece(pixels: F32, box: Box, part: Box) -> F32:
    """The view of a part of pixels that lie over a box.

    Args:
        pixels: [h, w, ...] over ``box``.
        box: Where they lie.
        part: A box inside it.
    """
    return pixels[part[1] - box[1] : part[3] - box[1], part[0] - box[0] : part[2] - box[0]]


class LazyPaint:
    """Pixels that start as a copy of another and is copied tile by tile, where it is touched.

    Args:
        bounds: The canvas.
        base: float32 [h, w, C], or another one of the same canvas: what it starts as. None:
            empty, of four channels. It must not change.
    """

    def __init__(self, bounds: Box, base: "F32 | LazyPaint | None") -> None:
        height, width = bounds[3] - bounds[1], bounds[2] - bounds[0]
        self._bounds, self._base = bounds, base
        self.channels: int = 4
        if base is not None:
            self.channels = base.channels if isinstance(base, LazyPaint) else base.shape[2]
        # Memory that is not touched costs nothing.
        self._pixels = np.empty((height, width, self.channels), np.float32)
        self._ready: Bool = np.zeros((-(-height // TILE), -(-width // TILE)), np.bool_)
        # One thread paints, another reads: neither may copy the base over what is painted.
        self._lock = threading.Lock()

    def part(self, box: Box) -> F32:
        """The pixels of a box inside the canvas, to read and to change."""
        left, top = self._bounds[:2]
        for tile in tiles(box, self._bounds):
            place = (tile[1] - top) // TILE, (tile[0] - left) // TILE
            if not self._ready[place]:
                with self._lock:
                    if not self._ready[place]:
                        self._prepare(tile)
                        self._ready[place] = True
        return piece(self._pixels, self._bounds, box)

    def _prepare(self, tile: Box) -> None:
        target = piece(self._pixels, self._bounds, tile)
        if self._base is None:
            target[...] = 0
        elif isinstance(self._base, LazyPaint):
            target[...] = self._base.part(tile)
        else:
            target[...] = piece(self._base, self._bounds, tile)

    def forget(self) -> None:
        """Makes it the base again."""
        self._ready[...] = False
