"""Noise reduction on perceptual values, HDR kept. Alpha is kept."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.colour.encoding import decode, encode
from engine.operations.alpha import premultiplied, spread, unpremultiplied
from engine.operations.catalogue import Context, Operation, register
from engine.operations.parameters import Parameter


def _non_local(encoded: F32, strength: float, window: int) -> F32:
    """Non-local means in 16 bits over the picture's own range, as a change of the float values."""
    import cv2

    low, high = float(encoded.min()), float(encoded.max())
    scale = 65535.0 / max(high - low, 1e-6)
    codes = np.rint((encoded - low) * scale).astype(np.uint16)
    # With the L1 norm the strength is a difference of codes summed over the three channels.
    filtered = cv2.fastNlMeansDenoising(
        codes, [strength * scale * 3.0], None, 5, window, cv2.NORM_L1
    )
    change = filtered.astype(np.float32) - codes.astype(np.float32)
    return np.asarray(encoded + change / np.float32(scale), np.float32)


def _denoise(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    import cv2

    strength = values["strength"]
    if strength == 0:
        return pixels
    alpha = pixels[..., 3]
    encoded = np.clip(encode(unpremultiplied(pixels)), -200, 200)
    whole = spread(encoded, alpha)
    if values["method"] == "fast":
        clean = cv2.bilateralFilter(whole, 9, 3.0 * strength, 3.0)
    else:
        clean = _non_local(whole, strength, values["search"] | 1)
    result = premultiplied(decode(clean), alpha)
    empty = alpha == 0
    result[empty] = pixels[empty]
    return result


register(
    Operation(
        "denoise",
        "Denoise",
        "Removes grain and noise and keeps edges.",
        (
            Parameter(
                "strength",
                "float",
                0.015,
                "Size of the noise in perceptual values, where white is 1.",
                0,
                1,
            ),
            Parameter(
                "method",
                "choice",
                "best",
                "Best compares small patches (non-local means), fast is a bilateral filter.",
                choices=("best", "fast"),
            ),
            Parameter(
                "search", "int", 15, "Width of the area searched for like patches.", 5, 41, "px"
            ),
        ),
        _denoise,
    )
)
