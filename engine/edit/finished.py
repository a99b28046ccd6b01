"""Edits put into a frame so that they look photographed with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import F32
from engine.edit.finish import Finish
from engine.edit.focus import MARGIN, blur_map, blurred, own_softness
from engine.edit.frameview import FrameView
from engine.edit.grain import Grain
from engine.edit.kinds import Merged, merged, purity
from engine.edit.mixedlight import dimmed, lacking
from engine.edit.patch import Patch, Source, read_patch
from engine.edit.place import Place, Surroundings, look_at
from engine.edit.regrain import grain_share, regrained
from engine.edit.windows import Box, inside, mask_part, put_back, size, union
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.progress import Task

if TYPE_CHECKING:
    from engine.edit.carrier import Carrier

#: Shares of the plate's difference from the still: a change that differs from it by less mends
#: what the plate has in front, one that differs by more lies behind it.
MENDS, HIDES = 0.25, 0.5


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


def finish_frame(
    field: Field,
    changes: Mapping[int, Source],
    plate: Picture,
    index: int,
    finish: Finish,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    filter: str = "cubic",
    on: "Carrier | None" = None,
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
        on: What reads the stills on a device, or None.

    Raises:
        Cancelled: The person stopped the work.
    """
    view = (FrameView if on is None else on.view)(field, index, finish.light)
    return finish_view(view, changes, plate, finish, mix=mix, mask=mask, task=task, filter=filter)


