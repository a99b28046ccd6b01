"""Feet that stand while another leg passes in front of them.

Flow goes over from a leg that stands to the one that swings past it, and nothing in the picture
says so: both are dark fur. But what stands goes with the ground, and the ground's motion is known
of the layer behind. A point that went with the ground, or between the ground and the body as a
shin does, when something came over it, goes on so until it is seen to move or has been hidden for
long.

Convention: pixels of the small pictures (``engine.warp.track_views``).
"""

import numpy as np

from engine.arrays import F32, F64, I64, AnyArray, Bool
from engine.fields.field import Field
from engine.flow.confidence import sample_flow
from engine.kernels import origin as chains
from engine.warp.inverse import FrameInverse
from engine.warp.track_views import View

#: Half the side of the square around a point that is watched.
WATCHED = 10.0
#: Share of it that must still be shown, moving alike to within so many pixels.
WHOLE, ALIKE = 0.6, 3.0
#: Frames before it is no more, in which the edge of what comes over it already moves it.
SLIPPING = 1
#: Frames that tell how a point moved before it was covered.
RECENT = 6
#: Pixels by which the ground must have moved against the body in them, to tell both apart, and by
#: which a point may have moved otherwise than between both.
APART, OTHERWISE = 4.0, 3.0
#: Share of the ground's motion from which on a point stands.
STANDS = 0.5
#: Pixels a frame by which what is seen at the place may move otherwise and still be the point, and
#: frames that it may be hidden for.
STILL, HIDDEN = 1.5, 14

FOLLOWED, STANDING, LEFT = 0, 1, 2


class Standing:
    """Points of one first frame in one direction of time.

    Args:
        points: Where they start, [N, 2].
        ground: Where the layer behind would take them, [N, T, 2].
        start: Position of their frame.
        origin: ``chains.first`` of that frame.
        known: Also.
    """

    def __init__(self, points: F32, ground: F32, start: int, origin: F32, known: Bool) -> None:
        self._points, self._ground = points, ground.astype(np.float64)
        self._around = chains.wholes(origin, known, points, WATCHED)[0]
        count = ground.shape[1]
        self._own = np.full((len(points), count, 2), np.nan)
        self._own[:, start] = points
        self._body = np.full((count, 2), np.nan)
        self._body[start] = 0
        self._seen: list[int] = [start]
        self._last = np.full(len(points), start)
        self._state = np.full(len(points), FOLLOWED)
        self._share = np.zeros(len(points))
        self._hidden = np.zeros(len(points), np.int64)
        self._place = points.astype(np.float64)

    def update(
        self, index: int, found: F32, origin: F32, known: Bool, view: View, there: F32
    ) -> tuple[Bool, F32, Bool]:
        """The next frame.

        Args:
            index: Its position.
            found: What the chains answer, [N, 2].
            origin: Their points of the first frame, [h, w, 2].
            known: Where these are known, [h, w].
            view: The frame.
            there: Flow [H, W, 2] from the frame before to this one.

        Returns:
            Which points stand, [N]; where, [N, 2]; and which of them are seen to, [N].
        """
        before = self._seen[-1]
        moved = (origin - chains.middles(known))[known][::7]
        self._body[index] = -np.median(moved, axis=0) if len(moved) else self._body[before]
        counts, spreads = chains.wholes(origin, known, self._points, WATCHED)
        whole = (counts >= WHOLE * self._around) & (spreads <= ALIKE)
        whole &= (self._around > 0) & np.isfinite(found).all(axis=1)
        follows = self._state == FOLLOWED
        lost = np.flatnonzero(follows & ~whole)
        follows &= whole
        self._own[follows, index], self._last[follows] = found[follows], index
        for n in lost:
            held = [i for i in self._seen if np.isfinite(self._own[n, i]).all()]
            kept = max(1, len(held) - SLIPPING)
            self._last[n] = held[kept - 1]
            self._own[n, held[kept:]] = np.nan
            self._share[n] = self._standing(int(n))
            self._state[n] = STANDING if self._share[n] >= STANDS else LEFT
            self._place[n] = self._own[n, self._last[n]]
        stand = np.flatnonzero(self._state == STANDING)
        seen = np.zeros(len(self._points), np.bool_)
        for n in stand:
            since = self._last[n] if n in lost else before
            step = self._mixed(int(n), since, index)
            flow = sample_flow(there, (self._place[n] - 0.5).astype(np.float32)[None, None])[0, 0]
            self._place[n] += step
            here, covered = _on(view.own, self._place[n]), _on(view.covered, self._place[n])
            seen[n] = here and bool(np.hypot(*(flow - step)) <= STILL)
            self._hidden[n] = 0 if seen[n] else self._hidden[n] + 1
            if self._hidden[n] > HIDDEN or not (here or covered):
                self._state[n] = LEFT
        self._seen.append(index)
        return (
            np.asarray(self._state == STANDING, np.bool_),
            self._place.astype(np.float32),
            seen,
        )

    def _mixed(self, n: int, since: int, index: int) -> F64:
        """How a point moves between two frames that shares the ground's motion."""
        ground = self._ground[n, index] - self._ground[n, since]
        body = self._body[index] - self._body[since]
        return np.asarray(body + self._share[n] * (ground - body), np.float64)

    def _standing(self, n: int) -> float:
        """The share of the ground's motion that a point had lately; 0 where none is told."""
        last = self._last[n]
        frames = [i for i in self._seen if np.isfinite(self._own[n, i]).all()]
        frames = frames[-RECENT - 1 :]
        ground = self._ground[n, frames] - self._ground[n, last]
        body = self._body[frames] - self._body[last]
        own = self._own[n, frames] - self._own[n, last]
        apart = ground - body
        if np.hypot(apart[:, 0], apart[:, 1]).max() < APART:
            return 0.0
        share = float(((own - body) * apart).sum() / np.square(apart).sum())
        share = min(share, 1.0)
        left = own - body - share * apart
        return share if np.hypot(left[:, 0], left[:, 1]).max() <= OTHERWISE else 0.0


def _on(mask: Bool, point: AnyArray) -> bool:
    """Whether a pixel of a mask lies within two pixels of a point."""
    column, row = (int(np.floor(value)) for value in point)
    part = mask[max(row - 2, 0) : max(row + 3, 0), max(column - 2, 0) : max(column + 3, 0)]
    return bool(part.any())


def ground_tracks(field: Field, points: F32, starts: I64) -> F32:
    """Where the layer behind all others would take points of frames, [N, T, 2]."""
    k, count = len(field.layers) - 1, len(field.frames)
    deformation = field.layers[k].deformation
    canonical = np.zeros((len(points), 2), np.float32)
    for index in np.unique(starts).tolist():
        mine = starts == index
        canonical[mine] = deformation.at(index, points[mine])
    tracks = np.zeros((len(points), count, 2), np.float32)
    near = points
    for index in range(count):
        near = FrameInverse(field, k, index).find(canonical, near).points
        tracks[:, index] = near
    return tracks
