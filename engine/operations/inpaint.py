"""Filling holes: what the mask covers, what has no coverage, and bad pixels."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.arrays import F32, Bool
from engine.colour.encoding import decode, encode
from engine.errors import UsageError
from engine.operations.alpha import premultiplied, unpremultiplied
from engine.operations.catalogue import Context, Operation, register
from engine.operations.harmonic import harmonic_fill
from engine.operations.parameters import Parameter

#: White in the numbers that OpenCV's inpainting works on.
UNIT = np.float32(65536)


def _hole(pixels: F32, values: Mapping[str, Any], context: Context) -> Bool:
    hole = np.zeros(pixels.shape[:2], np.bool_)
    if values["fill"] in ("mask", "both"):
        if context.mask is None and values["fill"] == "mask" and context.bad is None:
            raise UsageError(
                "Inpaint fills what its mask covers and has no mask; connect one or fill by alpha"
            )
        if context.mask is not None:
            hole |= context.mask > 0
    if values["fill"] in ("alpha", "both"):
        hole |= pixels[..., 3] < 0.5
    if values["bad_pixels"] and context.bad is not None:
        hole |= context.bad
    return hole


def _marched(encoded: F32, hole: Bool, values: Mapping[str, Any], context: Context) -> F32:
    """OpenCV's inpainting, channel by channel in float so that HDR survives, near holes only."""
    import cv2

    method = cv2.INPAINT_TELEA if values["method"] == "telea" else cv2.INPAINT_NS
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    reach = int(values["radius"]) + 3
    box = (
        slice(max(rows[0] - reach, 0), rows[-1] + reach + 1),
        slice(max(columns[0] - reach, 0), columns[-1] + reach + 1),
    )
    result = encoded.copy()
    holes = hole[box].astype(np.uint8)
    for c in range(3):
        context.task.report(c / 3, "inpaint")
        # OpenCV adds steps of about 1 meant for 8-bit codes; large numbers make them vanish.
        channel = np.ascontiguousarray(encoded[box][..., c]) * UNIT
        filled = cv2.inpaint(channel, holes, float(values["radius"]), method) / UNIT
        result[..., c][box] = np.where(holes > 0, filled, encoded[box][..., c])
    return result


def _inpaint(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    hole = _hole(pixels, values, context)
    if not hole.any():
        return pixels
    alpha = pixels[..., 3]
    # What is nearly transparent is no good rim to grow from.
    unknown: Bool = hole | (alpha < 0.05)
    if unknown.all():
        raise UsageError("Inpaint has no picture outside the hole to fill from; shrink the mask")
    encoded = np.clip(encode(unpremultiplied(pixels)), -200, 200)
    if values["method"] == "smooth":
        filled = harmonic_fill(encoded, unknown, context.task)
    else:
        filled = _marched(encoded, unknown, values, context)
    result = pixels.copy()
    result[hole] = premultiplied(decode(filled), np.ones_like(alpha))[hole]
    return result


register(
    Operation(
        "inpaint",
        "Inpaint",
        "Fills what the mask covers from its surroundings; filled pixels become opaque.",
        (
            Parameter(
                "fill",
                "choice",
                "mask",
                "What to fill: the mask, what has less than half coverage, or both.",
                choices=("mask", "alpha", "both"),
            ),
            Parameter(
                "method",
                "choice",
                "smooth",
                "Smooth suits large holes, telea and navier-stokes continue edges into small ones.",
                choices=("smooth", "telea", "navier-stokes"),
            ),
            Parameter(
                "radius", "float", 4.0, "How far telea and navier-stokes look around.", 1, 50, "px"
            ),
            Parameter("bad_pixels", "bool", True, "Fills pixels that are NaN or infinite too."),
        ),
        _inpaint,
        repairs=True,
    )
)
