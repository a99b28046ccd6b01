"""Helpers of operations: work on unpremultiplied colour, and across holes."""

from collections.abc import Callable

import numpy as np

from engine.arrays import F32

#: Rec.709 luminance.
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def unpremultiplied(pixels: F32) -> F32:
    """Colour [H, W, 3] divided by alpha; where alpha is 0 the colour is left as it is.

    Args:
        pixels: [H, W, 4] premultiplied.
    """
    alpha = pixels[..., 3:]
    return np.asarray(pixels[..., :3] / np.where(alpha == 0, np.float32(1), alpha), np.float32)


def premultiplied(colour: F32, alpha: F32) -> F32:
    """Colour [H, W, 3] and alpha [H, W] as premultiplied [H, W, 4].

    Args:
        colour: Unpremultiplied; where alpha is 0 it is taken as it is.
        alpha: Coverage.
    """
    result = np.empty((*alpha.shape, 4), np.float32)
    result[..., :3] = colour * np.where(alpha == 0, np.float32(1), alpha)[..., None]
    result[..., 3] = alpha
    return result


def on_colour(pixels: F32, change: Callable[[F32], F32]) -> F32:
    """Changes the unpremultiplied colour and keeps alpha; opaque pixels are never divided.

    Args:
        pixels: [H, W, 4] premultiplied.
        change: Colour [H, W, 3] to colour [H, W, 3].
    """
    alpha = pixels[..., 3]
    if bool((alpha == 1).all()):
        result = pixels.copy()
        result[..., :3] = change(np.ascontiguousarray(pixels[..., :3]))
        return result
    return premultiplied(change(unpremultiplied(pixels)), alpha)


def gaussian(pixels: F32, sigma_x: float, sigma_y: float) -> F32:
    """Gaussian blur of any number of channels (1 to 4), the border repeated.

    Wide blurs work on a picture made smaller, which costs the same for every width.

    Args:
        pixels: [H, W] or [H, W, C].
        sigma_x: Standard deviation in columns.
        sigma_y: Standard deviation in rows.
    """
    import cv2

    height, width = pixels.shape[:2]
    shrink_x, shrink_y = max(1, int(sigma_x / 6)), max(1, int(sigma_y / 6))
    w, h = max(1, -(-width // shrink_x)), max(1, -(-height // shrink_y))
    small = pixels
    if (w, h) != (width, height):
        small = cv2.resize(pixels, (w, h), interpolation=cv2.INTER_AREA)
    sx, sy = max(sigma_x * w / width, 1e-3), max(sigma_y * h / height, 1e-3)
    # Four sigmas: at three the cut shows as a step in HDR glows.
    size = (2 * int(np.ceil(4 * sx)) + 1, 2 * int(np.ceil(4 * sy)) + 1)
    blurred = cv2.GaussianBlur(small, size, sx, sigmaY=sy, borderType=cv2.BORDER_REPLICATE)
    if (w, h) != (width, height):
        blurred = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(blurred, np.float32).reshape(pixels.shape)


def spread(colour: F32, weight: F32) -> F32:
    """Colour carried smoothly into where there is none, so that filters see no dark holes.

    Args:
        colour: [H, W, C] unpremultiplied, C from 1 to 3.
        weight: [H, W] from 0 (nothing known) to 1.

    Returns:
        [H, W, C]; where the weight is 1 it is the input.
    """
    from engine.operations.harmonic import pull_push

    if bool((weight >= 1).all()):
        return colour
    return pull_push(colour, weight)
