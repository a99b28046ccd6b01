"""How well a mask is met: region and boundary, as DAVIS counts them.

Source: Perazzi et al., *A Benchmark Dataset and Evaluation Methodology for Video Object
Segmentation* (CVPR 2016), section 4.
"""

import numpy as np

from engine.arrays import U8, Bool
from engine.errors import UsageError

#: How far apart boundaries may lie, as a share of the picture's diagonal.
TOLERANCE = 0.008


def region(truth: Bool, answer: Bool) -> float:
    """J: intersection over union of two masks [H, W]; 1 when both are empty.

    Raises:
        UsageError: The sizes differ.
    """
    _same(truth, answer)
    union = int((truth | answer).sum())
    return float((truth & answer).sum()) / union if union else 1.0


def boundary(truth: Bool, answer: Bool, tolerance: float = TOLERANCE) -> float:
    """F: harmonic mean of precision and recall of the boundaries of two masks [H, W].

    A boundary pixel is met when the other boundary passes within ``ceil(tolerance * diagonal)``
    pixels. 1 when neither has a boundary, 0 when only one has.

    Raises:
        UsageError: The sizes differ.
    """
    _same(truth, answer)
    ours, theirs = outline(answer), outline(truth)
    if not ours.any() or not theirs.any():
        return 1.0 if ours.any() == theirs.any() else 0.0
    reach = float(np.ceil(tolerance * np.hypot(*truth.shape)))
    precision = float((_distance_to(theirs)[ours] <= reach).mean())
    recall = float((_distance_to(ours)[theirs] <= reach).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: Bool) -> Bool:
    """Pixels of a mask [H, W] that differ from their right, lower or lower right neighbour."""
    inside = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    here = inside[:-1, :-1]
    edge = (here != inside[:-1, 1:]) | (here != inside[1:, :-1]) | (here != inside[1:, 1:])
    return np.asarray(edge, np.bool_)


def _distance_to(edge: Bool) -> U8:
    """Pixels to the nearest edge pixel, exact."""
    import cv2

    off = np.where(edge, 0, 255).astype(np.uint8)
    distance: U8 = cv2.distanceTransform(off, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance


def _same(truth: Bool, answer: Bool) -> None:
    if truth.shape != answer.shape:
        raise UsageError(
            f"masks of {truth.shape} and {answer.shape} cannot be compared; use one size"
        )
