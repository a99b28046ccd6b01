"""Edits put into a frame so that they look photographed with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.change import EditLayer
from engine.edit.finish import Finish
from engine.edit.frameview import FrameView
from engine.edit.kinds import Merged, merged, purity
from engine.edit.patch import Patch, read_patch
from engine.edit.windows import Box, inside, plate_part, size, union
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.progress import Task


@dataclass(frozen=True, eq=False)
class Finished:
    """A frame with its edits, and what was found out about it on the way.

    Attributes:
        picture: The frame; the very plate when nothing reaches it.
        box: Rows and columns of the field's data window that were looked at; None for none.
    """

    picture: Picture
    box: Box | None = None


def finish_frame(
    field: Field,
    changes: Mapping[int, EditLayer],
    plate: Picture,
    index: int,
    finish: Finish,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    filter: str = "cubic",
) -> Finished:
    """Carries changes to one frame.

    Args:
        field: The field.
        changes: Layer number to change.
        plate: The frame, of the field's size.
        index: Position of the frame in the field.
        finish: What is wanted.
        mix: How much of the edit, 0 to 1.
        mask: [H, W] over the plate's data window, or None.
        task: Cancel.
        filter: ``bilinear`` or ``cubic``.

    Raises:
        Cancelled: The person stopped the work.
    """
    view = FrameView(field, index, finish.light)
    patches = []
    for k in sorted(changes):
        if task is not None:
            task.check()
        patch = read_patch(view, k, changes[k], finish, filter)
        if patch is not None:
            patches.append(patch)
    if not patches:
        return Finished(plate)
    box = union([patch.box for patch in patches])
    own, held = plate_part(plate, field, box)
    strength = np.full(size(box), mix, np.float32)
    if mask is not None:
        strength *= _mask_part(mask, plate, field, box)
    result, touched = own.copy(), np.zeros(held.shape, np.bool_)
    for patch in patches:
        there = inside(patch.box, box)
        part = _merge(view, patch, own[there], strength[there], finish)
        result[there] += (part.own - 1) * own[there] + part.added
        touched[there] |= part.alpha > 0
    return Finished(_put(plate, field, box, result, touched), box)


def _merge(view: FrameView, patch: Patch, plate: F32, strength: F32, finish: Finish) -> Merged:
    lit = view.gain(patch.layer, patch.box)
    paint, below = patch.paint, patch.below
    if lit is not None:
        below = below * lit
        paint = np.concatenate([paint[..., :3] * lit, paint[..., 3:]], axis=2)
    fine = None
    if finish.detail is not None:
        fine = fine_part(plate - below, patch.share * (patch.known > 0.5), finish.split)
    return merged(
        finish.merge,
        paint,
        below,
        patch.known,
        plate,
        patch.share * strength,
        purity(patch.share, None),
        patch.grade,
        fine,
        finish.detail,
    )


def fine_part(difference: F32, weight: F32, sigma: float) -> F32:
    """What a blur takes away from a difference [h, w, 3], looking only where there is weight."""
    import cv2

    held = np.ascontiguousarray(weight, np.float32)
    total = cv2.GaussianBlur(difference * held[..., None], (0, 0), sigma)
    base = cv2.GaussianBlur(held, (0, 0), sigma)
    broad = total / np.maximum(base, 1e-4)[..., None]
    return np.asarray((difference - broad) * held[..., None], np.float32)


def _mask_part(mask: F32, plate: Picture, field: Field, box: Box) -> F32:
    grey = replace(plate, pixels=np.repeat(mask[..., None], 3, axis=2))
    return plate_part(grey, field, box)[0][..., 0]


def _put(plate: Picture, field: Field, box: Box, result: F32, touched: Bool) -> Picture:
    """The plate with the result where it was touched; everywhere else bit for bit what it was."""
    top = field.data.y0 + plate.display.y0 - plate.data.y0 + box[0].start
    left = field.data.x0 + plate.display.x0 - plate.data.x0 + box[1].start
    height, width = plate.pixels.shape[:2]
    rows = slice(max(top, 0), min(top + result.shape[0], height))
    columns = slice(max(left, 0), min(left + result.shape[1], width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return plate
    part = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    mine = touched[part]
    if not mine.any():
        return plate
    pixels = plate.pixels.copy()
    pixels[rows, columns, :3][mine] = result[part][mine]
    changed = np.zeros((height, width), np.bool_)
    if plate.changed is not None:
        changed |= plate.changed
    changed[rows, columns] |= mine
    return replace(plate, pixels=pixels, changed=changed, under=None, overlay=None)
