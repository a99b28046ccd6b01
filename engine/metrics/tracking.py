"""How well points are followed. Pure counting: truth and answer in, figures out.

Arrays: points [N, T, 2] are (x, y) in pixels of frames, centres at +0.5; ``visible`` and
``counted`` are [N, T]. ``counted`` says which frames of a track are judged: never the frame that
the track was asked from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F64, AnyArray, Bool
from engine.errors import UsageError

#: Distances in pixels at which TAP-Vid counts a point as hit.
THRESHOLDS = (1.0, 2.0, 4.0, 8.0, 16.0)
#: Side of the square raster that TAP-Vid measures on.
RASTER = 256.0


@dataclass(frozen=True)
class TapVid:
    """TAP-Vid's figures, each 0 to 1.

    Attributes:
        delta: Share of visible points within the threshold, mean over thresholds.
        occlusion_accuracy: Share of points whose visibility is told rightly.
        jaccard: Average Jaccard: hits over truths plus false alarms, mean over thresholds.
    """

    delta: float
    occlusion_accuracy: float
    jaccard: float


def tap_vid(
    truth: AnyArray,
    truth_visible: Bool,
    answer: AnyArray,
    answer_visible: Bool,
    counted: Bool,
    size: tuple[int, int],
) -> TapVid:
    """Position and visibility together, as TAP-Vid counts them.

    Source: Doersch et al., *TAP-Vid: A Benchmark for Tracking Any Point in a Video* (NeurIPS 2022),
    section 4: a true positive is a visible point that is said to be visible and lies within the
    threshold; what else is said to be visible is a false alarm.

    Args:
        truth: [N, T, 2].
        truth_visible: [N, T].
        answer: [N, T, 2].
        answer_visible: [N, T].
        counted: [N, T].
        size: Width and height of the frames, stretched to ``RASTER`` squared.

    Returns:
        The figures; NaN where nothing was there to be counted.
    """
    scale = RASTER / np.asarray(size, np.float64)
    gap = np.linalg.norm((np.asarray(answer, np.float64) - truth) * scale, axis=2)
    seen, said = truth_visible & counted, answer_visible & counted
    visible = int(seen.sum())
    within, jaccard = [], []
    for threshold in THRESHOLDS:
        hit = gap < threshold
        within.append(_share(int((hit & seen).sum()), visible))
        true = int((hit & seen & said).sum())
        false = int((said & ~(hit & seen)).sum())
        jaccard.append(_share(true, visible + false))
    right = int(((truth_visible == answer_visible) & counted).sum())
    accuracy = _share(right, int(counted.sum()))
    return TapVid(float(np.mean(within)), accuracy, float(np.mean(jaccard)))


def share_within(
    truth: AnyArray, answer: AnyArray, counted: Bool, areas: Sequence[float], part: float = 0.2
) -> float:
    """Share of joints within ``part * sqrt(mask area)`` of the truth (PCK), 0 to 1.

    Source: Biggs et al., *Creatures great and SMAL* (ACCV 2018), BADJA. Each joint is followed
    from where it was first seen, so ``counted`` holds the annotated frames after that.

    Args:
        truth: [N, T, 2].
        answer: [N, T, 2].
        counted: [N, T].
        areas: Pixels of the animal's mask in each frame, [T].
        part: Share of the square root of the area.
    """
    gap = np.linalg.norm(np.asarray(answer, np.float64) - truth, axis=2)
    near = gap < part * np.sqrt(np.asarray(areas, np.float64))[None, :]
    return _share(int((near & counted).sum()), int(counted.sum()))


@dataclass(frozen=True)
class Spread:
    """Errors in pixels: the middle one, the 95th percentile, and how many there were."""

    median: float
    p95: float
    count: int


def transfer_error(truth: AnyArray, answer: AnyArray, counted: Bool) -> Spread:
    """Distances between truth and answer where they count; NaN when nowhere."""
    gap = np.linalg.norm(np.asarray(answer, np.float64) - truth, axis=2)[counted]
    if not len(gap):
        return Spread(float("nan"), float("nan"), 0)
    return Spread(float(np.median(gap)), float(np.percentile(gap, 95)), len(gap))


def jitter(truth: AnyArray, answer: AnyArray, counted: Bool) -> float:
    """Boil: RMS of the second temporal difference of the error, in pixels.

    ``e = answer - truth``; the mean is over all ``|e(t-1) - 2 e(t) + e(t+1)|^2`` of three
    neighbouring frames that all count. A constant offset and a slow drift are no boil. White
    errors of standard deviation s in x and in y give ``sqrt(12) s``.

    Returns:
        NaN when no three neighbouring frames count.
    """
    error: F64 = np.asarray(answer, np.float64) - truth
    second = error[:, :-2] - 2 * error[:, 1:-1] + error[:, 2:]
    three = counted[:, :-2] & counted[:, 1:-1] & counted[:, 2:]
    if not three.any():
        return float("nan")
    return float(np.sqrt(np.square(second[three]).sum(axis=1).mean()))


def f1(truth: Bool, answer: Bool, counted: Bool) -> float:
    """Harmonic mean of precision and recall of a yes-or-no answer, 0 to 1.

    NaN when nothing is true and nothing was said to be.
    """
    both = int((truth & answer & counted).sum())
    either = int((truth & counted).sum()) + int((answer & counted).sum())
    return _share(2 * both, either)


def first_sight(visible: Bool) -> tuple[AnyArray, Bool]:
    """The frame where each track is first seen, and the later frames where it is seen.

    Args:
        visible: [N, T]; each track is seen at least once.

    Returns:
        Frame indices [N] and ``counted`` [N, T].

    Raises:
        UsageError: A track is never seen.
    """
    if not visible.any(axis=1).all():
        raise UsageError("a track is never seen; leave it out before asking for its first sight")
    first = visible.argmax(axis=1)
    later = np.arange(visible.shape[1])[None, :] > first[:, None]
    return first, np.asarray(visible & later, np.bool_)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
