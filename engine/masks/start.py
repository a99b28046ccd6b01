"""From what an artist said about one frame to a mask of that frame.

In the manner of GrabCut (Rother et al., 2004): colours inside and outside are learned from a first
guess and guess anew, in turns. What moves apart from the camera and what hides a background that
other frames show decide where colours cannot: a black swan on dark water. These cues are summed
over a few frames along the flow, so that a leg which rests for a moment belongs as well.
"""

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.masks.colours import ANYWHERE, ColourGrid
from engine.masks.evidence import learn, told
from engine.masks.rough import Rough, drawn, region
from engine.masks.shot import Shot, read_at
from engine.masks.solve import box_of, log_odds, sigmoid, signed_distance, solve

#: Turns of learning and guessing.
TURNS = 6
#: Frames to each side that the cues are summed over, and how fast they fade.
AROUND, FADE = 5, 0.85
#: Weights of motion, backdrop and colour.
MOTION, BACKDROP, COLOUR = 0.6, 0.5, 0.8
#: Side of a cell of the local colours, in small pixels.
CELL = 24.0
#: Pieces smaller than this share of the largest are dropped.
PIECE = 0.08
#: Log odds on a scribble, falling by 4 on the way to the background; and how clearly the cues
#: first learn from it.
NEARNESS, NARROW = 1.2, 3.0
#: How much wider than what was found the second look is, as a share of its size.
CLOSER = 0.04
#: Where a region is told: log odds of its middle, of what a scribble touches, and how far that
#: reaches inside and outside, as a share of the region's size.
MIDDLE, BESIDE, NEAR_IN, NEAR_OUT = 0.8, 0.2, 0.15, 0.1
#: Share of a rectangle below which what it alone found is little.
LITTLE = 0.3
#: Certainty of a mask that was only told roughly.
ROUGH = 0.6


def allowed_region(rough: Rough, shot: Shot) -> U8:
    """Where the object may be, uint8 [h, w] of 0 and 1, scribbles over the background obeyed."""
    marks = drawn(rough.scribbles, shot.shape, shot.scale)
    allowed = region(rough, shot.shape, shot.scale)
    allowed[marks > 0] = 1
    return _enclosed(allowed, marks)


def first_mask(shot: Shot, key: int, rough: Rough, before: F32 | None = None) -> tuple[F32, F32]:
    """A mask of the frame that an artist spoke about.

    Args:
        shot: The clip.
        key: Which frame, by position.
        rough: What was said.
        before: A mask of that frame [h, w] that scribbles only correct; None: start anew.

    Returns:
        The mask [h, w] and how certain each pixel is [h, w], 0 to 1.
    """
    import cv2

    marks = drawn(rough.scribbles, shot.shape, shot.scale)
    if rough.mask is not None and rough.exact:
        small = cv2.resize(rough.mask, shot.shape[::-1], interpolation=cv2.INTER_AREA)
        share = small.astype(np.float32) / 255
        share[marks > 0], share[marks < 0] = 1, 0
        return share, np.ones(shot.shape, np.float32)
    if before is not None and rough.rectangle is None and rough.mask is None:
        return _corrected(shot, key, marks, before)
    allowed = allowed_region(rough, shot)
    if rough.rectangle is None and rough.mask is None:
        share = _found(shot, key, rough, allowed, marks)
    else:
        share = _mended(shot, key, rough, allowed, marks)
    if rough.rectangle is None and rough.mask is None and (share > 0.5).any():
        # Scribbles leave much open: what was found tells where it may be, and is found again.
        closer = np.zeros_like(allowed)
        closer[box_of(share > 0.5, max(2, round(CLOSER * float(np.sqrt((share > 0.5).sum())))))] = 1
        allowed = np.where(marks > 0, allowed, allowed * closer)
        share = _found(shot, key, rough, allowed, marks)
    sure = np.clip(np.abs(2 * share - 1), 0, 1) * np.float32(ROUGH)
    sure[allowed == 0] = 1
    sure[marks != 0] = 1
    return share, np.asarray(sure, np.float32)


