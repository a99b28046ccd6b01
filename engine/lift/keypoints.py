"""Keypoints that an image detector finds on a still, as tracks through all frames.

A still is seen whole and once, so one look at it finds what a detector would have to find, and to
match, in every frame.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import F32, F64, U8
from engine.errors import UsageError
from engine.fields.field import Field
from engine.lift.onnxpoints import peaks, strengths

DETECTORS = ("sift", "orb")
COUNT = 64
_SOLID = 0.99
"""Coverage of the still below which a keypoint may be its rim."""


@dataclass(frozen=True)
class Keypoints:
    """What was found on a layer's still.

    Attributes:
        points: Canonical points [N, 2], strongest first.
        strength: The detector's response, [N].
    """

    points: F32
    strength: F64


def find_keypoints(field: Field, k: int, detector: str, count: int = COUNT) -> Keypoints:
    """Keypoints of a layer's still, spread over it.

    Source: Lowe, *Distinctive image features from scale-invariant keypoints* (IJCV 2004); Rublee
    et al., *ORB: an efficient alternative to SIFT or SURF* (ICCV 2011); OpenCV's implementations.

    Args:
        field: The field.
        k: Layer, front to back.
        detector: One of ``DETECTORS``, or the path of an ``.onnx`` file, see
            ``engine.lift.onnxpoints``.
        count: The most to give.

    Raises:
        InputError: The file of a detector is absent or no model.
        UsageError: No such detector, or nothing was found.
    """
    import cv2

    canonical = field.layers[k].canonical
    picture, colours, solid = _picture(canonical.pixels)
    if detector == "sift":
        found = _places(cv2.SIFT.create().detect(picture, solid))
    elif detector == "orb":
        found = _places(cv2.ORB.create(nfeatures=max(8 * count, 500)).detect(picture, solid))
    elif detector.lower().endswith(".onnx"):
        found = peaks(strengths(detector, colours), solid)
    else:
        raise UsageError(
            f"there is no detector {detector!r}; there are {', '.join(DETECTORS)}, or the path of "
            "an .onnx file"
        )
    strongest = sorted(found, key=lambda each: (-each[2], each[:2]))
    kept: list[tuple[float, float, float]] = []
    # The strongest first, and none within a distance that lets as many fit as are wanted.
    apart = 0.7 * float(np.sqrt(max(int((solid > 0).sum()), 1) / max(count, 1)))
    for x, y, strength in strongest:
        if all((x - a) ** 2 + (y - b) ** 2 >= apart * apart for a, b, _ in kept):
            kept.append((x, y, strength))
            if len(kept) == count:
                break
    if not kept:
        raise UsageError(
            f"{detector} finds no keypoint on the still of {field.layers[k].name}; it is too "
            "smooth: give points of your own"
        )
    places = np.array(kept, np.float64)
    corner = np.array([canonical.grid.x0 + 0.5, canonical.grid.y0 + 0.5])
    points = (places[:, :2] + corner) / canonical.scale
    return Keypoints(points.astype(np.float32), places[:, 2])


def _places(found: Iterable[Any]) -> list[tuple[float, float, float]]:
    """OpenCV's keypoints as x, y and strength."""
    return [(*each.pt, each.response) for each in found]


def _picture(pixels: F32) -> tuple[U8, U8, U8]:
    """The still in grey and in colour, and where it is solid."""
    import cv2

    from engine.colour.encoding import to_display8

    alpha = pixels[..., 3:]
    colours = pixels[..., :3] / np.where(alpha > 0, alpha, 1)
    rgb = to_display8(np.nan_to_num(colours))
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    solid = np.where(pixels[..., 3] >= _SOLID, 255, 0).astype(np.uint8)
    # A detector looks at what is around a point: the rim of the still is no feature.
    kernel = np.ones((9, 9), np.uint8)
    return (
        np.asarray(grey, np.uint8),
        np.asarray(rgb, np.uint8),
        np.asarray(cv2.erode(solid, kernel), np.uint8),
    )
