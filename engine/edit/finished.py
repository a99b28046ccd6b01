"""Edits put into a frame so that they look photographed with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.broad import Broad, broad_light
from engine.edit.change import EditLayer
from engine.edit.finish import Finish
from engine.edit.focus import MARGIN, blur_map, blurred
from engine.edit.frameview import FrameView
from engine.edit.grain import Grain, measure_grain, synthesise
from engine.edit.holdout import MARGIN as HOLDOUT_MARGIN
from engine.edit.holdout import belief, holdout_matte
from engine.edit.kinds import Merged, merged, purity
from engine.edit.patch import Patch, read_patch
from engine.edit.usual import usual_error
from engine.edit.windows import Box, grown, inside, plate_part, size, union
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.progress import Task


@dataclass(frozen=True, eq=False)
class Finished:
    """A frame with its edits, and what was found out about it on the way.

    Attributes:
        picture: The frame; the very plate when nothing reaches it.
        box: Rows and columns of the field's data window that the edits reach; None for none. All
            below are over this box, and empty without one.
        alpha: Share of each pixel that is edited, [h, w].
        holdout: How surely something without a mask is in front, [h, w].
        light: Factor of light on the edits, [h, w, 3].
        highlight: Light that lies over them, scene-linear, [h, w, 3].
        motion: What goes by while the shutter is open, in pixels, [h, w, 2].
        focus: Standard deviation of the blur for focus, in pixels, [h, w].
        grain: The plate's grain; None: none was found, or it was not asked for.
    """

    picture: Picture
    box: Box | None
    alpha: F32
    holdout: F32
    light: F32
    highlight: F32
    motion: F32
    focus: F32
    grain: Grain | None = None


@dataclass(frozen=True, eq=False)
class _Place:
    """What is known of the frame around its edits, over one box."""

    view: FrameView
    finish: Finish
    box: Box
    plate: F32
    encoded: F32
    held: F32
    grain: Grain | None
    broad: Broad | None
    firm: F32 | None

    def lit(self, patch: Patch) -> F32 | None:
        """Factors of light on a patch, [h, w, 3]: the field's and of shadows unknown to it."""
        gain = self.view.gain(patch.layer, patch.box)
        if self.broad is None or self.finish.shade <= 0:
            return gain
        shade = self.broad.part(patch.box).shade(patch.layer)
        strength = np.full_like(shade, self.finish.shade)
        if self.firm is not None:
            strength *= self.firm[inside(patch.box, self.box)]
        power = np.power(shade, strength)[..., None]
        return np.repeat(power, 3, axis=2) if gain is None else gain * power


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
    margin = MARGIN if finish.focus > 0 else 0
    patches = []
    for k in sorted(changes):
        _check(task)
        patch = read_patch(view, k, changes[k], finish, filter, margin)
        if patch is not None:
            patches.append(patch)
    if not patches:
        return _nothing(plate)
    box = union([patch.box for patch in patches])
    _check(task)
    place = _place(view, plate, box, finish)
    _check(task)
    strength = np.full(size(box), mix, np.float32)
    if mask is not None:
        strength *= _mask_part(mask, plate, field, box)
    own = place.plate
    result, kept = own.copy(), np.ones_like(own)
    alpha = np.zeros(size(box), np.float32)
    found = _Found(np.ones_like(own), np.zeros((*size(box), 2), np.float32), np.zeros_like(alpha))
    for patch in patches:
        there = inside(patch.box, box)
        part = _merge(place, patch, strength[there], there, found)
        result[there] += (part.own - 1) * own[there] + part.added
        if place.broad is not None and finish.highlight > 0:
            glow = place.broad.highlight[there] * part.covered
            result[there] += np.float32(finish.highlight) * glow
        kept[there] += part.grain - 1
        alpha[there] += part.alpha
    touched = np.asarray(alpha > 0, np.bool_)
    if finish.regrain > 0 and place.grain is not None:
        result = regrained(result, kept, touched, place.grain, box, field.frames[index], finish)
    return Finished(
        _put(plate, field, box, result, touched),
        box,
        alpha,
        place.held,
        found.light,
        np.zeros_like(own) if place.broad is None else place.broad.highlight,
        found.motion,
        found.focus,
        place.grain,
    )


@dataclass(eq=False)
class _Found:
    """What the layers tell about the box, filled in one after the other."""

    light: F32
    motion: F32
    focus: F32


def regrained(
    result: F32, kept: F32, touched: Bool, grain: Grain, box: Box, frame: int, finish: Finish
) -> F32:
    """A result with as much new grain as the edit took from the plate.

    Args:
        result: Scene-linear, [h, w, 3].
        kept: Factor on the plate's own grain that is still in it, [h, w, 3].
        touched: Where it may change, [h, w].
        grain: The plate's.
        box: Where in the data window.
        frame: Frame number: the seed.
        finish: Its ``regrain``.
    """
    from engine.colour.encoding import decode, encode

    lost = 1 - np.square(np.clip(kept, 0, 1))
    if not (touched & (lost.max(axis=2) > 1e-4)).any():
        return result
    encoded = encode(result)
    # Grain of different origin adds by variance.
    more = grain.at(encoded) * np.sqrt(lost) * np.float32(finish.regrain)
    fresh = decode(encoded + more * synthesise(grain, box, frame))
    return np.where((touched & (more.max(axis=2) > 0))[..., None], fresh, result)


