"""A keypoint detector from a local ONNX file.

Convention: one input ``[1, 1, H, W]`` (grey) or ``[1, 3, H, W]`` (RGB), float32 from 0 to 1, H and
W fixed, or free and multiples of 8; an output ``[1, 1, H, W]`` that is high on keypoints, or
``[1, 65, H/8, W/8]``: scores of the 64 pixels of each cell and of none, as SuperPoint gives them
(DeTone et al., CVPR workshops 2018). Other outputs (descriptors) are not looked at.
"""

from pathlib import Path

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.errors import UsageError

#: Pixels of a cell, and what both sides of a picture must be a multiple of.
CELL = 8
#: Longest side that a network is given.
LONG = 1280
#: Side of the square that a keypoint must be the highest of.
PEAK = 9
#: Share of the range of scores, from below, in which nothing is a keypoint.
LEAST = 0.02


def strengths(path: str | Path, rgb: U8) -> F32:
    """How much of a keypoint each pixel of a picture is, float32 [H, W].

    Args:
        path: The ``.onnx`` file.
        rgb: uint8 [H, W, 3].

    Raises:
        InputError: The file is absent or no model that can be run.
        UsageError: It gives nothing that says where keypoints are.
    """
    import cv2

    from engine.onnx import Network

    network = Network(path)
    height, width = rgb.shape[:2]
    scale = min(1.0, LONG / max(height, width))
    tall, wide = (
        fixed or max(CELL, round(side * scale / CELL) * CELL)
        for fixed, side in zip(network.sides, (height, width), strict=True)
    )
    picture = cv2.resize(rgb, (wide, tall), interpolation=cv2.INTER_AREA)
    if network.channels == 1:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]
    answers = network.answers(np.float32(1 / 255) * picture.transpose(2, 0, 1).astype(np.float32))
    found = _heat(answers, (tall, wide))
    if found is None:
        shapes = ", ".join(str(list(answer.shape)) for answer in answers)
        raise UsageError(
            f"{network.path} gives {shapes} and no keypoints [1, 1, H, W] or [1, 65, H/8, W/8]; "
            "give a keypoint detector of that kind",
            file=network.path,
        )
    return np.asarray(
        cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def peaks(heat: F32, solid: U8) -> list[tuple[float, float, float]]:
    """Local maxima as (x, y, strength), pixel centres at whole numbers, as OpenCV counts.

    Args:
        heat: See ``strengths``.
        solid: Where keypoints may lie, 255 or 0.
    """
    import cv2

    highest = cv2.dilate(heat, np.ones((PEAK, PEAK), np.uint8))
    inside = heat[solid > 0]
    if not inside.size:
        return []
    low, high = float(inside.min()), float(inside.max())
    where = (heat >= highest) & (solid > 0) & (heat > low + LEAST * (high - low))
    rows, columns = np.nonzero(where)
    return [(float(x), float(y), float(heat[y, x])) for y, x in zip(rows, columns, strict=True)]


def _heat(answers: list[AnyArray], size: tuple[int, int]) -> F32 | None:
    """The map of keypoints among the answers of a network, [H, W] of its input."""
    import cv2

    for answer in answers:
        if answer.ndim != 4 or answer.shape[0] != 1:
            continue
        scores = np.asarray(answer[0], np.float32)
        if len(scores) == CELL * CELL + 1:
            apart = np.exp(scores - scores.max(axis=0, keepdims=True))
            shares = (apart / apart.sum(axis=0, keepdims=True))[:-1]
            rows, columns = shares.shape[1:]
            cells = shares.reshape(CELL, CELL, rows, columns).transpose(2, 0, 3, 1)
            return np.asarray(cells.reshape(rows * CELL, columns * CELL), np.float32)
        if len(scores) == 1:
            plain = cv2.resize(scores[0], size[::-1], interpolation=cv2.INTER_LINEAR)
            return np.asarray(plain, np.float32)
    return None