def finish_view(
    view: FrameView,
    changes: Mapping[int, Source],
    plate: Picture,
    finish: Finish,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    filter: str = "cubic",
    around: Surroundings | None = None,
    within: Box | None = None,
) -> Finished:
    """As ``finish_frame``, for a caller that has the frame's view already.

    Args:
        view: The frame.
        changes: Layer number to change.
        plate: The frame's picture.
        finish: What is wanted.
        mix: How much of the edit, 0 to 1.
        mask: [H, W] over the plate's data window, or None.
        task: Cancel.
        filter: ``bilinear`` or ``cubic``.
        around: What is measured of the frame, where the caller has it for the same finish.
        within: Rows and columns of the field's data window that are wanted; None: all. Softness
            and motion blur are cut at their rim.
    """
    margin = MARGIN if finish.focus > 0 else 0
    patches = []
    for k in sorted(changes):
        _check(task)
        patch = read_patch(view, k, changes[k], finish, filter, margin, within)
        if patch is not None:
            patches.append(patch)
    if not patches:
        return _nothing(plate)
    box = union([patch.box for patch in patches])
    _check(task)
    place = look_at(view, plate, box, finish) if around is None else around.place(box)
    _check(task)
    field = view.field
    strength = np.full(size(box), mix, np.float32)
    if mask is not None:
        strength *= mask_part(mask, plate, field, box)
    own = place.plate
    result, alpha = own.copy(), np.zeros(size(box), np.float32)
    lost = np.zeros_like(own)
    found = _Found(np.ones_like(own), np.zeros((*size(box), 2), np.float32), np.zeros_like(alpha))
    for patch in patches:
        there = inside(patch.box, box)
        part = _merge(place, patch, strength[there], there, found)
        result[there] += (part.own - 1) * own[there] + part.added
        if place.broad is not None and finish.highlight > 0 and patch.source.lit:
            glow = place.broad.highlight[there] * part.covered
            result[there] += np.float32(finish.highlight) * glow
        lost[there] += (1 - part.grain) * np.float32(1 - _own_grain(place, patch, there))
        alpha[there] += part.alpha
    touched = np.asarray(alpha > 0, np.bool_)
    if finish.regrain > 0 and place.grain is not None:
        frame = field.frames[view.index]
        result = regrained(result, 1 - lost, touched, place.grain, box, frame, finish)
    return Finished(
        put_back(plate, field, [(box, np.dstack([result, touched]))]),
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


def _nothing(plate: Picture) -> Finished:
    plane, colour = np.zeros((0, 0), np.float32), np.zeros((0, 0, 3), np.float32)
    return Finished(plate, None, plane, plane, colour, colour, colour[..., :2], plane)


def _check(task: Task | None) -> None:
    if task is not None:
        task.check()


def _merge(place: Place, patch: Patch, strength: F32, there: Box, found: _Found) -> Merged:
    """A patch against the plate; ``there`` is its part of the place's box."""
    finish, plate, held = place.finish, place.plate[there], place.held[there]
    lit = place.lit(patch.layer, patch.box)
    if finish.focus > 0:
        _focus(place, patch, there, found)
    if lit is not None:
        if patch.source.lit:
            patch.paint[..., :3] *= lit
            mine = (patch.share > 0.5)[..., None]
            found.light[there] = np.where(mine, lit, found.light[there])
        if patch.source.lit or patch.on_still:
            patch.below = patch.below * lit
    if finish.holdout and not patch.on_still and not patch.source.lit:
        held = held * (1 - _mended(place, patch, lit, there))
    if patch.motion is not None:
        mine = (patch.share > 0.5)[..., None]
        found.motion[there] = np.where(mine, patch.motion, found.motion[there])
    pure = purity(patch.share, held if finish.holdout else None)
    if finish.shade > 0:
        dim = dimmed(plate, patch.below, patch.share * (1 - held), pure) ** np.float32(finish.shade)
        patch.paint[..., :3] *= dim[..., None]
        patch.below = patch.below * dim[..., None]
    fine = None
    if finish.detail is not None:
        certain = patch.share * (patch.known > 0.5) * (1 - held)
        fine = fine_part(plate - patch.below, certain, finish.split)
    part = merged(
        finish.merge,
        patch.paint,
        patch.below,
        patch.known,
        plate,
        patch.share * strength * (1 - held),
        pure,
        patch.grade,
        fine,
        finish.detail,
    )
    if finish.shade <= 0:
        return part
    over = None if place.broad is None else place.broad.highlight[there] * finish.highlight
    least = lacking(plate, patch.below, over, patch.share * (1 - held), pure)
    return replace(part, added=part.added + least * (strength * (part.alpha > 0))[..., None])


def _mended(place: Place, patch: Patch, lit: F32 | None, there: Box) -> F32:
    """How surely a change takes away what is in front, [h, w]: it looks like what is behind.

    On a stabilised frame that can be seen and painted out; it must not hide its own repair.
    """
    import cv2

    from engine.colour.encoding import encode

    still = encode(patch.still if lit is None else patch.still * lit)
    changed = encode(patch.paint[..., :3] + patch.below * (1 - patch.paint[..., 3:]))
    left, was = (
        cv2.GaussianBlur(np.square(each - still).sum(axis=2), (0, 0), 1.5)
        for each in (changed, place.encoded[there])
    )
    ratio = np.sqrt(left / np.maximum(was, 1e-8))
    return np.asarray(np.clip((HIDES - ratio) / (HIDES - MENDS), 0, 1), np.float32)


def _own_grain(place: Place, patch: Patch, there: Box) -> float:
    """Share of the plate's grain that a change made on plate pixels has in itself."""
    from engine.colour.encoding import encode

    inner = np.asarray((patch.paint[..., 3] > 0.98) & (patch.share > 0.98), np.bool_)
    if place.grain is None or not patch.source.on_plate or not inner.any():
        return 0.0
    return grain_share(place.grain, encode(patch.paint[..., :3]), inner)


def _focus(place: Place, patch: Patch, there: Box, found: _Found) -> None:
    """Makes a patch as soft as the plate is around it, unless it is that already."""
    from engine.colour.encoding import encode

    lit = place.view.light_at(patch.layer, patch.box)
    still = patch.still if lit is None else patch.still * lit
    certain = patch.share * (patch.known > 0.99) * (place.held[there] < 0.1)
    sigma = blur_map(place.encoded[there], encode(still), certain, place.grain)
    sigma = np.asarray(sigma * np.float32(place.finish.focus), np.float32)
    if patch.source.on_plate and (sigma > 0).any():
        alpha = patch.paint[..., 3:]
        changed = encode(patch.paint[..., :3] + patch.below * (1 - alpha))
        own = own_softness(changed, alpha[..., 0], patch.known)
        sigma = np.sqrt(np.maximum(np.square(sigma) - np.float32(own**2), 0))
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
