"""A painted picture that is kept up to date: what changed in the list is drawn, nothing else."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from engine.arrays import F32, I64, Bool
from engine.paint.draw import Reveal, draw
from engine.paint.raster import check_picture
from engine.paint.stamps import Box, common, is_local, read_box, stroke_box, united
from engine.paint.stroke import Stroke, stroke_from
from engine.progress import Task


@dataclass(frozen=True, eq=False)
class Listed:
    """One stroke of a list: as it was read, and as it is drawn.

    Attributes:
        data: The JSON object.
        given: The stroke as the document says it.
        stroke: The same in the canvas' pixels.
        box: What it writes.
        shown: What tells the picture that a ``reveal`` shows from another; None for other kinds.
    """

    data: Mapping[str, Any]
    given: Stroke
    stroke: Stroke
    box: Box
    shown: Any = None


@dataclass(frozen=True, eq=False)
class Painting:
    """The strokes of a list over one picture.

    The arrays are never changed: a longer list makes new ones.

    Attributes:
        under: float32 [h, w, 3 or 4], the picture.
        origin: Its top-left corner.
        scale: Canvas pixels for each pixel of the strokes.
        listed: All strokes of the list.
        drawn: Those that show.
        overlay: float32 [h, w, 4], their paint.
        painted: float32 like ``under``: the painted picture.
        redrawn: What was drawn again since the painting before; None: everything.
        strokes_drawn: How many strokes were drawn, wholly or in part, to make it.
    """

    under: F32
    origin: tuple[int, int]
    scale: float
    listed: tuple[Listed, ...]
    drawn: tuple[Listed, ...]
    overlay: F32
    painted: F32
    redrawn: Box | None = None
    strokes_drawn: int = 0
    _boxes: I64 = field(default_factory=lambda: np.zeros((0, 4), np.int64), repr=False)

    @property
    def bounds(self) -> Box:
        """The canvas."""
        (x0, y0), (h, w) = self.origin, self.under.shape[:2]
        return x0, y0, x0 + w, y0 + h


def paint(
    strokes: Sequence[Mapping[str, Any]],
    under: F32,
    origin: tuple[int, int] = (0, 0),
    frame: int | None = None,
    *,
    scale: float = 1.0,
    reveal: Reveal | None = None,
    shown: Mapping[int | None, Any] | None = None,
    before: Painting | None = None,
    task: Task | None = None,
) -> Painting:
    """Draws a list of strokes, from an earlier painting where that helps.

    Appending a stroke draws that stroke; taking one away draws its box again, from the strokes
    that touch it.

    Args:
        strokes: JSON objects, bottom first.
        under: float32 [h, w, 3 or 4].
        origin: Top-left corner of the picture.
        frame: As for ``render_strokes``.
        scale: Canvas pixels for each pixel that the strokes are measured in.
        reveal: What ``reveal`` strokes show.
        shown: For each frame that a stroke may reveal, what tells its picture from another.
        before: An earlier painting; it is used when it is of the very same picture.
        task: Cancels between strokes.

    Raises:
        UsageError: A stroke is wrong.
    """
    from engine.paint import kernels

    if before is not None and not (
        before.under is under and before.origin == origin and before.scale == scale
    ):
        before = None
    listed = _listed(strokes, frame, scale, shown or {}, before)
    drawn = tuple(each for each in listed if each.given.alive(frame) and each.given.opacity > 0)
    boxes = _boxes(drawn)
    height, width = under.shape[:2]
    bounds: Box = (origin[0], origin[1], origin[0] + width, origin[1] + height)
    kept, changed = (0, bounds) if before is None else _changed(before, drawn, boxes, bounds)
    if before is not None and changed is None:
        nothing = (*origin, *origin)
        overlay, painted = before.overlay, before.painted
        return Painting(
            under, origin, scale, listed, drawn, overlay, painted, nothing, 0, boxes
        )  # fmt: skip
    changed = changed or bounds
    below = check_picture(under)
    within: Box | None = None
    todo: Sequence[int] = range(len(drawn))
    if before is None:
        overlay = np.zeros((height, width, 4), np.float32)
    else:
        overlay = before.overlay.copy()
        if kept == len(before.drawn):
            # The list only grew: everything below the new strokes is there.
            todo = range(kept, len(drawn))
        else:
            within = changed
            _part(overlay, bounds, changed)[...] = 0
            todo = _touching(boxes, changed)
    for n in todo:
        if task is not None:
            task.check()
        draw(drawn[n].stroke, below, overlay, origin, reveal, kernels, within)
    painted = np.empty(under.shape, np.float32) if before is None else before.painted.copy()
    kernels.cover(
        _part(painted, bounds, changed),
        _part(overlay, bounds, changed),
        _part(below, bounds, changed),
        np.float32(1),
    )
    redrawn = None if before is None else changed
    return Painting(
        under, origin, scale, listed, drawn, overlay, painted, redrawn, len(todo), boxes
    )


def _listed(
    strokes: Sequence[Mapping[str, Any]],
    frame: int | None,
    scale: float,
    shown: Mapping[int | None, Any],
    before: Painting | None,
) -> tuple[Listed, ...]:
    """The strokes, read; those of the head and the tail of the earlier list are taken from it."""
    known = () if before is None else before.listed
    head = 0
    while head < min(len(strokes), len(known)) and strokes[head] == known[head].data:
        head += 1
    tail = 0
    while (
        tail < min(len(strokes), len(known)) - head and strokes[-1 - tail] == known[-1 - tail].data
    ):
        tail += 1
    result = []
    for n, data in enumerate(strokes):
        if n < head:
            item = known[n]
        elif n >= len(strokes) - tail:
            item = known[n - len(strokes)]
        else:
            given = stroke_from(data, f"stroke {n + 1}")
            finer = given.scaled(scale)
            item = Listed(_copied(data), given, finer, stroke_box(finer))
        if item.given.kind == "reveal":
            token = shown.get(item.given.revealed(frame))
            if token != item.shown:
                item = replace(item, shown=token)
        result.append(item)
    return tuple(result)


def _copied(data: Mapping[str, Any]) -> dict[str, Any]:
    """A stroke of its own to compare with later: a document changes its strokes in place."""
    return {
        key: [list(point) for point in value] if key == "points" else copy.deepcopy(value)
        for key, value in data.items()
    }


def _boxes(drawn: Sequence[Listed]) -> I64:
    """Boxes that the strokes write, [N, 4]: which of them touch a place is one comparison."""
    return np.array([each.box for each in drawn], np.int64).reshape(-1, 4)


def _touching(boxes: I64, box: Box) -> list[int]:
    x0, y0, x1, y1 = box
    hit: Bool = np.asarray(
        (boxes[:, 0] < x1) & (boxes[:, 2] > x0) & (boxes[:, 1] < y1) & (boxes[:, 3] > y0),
        np.bool_,
    )
    return [int(n) for n in np.flatnonzero(hit)]


def _changed(
    before: Painting, drawn: Sequence[Listed], boxes: I64, bounds: Box
) -> tuple[int, Box | None]:
    """How many strokes at the bottom are the same, and the box where anything differs."""
    head = 0
    most = min(len(before.drawn), len(drawn))
    while head < most and before.drawn[head] is drawn[head]:
        head += 1
    tail = 0
    while tail < most - head and before.drawn[-1 - tail] is drawn[-1 - tail]:
        tail += 1
    differing = [
        *before._boxes[head : len(before.drawn) - tail].tolist(),
        *boxes[head : len(drawn) - tail].tolist(),
    ]
    if not differing:
        return head, None
    changed: Box = tuple(differing[0])
    for box in differing[1:]:
        changed = united(changed, tuple(box))
    if head == len(before.drawn):
        return head, common(changed, bounds)
    # What reads its neighbours is drawn whole: its reach joins what is drawn again.
    wide = [(n, each) for n, each in enumerate(drawn) if not is_local(each.stroke)]
    grew = True
    while grew:
        grew = False
        for n, each in wide:
            reach = united(tuple(boxes[n].tolist()), read_box(each.stroke))
            if common(reach, changed) is not None:
                more = united(changed, reach)
                grew, changed = grew or more != changed, more
    return head, common(changed, bounds)


def _part(pixels: F32, bounds: Box, box: Box) -> F32:
    return pixels[box[1] - bounds[1] : box[3] - bounds[1], box[0] - bounds[0] : box[2] - bounds[0]]
