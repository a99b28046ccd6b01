"""What a point goes on with that is covered before anybody could tell how it moves.

Something close to it, on the same limb, is often shown for longer. Which of its surroundings are
on the same limb is told by the few frames that show the point: what is on another limb moves
otherwise.

Convention: pixels of the small pictures (``engine.warp.track_views``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.kernels import origin as chains

#: Half the side of the square around a point that is watched.
WATCHED = 10.0
#: Share of it that must still be shown, moving alike to within so many pixels.
WHOLE, ALIKE = 0.6, 3.0
#: Pixels around a point in which something beside it is looked for, their grid, and the radius
#: that is the point itself.
REACH, GRID, CLOSE = 24.0, 4.0, 3.0
#: Pixels up to which chains must come to answer for something beside a point.
ITSELF = 6.0
#: Pixels by which it may have moved otherwise than the point, and pixels of that which a pixel of
#: distance is worth.
TOGETHER, DISTANCE = 1.5, 0.05


@dataclass(frozen=True)
class Shown:
    """Chains in one frame: ``origin`` and ``known`` as ``engine.kernels.origin`` has them."""

    index: int
    origin: F32
    known: Bool


@dataclass(frozen=True)
class Beside:
    """Something beside a point.

    Attributes:
        point: Where it is in the first frame, [2].
        places: Where it is in the frames asked about, and now; NaN: unknown.
        offset: From it to the point, [2].
    """

    point: F32
    places: Mapping[int, F64]
    offset: F64


def whole_ones(shown: Shown, points: F32, around: F32) -> Bool:
    """Points whose surroundings are shown and move alike, [N].

    Args:
        shown: The frame.
        points: Points of the first frame, [N, 2].
        around: How much of their surroundings the first frame shows, ``chains.wholes``.
    """
    counts, spreads = chains.wholes(shown.origin, shown.known, points, WATCHED)
    return np.asarray((counts >= WHOLE * around) & (spreads <= ALIKE) & (around > 0), np.bool_)


def beside(
    point: F32, path: Mapping[int, F64], maps: Sequence[Shown], first: Shown, now: Shown
) -> Beside | None:
    """What a point that was just lost goes on with; None: nothing is close that moved with it.

    Args:
        point: Its place in the first frame, [2].
        path: Where it was in the frames that showed it.
        maps: The chains of frames, these among them, in their order.
        first: Those of the first frame.
        now: Those of the frame that lost it.
    """
    held = [shown for shown in maps if shown.index in path]
    # In the last frame what comes over it may already move it.
    held = held[:-1] if len(held) > 1 else held
    steps = np.arange(-REACH, REACH + GRID / 2, GRID)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    far = np.linalg.norm(grid, axis=1)
    grid = grid[(far > CLOSE) & (far <= (REACH if len(held) > 1 else REACH / 2))]
    asked = np.asarray(point + grid, np.float32)
    around = chains.wholes(first.origin, first.known, asked, WATCHED)[0]
    asked = asked[whole_ones(now, asked, around)]
    if not len(asked) or not held:
        return None
    last = held[-1].index
    found = {shown.index: _answers(shown, asked) for shown in [*maps, now]}
    apart = np.zeros(len(asked))
    for shown in held:
        other = found[shown.index] - found[last] - (path[shown.index] - path[last])
        apart = np.maximum(apart, np.nan_to_num(np.linalg.norm(other, axis=1), nan=np.inf))
    good = np.isfinite(found[now.index]).all(axis=1) & (apart <= TOGETHER)
    if not good.any():
        return None
    cost = apart + DISTANCE * np.linalg.norm(asked - point, axis=1)
    best = int(np.argmin(np.where(good, cost, np.inf)))
    places = {index: place[best] for index, place in found.items()}
    return Beside(asked[best], places, np.asarray(path[last] - places[last], np.float64))


def _answers(shown: Shown, points: F32) -> F64:
    places, _ = chains.answers(shown.origin, shown.known, points, ITSELF)
    return places.astype(np.float64)
