"""Points followed by looking at the plate, from frame to frame.

A field has one motion at a place, so legs that cross leave one of them with the motion of the other
for good. Chains of flow between neighbouring frames of the plate are independent of that: followed
backward from every pixel of a frame they tell which point of the first frame the pixel shows. A
point is then where the pixels are that come from nearest to it. Where something covered a point
that stands (``engine.warp.track_standing``), a new chain begins once it is seen again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, I64, U8, Bool
from engine.flow.confidence import sample_flow
from engine.kernels import origin as chains
from engine.progress import Task
from engine.warp.continued import astray
from engine.warp.track_beside import Shown
from engine.warp.track_join import AGREE, ITSELF, SURE, Looked
from engine.warp.track_standing import FAR, Standing
from engine.warp.track_views import View, Views

#: Pixels around a point that its look is compared in, and how much farther from the first look
#: the plate's place may look than the field's place.
REACH, WORSE = 8, 2.0
#: First frames that are followed at once: each keeps maps in memory.
TOGETHER = 24


@dataclass
class _Chain:
    """Points of one first frame, and what the frame of the moment shows of them.

    Attributes:
        rows: Which points, [N].
        places: Where they start, [N, 2].
        first: Their first look.
        now: The chains of the moment.
        standing: What becomes of those that are covered; None: nothing is behind the layer.
        alive: Those that no later chain follows, [N].
        onward: Where they were last surely seen, moved on by what is seen there since, [N, 2].
    """

    rows: I64
    places: F32
    first: View
    now: Shown
    standing: Standing | None
    alive: Bool
    onward: F32


def look(
    views: Views,
    points: F32,
    starts: I64,
    expected: F32,
    task: Task,
    ground: F32 | None = None,
) -> Looked:
    """Follows points of one layer through all frames of the plate.

    Args:
        views: The layer's pictures.
        points: Where they start, frame points [N, 2].
        starts: Position of the frame of each, [N].
        expected: Where the field has them, frame points [N, T, 2].
        task: Progress and cancel.
        ground: Where the layer behind would take the points, frame points [N, T, 2]; None:
            nothing is behind.
    """
    begun = np.unique(starts).tolist()
    parts = [begun[n : n + TOGETHER] for n in range(0, len(begun), TOGETHER)]
    behind = None if ground is None else views.inward(ground)
    looking = _Looking(views, views.inward(points), starts, views.inward(expected), behind)
    for n, part in enumerate(parts):
        share = task.part(n / len(parts), (n + 1) / len(parts))
        past = looking.sweep(part, -1, {}, share.part(0, 0.5))
        looking.sweep(part, 1, past, share.part(0.5, 1))
    return looking.answer()


class _Looking:
    """The answers as they come in; all in small pixels.

    Args:
        views: The layer's pictures.
        points: Where the points start, [N, 2].
        starts: Position of the frame of each, [N].
        expected: Where the field has them, [N, T, 2].
        ground: Where the layer behind would take them, [N, T, 2], or None.
    """

    def __init__(
        self, views: Views, points: F32, starts: I64, expected: F32, ground: F32 | None
    ) -> None:
        self._views, self._points, self._starts = views, points, starts
        self._expected, self._ground = expected, ground
        size = (len(points), views.count)
        self._places, self._onward = (np.full((*size, 2), np.nan, np.float32) for _ in range(2))
        self._apart = np.full(size, np.inf, np.float32)
        self._shown, self._better, self._covered = (np.zeros(size, np.bool_) for _ in range(3))

    def answer(self) -> Looked:
        """All of it, in the frames' pixels."""
        return Looked(
            self._views.outward(self._places),
            self._apart,
            self._shown,
            self._better,
            self._covered,
            self._views.outward(self._onward),
            self._views.scale,
        )

    def sweep(
        self, starts: Sequence[int], step: int, past: dict[int, Standing], task: Task
    ) -> dict[int, Standing]:
        """One direction of time.

        Args:
            starts: First frames.
            step: 1 forward, -1 backward.
            past: What the other direction told of each first frame.
            task: Progress and cancel.

        Returns:
            ``past`` for the other direction.
        """
        views = self._views
        last = views.count - 1 if step > 0 else 0
        running: list[_Chain] = []
        told: dict[int, Standing] = {}
        before: View | None = None
        frames = range(min(starts) if step > 0 else max(starts), last + step, step)
        for n, index in enumerate(frames):
            task.report(n / len(frames), "look")
            view = views.view(index)
            if before is not None and running:
                there, back = views.flows(before, view)
                _carry(running, index, there, back, view)
                again = [self._follow(chain, view, there) for chain in running]
                running = [chain for chain in running if chain.alive.any()]
                rows = np.concatenate([chain_rows for chain_rows, _ in again])
                if len(rows):
                    places = np.concatenate([places for _, places in again])
                    running.append(self._begin(rows, places, index, view))
            if index in starts:
                rows = np.flatnonzero(self._starts == index)
                chain = self._begin(
                    rows, self._points[rows], index, view, past.get(index), keeps=step < 0
                )
                if chain.standing is not None:
                    told[index] = chain.standing
                running.append(chain)
                self._places[rows, index] = self._onward[rows, index] = self._points[rows]
                self._apart[rows, index], self._shown[rows, index] = 0, True
            before = view
        return told

    def _begin(
        self,
        rows: I64,
        places: F32,
        index: int,
        view: View,
        past: Standing | None = None,
        *,
        keeps: bool = False,
    ) -> _Chain:
        """A chain that starts in a frame."""
        first = Shown(index, *chains.first(view.clear))
        standing = None
        if self._ground is not None:
            standing = Standing(places, self._ground[rows], first, past, keeps=keeps)
        alive = np.ones(len(rows), np.bool_)
        return _Chain(rows, places, view, first, standing, alive, places.copy())

    def _follow(self, chain: _Chain, view: View, there: F32) -> tuple[I64, F32]:
        """Notes what a frame tells of a chain's points; those that begin anew, and where."""
        now, anew = chain.now, np.zeros(len(chain.rows), np.bool_)
        expected = self._expected[chain.rows, now.index]
        if chain.standing is None:
            places, apart = chains.answers(now.origin, now.known, chain.places, FAR)
            shown = _at(view.own, places)
            better = _better(chain, view, expected, places)
        else:
            told = chain.standing.update(now, view, there)
            places, anew = told.places, told.anew
            apart = np.where(told.standing, np.where(told.seen, ITSELF, SURE), told.apart)
            shown = np.where(told.standing, told.seen, _at(view.own, places))
            better = _better(chain, view, expected, places) & ~told.standing
        lost = np.flatnonzero(~(np.isfinite(places).all(axis=1) & (apart <= SURE)))
        before, chain.onward = chain.onward[lost], np.array(places, np.float32)
        if len(lost):
            chain.onward[lost] = _moved_on(before, there, view)
        rows, alive = chain.rows[chain.alive], chain.alive.copy()
        self._onward[rows, now.index] = chain.onward[alive]
        self._places[rows, now.index], self._apart[rows, now.index] = places[alive], apart[alive]
        self._shown[rows, now.index], self._better[rows, now.index] = shown[alive], better[alive]
        self._covered[rows, now.index] = _at(view.covered, expected)[alive]
        anew = anew & alive
        chain.alive &= ~anew
        return chain.rows[anew], places[anew]


