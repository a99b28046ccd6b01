"""The roto of the city clip: the outline of the middle tower, drawn on three frames by hand.

Between the drawn frames the corners move evenly, which holds to about a pixel in this clip.
"""

import numpy as np

from engine.arrays import U8

#: Corners (x, y) in pixels, top-left origin, clockwise from the upper left, by frame number.
TOWER: dict[int, tuple[tuple[float, float], ...]] = {
    0: ((306.0, 56.0), (440.0, 59.0), (466.0, 405.0), (283.0, 405.0)),
    58: ((315.0, 63.0), (437.5, 68.0), (461.0, 405.0), (288.0, 405.0)),
    115: ((321.0, 72.0), (431.5, 78.5), (458.0, 405.0), (301.0, 405.0)),
}
#: Mask pixels are drawn this many times finer and averaged.
FINER = 4


def tower_mask(frame: int, height: int, width: int) -> U8:
    """The tower's mask in one frame, uint8 [H, W], 255 = tower, with an anti-aliased edge."""
    import cv2

    drawn = sorted(TOWER)
    corners = np.array(
        [
            [np.interp(frame, drawn, [TOWER[key][c][axis] for key in drawn]) for axis in (0, 1)]
            for c in range(4)
        ]
    )
    fine = np.zeros((height * FINER, width * FINER), np.uint8)
    cv2.fillPoly(fine, [np.rint(corners * FINER).astype(np.int32)], 255)
    return np.asarray(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
