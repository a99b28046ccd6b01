"""How a clip moves, measured on small greys of a few pairs of frames.

Nothing here looks at what a picture shows: how fast the camera is, how much of the motion it
explains, what moves besides, whether that is one rigid piece, whether it stays in its place, and
what cannot be matched at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, U8, AnyArray, Bool
from engine.fit.motion import displacement, global_motion
from engine.flow.confidence import confidence_of, sample_flow
from engine.flow.dis import dis_flow

#: Longest side of the greys, in pixels.
SIDE = 192
#: Frames between the two of a pair, and how many pairs of each.
GAPS = ((1, 8), (2, 4))
#: Share of the width that counts as the border: where a still camera shows no motion.
BORDER = 0.12
#: Grey levels by which a matched pixel may still differ.
LEVELS = 14.0
#: Pixels of a grey that a place must move against the camera to count as moving.
AWAY = 0.3


@dataclass(frozen=True)
class Statistics:
    """How a clip moves: means over pairs of frames. Lengths are percent of the width per frame.

    Attributes:
        motion: Mean length of the flow.
        camera: Mean length of the camera's part: the motion of the last group, else of everything.
        explained: Share of all motion that the camera explains.
        border: Median motion near the left, right and upper border.
        inner: Median motion elsewhere.
        moving: Share of the picture that moves against the camera; with groups, the front ones.
        rest: Mean motion against the camera there.
        bent: Share of ``rest`` that is left when the best single homography is taken out of it.
        steady: 1 where what moves always moves the same way, near 0 where it goes back and forth.
        stays: 1 where it is always the same places that move.
        lost: Share of pixels that cannot be matched though they stay in sight: the way back does
            not lead to where it started, or the grey differs.
        groups: Number of groups.
        pairs: Pairs of frames that were looked at.
        drift: How far a camera that seems to stand gets over many frames, percent of the width.
    """

    motion: float = 0.0
    camera: float = 0.0
    explained: float = 0.0
    border: float = 0.0
    inner: float = 0.0
    moving: float = 0.0
    rest: float = 0.0
    bent: float = 0.0
    steady: float = 0.0
    stays: float = 0.0
    lost: float = 0.0
    groups: int = 1
    pairs: int = 0
    drift: float = 0.0


def pairs_of(count: int) -> list[tuple[int, int]]:
    """Pairs of frame indices that are looked at, evenly spread over the clip."""
    chosen: dict[tuple[int, int], None] = {}
    for gap, wanted in GAPS:
        last = count - 1 - gap
        if last < 0:
            continue
        for first in np.unique(np.linspace(0, last, wanted).round().astype(int)):
            chosen[int(first), int(first) + gap] = None
    return list(chosen)


def shrunk(picture: AnyArray) -> AnyArray:
    """A picture [H, W(, C)] with its longest side brought down to ``SIDE``."""
    import cv2

    height, width = picture.shape[:2]
    factor = SIDE / max(height, width)
    if factor >= 1:
        return picture
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    small: AnyArray = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return small


@dataclass(frozen=True, eq=False)
class Pair:
    """One pair of frames; lengths as in ``Statistics``.

    Attributes:
        field: Motion against the camera where something moves, [h, w, 2].
        away: Where that is, 1 or 0, [h, w].
    """

    motion: float
    camera: float
    left: float
    border: float
    inner: float
    moving: float
    rest: float
    bent: float
    lost: float
    field: F32
    away: F32

    @classmethod
    def of(cls, first: U8, second: U8, gap: int, front: Bool | None) -> "Pair":
        """Looks at two greys.

        Args:
            first: uint8 [h, w].
            second: The later one.
            gap: Frames between them.
            front: What the groups in front of the last one cover in the first; None: what moves
                is found by its motion.
        """
        height, width = first.shape
        unit = 100 / width / gap
        there, back = dis_flow(first, second, "fast"), dis_flow(second, first, "fast")
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        x, y = columns + there[..., 0], rows + there[..., 1]
        inside = (x > 0) & (y > 0) & (x < width) & (y < height)
        like = np.abs(brought(second, there) - first) <= LEVELS
        sure = (confidence_of(there, back) > 0.5) & like
        lost = float((inside & ~sure).sum() / max(inside.sum(), 1))
        ground = sure if front is None else sure & ~front
        if ground.mean() < 0.02:
            ground = sure
        camera = displacement(global_motion(there, ground.astype(np.float32)), columns, rows)
        rest = np.where(sure[..., None], there - camera, 0).astype(np.float32)
        length = np.hypot(rest[..., 0], rest[..., 1])
        away = sure & (cleaned(length > AWAY) if front is None else front)
        own = displacement(global_motion(rest, away.astype(np.float32)), columns, rows)
        bent = np.hypot(rest[..., 0] - own[..., 0], rest[..., 1] - own[..., 1])
        edge = np.minimum(np.minimum(columns, width - columns), rows) < BORDER * width
        speed = np.hypot(there[..., 0], there[..., 1])
        border, inner = (sure & edge, sure & ~edge)
        if front is not None and (border & ~front).any():
            border &= ~front
        return cls(
            motion=_mean(speed, sure) * unit,
            camera=_mean(np.hypot(camera[..., 0], camera[..., 1]), sure) * unit,
            left=_mean(length, sure) * unit,
            border=float(np.median(speed[border])) * unit if border.any() else 0.0,
            inner=float(np.median(speed[inner])) * unit if inner.any() else 0.0,
            moving=float(away.mean()),
            rest=_mean(length, away) * unit,
            bent=_mean(bent, away) * unit,
            lost=lost,
            field=np.where(away[..., None], rest * np.float32(unit), 0).astype(np.float32),
            away=away.astype(np.float32),
        )


def statistics_of(pairs: Sequence[Pair], groups: int = 1) -> Statistics:
    """What some pairs say together.

    Args:
        pairs: The pairs.
        groups: Number of groups.
    """
    if not pairs:
        return Statistics(groups=groups)

    def mean(name: str) -> float:
        return float(np.mean([getattr(pair, name) for pair in pairs]))

    def middle(name: str) -> float:
        return float(np.median([getattr(pair, name) for pair in pairs]))

    motion, left = mean("motion"), mean("left")
    rest = float(np.sum([pair.rest * pair.moving for pair in pairs]))
    bent = float(np.sum([pair.bent * pair.moving for pair in pairs]))
    moving = float(np.sum([pair.moving for pair in pairs]))
    # Where something moves, always the same way? Sums over pairs, place by place.
    sums, lengths = np.zeros_like(pairs[0].field), np.zeros_like(pairs[0].field[..., 0])
    often = np.zeros_like(lengths)
    for pair in pairs:
        sums += pair.field
        lengths += np.hypot(pair.field[..., 0], pair.field[..., 1])
        often += pair.away
    often /= len(pairs)
    return Statistics(
        motion=motion,
        camera=mean("camera"),
        explained=1 - min(left / motion, 1.0) if motion > 1e-6 else 0.0,
        border=middle("border"),
        inner=middle("inner"),
        moving=moving / len(pairs),
        rest=rest / moving if moving > 1e-9 else 0.0,
        bent=min(bent / rest, 1.0) if rest > 1e-9 else 0.0,
        steady=_share(np.hypot(sums[..., 0], sums[..., 1]), lengths),
        stays=_share(often**2, often),
        lost=middle("lost"),
        groups=groups,
        pairs=len(pairs),
    )


def brought(second: U8, flow: F32) -> F32:
    """A grey at where a flow to it leads, [h, w]."""
    height, width = second.shape
    base = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    greys = np.stack([second, second], axis=-1).astype(np.float32)
    return sample_flow(greys, (base + flow).astype(np.float32))[..., 0]


def _share(part: F32, whole: F32) -> float:
    total = float(whole.sum())
    return min(float(part.sum()) / total, 1.0) if total > 1e-9 else 0.0


def _mean(values: F32 | F64, where: Bool) -> float:
    return float(values[where].mean()) if where.any() else 0.0


def cleaned(mask: Bool, size: int = 5) -> Bool:
    """A mask without specks of fewer pixels across: noise of the flow is no piece that moves."""
    import cv2

    kernel = np.ones((size, size), np.uint8)
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    return np.asarray(opened > 0, np.bool_)