def _mended(shot: Shot, key: int, rough: Rough, allowed: U8, marks: F32) -> F32:
    """What a region alone finds, with the scribbles beside it as corrections.

    Scribbles only mend it, so none makes it smaller elsewhere. But where little of a rectangle was
    found, and no scribble says that it is all, the first guess was wrong and is made again.
    """
    plain = _found(shot, key, rough, allowed, np.minimum(marks, 0))
    said, there = marks > 0, plain > 0.5
    filled = float(there[allowed > 0].mean()) if allowed.any() else 1.0
    missed = not said.any() or float(there[said].mean()) < 0.5
    if rough.rectangle is not None and filled < LITTLE and missed:
        again = _found(shot, key, rough, allowed, marks, MIDDLE)
        plain = np.maximum(plain, again)
        plain[marks < 0] = 0
        return plain
    if not said.any():
        return plain
    share, _ = _corrected(shot, key, marks, plain, 0.5 * float(allowed.sum()))
    share[allowed == 0] = 0
    return share


def _found(shot: Shot, key: int, rough: Rough, allowed: U8, marks: F32, middle: float = 0.0) -> F32:
    import cv2

    margin = int(0.35 * max(int(allowed.any(axis=0).sum()), int(allowed.any(axis=1).sum()))) + 10
    box = box_of(allowed, margin)
    here = np.zeros(shot.shape, np.bool_)
    here[box] = True
    lab = np.ascontiguousarray(shot.lab[key][box])
    cues = _Cues(shot, key)
    wish = allowed.astype(np.float32)
    if rough.mask is not None:
        wish = cv2.resize(rough.mask, shot.shape[::-1], interpolation=cv2.INTER_AREA) / np.float32(
            255
        )
    way = _between(marks, allowed)
    hint = _nearness(way)
    if rough.mask is None and rough.rectangle is None:
        # Scribbles tell what is surely inside; the cues learn from what lies nearest to them.
        wish = sigmoid(NARROW * hint) * allowed
    else:
        hint = _beside(marks, allowed, middle)
    moved = cues.told(wish, here)
    share = sigmoid(2 * moved + hint) * allowed
    if rough.mask is not None:
        share = 0.5 * (share + wish)
    fixed = (allowed == 0) | (marks != 0)
    answer = (marks > 0).astype(np.float32)
    share[fixed] = answer[fixed]
    weight = np.where(marks != 0, np.float32(6), np.float32(1))
    for turn in range(TURNS):
        if turn:
            moved = cues.told(share, here)
        inside = _colours(lab, share[box], weight[box], 2 if turn < TURNS // 2 else 1)
        odds = COLOUR * log_odds(inside) + moved[box] + hint[box]
        solved = solve(odds, lab, share[box], (fixed[box], answer[box]), 60)
        share = np.zeros(shot.shape, np.float32)
        share[box] = np.where(fixed[box], answer[box], solved)
    return _large_pieces(share, marks)


def _colours(lab: U8, share: F32, weight: F32, reach: int) -> F32:
    """How far each pixel's colour is inside, from the picture and its mask [h, w]."""
    anywhere = ColourGrid(share.shape, ANYWHERE)
    anywhere.add(lab, share, weight)
    inside, outside = anywhere.ask(lab)
    general = (inside + 1) / (inside + outside + 2)
    local = ColourGrid(share.shape, CELL)
    local.add(lab, share, weight)
    local.smooth(reach, 1)
    inside, outside = local.ask(lab)
    return np.asarray((inside + 2 * general) / (inside + outside + 2), np.float32)


class _Cues:
    """Motion and backdrop of the frames around the key, brought to it along the flow."""

    def __init__(self, shot: Shot, key: int) -> None:
        self._views: list[tuple[U8, U8, F32]] = []
        self._follow(shot, key, 1)
        self._follow(shot, key, -1)

    def _follow(self, shot: Shot, key: int, step: int) -> None:
        places = shot.grid
        trust = np.ones(shot.shape, np.float32)
        for away in range(AROUND + 1):
            index = key + step * away
            if not 0 <= index < shot.count:
                return
            if away:
                last = index - step
                trust = FADE * trust * read_at(shot.sure(last, index), places)
                places = places + read_at(shot.flow(last, index), places)
            if away == 0 and step < 0:
                continue
            near = np.clip(np.rint(places), 0, np.array(shot.shape[::-1]) - 1).astype(np.intp)
            rows, columns = near[..., 1], near[..., 0]
            self._views.append(
                (shot.motion[index][rows, columns], shot.backdrop[index][rows, columns], trust)
            )

    def told(self, mask: F32, where: AnyArray) -> F32:
        """What the cues say when they are learned from a mask, log odds [h, w]."""
        total = np.zeros(mask.shape, np.float32)
        weight = np.full(mask.shape, 1e-6, np.float32)
        for motion, backdrop, trust in self._views:
            total += trust * (
                MOTION * told(learn(motion, mask, where), motion)
                + BACKDROP * told(learn(backdrop, mask, where), backdrop)
            )
            weight += trust
        return np.asarray(total / weight, np.float32)


def _between(marks: F32, allowed: U8) -> F32:
    """How far on the way from the scribbles inside to what is outside, 0 to 1, [h, w].

    Outside are the scribbles over the background and the border of where the object may be. NaN
    where nothing is scribbled inside.
    """
    if not (marks > 0).any():
        return np.full(marks.shape, np.nan, np.float32)
    far = np.maximum(signed_distance(marks > 0), 0)
    away = np.maximum(signed_distance((marks < 0) | (allowed == 0)), 0)
    return np.asarray(far / np.maximum(far + away, 1e-6), np.float32)


def _nearness(way: F32) -> F32:
    """What the place between scribbles alone says, log odds [h, w]; 0 without scribbles inside."""
    return np.asarray(np.clip(np.nan_to_num(NEARNESS - 4 * way, nan=0.0), -1.5, 1.0), np.float32)


def _beside(marks: F32, allowed: U8, middle: float) -> F32:
    """What place says where a region is told, log odds [h, w].

    Scribbles speak for what is near and never against what is far.

    Args:
        marks: The scribbles, see ``drawn``.
        allowed: The region.
        middle: How far its middle is rather the object than its border, log odds.
    """
    size = max(float(np.sqrt(allowed.sum())), 8.0)
    deep = np.maximum(-signed_distance(allowed > 0), 0)
    hint = middle * np.clip(deep / max(float(deep.max()), 1e-6), 0, 1)
    for sign, reach in ((1, NEAR_IN), (-1, NEAR_OUT)):
        if (sign * marks > 0).any():
            far = np.maximum(signed_distance(sign * marks > 0), 0)
            hint = hint + sign * BESIDE * np.exp(-((far / (reach * size)) ** 2))
    return np.asarray(hint, np.float32)


def _enclosed(allowed: U8, marks: F32) -> U8:
    """Where the object may be, without what scribbles over the background cut off."""
    import cv2

    if not (marks > 0).any() or not (marks < 0).any():
        return allowed
    free = ((allowed > 0) & (marks >= 0)).astype(np.uint8)
    _, label = cv2.connectedComponents(free, connectivity=4)
    inside = np.unique(label[(marks > 0) & (free > 0)])
    return np.asarray(np.isin(label, inside[inside > 0]), np.uint8)


def _large_pieces(share: F32, marks: F32) -> F32:
    import cv2

    count, label, facts, _ = cv2.connectedComponentsWithStats((share > 0.5).astype(np.uint8))
    if count <= 2:
        return share
    areas = facts[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    keep = areas >= PIECE * areas.max()
    keep[np.unique(label[marks > 0])] = True
    keep[0] = True
    return np.asarray(np.where(keep[label], share, 0), np.float32)


def _corrected(
    shot: Shot, key: int, marks: F32, before: F32, least: float = 0.0
) -> tuple[F32, F32]:
    """A mask changed where scribbles say so, and around them as far as colour and edges reach.

    Args:
        shot: The clip.
        key: Which frame, by position.
        marks: The scribbles, see ``drawn``.
        before: The mask so far.
        least: Pixels that the object has at least: they reach that far.
    """
    lab = shot.lab[key]
    size = max(float(np.sqrt(max(float((before > 0.5).sum()), least))), 8.0)
    far = np.maximum(signed_distance(marks != 0), 0)
    open_ = np.exp(-((far / (0.25 * size)) ** 2))
    weight = np.where(marks != 0, np.float32(20), np.float32(1) - 0.9 * open_).astype(np.float32)
    share = before.copy()
    share[marks > 0], share[marks < 0] = 1, 0
    answer = (marks > 0).astype(np.float32)
    for _ in range(2):
        inside = _colours(lab, share, weight, 1)
        odds = 0.8 * open_ * log_odds(inside) + (1 - 0.85 * open_) * log_odds(before)
        share = solve(np.asarray(odds, np.float32), lab, share, (marks != 0, answer), 60)
        share[marks > 0], share[marks < 0] = 1, 0
    sure = np.clip(0.75 + 0.25 * open_, 0, 1)
    return share, np.asarray(sure, np.float32)
