"""Where one still may not explain a clip, found in its flow before anything is fitted.

From one frame to the next even what tears apart looks smooth. So frames are compared over a gap in
which what moves goes a few pixels: what it covers there lands where it lies, and that no map of one
still can show.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from engine.arrays import U8, Bool
from engine.fit.clipmotion import LEVELS, SIDE, Statistics, brought, cleaned
from engine.fit.conflict import Conflict, Signs, largest, located
from engine.fit.motion import displacement, global_motion
from engine.flow.confidence import confidence_of
from engine.flow.dis import dis_flow
from engine.metrics.folding import determinants

#: Shares of the picture, and percent of the width per frame against the camera, from and up to
#: which what moves besides is one thing that wants a group.
APART, MOST_APART, PACE = 0.02, 0.5, 0.2
#: Pixels of a grey that it goes in a pair, the most frames of a pair, and how many pairs.
GOES, WIDEST, PAIRS = 8.0, 16, 4
#: Reach of the smooth map that one still has, in pixels of a grey.
SMOOTH = 6.0
#: How often a pixel of the second grey is hit where parts of the first land on each other.
TWICE = 1.6
#: Pixels of a grey that a piece is wide at least.
NARROW = 7
#: Pixels of a grey from its border on that are believed.
RIM = 3
#: Share of the picture that must tear or fold: a face that moves in its place bends the map and
#: breaks nothing.
BREAKS = 0.01


def find_before(
    grey: Callable[[int], U8], there: Sequence[int], frames: Sequence[int], found: Statistics
) -> Conflict | None:
    """Looks for one thing that moves against the camera and tears the map.

    Args:
        grey: Index of a frame to its small luma, uint8 [h, w].
        there: Indices of the frames that may be asked for, ascending.
        frames: Numbers of all frames.
        found: How the clip moves.

    Returns:
        None where nothing speaks against one still.
    """
    apart = APART <= found.moving <= MOST_APART and found.rest >= PACE
    if found.groups > 1 or not apart:
        return None
    gap = float(np.clip(GOES / (found.rest * SIDE / 100), 2, WIDEST))
    pairs = wide_pairs(there, gap)
    looked = [_looked(grey(a), grey(b)) for a, b in pairs]
    torn = [signs.folded | signs.crowded for signs, _ in looked]
    if not torn or float(np.median([each.mean() for each in torn])) < BREAKS:
        return None
    pieces = [
        largest(cleaned(each | away, NARROW)) for each, (_, away) in zip(torn, looked, strict=True)
    ]
    numbers = [frames[a] for a, _ in pairs]
    return located(numbers, [signs for signs, _ in looked], pieces, pace=found.rest)


def wide_pairs(there: Sequence[int], gap: float) -> list[tuple[int, int]]:
    """Pairs of the frames that are there whose distance is nearest to ``gap``, spread evenly."""
    if len(there) < 2:
        return []
    last = max(bisect_left(there, there[-1] - gap), 1)
    starts = np.unique(np.linspace(0, last - 1, PAIRS).round().astype(int))
    nearest = [min(there[n + 1 :], key=lambda b: abs(np.log((b - there[n]) / gap))) for n in starts]
    return [(there[n], b) for n, b in zip(starts, nearest, strict=True)]


def _looked(first: U8, second: U8) -> tuple[Signs, Bool]:
    """What one still with a smooth map could not show of both frames, and what moves, [h, w]."""
    import cv2

    height, width = first.shape
    there, back = dis_flow(first, second, "medium"), dis_flow(second, first, "medium")
    sure = confidence_of(there, back) > 0.5
    known = (sure & (np.abs(brought(second, there) - first) <= LEVELS)).astype(np.float32)
    weight = np.maximum(cv2.GaussianBlur(known, (0, 0), SMOOTH), 1e-3)
    smooth = cv2.GaussianBlur(there * known[..., None], (0, 0), SMOOTH) / weight[..., None]
    place = there + np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    at = np.rint(place).astype(np.int64)
    inside = (at >= 0).all(axis=2) & (at[..., 0] < width) & (at[..., 1] < height)
    # What the camera takes out of the picture piles up at its border and is no crowd.
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    camera = displacement(global_motion(there, sure.astype(np.float32)), columns, rows)
    x, y = columns + camera[..., 0], rows + camera[..., 1]
    inside &= (x > RIM) & (y > RIM) & (x < width - RIM) & (y < height - RIM)
    column, row = (np.clip(at[..., n], 0, (width, height)[n] - 1) for n in (0, 1))
    hits = np.zeros((height, width), np.float32)
    np.add.at(hits, (row[inside], column[inside]), 1)
    hits = cv2.blur(hits, (3, 3))
    folded = np.zeros_like(inside)
    folded[:-1, :-1] = determinants(place) <= 0
    left = cv2.GaussianBlur(np.abs(brought(second, smooth) - first), (0, 0), 0.8)
    signs = Signs(
        inside & (left > LEVELS),
        inside & folded,
        inside & ~sure & (hits[row, column] > TWICE),
    )
    apart = there - camera
    return signs, inside & sure & (np.hypot(apart[..., 0], apart[..., 1]) > GOES / 3)