def _carry(running: list[_Chain], index: int, there: F32, back: F32, view: View) -> None:
    """Every chain one frame longer."""
    origin, known = chains.carry(
        np.stack([chain.now.origin for chain in running]),
        np.stack([chain.now.known for chain in running]),
        there,
        back,
        view.clear,
    )
    for n, chain in enumerate(running):
        chain.now = Shown(index, origin[n], known[n])


def _moved_on(points: F32, there: F32, view: View) -> F32:
    """Points [N, 2] moved by the flow to a frame, and kept off what lies behind the layer."""
    moved = points + sample_flow(there, (points - np.float32(0.5))[None])[0]
    shown = np.stack([view.covered, view.own, ~(view.covered | view.own)]).astype(np.float32)
    return astray(shown, 1, moved, (0, 0))[1]


def _better(chain: _Chain, view: View, thought: F32, found: F32) -> Bool:
    """Whether the field's places look more like the first look than the plate's places, [N]."""
    import cv2

    side = (2 * REACH + 1, 2 * REACH + 1)

    def look_at(grey: U8, point: F32) -> F32:
        middle = (float(point[0]) - 0.5, float(point[1]) - 0.5)
        return np.asarray(cv2.getRectSubPix(grey, side, middle), np.float32)

    better = np.zeros(len(found), np.bool_)
    away = np.linalg.norm(thought - found, axis=1)
    inside = _at(np.ones_like(view.own), thought)
    for n in np.flatnonzero(inside & (away > AGREE) & chain.alive):
        look = look_at(chain.first.grey, chain.places[n])
        by_field = np.abs(look_at(view.grey, thought[n]) - look).mean()
        by_plate = np.abs(look_at(view.grey, found[n]) - look).mean()
        better[n] = by_plate > WORSE * by_field
    return better


def _at(own: Bool, points: F32) -> Bool:
    """Whether points [N, 2] of a small picture lie on a pixel of the layer."""
    place = np.nan_to_num(np.floor(points), nan=-1).astype(np.int64)
    height, width = own.shape
    inside = (place >= 0).all(axis=1) & (place[:, 0] < width) & (place[:, 1] < height)
    row, column = np.clip(place[:, 1], 0, height - 1), np.clip(place[:, 0], 0, width - 1)
    return np.asarray(inside & own[row, column], np.bool_)
