"""A change as one frame sees it, with what lies below it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.finish import Finish
from engine.edit.frameview import FrameView
from engine.edit.shutter import moments, sweep
from engine.edit.windows import Box, grown, union
from engine.warp.reach import points_near, widening
from engine.warp.render import bounds
from engine.warp.sheet import sheet_of


@dataclass(frozen=True, eq=False)
class Reading:
    """A change at some places.

    Attributes:
        paint: Premultiplied, [h, w, 4].
        below: What it was made on, premultiplied by how much of it is known, [h, w, 4]; None: the
            canonical image.
        grade: How surely it is a grade of that, [h, w]; None: it is paint.
    """

    paint: F32
    below: F32 | None = None
    grade: F32 | None = None


class Source(Protocol):
    """A change of one layer, wherever it was made: on the still, on a stabilised or a real frame.

    Attributes:
        box: Canonical x0, y0, x1, y1 that it can reach, filter included.
        density: Pixels of its picture per canonical pixel.
        lit: Whether the light of the frame belongs on it.
        on_plate: Whether it was made on pixels of the plate, so that it may have their grain and
            softness already.
    """

    @property
    def box(self) -> tuple[float, float, float, float]: ...
    @property
    def density(self) -> float: ...
    @property
    def lit(self) -> bool: ...
    @property
    def on_plate(self) -> bool: ...
    def at(self, points: F32, filter: str) -> Reading:
        """The change at canonical points [h, w, 2]."""
        ...


@dataclass(eq=False)
class Patch:
    """A change in a box of the frame; nothing is hidden or lit yet.

    Attributes:
        layer: Its layer.
        source: Where it comes from.
        box: Rows and columns of the field's data window.
        paint: Premultiplied, [h, w, 4].
        still: The canonical image there, [h, w, 3].
        below: What the change was made on, [h, w, 3]; the still unless the source says otherwise.
        known: Share of the pixel that is known of what lies below, [h, w].
        share: Visible share of the layer, [h, w].
        grade: How surely it is a grade, [h, w].
        motion: What goes by while the shutter is open, [h, w, 2] pixels, or None.
        on_still: Whether ``below`` is the still.
    """

    layer: int
    source: Source
    box: Box
    paint: F32
    still: F32
    below: F32
    known: F32
    share: F32
    grade: F32
    motion: F32 | None
    on_still: bool


def read_patch(
    view: FrameView,
    k: int,
    source: Source,
    finish: Finish,
    filter: str,
    margin: int = 0,
    within: Box | None = None,
) -> Patch | None:
    """A change as a frame sees it; None when it does not reach the frame.

    Args:
        view: The frame.
        k: Layer of the change.
        source: The change.
        finish: What is wanted.
        filter: ``bilinear`` or ``cubic``.
        margin: Pixels around what it reaches that are looked at too.
        within: Rows and columns that are wanted; None: all.
    """
    shape = view.field.height, view.field.width
    found = _found(view, k, source, within)
    if finish.shutter > 0 and within is None:
        found = _swept_reach(view, k, source.box, finish, found)
    if found is None:
        return None
    box = grown(found, margin, shape)
    motion, places = None, [view.positions_at(k, box)]
    if finish.shutter > 0:
        swept = sweep(view, k, box)
        times = moments(swept, finish.shutter, finish.shutter_offset)
        if times != [0.0]:
            places = [swept.at(tau) for tau in times]
            motion = swept.blur(finish.shutter)
    sheet = sheet_of(view.field.layers[k].canonical)
    read = [view.at(source, points, filter) for points in places]
    rgba = _mean([view.read_linear(sheet, points, filter) for points in places])
    still = _plain(rgba)
    paint, middle = _mean([one.paint for one in read]), read[len(read) // 2]
    below, known = still, np.ascontiguousarray(rgba[..., 3])
    lower = [one.below for one in read if one.below is not None]
    if lower:
        mean = _mean(lower)
        below, known = _plain(mean), np.ascontiguousarray(mean[..., 3])
    grade = np.zeros(known.shape, np.float32)
    if finish.merge == "auto" and middle.grade is not None:
        grade = middle.grade
    own = np.ascontiguousarray(view.shares(box)[k])
    return Patch(k, source, box, paint, still, below, known, own, grade, motion, not lower)


def _plain(rgba: F32) -> F32:
    """Colours without their premultiplied alpha."""
    alpha = np.maximum(rgba[..., 3:], np.float32(1 / 256))
    return np.asarray(rgba[..., :3] / alpha, np.float32)


def _found(view: FrameView, k: int, source: Source, within: Box | None) -> Box | None:
    """The pixels that a change reaches at the frame's own time."""
    field, scale = view.field, source.density
    near: tuple[Box, F32] | None
    if within is None:
        near = points_near(field.layers[k].deformation, view.index, source.box, scale, field.data)
    else:
        near = within, view.positions_at(k, within)
    if near is None:
        return None
    part, points = near
    more, box = widening(points, scale), source.box
    wide = box[0] - more, box[1] - more, box[2] + more, box[3] + more
    inner = bounds(_reach(wide, points, view.shares(part)[k]))
    if inner is None:
        return None
    rows, columns = (
        slice(outer.start + own.start, outer.start + own.stop)
        for outer, own in zip(part, inner, strict=True)
    )
    return rows, columns


#: Pixels between the places that are asked where a change goes while the shutter is open.
COARSE = 8


def _swept_reach(
    view: FrameView,
    k: int,
    box: tuple[float, float, float, float],
    finish: Finish,
    found: Box | None,
) -> Box | None:
    """What a change reaches at any time of the open shutter, rather too much than too little."""
    height, width = view.field.height, view.field.width
    swept = sweep(view, k, (slice(0, height), slice(0, width)), COARSE)
    pad = COARSE * max(swept.pixel, 1e-3) * 1.5
    wide = box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad
    seen = np.ones(swept.start.shape[:2], np.float32)
    reach = np.zeros(seen.shape, np.bool_)
    for part in (-0.5, 0.0, 0.5):
        tau = finish.shutter_offset + finish.shutter * part
        reach |= _reach(wide, swept.at(tau), seen)
    coarse = bounds(reach)
    if coarse is None:
        return found
    rows, columns = (slice(s.start * COARSE, s.stop * COARSE) for s in coarse)
    swept_box = grown((rows, columns), COARSE, (height, width))
    return swept_box if found is None else union([found, swept_box])


def _reach(box: tuple[float, float, float, float], points: F32, share: F32) -> Bool:
    x, y = points[..., 0], points[..., 1]
    inner = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3]) & (share > 0)
    return np.asarray(inner, np.bool_)


def _mean(pictures: list[F32]) -> F32:
    total = pictures[0]
    for picture in pictures[1:]:
        total += picture
    if len(pictures) > 1:
        total *= np.float32(1 / len(pictures))
    return total
