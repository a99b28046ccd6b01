"""Colour operations: grade, exposure, saturation, hue. Alpha is kept."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.operations.alpha import LUMA, on_colour
from engine.operations.catalogue import Context, Operation, register
from engine.operations.parameters import Parameter


def _colour(name: str, default: float, low: float, high: float, text: str) -> Parameter:
    return Parameter(name, "colour", (default,) * 3, text, low, high)


def _grade(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    v = {key: np.asarray(value, np.float32) for key, value in values.items()}
    span = v["whitepoint"] - v["blackpoint"]
    # Equal points would divide by zero; the steepest ramp that float32 can hold stands for it.
    span = np.where(np.abs(span) < 1e-6, np.float32(1e-6), span)
    slope = v["multiply"] * (v["gain"] - v["lift"]) / span
    offset = v["offset"] + v["lift"] - slope * v["blackpoint"]
    power = 1 / v["gamma"]

    def change(colour: F32) -> F32:
        ramp = colour * slope + offset
        if (power != 1).any():
            # Negative values have no power; they pass, as an artist expects of Nuke's Grade.
            ramp = np.where(ramp > 0, np.power(np.maximum(ramp, 0), power), ramp)
        if values["black_clamp"]:
            ramp = np.maximum(ramp, 0)
        if values["white_clamp"]:
            ramp = np.minimum(ramp, 1)
        return np.asarray(ramp, np.float32)

    return on_colour(pixels, change)


def _exposure(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    result = pixels.copy()
    result[..., :3] *= np.float32(2.0 ** values["stops"])
    return result


def _saturation(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    if values["saturation"] == 1:
        return pixels
    # Linear in the pixel, so it is the same on premultiplied colour.
    result = pixels.copy()
    grey = (pixels[..., :3] @ LUMA)[..., None]
    result[..., :3] = grey + np.float32(values["saturation"]) * (pixels[..., :3] - grey)
    return result


def hue_matrix(degrees: float) -> F32:
    """Colour matrix [3, 3] that turns hue around the grey axis and keeps Rec.709 luminance.

    Args:
        degrees: Positive turns red towards green.
    """
    angle = np.deg2rad(degrees)
    axis = np.ones(3) / np.sqrt(3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    turn = np.eye(3) * np.cos(angle) + np.sin(angle) * cross
    turn += (1 - np.cos(angle)) * np.outer(axis, axis)
    luma = np.tile(LUMA.astype(np.float64), (3, 1))
    # Luminance goes through untouched; of the turned chroma its own luminance is taken away.
    chroma = np.eye(3) - luma
    return np.asarray(luma + (np.eye(3) - luma) @ turn @ chroma, np.float32)


def _hue(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    result = pixels.copy()
    if values["degrees"] % 360:
        result[..., :3] = pixels[..., :3] @ hue_matrix(values["degrees"]).T
    return result


register(
    Operation(
        "grade",
        "Grade",
        "Sets black, white, gain and gamma of each colour channel.",
        (
            _colour("blackpoint", 0.0, -10, 10, "The value that becomes lift."),
            _colour("whitepoint", 1.0, -10, 1000, "The value that becomes gain."),
            _colour("lift", 0.0, -10, 10, "Where the black point goes."),
            _colour("gain", 1.0, -10, 1000, "Where the white point goes."),
            _colour("multiply", 1.0, -10, 1000, "Multiplies the colour."),
            _colour("offset", 0.0, -100, 100, "Is added to the colour."),
            _colour("gamma", 1.0, 0.01, 10, "Brightens the middle tones above 1, darkens below."),
            Parameter("black_clamp", "bool", False, "Cuts negative values to 0."),
            Parameter("white_clamp", "bool", False, "Cuts values above 1 to 1."),
        ),
        _grade,
    )
)
register(
    Operation(
        "exposure",
        "Exposure",
        "Makes the picture brighter or darker by photographic stops.",
        (Parameter("stops", "float", 0.0, "Each stop doubles the light.", -20, 20, "stops"),),
        _exposure,
    )
)
register(
    Operation(
        "saturation",
        "Saturation",
        "Strengthens or removes colour and keeps luminance.",
        (Parameter("saturation", "float", 1.0, "0 is grey, 1 leaves the colour alone.", 0, 10),),
        _saturation,
    )
)
register(
    Operation(
        "hue",
        "Hue",
        "Turns all hues by an angle and keeps luminance.",
        (
            Parameter(
                "degrees",
                "float",
                0.0,
                "Positive turns red towards green; 360 is a whole turn.",
                -360,
                360,
                "degrees",
            ),
        ),
        _hue,
    )
)
