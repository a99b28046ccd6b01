"""Which frame the canonical image is aligned to: sharp, complete and central.

The reference frame is the picture that an artist paints on. A frame blurred by motion, or one that
hides what the others show, makes a poor canonical image; and a frame far from the middle makes long
chains. Everything is judged on small greys, so that it costs milliseconds per frame.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64
from engine.fit.plates import Plates

#: Longest side of the greys that sharpness is judged on, and of those that motion is.
SIDE, TINY = 432, 108
#: Frames to each side that a frame's sharpness is held against: motion blur comes and goes.
AROUND = 8
#: Shortest side of any of them.
LEAST = 48
#: Sharpness against the frames around from which a frame counts as sharp.
SHARP = 0.95
#: Share of the clip around its middle that is considered: beyond it chains get long.
CONSIDERED = 0.6
#: What the outermost of these loses against the middle one.
FAR = 0.1
#: How much better than the middle frame another one must be.
BETTER = 1.03


@dataclass(frozen=True)
class Choice:
    """A reference frame.

    Attributes:
        index: Of the frame.
        reason: Why, for the report; goes on after "the frame is ...".
    """

    index: int
    reason: str


def choose_reference(plates: Plates) -> Choice:
    """The frame that the canonical image should be aligned to.

    The score of a frame is the product of its sharpness against the frames around it, of the share
    of each group that it shows (its area against the group's largest, by half), of the share of
    what the other frames see that it sees too (overlap after the shifts of the last group),
    and of a small preference for the middle. The middle frame stays unless another one is clearly
    better.

    Args:
        plates: The frames; frames that show nothing are not considered.
    """
    shown = np.flatnonzero(plates.weights.any(axis=(0, 2, 3)))
    middle = int(shown[len(shown) // 2])
    away = np.abs(np.arange(len(shown)) - len(shown) // 2) / max(len(shown) / 2, 1)
    if len(shown) < 3:
        return Choice(middle, "the middle one of a few")
    sharp, areas, path = _measured(plates, shown)
    sharpness = np.minimum(_against_neighbours(sharp) / SHARP, 1.0)
    most = areas.max(axis=1, keepdims=True)
    # Groups that are never seen, and the frame itself, do not count.
    coverage = np.mean(
        [row / top for row, top in zip(areas, most[:, 0], strict=True) if top > 0], 0
    )
    overlap = _overlap(path)
    score = sharpness * np.sqrt(coverage) * overlap * (1 - FAR * away / CONSIDERED)
    score[away > CONSIDERED] = 0
    best = int(score.argmax())
    here = len(shown) // 2
    if score[best] < BETTER * score[here]:
        return Choice(middle, "the middle one: no other is clearly sharper or shows more")
    gains = {
        "is sharper": sharpness[best] / max(float(sharpness[here]), 1e-6),
        "shows more of the groups": np.sqrt(coverage[best] / max(float(coverage[here]), 1e-6)),
        "sees more of what the others see": overlap[best] / max(float(overlap[here]), 1e-6),
    }
    why = max(gains, key=lambda name: gains[name])
    return Choice(int(shown[best]), f"one that {why} than the middle one")


def relative_sharpness(plates: Plates) -> F32:
    """Each frame's sharpness against the frames around it, [T]: 1 = as sharp, 0 = nothing left.

    Frames that show nothing have 1: they say nothing anyhow.
    """
    shown = np.flatnonzero(plates.weights.any(axis=(0, 2, 3)))
    result = np.ones(plates.count, np.float32)
    if len(shown) > 2:
        result[shown] = np.minimum(_against_neighbours(_measured(plates, shown)[0]) / SHARP, 1.0)
    return result


def _measured(plates: Plates, shown: np.ndarray) -> tuple[F64, F64, F64]:
    """Sharpness [T], areas of the groups [K, T], and the last group's way [T, 2] in frame sizes."""
    import cv2

    long = max(plates.height, plates.width)
    sharp: F64 = np.zeros(len(shown))
    areas: F64 = np.zeros((len(plates.weights), len(shown)))
    path: F64 = np.zeros((len(shown), 2))
    before: F64 | None = None
    for n, index in enumerate(shown.tolist()):
        light = cv2.extractChannel(plates.codes[index], 1)
        grey = _small(light, SIDE / long).astype(np.float32) * np.float32(plates.scale)
        masks = [_small(plane[index], TINY / long) for plane in plates.weights]
        areas[:, n] = [float(mask.mean()) for mask in masks]
        whole = _small(plates.weights[:, index].max(axis=0), SIDE / long)
        detail = np.abs(cv2.Laplacian(grey, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE))
        # The mean of squares: blur takes the strongest edges first.
        sharp[n] = float((np.minimum(detail, 1) ** 2)[whole > 127].mean()) if whole.any() else 0
        tiny = _small(grey, TINY / max(grey.shape))
        rear = cv2.resize(masks[-1], tiny.shape[::-1], interpolation=cv2.INTER_AREA) > 127
        tiny = np.where(rear, tiny - tiny[rear].mean(), 0) if rear.any() else np.zeros_like(tiny)
        tiny = np.asarray(tiny, np.float64)
        # A picture of one row or column has no window to look through.
        if before is not None and min(tiny.shape) > 1:
            window = cv2.createHanningWindow(tiny.shape[::-1], cv2.CV_64F)
            # One shift of the whole picture, however far; this is no matter of a pixel.
            (x, y), _ = cv2.phaseCorrelate(before, tiny, window)
            path[n] = path[n - 1] - np.nan_to_num([x, y]) / tiny.shape[::-1]
        before = tiny
    return sharp, areas, path


def _small(picture: np.ndarray, factor: float) -> np.ndarray:
    """A picture [H, W] reduced (never enlarged), its shorter side at least ``LEAST``."""
    import cv2

    height, width = picture.shape
    factor = min(1.0, max(factor, LEAST / min(height, width)))
    if factor >= 1:
        return picture
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small: np.ndarray = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return small


def _against_neighbours(sharp: F64) -> F64:
    """Sharpness [T] against the sharpest frames around; 1 where nothing can be told."""
    result = np.ones(len(sharp))
    for n in range(len(sharp)):
        around = sharp[max(0, n - AROUND) : n + AROUND + 1]
        top = float(np.percentile(around, 80))
        if top > 0:
            result[n] = min(1.0, float(np.sqrt(sharp[n] / top)))
    return result


def _overlap(path: F64) -> F64:
    """Mean share of a frame that each of the others sees too, [T], from places [T, 2]."""
    gap = np.abs(path[:, None, :] - path[None, :, :])
    return np.asarray(np.clip(1 - gap, 0, 1).prod(axis=2).mean(axis=1), np.float64)
