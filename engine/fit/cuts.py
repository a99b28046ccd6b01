"""Cuts inside a clip: frames from which on the picture shows another shot.

Works on thumbnails. A pair of neighbours is broken when, after the motion between them is taken
out, hardly a block of the one is found in the other, whatever the exposure, and the colours differ
too. A broken pair is a cut unless the shot goes on behind it (a flash, something that passed close
to the lens) or its neighbours are broken as well (a whip pan). Dissolves and fades are no cuts;
frames without any structure, black ones among them, are skipped.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine.arrays import F32, U8
from engine.errors import UsageError
from engine.fit.plates import Plates
from engine.flow.dis import dis_flow
from engine.progress import Task

#: Longer side of a thumbnail.
SIDE = 96
#: Least share of blocks found again in the next frame of one shot. On real clips: neighbours at
#: least 0.92, frames four apart 0.62, frames of different clips at most 0.18.
FOUND = 0.2
#: Thumbnails with a shorter side tell no shot from another.
LEAST = 16
#: The same where the colours are others altogether: small soft pictures agree by chance.
FOUND_BY_CHANCE, OTHER_COLOURS = 0.3, 0.4
#: Share of blocks from which two frames certainly show one shot.
SAME = 0.35
#: Share of blocks below which both neighbours of a broken pair are a whip pan's.
SETTLED = 0.5
#: Least distance of the colour histograms (0 to 1) of two shots.
COLOURS = 0.08
#: Most that two shots correlate after one is laid over the other.
ALIKE = 0.85
#: Frames on either side of a broken pair among which the shot may go on.
REACH = 4
#: Gain in burnt-out values that tells a flash in the first or last frame, where no frame follows.
BURNT = 0.2
#: Standard deviation (8-bit codes) below which a thumbnail shows nothing.
FLAT = 3.0
#: Variance of a block, in thumbnails of deviation 50, from which it shows something.
STRUCTURE = 30.0
#: Share of a thumbnail that a shifted one must cover.
OVERLAP = 0.3


def find_cuts(plates: Plates, frames: Sequence[int], task: Task) -> list[int]:
    """Indices of the frames that begin another shot, ascending; never 0.

    Frames of a few pixels, and strips of a few rows, have no cuts.

    Args:
        plates: The frames.
        frames: Their numbers; across a gap of many nothing can be told, and so no cut is.
        task: Progress and cancel.

    Raises:
        Cancelled: The person stopped the work.
    """
    found = _Thumbnails(plates)
    if min(found.size) < LEAST:
        return []
    shown = [index for index in range(plates.count) if not found.flat(index)]
    steps = [b - a for a, b in pairwise(frames)]
    broken = []
    for n, (before, after) in enumerate(pairwise(shown)):
        task.report(n / len(shown), "looking for cuts")
        told = max(steps[before:after]) <= REACH * min(steps)
        broken.append(told and found.broken(before, after))
    cuts = []
    for n in np.flatnonzero(broken).tolist():
        beside = [m for m in (n - 1, n + 1) if 0 <= m < len(broken)]
        # Faster and faster, then slower and slower: a whip pan whose peak alone is lost.
        restless = any(broken[m] for m in beside) or (
            len(beside) == 2 and all(found.shared(shown[m], shown[m + 1]) < SETTLED for m in beside)
        )
        earlier = shown[max(0, n - REACH + 1) : n + 1]
        later = shown[n + 1 : n + 1 + REACH]
        alone = min(len(earlier), len(later)) == 1
        if restless or (alone and found.flash(shown[n], shown[n + 1])):
            continue
        if not any(found.shared(a, b) >= SAME for a in earlier for b in later):
            cuts.append(shown[n + 1])
    return cuts


def shots_of(frames: Sequence[int], cuts: Sequence[int]) -> list[tuple[int, int]]:
    """First and last frame number of each shot.

    Args:
        frames: Frame numbers of the clip.
        cuts: As ``find_cuts`` gives them.
    """
    edges = [0, *cuts, len(frames)]
    return [(frames[a], frames[b - 1]) for a, b in pairwise(edges)]


def advice(shots: Sequence[tuple[int, int]]) -> str:
    """One sentence on what the cuts between shots are and what to do."""
    places = ", ".join(str(first) for first, _ in shots[1:])
    ranges = ", ".join(f"{first}-{last}" for first, last in shots)
    return (
        f"the clip cuts to another shot at frame{'s' if len(shots) > 2 else ''} {places}; fit each "
        f"shot on its own (frames {ranges})"
    )


def kept_shot(
    frames: Sequence[int], cuts: Sequence[int], mode: str, reference: int | None
) -> range | None:
    """Indices of the frames of the one shot that is fitted; None when it is all of them.

    Args:
        frames: Frame numbers of the clip.
        cuts: As ``find_cuts`` gives them.
        mode: ``warn``: the shot of the reference frame, else the longest one; ``stop``: an error.
        reference: Frame number asked for, or None.

    Raises:
        UsageError: There are cuts and the mode is ``stop``.
    """
    if not cuts:
        return None
    if mode == "stop":
        sentence = advice(shots_of(frames, cuts))
        raise UsageError(f"{sentence}, or set cuts to ignore", frame=frames[cuts[0]])
    shots = [range(a, b) for a, b in pairwise([0, *cuts, len(frames)])]
    if reference is not None:
        return next(shot for shot in shots if frames.index(reference) in shot)
    return max(shots, key=len)


class _Thumbnails:
    """Small frames and how they compare."""

    def __init__(self, plates: Plates) -> None:
        import cv2

        scale = min(1.0, SIDE / max(plates.width, plates.height))
        self.size = (max(1, round(plates.width * scale)), max(1, round(plates.height * scale)))
        self.colours: list[F32] = []
        self.greys: list[U8] = []
        self.deviations: list[float] = []
        self.burnt: list[float] = []
        for index in range(plates.count):
            codes = cv2.resize(plates.codes[index], self.size, interpolation=cv2.INTER_AREA)
            encoded = codes.astype(np.float32) * np.float32(plates.scale) + plates.offset
            small = np.rint(np.clip(encoded, 0, 1) * 255).astype(np.uint8)
            small = small.reshape(self.size[1], self.size[0], 3)
            self.burnt.append(float((small >= 250).mean()))
            bins = cv2.calcHist([small], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3)
            self.colours.append(np.asarray(bins.ravel() / small[..., 0].size, np.float32))
            grey = small.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
            self.deviations.append(float(grey.std()))
            level = (grey - grey.mean()) * (50 / max(self.deviations[-1], FLAT)) + 128
            soft = cv2.GaussianBlur(np.clip(level, 0, 255).astype(np.uint8), (0, 0), 1.0)
            self.greys.append(np.asarray(soft, np.uint8))

    def flat(self, index: int) -> bool:
        """Whether a frame shows next to nothing."""
        return self.deviations[index] < FLAT

    def flash(self, a: int, b: int) -> bool:
        """Whether one of two frames is burnt out and the other is not."""
        return abs(self.burnt[a] - self.burnt[b]) > BURNT

    def broken(self, a: int, b: int) -> bool:
        """Whether nothing of frame ``a`` goes on in frame ``b``."""
        distance = float(np.abs(self.colours[a] - self.colours[b]).sum()) / 2
        if distance < COLOURS:
            return False
        found, alike = self._compared(a, b)
        return found < (FOUND if distance < OTHER_COLOURS else FOUND_BY_CHANCE) and alike < ALIKE

    def shared(self, a: int, b: int) -> float:
        """Share of the blocks of frame ``a`` that are found in frame ``b``."""
        return self._compared(a, b)[0]

    def _compared(self, a: int, b: int) -> tuple[float, float]:
        """Share of blocks found again, and correlation: the better of two explanations."""
        import cv2

        first, second = self.greys[a], self.greys[b]
        results = [_laid_over(first, second, (0.0, 0.0))]
        if results[0][0] < SAME and min(first.shape) > 8:
            window = cv2.createHanningWindow((first.shape[1], first.shape[0]), cv2.CV_32F)
            shift, _ = cv2.phaseCorrelate(
                first.astype(np.float32), second.astype(np.float32), window
            )
            results.append(_laid_over(first, second, (float(shift[0]), float(shift[1]))))
        return max(found for found, _ in results), max(alike for _, alike in results)


def _laid_over(first: U8, second: U8, shift: tuple[float, float]) -> tuple[float, float]:
    """Share of the blocks of a thumbnail that are found in another, and their correlation.

    Args:
        first: uint8 [h, w].
        second: uint8 [h, w].
        shift: Motion (x, y) to begin with, in pixels; flow finds the rest.
    """
    import cv2

    height, width = first.shape
    x, y = np.meshgrid(
        np.arange(width, dtype=np.float32) + np.float32(shift[0]),
        np.arange(height, dtype=np.float32) + np.float32(shift[1]),
    )
    if shift != (0.0, 0.0):
        moved = cv2.remap(second, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    else:
        moved = second
    rest = dis_flow(first, np.asarray(moved, np.uint8), "fast")
    x, y = x + rest[..., 0], y + rest[..., 1]
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    if inside.mean() < OVERLAP:
        return 0.0, 0.0
    laid = cv2.remap(second, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    one, two = first.astype(np.float32), laid.astype(np.float32)

    def mean(values: F32) -> F32:
        return np.asarray(cv2.blur(values, (9, 9)), np.float32)

    spread_one = np.maximum(mean(one * one) - mean(one) ** 2, 0)
    spread_two = np.maximum(mean(two * two) - mean(two) ** 2, 0)
    together = mean(one * two) - mean(one) * mean(two)
    agreement = together / np.sqrt((spread_one + 4) * (spread_two + 4))
    telling = inside & (np.maximum(spread_one, spread_two) > STRUCTURE)
    found = float((agreement[telling] > 0.8).mean()) if telling.any() else 0.0
    one, two = one[inside] - one[inside].mean(), two[inside] - two[inside].mean()
    scale = float(np.sqrt((one * one).sum() * (two * two).sum()))
    return found, float((one * two).sum()) / scale if scale > 0 else 0.0
