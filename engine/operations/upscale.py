"""A finer picture, so that paint and detail on the canonical image outdo the frames."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.colour.encoding import decode, encode
from engine.errors import UsageError
from engine.operations.alpha import gaussian, premultiplied, spread, unpremultiplied
from engine.operations.catalogue import Context, Operation, register
from engine.operations.parameters import Parameter

#: Largest side of a result: beyond it memory runs out before anyone sees the detail.
LARGEST = 65_536


def _upscale(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    import cv2

    factor = values["factor"]
    if factor == 1:
        return pixels
    height, width = pixels.shape[:2]
    size = (round(width * factor), round(height * factor))
    if max(size) > LARGEST:
        raise UsageError(f"Upscale to {size[0]}x{size[1]} is too large; choose a smaller factor")
    alpha = pixels[..., 3]
    # Encoded values ring less at highlights; spread colour keeps holes from bleeding in.
    encoded = spread(np.clip(encode(unpremultiplied(pixels)), -200, 200), alpha)
    fine = cv2.resize(encoded, size, interpolation=cv2.INTER_LANCZOS4)
    context.task.report(0.5, "upscale")
    low = cv2.resize(
        cv2.erode(encoded, np.ones((3, 3), np.uint8)), size, interpolation=cv2.INTER_LINEAR
    )
    high = cv2.resize(
        cv2.dilate(encoded, np.ones((3, 3), np.uint8)), size, interpolation=cv2.INTER_LINEAR
    )
    sharpen = np.float32(values["sharpen"])
    if sharpen > 0:
        fine = fine + sharpen * (fine - gaussian(fine, 0.6 * factor, 0.6 * factor))
    # No value beyond those around it: neither the kernel nor the sharpening makes halos.
    fine = np.clip(fine, low, high)
    coverage = np.clip(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR), 0, 1)
    result = premultiplied(decode(np.asarray(fine, np.float32)), np.asarray(coverage, np.float32))
    result[coverage <= 0] = 0
    return result


register(
    Operation(
        "upscale",
        "Upscale",
        "Makes the picture finer by a factor, with edges kept crisp and without halos.",
        (
            Parameter("factor", "float", 2.0, "New pixels for each old one along a side.", 1, 4),
            Parameter("sharpen", "float", 0.5, "Strength of the sharpening after it.", 0, 3),
        ),
        _upscale,
    )
)
