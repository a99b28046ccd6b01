"""Which recipe suits a clip: measured on small greys of a few pairs of frames, with the reason.

Nothing here looks at what a picture shows, only at how it moves: how fast the camera is, how much
of the motion it explains, what moves besides, whether that is one rigid piece, whether it stays in
its place, and what cannot be matched at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.arrays import F32, F64, U8, AnyArray, Bool
from engine.fit.groups import Groups
from engine.fit.motion import global_motion
from engine.fit.plates import Plates, read_plates
from engine.fit.request import FitRequest
from engine.flow.confidence import confidence_of, sample_flow
from engine.flow.dis import dis_flow
from engine.progress import Task

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

#: Percent of the width per frame below which a camera stands, and one that only trembles.
STANDS, TREMBLES = 0.05, 0.2
#: Motion inside against that of the border from which a trembling camera counts as still.
INNER = 1.25
#: Share of unmatched pixels that speaks of fluids.
FLUID = 0.3
#: Share of the picture that must move against the camera to be spoken of.
SMALL = 0.01
#: How steadily, and how much in its place, something turns that is shown on a table.
STEADY, STAYS = 0.75, 0.6
#: Percent of the width per frame up to which motion in front of a still camera is a small one.
GENTLE = 0.8
#: Share of a piece's motion that one rigid motion leaves, from which on it has joints.
JOINTS = 1 / 6
#: Shares of the picture, and percent of the width per frame against the camera, from and up to
#: which what moves besides is one thing that wants a group; share of the pairs that show a place.
APART, MOST_APART, PACE, OFTEN = 0.02, 0.5, 0.2, 0.25
#: Share of the picture from which a box says nothing about the place.
WIDE = 0.6
#: Share of all motion that the camera must explain to be called a pan.
PAN = 0.5


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
        where: Left, top, right and bottom of the largest piece that moves against the camera, as
            shares of the picture; empty without one.
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
    where: tuple[float, ...] = ()

    @property
    def second(self) -> str:
        """That one still may not explain the shot, and where; empty when nothing speaks for it."""
        apart = APART <= self.moving <= MOST_APART and self.rest >= PACE
        if self.groups > 1 or not apart or not self.where:
            return ""
        left, top, right, bottom = (round(100 * value) for value in self.where)
        place = (
            f"most between {left} and {right} % of the width and {top} and {bottom} % of the "
            "height from the top"
        )
        if (right - left) * (bottom - top) > WIDE * 100**2:
            place = "spread over the picture (codef qc shows where)"
        return (
            f"{100 * self.moving:.0f} % of the picture moves {self.rest:.1f} % of its width a "
            f"frame against the camera, {place}; one still may not explain both: "
            "give it a mask (MaskGroup), or let codef fit --propose-groups FOLDER draw one"
        )


@dataclass(frozen=True)
class Advice:
    """A proposal.

    Attributes:
        recipe: Name of the recipe that is proposed.
        reason: Why, in words and numbers, without a full stop.
        statistics: What it rests on.
    """

    recipe: str
    reason: str
    statistics: Statistics

    def as_dict(self) -> dict[str, Any]:
        """The form in a field's report."""
        numbers = {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self.statistics).items()
        }
        told = {"recipe": self.recipe, "reason": self.reason, "statistics": numbers}
        second = self.statistics.second
        return {**told, "second": second} if second else told

    def sentence(self, chosen: str) -> str:
        """What a person is told, given the recipe that they chose or ``auto``."""
        if chosen in ("auto", self.recipe):
            return f"recipe {self.recipe}: {self.reason}{self._beside}"
        other = f"{self.recipe} may suit this clip too: {self.reason}"
        return f"recipe {chosen}, as chosen ({other}){self._beside}"

    @property
    def _beside(self) -> str:
        second = self.statistics.second
        return f". {second[:1].upper()}{second[1:]}" if second else ""


def advise_plates(plates: Plates) -> Advice:
    """The proposal for frames that are in memory; those that are left out wholly do not count."""
    shown = [t for t in range(plates.count) if plates.weights[:, t, ::4, ::4].any()]
    pairs = [(shown[a], shown[b]) for a, b in pairs_of(len(shown))]
    return propose(_motion(plates, pairs, {t: t for t in shown}), plates.data.width)


