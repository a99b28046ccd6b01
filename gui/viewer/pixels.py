"""Linear pixels of a shown picture: read-only as they came, with changed tiles on top."""

import numpy as np

from engine.arrays import F32, AnyArray

_TILE = 128


class Pixels:
    """A picture that may be a read-only map of a file, of which parts are replaced.

    Only the tiles that a stroke touches are copied: the first stroke on a large picture costs no
    more than the next.

    Args:
        array: [H, W, C]; never written to.
    """

    def __init__(self, array: AnyArray) -> None:
        self._array = array
        self._tiles: dict[tuple[int, int], F32] = {}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels."""
        height, width, channels = self._array.shape
        return height, width, channels

    @property
    def nbytes(self) -> int:
        """Bytes, copies included."""
        return int(self._array.nbytes) + sum(tile.nbytes for tile in self._tiles.values())

    def write(self, left: int, top: int, patch: AnyArray) -> tuple[int, int, int, int] | None:
        """Replaces a part; what lies outside is left out.

        Args:
            left: Column of the patch's first pixel.
            top: Row of the patch's first pixel.
            patch: [h, w, c]; missing alpha counts as 1, further channels are dropped.

        Returns:
            The columns and rows that were replaced (x0, y0, x1, y1), or None.
        """
        height, width, channels = self.shape
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + patch.shape[1], width), min(top + patch.shape[0], height)
        if x0 >= x1 or y0 >= y1:
            return None
        for row in range(y0 // _TILE, (y1 - 1) // _TILE + 1):
            for column in range(x0 // _TILE, (x1 - 1) // _TILE + 1):
                tile_x, tile_y = column * _TILE, row * _TILE
                tile = self._tiles.get((row, column))
                if tile is None:
                    part = self._array[tile_y : tile_y + _TILE, tile_x : tile_x + _TILE]
                    tile = np.array(part, np.float32)
                    self._tiles[row, column] = tile
                ax0, ay0 = max(x0, tile_x), max(y0, tile_y)
                ax1, ay1 = min(x1, tile_x + _TILE), min(y1, tile_y + _TILE)
                target = tile[ay0 - tile_y : ay1 - tile_y, ax0 - tile_x : ax1 - tile_x]
                source = patch[ay0 - top : ay1 - top, ax0 - left : ax1 - left]
                shared = min(channels, patch.shape[2])
                target[..., :shared] = source[..., :shared]
                if channels == 4 and patch.shape[2] == 3:
                    target[..., 3] = 1
        return x0, y0, x1, y1

    def read(self, x0: int, y0: int, x1: int, y1: int) -> AnyArray:
        """The pixels of a box inside the picture: a view where nothing was replaced."""
        part = self._array[y0:y1, x0:x1]
        touched = [
            (row, column)
            for row, column in self._tiles
            if row * _TILE < y1
            and (row + 1) * _TILE > y0
            and column * _TILE < x1
            and (column + 1) * _TILE > x0
        ]
        if not touched:
            return part
        part = np.array(part, np.float32)
        for row, column in touched:
            tile, top, left = self._tiles[row, column], row * _TILE, column * _TILE
            ax0, ay0 = max(x0, left), max(y0, top)
            ax1, ay1 = min(x1, left + tile.shape[1]), min(y1, top + tile.shape[0])
            part[ay0 - y0 : ay1 - y0, ax0 - x0 : ax1 - x0] = tile[
                ay0 - top : ay1 - top, ax0 - left : ax1 - left
            ]
        return part

    def all(self) -> AnyArray:
        """Every pixel."""
        height, width, _ = self.shape
        return self.read(0, 0, width, height)

    def at(self, column: int, row: int) -> F32 | None:
        """One pixel, or None outside."""
        height, width, _ = self.shape
        if not (0 <= column < width and 0 <= row < height):
            return None
        found: F32 = np.array(self.read(column, row, column + 1, row + 1)[0, 0], np.float32)
        return found
