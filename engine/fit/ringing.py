"""Stills without the pattern of pixels that no frame can tell.

Where frames see a still smaller than it is, or a single one sees it between its pixels, reading
it blends neighbours, and the finest stripes and checkers come out as nothing. So pass after pass
leaves some of them behind. In pictures of the world the finest octave has little more to it than
the next one; what goes beyond that is pattern.
"""

import numpy as np

from engine.arrays import F32

#: How many times as much of the finest octave as of the next a place may have. A line of one pixel
#: has 3.4; in frames of clips 99 of 100 places with texture stay below 3.3, and half of a still
#: that rang was above 5.8.
MOST = 3.5
#: Sigma in pixels of the place that is looked at.
AROUND = 3.0
#: Power, in squared encoded colour, that is none of either.
NOTHING = 1e-6
#: A binomial blur: it takes the finest stripes out wholly.
BLUR = np.array([0.25, 0.5, 0.25], np.float32)


def without_ringing(picture: F32) -> F32:
    """The picture with no more of its finest octave than pictures have.

    Args:
        picture: [h, w, 3], encoded colours; not changed.

    Returns:
        float32 [h, w, 3]. What has no pattern is the same but for rounding.
    """
    import cv2

    def blurred(values: F32) -> F32:
        return np.asarray(cv2.sepFilter2D(values, -1, BLUR, BLUR, borderType=cv2.BORDER_REFLECT))

    def power(values: F32) -> F32:
        return np.asarray(cv2.GaussianBlur((values * values).sum(axis=2), (0, 0), AROUND))

    high = picture - blurred(picture)
    middle = blurred(high)
    fine = high - middle
    least = np.float32(NOTHING)
    held = MOST * np.sqrt((power(middle) + least) / np.maximum(power(fine), least))
    return np.asarray(picture - fine * (1 - np.minimum(held, 1))[..., None], np.float32)
