"""Blur and sharpen. Alpha is kept; holes do not darken their surroundings."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.colour.encoding import decode, encode
from engine.operations.alpha import gaussian, premultiplied, spread, unpremultiplied
from engine.operations.catalogue import Context, Operation, register
from engine.operations.parameters import Parameter


def _sigmas(size: float, context: Context) -> tuple[float, float]:
    """Standard deviations in columns and rows of a blur that is round on the screen."""
    return size / context.picture.pixel_aspect, size


def _blur(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    if values["size"] == 0:
        return pixels
    blurred = gaussian(pixels, *_sigmas(values["size"], context))
    blurred[..., 3] = np.maximum(blurred[..., 3], 0)
    if values["alpha"]:
        return blurred
    alpha = pixels[..., 3]
    # Where the blur found no coverage at all there is no colour to divide out.
    share = alpha / np.maximum(blurred[..., 3], 1e-4)
    result = blurred * share[..., None]
    result[..., 3] = alpha
    empty = alpha == 0
    result[empty] = pixels[empty]
    return np.asarray(result, np.float32)


def _sharpen(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    if values["amount"] == 0:
        return pixels
    alpha = pixels[..., 3]
    # In the encoded picture a halo is as strong in the shadows as in the highlights.
    encoded = encode(unpremultiplied(pixels))
    smooth = gaussian(spread(encoded, alpha), *_sigmas(values["size"], context))
    detail = encoded - smooth
    if values["threshold"] > 0:
        detail = detail * (np.abs(detail) / (np.abs(detail) + np.float32(values["threshold"])))
    sharp = premultiplied(decode(encoded + np.float32(values["amount"]) * detail), alpha)
    empty = alpha == 0
    sharp[empty] = pixels[empty]
    return sharp


register(
    Operation(
        "blur",
        "Blur",
        "Blurs with a Gaussian, without dark rims at the edges of the coverage.",
        (
            Parameter(
                "size", "float", 3.0, "Standard deviation of the blur in pixels.", 0, 1000, "px"
            ),
            Parameter("alpha", "bool", False, "Blurs the coverage too instead of keeping it."),
        ),
        _blur,
    )
)
register(
    Operation(
        "sharpen",
        "Sharpen",
        "Strengthens fine detail (unsharp mask on perceptual values).",
        (
            Parameter("amount", "float", 0.5, "Share of the detail that is added.", 0, 10),
            Parameter("size", "float", 1.5, "Coarsest detail that counts.", 0.1, 100, "px"),
            Parameter(
                "threshold",
                "float",
                0.0,
                "Spares detail weaker than this, such as grain.",
                0,
                1,
            ),
        ),
        _sharpen,
    )
)
