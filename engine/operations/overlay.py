"""A second picture laid over, moved, scaled and turned."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.operations.catalogue import Context, Operation, register
from engine.operations.parameters import Parameter


def placement(values: Mapping[str, Any], width: float, height: float) -> F32:
    """Matrix [2, 3] from points of the overlay's display window to points of the picture.

    Convention: both y down, pixel centres at +0.5. The knobs are as artists type them: y up,
    rotation anticlockwise, around the overlay's centre.

    Args:
        values: ``translate``, ``scale``, ``rotate``.
        width: Of the overlay's display window.
        height: Of the overlay's display window.
    """
    angle = np.deg2rad(values["rotate"])
    cos, sin = np.cos(angle) * values["scale"], np.sin(angle) * values["scale"]
    linear = np.array([[cos, sin], [-sin, cos]])
    centre = np.array([width / 2, height / 2])
    move = np.array([values["translate"][0], -values["translate"][1]])
    return np.hstack([linear, (centre + move - linear @ centre)[:, None]]).astype(np.float32)


def _overlay(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    import cv2

    from engine.operations.run import with_alpha

    above = context.inputs["overlay"]
    picture = with_alpha(above.pixels)
    picture[~np.isfinite(picture).all(axis=2)] = 0
    matrix = placement(values, above.display.width, above.display.height).astype(np.float64)
    # From the overlay's array to its display window, and from the canvas to this picture's array.
    step = np.ones(2)
    scale = values["scale"]
    if scale < 1:
        # Resampling by less than half would alias, so the overlay is averaged down first.
        size = (
            max(1, round(picture.shape[1] * scale)),
            max(1, round(picture.shape[0] * scale)),
        )
        step = np.array([picture.shape[1] / size[0], picture.shape[0] / size[1]])
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    linear = matrix[:, :2] * step
    start = matrix[:, :2] @ (np.array([above.data.x0, above.data.y0]) + 0.5 * step) + matrix[:, 2]
    data = context.picture.data
    start -= np.array([data.x0, data.y0]) + 0.5
    height, width = pixels.shape[:2]
    warped = cv2.warpAffine(
        picture,
        np.hstack([linear, start[:, None]]),
        (width, height),
        flags=cv2.INTER_LINEAR if values["filter"] == "linear" else cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0.0, 0.0, 0.0, 0.0),
    )
    result = np.asarray(warped, np.float32)
    # Cubic rings: coverage outside 0..1 would darken what is below.
    result[..., 3] = np.clip(result[..., 3], 0, 1)
    result[result[..., 3] <= 0] = 0
    return np.asarray(result * np.float32(values["opacity"]), np.float32)


register(
    Operation(
        "overlay",
        "Overlay",
        "Lays another picture over this one; it is carried to the frames with its own alpha.",
        (
            Parameter("translate", "point", (0.0, 0.0), "Moves it right and up.", -1e6, 1e6, "px"),
            Parameter("scale", "float", 1.0, "Size as a factor, around its centre.", 1e-3, 100),
            Parameter(
                "rotate",
                "float",
                0.0,
                "Turns it anticlockwise around its centre.",
                -36000,
                36000,
                "degrees",
            ),
            Parameter("opacity", "float", 1.0, "1 covers, 0 is invisible.", 0, 1),
            Parameter(
                "filter",
                "choice",
                "cubic",
                "Cubic is sharper, linear never overshoots.",
                choices=("cubic", "linear"),
            ),
        ),
        _overlay,
        inputs=("overlay",),
        overlay=True,
    )
)
