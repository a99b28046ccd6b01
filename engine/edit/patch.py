"""A change as one frame sees it, with what lies below it on the canonical image."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.change import EditLayer
from engine.edit.finish import Finish
from engine.edit.frameview import FrameView
from engine.edit.shutter import moments, sweep
from engine.edit.windows import Box, grown, union
from engine.warp.reach import points_near, widening
from engine.warp.render import bounds
from engine.warp.sheet import sheet_of


@dataclass(eq=False)
class Patch:
    """A change in a box of the frame; nothing is hidden or lit yet.

    Attributes:
        layer: Its layer.
        box: Rows and columns of the field's data window.
        paint: Premultiplied, [h, w, 4].
        below: The canonical image there, [h, w, 3].
        known: Share of the pixel that the canonical image knows, [h, w].
        share: Visible share of the layer, [h, w].
        grade: How surely it is a grade, [h, w].
        motion: What goes by while the shutter is open, [h, w, 2] pixels, or None.
    """

    layer: int
    box: Box
    paint: F32
    below: F32
    known: F32
    share: F32
    grade: F32
    motion: F32 | None


def read_patch(
    view: FrameView, k: int, change: EditLayer, finish: Finish, filter: str, margin: int = 0
) -> Patch | None:
    """A change as a frame sees it; None when it does not reach the frame.

    Args:
        view: The frame.
        k: Layer of the change.
        change: The change on the canonical canvas.
        finish: What is wanted.
        filter: ``bilinear`` or ``cubic``.
        margin: Pixels around what it reaches that are looked at too.
    """
    share = view.seen[k]
    shape = share.shape[0], share.shape[1]
    found = _found(view, k, change, share)
    if finish.shutter > 0:
        found = _swept_reach(view, k, change.box, finish, found)
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
    paint = _mean([change.sheet.read_linear(p, filter=filter) for p in places])
    rgba = _mean([sheet.read_linear(p, filter=filter) for p in places])
    known = np.ascontiguousarray(rgba[..., 3])
    below = np.asarray(rgba[..., :3] / np.maximum(known, 1 / 256)[..., None], np.float32)
    grade = np.zeros(known.shape, np.float32)
    if finish.merge == "auto" and change.grade is not None:
        grade = _grade(change, change.grade, places[len(places) // 2])
    return Patch(k, box, paint, below, known, np.ascontiguousarray(share[box]), grade, motion)


def _found(view: FrameView, k: int, change: EditLayer, share: F32) -> Box | None:
    """The pixels that a change reaches at the frame's own time."""
    field, scale = view.field, max(change.sheet.scale)
    deformation = field.layers[k].deformation
    near = points_near(deformation, view.index, change.box, scale, field.data)
    if near is None:
        return None
    part, points = near
    more, box = widening(points, scale), change.box
    wide = box[0] - more, box[1] - more, box[2] + more, box[3] + more
    inner = bounds(_reach(wide, points, share[part]))
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
    height, width = view.seen.shape[1:]
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


def _grade(change: EditLayer, grade: F32, points: F32) -> F32:
    """How surely each pixel is a grade, weighted by the matte, so that its rim is not paint."""
    from engine.kernels.sample import sample

    matte = change.sheet.pixels[..., 3]
    planes = np.stack([grade * matte, matte], axis=2)
    read = sample(planes, points, origin=change.sheet.origin, scale=change.sheet.scale)
    share = read[..., 0] / np.maximum(read[..., 1], 1e-6)
    return np.asarray(np.clip(share, 0, 1), np.float32)