def _nothing(plate: Picture) -> Finished:
    plane, colour = np.zeros((0, 0), np.float32), np.zeros((0, 0, 3), np.float32)
    return Finished(plate, None, plane, plane, colour, colour, colour[..., :2], plane)


def _check(task: Task | None) -> None:
    if task is not None:
        task.check()


def _place(view: FrameView, plate: Picture, box: Box, finish: Finish) -> _Place:
    from engine.colour.encoding import encode

    field = view.field
    own, _ = plate_part(plate, field, box)
    held = np.zeros(size(box), np.float32)
    measured = finish.regrain > 0 or finish.holdout or finish.focus > 0
    measured |= finish.highlight > 0 or finish.shade > 0
    grain = measure_grain(view, plate) if measured else None
    broad, firm = None, None
    if finish.highlight > 0 or finish.shade > 0 or finish.holdout:
        around = HOLDOUT_MARGIN if finish.holdout else 0
        wide = grown(box, around, (field.height, field.width))
        there = inside(box, wide)
        broad = broad_light(view, plate, wide, grain)
        usual = _usual(view, wide)
        if usual is not None:
            # Where a fit is wrong in most frames, what differs is no shadow and nothing in front.
            firm = belief(usual)[there]
        if finish.holdout:
            seen, finite = plate_part(plate, field, wide)
            drawn, known = view.drawn(wide)
            held = holdout_matte(
                encode(seen),
                encode(drawn * broad.shadow[..., None]) + broad.encoded,
                known & finite,
                grain,
                finish.holdout_gain,
                finish.holdout_clip,
                usual,
                broad.shadow,
            )[there]
        broad = broad.part(box)
    encoded = encode(own) if finish.focus > 0 else own
    return _Place(view, finish, box, own, encoded, held, grain, broad, firm)


def _usual(view: FrameView, box: Box) -> F32 | None:
    """Error that the layers usually have at the places that a box shows."""
    found: F32 | None = None
    for k in range(len(view.field.layers)):
        share = view.seen[k][box]
        if share.any():
            error = usual_error(view.field, k, view.positions_at(k, box))
            if error is not None:
                part = np.asarray(error * share, np.float32)
                found = part if found is None else found + part
    return found


def _merge(place: _Place, patch: Patch, strength: F32, there: Box, found: _Found) -> Merged:
    """A patch against the plate; ``there`` is its part of the place's box."""
    finish, plate, held = place.finish, place.plate[there], place.held[there]
    lit = place.lit(patch)
    if finish.focus > 0:
        _focus(place, patch, there, found)
    paint, below = patch.paint, patch.below
    if lit is not None:
        below = below * lit
        paint = np.concatenate([paint[..., :3] * lit, paint[..., 3:]], axis=2)
        mine = (patch.share > 0.5)[..., None]
        found.light[there] = np.where(mine, lit, found.light[there])
    if patch.motion is not None:
        mine = (patch.share > 0.5)[..., None]
        found.motion[there] = np.where(mine, patch.motion, found.motion[there])
    fine = None
    if finish.detail is not None:
        certain = patch.share * (patch.known > 0.5) * (1 - held)
        fine = fine_part(plate - below, certain, finish.split)
    return merged(
        finish.merge,
        paint,
        below,
        patch.known,
        plate,
        patch.share * strength * (1 - held),
        purity(patch.share, held if finish.holdout else None),
        patch.grade,
        fine,
        finish.detail,
    )


def _focus(place: _Place, patch: Patch, there: Box, found: _Found) -> None:
    """Makes a patch as soft as the plate is around it."""
    from engine.colour.encoding import encode

    lit = place.view.light_at(patch.layer, patch.box)
    below = patch.below if lit is None else patch.below * lit
    certain = patch.share * (patch.known > 0.99) * (place.held[there] < 0.1)
    sigma = blur_map(place.encoded[there], encode(below), certain, place.grain)
    sigma = np.asarray(sigma * np.float32(place.finish.focus), np.float32)
    if not (sigma > 0).any():
        return
    mine = patch.share > 0.5
    found.focus[there] = np.where(mine, sigma, found.focus[there])
    known = patch.known[..., None]
    stack = np.dstack([patch.paint, patch.below * known, known])
    soft = blurred(np.asarray(stack, np.float32), sigma)
    patch.paint = np.ascontiguousarray(soft[..., :4])
    patch.known = np.ascontiguousarray(soft[..., 7])
    patch.below = np.asarray(soft[..., 4:7] / np.maximum(soft[..., 7:], 1 / 256), np.float32)


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
