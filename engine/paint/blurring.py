"""The Gaussian of the blur brush."""

import math

import numpy as np

from engine.arrays import F32


def blur_reach(sigma: float) -> int:
    """Pixels to each side that a blur reads."""
    return max(1, math.ceil(3 * sigma))


def gaussian(picture: F32, sigma: float) -> F32:
    """A picture blurred; outside it there is nothing.

    A pixel depends on the pixels within ``blur_reach`` of it only.

    Args:
        picture: float32 [h, w, 4], premultiplied, finite.
        sigma: Standard deviation in pixels.
    """
    import cv2

    size = 2 * blur_reach(sigma) + 1
    blurred = cv2.GaussianBlur(
        picture, (size, size), sigmaX=sigma, sigmaY=sigma, borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(blurred, np.float32)
