"""Segmentation by a network from a local ONNX file.

Convention: one input ``[1, 3, H, W]``, RGB, H and W fixed or free; the first output
``[1, K, h, w]``. With K = 1 it is a share or log odds of the object, else a score for each class.

How a network wants its colours scaled is not in the file, and with the wrong scale it is nearly
blind. So each of the usual scales is tried, and the answer counts that finds most and is surest.
"""

import numpy as np

from engine.arrays import F32, U8
from engine.errors import UsageError
from engine.masks.solve import sigmoid
from engine.onnx import Network

#: What is taken from RGB of 0 to 1, and what that is divided by.
SCALES = (
    (np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)),
    (np.full(3, 0.5, np.float32), np.full(3, 0.5, np.float32)),
    (np.full(3, 0.5, np.float32), np.ones(3, np.float32)),
)
#: Shares above which a pixel is surely, and perhaps, the object.
SURE, PERHAPS = 0.8, 0.2
#: Longest side that a network of free size is given, and what its sides are a multiple of.
LONG, STEP = 640, 32


def object_share(network: Network, rgb: U8, kind: int | None = None) -> F32:
    """How far each pixel belongs to the object, float32 [H, W], 0 to 1.

    Args:
        network: The network.
        rgb: A frame, uint8 [H, W, 3].
        kind: Which class; None: everything but the first, which is the background.

    Raises:
        UsageError: The model gives no mask, or has no such class.
    """
    import cv2

    path = network.path
    if network.channels != 3:
        raise UsageError(
            f"{path} takes grey pictures; give a segmentation network for RGB", file=path
        )
    height, width = rgb.shape[:2]
    scale = min(1.0, LONG / max(height, width))
    tall, wide = (
        fixed or max(STEP, round(side * scale / STEP) * STEP)
        for fixed, side in zip(network.sides, (height, width), strict=True)
    )
    small = cv2.resize(rgb, (wide, tall), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    tried = [_object(network, (small - mean) / spread, kind) for mean, spread in SCALES]
    found = max(tried, key=_decided)
    return np.asarray(
        np.clip(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1),
        np.float32,
    )


def _decided(share: F32) -> float:
    """How much a mask holds surely, less what is doubtful beside it."""
    sure, perhaps = float((share > SURE).sum()), float((share > PERHAPS).sum())
    return sure * sure / max(perhaps, 1.0)


def _object(network: Network, picture: F32, kind: int | None) -> F32:
    """What a network says of a picture [H, W, 3] in its own scale: shares [h, w]."""
    path = network.path
    answer = network.answers(np.asarray(picture.transpose(2, 0, 1), np.float32))[0]
    if answer.ndim == 3:
        answer = answer[None]
    if answer.ndim != 4 or answer.shape[0] != 1:
        raise UsageError(
            f"{path} gives {list(answer.shape)} and no mask [1, K, H, W]; give a segmentation "
            "network",
            file=path,
        )
    scores = np.asarray(answer[0], np.float32)
    classes = len(scores)
    if kind is not None and not 0 <= kind < classes:
        raise UsageError(f"{path} has the classes 0 to {classes - 1}, not {kind}", file=path)
    if classes == 1:
        plain = scores[0]
        return plain if plain.min() >= 0 and plain.max() <= 1 else sigmoid(plain)
    high = np.exp(scores - scores.max(axis=0))
    shares = high / high.sum(axis=0)
    return np.asarray(1 - shares[0] if kind is None else shares[kind], np.float32)
