"""What a ``reveal`` stroke shows: another frame, seen from the canvas that is painted on."""

import numpy as np

from engine.arrays import F32
from engine.edit.canonical import window_points
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.paint.draw import finite
from engine.paint.stamps import Box, common
from engine.paint.tiles import TiledPicture, piece
from engine.warp.inverse import FrameInverse
from engine.warp.render import light
from engine.warp.sheet import Sheet

#: Least factor of light that a revealed frame is divided by.
_DARK = 1e-3


def same_place(picture: Picture, bounds: Box) -> TiledPicture:
    """Another picture of the same format, pixel by pixel.

    Args:
        picture: What is shown.
        bounds: The canvas.
    """
    d = picture.data
    own: Box = (d.x0, d.y0, d.x1, d.y1)

    def make(tile: Box) -> F32:
        result = np.zeros((tile[3] - tile[1], tile[2] - tile[0], 4), np.float32)
        part = common(tile, own)
        if part is not None:
            target = piece(result, tile, part)
            channels = min(picture.pixels.shape[2], 4)
            target[..., :channels] = piece(picture.pixels, own, part)[..., :channels]
            if channels == 3:
                target[..., 3] = 1
        return finite(result)

    return TiledPicture(bounds, make)


def from_canonical(
    field: Field, k: int, frame: int, picture: Picture, bounds: Box, scale: float = 1.0
) -> TiledPicture:
    """A frame as the canonical image of a layer shows it, in the canonical image's own light.

    Where the frame does not show the layer there is nothing.

    Args:
        field: The field.
        k: Layer, front to back.
        frame: Number of the frame.
        picture: The frame.
        bounds: The canvas, in pixels ``scale`` times as fine as the canonical ones.
        scale: Canvas pixels per canonical pixel.

    Raises:
        MissingFrameError: The field does not hold the frame.
    """
    seen = _SeenFrame(field, k, field.index(frame), picture)

    def make(tile: Box) -> F32:
        return seen.at(window_points(Window(*tile), scale))

    return TiledPicture(bounds, make)


def from_frame(
    field: Field, here: int, frame: int, picture: Picture, bounds: Box, corner: tuple[int, int]
) -> TiledPicture:
    """A frame as another frame shows it, through the canonical images and in the other's light.

    Args:
        field: The field.
        here: Number of the frame that is painted on.
        frame: Number of the frame that is shown.
        picture: The frame that is shown.
        bounds: The canvas.
        corner: Corner of the display window of the frame that is painted on.

    Raises:
        MissingFrameError: The field does not hold one of the frames.
    """
    index = field.index(here)
    seen = [_SeenFrame(field, k, field.index(frame), picture) for k in range(len(field.layers))]
    own: Box = (
        field.data.x0 + corner[0],
        field.data.y0 + corner[1],
        field.data.x1 + corner[0],
        field.data.y1 + corner[1],
    )
    shares = field.seen(index)
    positions = [layer.deformation.positions(index) for layer in field.layers]
    gains = [light(field, k, index) for k in range(len(field.layers))]

    def make(tile: Box) -> F32:
        result = np.zeros((tile[3] - tile[1], tile[2] - tile[0], 4), np.float32)
        part = common(tile, own)
        if part is None:
            return result
        target = piece(result, tile, part)
        for k, look in enumerate(seen):
            share = piece(shares[k], own, part)
            if not share.any():
                continue
            found = look.at(piece(positions[k], own, part))
            gain = gains[k]
            if gain is not None:
                found[..., :3] *= piece(gain, own, part)
            target += found * share[..., None]
        return result

    return TiledPicture(bounds, make)


class _SeenFrame:
    """One frame, read at canonical points of a layer."""

    def __init__(self, field: Field, k: int, index: int, picture: Picture) -> None:
        origin = (picture.data.x0 - picture.display.x0, picture.data.y0 - picture.display.y0)
        self._sheet = Sheet.of(picture.pixels, origin)
        self._inverse = FrameInverse(field, k, index)
        self._gain = light(field, k, index)
        exposure = field.layers[k].exposure
        self._offset = np.zeros(3, np.float32) if exposure is None else exposure[index, 1]
        self._data = field.data

    def at(self, points: F32) -> F32:
        """What the frame shows at canonical points [h, w, 2]: [h, w, 4] in canonical light."""
        shape = points.shape[:2]
        places = self._inverse.find(points.reshape(-1, 2))
        grid = places.points.reshape(*shape, 2)
        weight = (places.coverage * places.valid).reshape(*shape, 1)
        found = self._sheet.read(grid, filter="cubic", footprint=False)
        colour, alpha = found[..., :3], found[..., 3:]
        colour -= self._offset * alpha
        if self._gain is not None:
            height, width = self._gain.shape[:2]
            column = np.clip(grid[..., 0] - self._data.x0, 0, width - 1).astype(np.intp)
            row = np.clip(grid[..., 1] - self._data.y0, 0, height - 1).astype(np.intp)
            colour /= np.maximum(self._gain[row, column], _DARK)
        return np.asarray(found * weight, np.float32)