def advise(request: FitRequest, task: Task) -> Advice:
    """The proposal for a clip of which only the frames that are looked at are read.

    Raises:
        InputError: Frames of different sizes.
        MaskError: Masks of another size, or black in every frame.
    """
    frames = request.frames
    pairs = pairs_of(len(frames))
    wanted = sorted({index for pair in pairs for index in pair})
    if not wanted:
        return propose(Statistics(), 0)
    first = request.picture(frames[wanted[0]])
    size = (first.data.height, first.data.width)
    groups = Groups(frames, request.groups, size, task.part(0, 0.3), request.ignore)
    plates = read_plates(
        [frames[index] for index in wanted],
        request.picture,
        groups.shares,
        len(groups.names),
        task.part(0.3, 0.9, "reading frames"),
    )
    places = {index: place for place, index in enumerate(wanted)}
    return propose(_motion(plates, pairs, places), plates.data.width)


def _motion(
    plates: Plates, pairs: Sequence[tuple[int, int]], places: Mapping[int, int]
) -> Statistics:
    """Statistics of pairs of frames; ``places`` are their indices in ``plates``."""

    def front(index: int) -> U8:
        return shrunk(plates.weights[:-1, places[index]].max(axis=0))

    def grey(index: int) -> U8:
        small = shrunk(plates.codes[places[index]]).astype(np.float32)
        luma = (small * plates.scale + plates.offset) @ np.array([0.299, 0.587, 0.114], np.float32)
        return np.asarray(np.rint(np.clip(luma, 0, 1) * 255), np.uint8)

    layers = len(plates.weights)
    return motion_of(pairs, grey, front if layers > 1 else None, layers)


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


def motion_of(
    pairs: Sequence[tuple[int, int]],
    grey: Callable[[int], U8],
    front: Callable[[int], U8] | None = None,
    groups: int = 1,
) -> Statistics:
    """Statistics of a clip.

    Args:
        pairs: Indices of frames, the earlier one first, see ``pairs_of``.
        grey: Index of a frame to its small luma, uint8 [h, w].
        front: Index to what the groups in front of the last one cover, uint8 [h, w]; None: what
            moves is found by its motion.
        groups: Number of groups.
    """
    found = []
    for a, b in pairs:
        mask = None if front is None else np.asarray(front(a) > 127, np.bool_)
        found.append(_Pair.of(grey(a), grey(b), b - a, mask))
    if not found:
        return Statistics(groups=groups)

    def mean(name: str) -> float:
        return float(np.mean([getattr(pair, name) for pair in found]))

    def middle(name: str) -> float:
        return float(np.median([getattr(pair, name) for pair in found]))

    motion, left = mean("motion"), mean("left")
    rest = float(np.sum([pair.rest * pair.moving for pair in found]))
    bent = float(np.sum([pair.bent * pair.moving for pair in found]))
    moving = float(np.sum([pair.moving for pair in found]))
    # Where something moves, always the same way? Sums over pairs, place by place.
    sums, lengths = np.zeros_like(found[0].field), np.zeros_like(found[0].field[..., 0])
    often = np.zeros_like(lengths)
    for pair in found:
        sums += pair.field
        lengths += np.hypot(pair.field[..., 0], pair.field[..., 1])
        often += pair.away
    often /= len(found)
    return Statistics(
        motion=motion,
        camera=mean("camera"),
        explained=1 - min(left / motion, 1.0) if motion > 1e-6 else 0.0,
        border=middle("border"),
        inner=middle("inner"),
        moving=moving / len(found),
        rest=rest / moving if moving > 1e-9 else 0.0,
        bent=min(bent / rest, 1.0) if rest > 1e-9 else 0.0,
        steady=_share(np.hypot(sums[..., 0], sums[..., 1]), lengths),
        stays=_share(often**2, often),
        lost=middle("lost"),
        groups=groups,
        pairs=len(found),
        where=() if front is not None else _largest(often),
    )


def _largest(often: F32) -> tuple[float, ...]:
    """The box of the largest piece of a map [h, w], as shares of it; empty when there is none."""
    import cv2

    there = (often >= OFTEN).astype(np.uint8)
    count, _, boxes, _ = cv2.connectedComponentsWithStats(there)
    if count < 2:
        return ()
    x, y, width, height, _ = boxes[1 + int(np.argmax(boxes[1:, 4]))]
    rows, columns = often.shape
    box = x / columns, y / rows, (x + width) / columns, (y + height) / rows
    return tuple(round(float(value), 3) for value in box)


