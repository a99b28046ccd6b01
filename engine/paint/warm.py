"""Compiles the loops of all brushes into their cache, for ``engine.kernels.warm``."""

import numpy as np

from engine.fields.field import Field
from engine.paint.live import StrokeSession
from engine.paint.painting import paint
from engine.paint.stamps import Box
from engine.paint.stroke import KINDS, Stroke
from engine.paint.tiles import TiledPicture


def brushes(field: Field) -> None:
    """Draws one stroke of each kind, as a list and live, and follows it in a frame.

    Args:
        field: Any field.
    """
    from engine.edit.frameview import FrameView
    from engine.edit.paintover import seen_layer
    from engine.paint.follow import Blocks

    Blocks(seen_layer(FrameView(field, 0), 0))
    canonical = field.layers[0].canonical
    origin = canonical.data.x0, canonical.data.y0
    x, y = origin[0] + 20.0, origin[1] + 20.0
    points = [[x, y, 1.0], [x + 9.0, y + 5.0, 1.0]]
    height, width = canonical.pixels.shape[:2]
    bounds: Box = (*origin, origin[0] + width, origin[1] + height)

    def shows(stroke: Stroke) -> TiledPicture:
        return TiledPicture(
            bounds, lambda tile: np.ones((tile[3] - tile[1], tile[2] - tile[0], 4), np.float32)
        )

    for under in (canonical.pixels, np.ascontiguousarray(canonical.pixels[..., :3])):
        strokes = [
            {"kind": kind, "points": points, "size": 12.0, "frame": 0, "offset": [3.0, 1.5]}
            for kind in KINDS
        ]
        paint(strokes, under, origin, reveal=shows)
        for stroke in strokes:
            live = StrokeSession(stroke, under, None, origin, reveal=shows)
            for point in points:
                box = live.extend([point])
                if box is not None:
                    live.picture(box)
                    live.picture(live.bounds)
            live.finish()
