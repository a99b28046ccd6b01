"""Points of one first look in one direction of time: followed, standing, or left behind.

Flow goes over from a leg that stands to the one that swings past it, and nothing in the picture
says so: both are dark fur. But what stands goes with the ground, and the ground's motion is known
of the layer behind. A point that went with the ground, or between the ground and the body as a
shin does, when something came over it, goes on so until it is seen to move or has been hidden for
long; once it is seen again where it was awaited, it can be followed anew from there. What is
covered too soon to tell goes on as something beside it (``engine.warp.track_beside``).

Convention: pixels of the small pictures (``engine.warp.track_views``).
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, I64, AnyArray, Bool
from engine.fields.field import Field
from engine.flow.confidence import sample_flow
from engine.kernels import origin as chains
from engine.warp.inverse import FrameInverse
from engine.warp.track_beside import ITSELF, WATCHED, Shown, beside, whole_ones
from engine.warp.track_views import View

#: Pixels from a point up to which what comes from there speaks for it at all.
FAR = 18.0
#: Frames before it is no more, in which the edge of what comes over it already moves it.
SLIPPING = 1
#: Frames that tell how a point moved before it was covered, and so few that they tell nothing.
RECENT, YOUNG = 6, 4
#: Pixels by which the ground must have moved against the body in them, to tell both apart, and by
#: which a point may have moved otherwise than between both.
APART, OTHERWISE = 4.0, 3.0
#: Share of the ground's motion from which on a point stands.
STANDS = 0.5
#: Pixels a frame by which what is seen at the place may move otherwise and still be the point, and
#: frames that it may be hidden for.
STILL, HIDDEN = 1.5, 14
#: Frames in a row that show a standing point again, so that it is followed anew, and cells around
#: it of which no more than half may have been elsewhere in the first look.
AGAIN, AROUND, ELSEWHERE = 3, 3, 0.5

FOLLOWED, STANDING, LEFT = 0, 1, 2


@dataclass(frozen=True)
class Followed:
    """What a frame tells of points.

    Attributes:
        places: Where they are, [N, 2]; NaN: unknown.
        apart: How far from each point comes what speaks for it, [N].
        standing: Which are awaited where they stand, [N].
        seen: Which of these are seen there, [N].
        anew: Which of these can be followed anew from there, [N].
    """

    places: F32
    apart: F32
    standing: Bool
    seen: Bool
    anew: Bool


class Standing:
    """Points of one first frame in one direction of time.

    Args:
        points: Where they start, [N, 2].
        ground: Where the layer behind would take them, [N, T, 2]; only its changes count.
        first: The chains of their frame.
        past: The same points in the other direction of time: how they moved there counts too.
        keeps: Whether these points will be another's past.
    """

    def __init__(
        self,
        points: F32,
        ground: F32,
        first: Shown,
        past: "Standing | None" = None,
        *,
        keeps: bool = False,
    ) -> None:
        self._asked, self._points = points, points.copy()
        self._ground = ground.astype(np.float64)
        self._first, self._keeps = first, keeps
        self._around = chains.wholes(first.origin, first.known, points, WATCHED)[0]
        size = (len(points), ground.shape[1], 2)
        self._own, self._body = np.full(size, np.nan), np.full(size[1:], np.nan)
        #: What the first frames showed of the points themselves.
        self._early = np.full(size, np.nan)
        self._maps: list[Shown] = [first] if past is None else [*past._maps[:0:-1], first]
        self._seen = [shown.index for shown in self._maps]
        if past is not None:
            frames = self._seen[:-1]
            self._own[:, frames] = past._early[:, frames]
            self._body[frames] = past._body[frames]
        self._own[:, first.index], self._body[first.index] = points, 0
        self._age = 0
        self._last = np.full(len(points), first.index)
        self._state = np.full(len(points), FOLLOWED)
        self._share = np.zeros(len(points))
        self._hidden = np.zeros(len(points), np.int64)
        self._again = np.zeros(len(points), np.int64)
        self._place = points.astype(np.float64)
        #: From what a point goes on with to the point; ``_away`` are those that do so.
        self._offset = np.zeros((len(points), 2))
        self._away = np.zeros(len(points), np.bool_)

    def update(self, now: Shown, view: View, there: F32) -> Followed:
        """The next frame.

        Args:
            now: Its chains.
            view: The frame.
            there: Flow [H, W, 2] from the frame before to this one.
        """
        before, index = self._seen[-1], now.index
        moved = (now.origin - chains.middles(now.known))[now.known][::7]
        self._body[index] = -np.median(moved, axis=0) if len(moved) else self._body[before]
        found, apart = chains.answers(now.origin, now.known, self._points, FAR)
        whole = whole_ones(now, self._points, self._around) & np.isfinite(found).all(axis=1)
        followed = (self._state == FOLLOWED) & whole
        lost = np.flatnonzero((self._state == FOLLOWED) & ~whole)
        self._own[followed, index], self._last[followed] = found[followed], index
        itself = followed & ~self._away
        for n in lost.tolist():
            self._lose(n, now)
            if self._state[n] == FOLLOWED:
                found[n] = self._own[n, index]
        seen, anew = self._await(now, before, lost, view, there)
        self._seen.append(index)
        self._age += 1
        if self._age <= RECENT:
            self._maps.append(now)
            self._early[itself, index] = found[itself]
        elif not self._keeps:
            self._maps = []
        standing = np.asarray(self._state == STANDING, np.bool_)
        places = np.where(standing[:, None], self._place, found) + self._offset
        apart = apart + np.linalg.norm(self._offset, axis=1)
        self._return(now, places, apart)
        return Followed(places.astype(np.float32), apart.astype(np.float32), standing, seen, anew)

    def _return(self, now: Shown, places: F64, apart: AnyArray) -> None:
        """Puts those that go on as something beside them where the frame shows them themselves."""
        rows = np.flatnonzero(self._away & (self._state != STANDING))
        if len(rows):
            own, near = chains.answers(now.origin, now.known, self._asked[rows], ITSELF)
            back = near < apart[rows]
            back &= np.isfinite(own).all(axis=1)
            places[rows[back]], apart[rows[back]] = own[back], near[back]

    def _lose(self, n: int, now: Shown) -> None:
        """A point is no longer followed: it stands, goes on as something beside it, or is left."""
        held = [i for i in self._seen if np.isfinite(self._own[n, i]).all()]
        kept = held[: max(1, len(held) - SLIPPING)]
        share = self._standing(n, kept)
        if share < STANDS and len(held) <= YOUNG and self._age <= RECENT:
            path = {i: self._own[n, i].copy() for i in held}
            found = beside(self._points[n], path, self._maps, self._first, now)
            if found is not None:
                self._offset[n] += found.offset
                self._away[n] = True
                self._points[n] = found.point
                first = self._first
                asked = self._points[n : n + 1]
                self._around[n] = chains.wholes(first.origin, first.known, asked, WATCHED)[0][0]
                self._own[n] = np.nan
                for i, place in found.places.items():
                    self._own[n, i] = place
                self._last[n] = now.index
                return
        self._own[n, held[len(kept) :]] = np.nan
        self._last[n], self._place[n] = kept[-1], self._own[n, kept[-1]]
        self._share[n] = share
        self._state[n] = STANDING if share >= STANDS else LEFT

    def _await(
        self, now: Shown, before: int, lost: I64, view: View, there: F32
    ) -> tuple[Bool, Bool]:
        """Moves what stands; which of it is seen, and can be followed anew, [N]."""
        seen = np.zeros(len(self._points), np.bool_)
        anew = np.zeros(len(self._points), np.bool_)
        for n in np.flatnonzero(self._state == STANDING).tolist():
            step = self._mixed(n, int(self._last[n]) if n in lost else before, now.index)
            flow = sample_flow(there, (self._place[n] - 0.5).astype(np.float32)[None, None])[0, 0]
            self._place[n] += step
            place = self._place[n] + self._offset[n]
            here, covered = _on(view.own, place), _on(view.covered, place)
            seen[n] = here and bool(np.hypot(*(flow - step)) <= STILL)
            self._hidden[n] = 0 if seen[n] else self._hidden[n] + 1
            again = seen[n] and self._elsewhere(n, place, now) <= ELSEWHERE
            self._again[n] = self._again[n] + 1 if again else 0
            if self._hidden[n] > HIDDEN or not (here or covered):
                self._state[n] = LEFT
            anew[n] = self._state[n] == STANDING and self._again[n] >= AGAIN
        return seen, anew

    def _elsewhere(self, n: int, place: F64, now: Shown) -> float:
        """Share of the cells at a place that the first look had elsewhere than at the point."""
        column, row = (int(value / chains.CELL) for value in place)
        part = (
            slice(max(row - AROUND, 0), max(row + AROUND + 1, 0)),
            slice(max(column - AROUND, 0), max(column + AROUND + 1, 0)),
        )
        known = now.known[part]
        if not known.size:
            return 1.0
        away = np.linalg.norm(now.origin[part] - self._points[n], axis=2)
        return float((known & (away > FAR)).mean())

    def _mixed(self, n: int, since: int, index: int) -> F64:
        """How a point moves between two frames that shares the ground's motion."""
        ground = self._ground[n, index] - self._ground[n, since]
        body = self._body[index] - self._body[since]
        return np.asarray(body + self._share[n] * (ground - body), np.float64)

    def _standing(self, n: int, held: list[int]) -> float:
        """The share of the ground's motion that a point had lately; 0 where none is told."""
        last, frames = held[-1], held[-RECENT - 1 :]
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
