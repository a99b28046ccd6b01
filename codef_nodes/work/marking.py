"""Points drawn over a frame, to be looked at."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.io.picture import Picture
from engine.lift.tracks import Track

_TRAIL = 6
_SEEN, _HIDDEN = (0.10, 0.85, 0.18), (0.85, 0.12, 0.05)


def marked(picture: Picture, tracks: Sequence[Track], index: int) -> Picture:
    """The picture with a cross at each point, green where it is seen, and where it came from.

    Args:
        picture: The frame.
        tracks: Points of every frame of the fit.
        index: Position of the frame in the fit.
    """
    import cv2

    pixels = np.ascontiguousarray(picture.pixels, np.float32).copy()
    data, display = picture.data, picture.display
    corner = np.array([data.x0 - display.x0, data.y0 - display.y0], np.float64)
    size = max(2, round(display.height / 90))
    for track in tracks:
        points = track.points[max(index - _TRAIL, 0) : index + 1]
        colour = _SEEN if points[-1]["visible"] else _HIDDEN
        value = (*colour, *([1.0] * (pixels.shape[2] - 3)))
        # cv2 draws at pixel centres, in sixteenths.
        places = np.array([[p["x"], p["y"]] for p in points], np.float64) - corner - 0.5
        if not (np.abs(places) < 1e5).all():
            continue
        fixed = np.rint(places * 16).astype(np.int32)
        cv2.polylines(pixels, [fixed.reshape(-1, 1, 2)], False, value, 1, cv2.LINE_8, 4)
        x, y = (int(v) for v in np.rint(places[-1]))
        cv2.line(pixels, (x - size, y), (x + size, y), value, 1)
        cv2.line(pixels, (x, y - size), (x, y + size), value, 1)
    return replace(picture.with_pixels(pixels), metadata=dict(picture.metadata))
