"""A painted look: brush-like flat areas, stepped light, ink lines. Alpha is kept."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.colour.encoding import decode, encode
from engine.operations.alpha import LUMA, gaussian, premultiplied, spread, unpremultiplied
from engine.operations.catalogue import Context, Operation, register
from engine.operations.parameters import Parameter
from engine.progress import Task

SECTORS = 8


def _sectors(radius: int) -> list[F32]:
    """Gaussian weights of a disc, cut into soft sectors that sum to one, [2r + 1, 2r + 1] each."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    disc = np.exp(-(x * x + y * y) / (2 * (0.5 * radius) ** 2)) * (x * x + y * y <= radius**2 + 1)
    angle = np.arctan2(y, x)
    parts = []
    for k in range(SECTORS):
        distance = np.abs((angle - 2 * np.pi * k / SECTORS + np.pi) % (2 * np.pi) - np.pi)
        share = np.clip(1 - distance * SECTORS / (2 * np.pi), 0, 1)
        share[radius, radius] = 1 / SECTORS
        part = disc * share
        parts.append((part / part.sum()).astype(np.float32))
    return parts


def kuwahara(colour: F32, radius: int, sharpness: float, task: Task) -> F32:
    """Generalised Kuwahara filter (Papari et al. 2007): flat strokes with crisp borders.

    Each pixel takes the mean of those sectors around it that vary least.

    Args:
        colour: Encoded colour [H, W, 3].
        radius: Of the disc, in pixels.
        sharpness: Power by which quiet sectors win.
        task: Cancels between sectors.

    Returns:
        float32 [H, W, 3].
    """
    import cv2

    total = np.zeros_like(colour)
    weights = np.zeros(colour.shape[:2], np.float32)
    border = cv2.BORDER_REFLECT_101
    for k, kernel in enumerate(_sectors(radius)):
        task.report(k / SECTORS, "stylise")
        mean = cv2.filter2D(colour, cv2.CV_32F, kernel, borderType=border)
        square = cv2.filter2D(colour * colour, cv2.CV_32F, kernel, borderType=border)
        spread_of = np.maximum(square - mean * mean, 0).sum(axis=2)
        # The floor keeps noise in flat areas from choosing at random.
        weight = (spread_of + np.float32(2e-4)) ** np.float32(-0.5 * sharpness)
        total += weight[..., None] * mean
        weights += weight
    return np.asarray(total / weights[..., None], np.float32)


def stepped(luma: F32, levels: int, hardness: float) -> F32:
    """Light in soft steps; continues above 1 and below 0 with the same step.

    Args:
        luma: Encoded luma [H, W].
        levels: Steps from 0 to 1.
        hardness: 0 changes nothing, 1 gives nearly flat steps.

    Returns:
        float32 [H, W], rising with ``luma``.
    """
    position = luma * np.float32(levels)
    nearest = np.rint(position)
    slope = 1 + 9 * hardness
    ramp = np.tanh(slope * (position - nearest)) / (2 * np.tanh(slope / 2))
    flat = (nearest + ramp) / levels
    return np.asarray(luma + np.float32(hardness) * (flat - luma), np.float32)


def ink_lines(luma: F32, width: float, sensitivity: float) -> F32:
    """Darkness of ink along edges, [H, W] from 0 to 1 (difference of Gaussians, soft threshold).

    Args:
        luma: Encoded luma [H, W].
        width: Of a line in pixels.
        sensitivity: 0 to 1; more finds weaker edges.
    """
    narrow = gaussian(luma, 0.6 * width, 0.6 * width)
    wide = gaussian(luma, 1.6 * 0.6 * width, 1.6 * 0.6 * width)
    dark = wide - narrow
    threshold = np.float32(0.03 * (1 - sensitivity) + 0.004)
    return np.asarray(np.clip(np.tanh((dark - threshold) / (0.8 * threshold)), 0, 1), np.float32)


def _stylise(pixels: F32, values: Mapping[str, Any], context: Context) -> F32:
    alpha = pixels[..., 3]
    encoded = np.clip(encode(unpremultiplied(pixels)), -200, 200)
    source = spread(encoded, alpha)
    painted = kuwahara(source, values["brush"], 8.0, context.task)
    luma = painted @ LUMA
    flat = stepped(luma, values["levels"], values["steps"])
    # Chroma follows the stepped light, so that hue and saturation stay as they were.
    gain = np.clip(flat / np.where(luma > 1e-3, luma, 1), 0, 4)
    light = np.asarray(np.where(luma > 1e-3, gain, 1)[..., None] * painted, np.float32)
    grey = (light @ LUMA)[..., None]
    light = np.asarray(grey + values["saturation"] * (light - grey), np.float32)
    ink = ink_lines(gaussian(source @ LUMA, 0.7, 0.7), values["line_width"], values["line_detail"])
    shade = 1 - np.float32(values["lines"]) * ink
    result = premultiplied(decode(np.asarray(light * shade[..., None], np.float32)), alpha)
    empty = alpha == 0
    result[empty] = pixels[empty]
    return result


register(
    Operation(
        "stylise",
        "Stylise",
        "Makes a painting of the picture: brush strokes, stepped light and ink lines.",
        (
            Parameter("brush", "int", 6, "Radius of the brush strokes.", 1, 40, "px"),
            Parameter("levels", "int", 8, "Steps of light from black to white.", 2, 64),
            Parameter("steps", "float", 0.5, "How flat the steps are; 0 leaves light alone.", 0, 1),
            Parameter("saturation", "float", 1.25, "Strength of the colours; 1 as before.", 0, 4),
            Parameter("lines", "float", 0.7, "Darkness of the ink lines.", 0, 1),
            Parameter("line_width", "float", 1.6, "Width of the ink lines.", 0.5, 20, "px"),
            Parameter("line_detail", "float", 0.5, "How weak an edge may be to get a line.", 0, 1),
        ),
        _stylise,
    )
)