def _share(part: F32, whole: F32) -> float:
    total = float(whole.sum())
    return min(float(part.sum()) / total, 1.0) if total > 1e-9 else 0.0


@dataclass(frozen=True)
class _Pair:
    """One pair of frames; lengths as in ``Statistics``."""

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
    def of(cls, first: U8, second: U8, gap: int, front: Bool | None) -> "_Pair":
        height, width = first.shape
        unit = 100 / width / gap
        there, back = dis_flow(first, second, "fast"), dis_flow(second, first, "fast")
        trust = confidence_of(there, back)
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        x, y = columns + there[..., 0], rows + there[..., 1]
        inside = (x > 0) & (y > 0) & (x < width) & (y < height)
        points = np.stack([x - 0.5, y - 0.5], axis=-1).astype(np.float32)
        greys = np.stack([second, second], axis=-1).astype(np.float32)
        other = np.abs(sample_flow(greys, points)[..., 0] - first) > LEVELS
        sure = (trust > 0.5) & ~other
        lost = float((inside & ~sure).sum() / max(inside.sum(), 1))
        ground = sure if front is None else sure & ~front
        if ground.mean() < 0.02:
            ground = sure
        camera = displacement(global_motion(there, ground.astype(np.float32)), columns, rows)
        rest = np.where(sure[..., None], there - camera, 0).astype(np.float32)
        length = np.hypot(rest[..., 0], rest[..., 1])
        away = sure & (_cleaned(length > AWAY) if front is None else front)
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


def _mean(values: F32 | F64, where: Bool) -> float:
    return float(values[where].mean()) if where.any() else 0.0


def _cleaned(mask: Bool) -> Bool:
    """A mask without specks: noise of the flow is no piece that moves."""
    import cv2

    kernel = np.ones((5, 5), np.uint8)
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    return np.asarray(opened > 0, np.bool_)


def displacement(matrix: F64, columns: F64, rows: F64) -> F32:
    """Where a matrix moves every pixel, relative to where it was, [h, w, 2]."""
    w = matrix[2, 0] * columns + matrix[2, 1] * rows + matrix[2, 2]
    w = np.where(np.abs(w) > 1e-6, w, 1e-6)
    x = (matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2]) / w
    y = (matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2]) / w
    moved = np.stack([x - columns, y - rows], axis=-1)
    return np.asarray(np.clip(moved, -1e4, 1e4), np.float32)


def propose(found: Statistics, width: int) -> Advice:
    """The recipe that suits what was measured.

    Args:
        found: The statistics.
        width: Width of a frame in pixels, for the words.
    """

    def px(percent: float) -> str:
        return f"{percent * width / 100:.1f} px a frame"

    def share(value: float) -> str:
        return f"{100 * value:.0f} %"

    recipe, reason = "seeded", "the motion is mixed, and the default recipe suits every clip"
    still = found.border < STANDS or (
        found.border < TREMBLES and found.inner > INNER * found.border
    )
    moves = found.moving >= SMALL
    piece = f"{share(found.moving)} of the picture"
    if found.lost > FLUID:
        recipe = "fluid"
        reason = f"{share(found.lost)} of the pixels cannot be matched from frame to frame: " + (
            "fluids or smoke"
        )
    elif not moves and found.motion < STANDS / 5:
        reason = "hardly anything moves, and the default recipe suits every clip"
    elif still and not moves:
        reason = f"the camera stands and less than {share(SMALL)} of the picture moves"
    elif still and found.border < STANDS and found.steady > STEADY and found.stays > STAYS:
        recipe = "product"
        reason = f"the camera stands and {piece} turns steadily in its place, {px(found.rest)}"
    elif still and found.rest < GENTLE:
        recipe = "talking_head"
        reason = (
            f"the camera is still ({px(found.border)} at the border) and {piece} moves gently, "
            f"{px(found.rest)}"
        )
    elif moves and found.groups > 1 and found.bent > JOINTS:
        recipe = "articulated"
        reason = (
            f"{piece} moves {px(found.rest)} against the camera, and one rigid motion leaves "
            f"{share(found.bent)} of that unexplained"
        )
    elif still:
        recipe = "articulated"
        reason = f"the camera is still and {piece} moves fast, {px(found.rest)}"
    elif found.explained > PAN:
        recipe = "camera_pan"
        reason = f"the camera explains {share(found.explained)} of the motion, {px(found.camera)}"
    return Advice(recipe, reason, found)
