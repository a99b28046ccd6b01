"""What an artist changed on a picture: colours and a matte."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.arrays import F32, Bool
from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.canonical import canonical_pixels, canonical_windows
from engine.edit.editlayer import EditLayer, cropped, stacked
from engine.edit.grade import grade_share
from engine.edit.placement import Placed
from engine.fields.field import Field
from engine.io.picture import Native, Picture, Window, within
from engine.warp.render import bounds
from engine.warp.sheet import HOLE, Sheet, sheet_of

#: Encoded difference at which a changed pixel replaces what was there; below, it is added to it.
FULL = 8 / 255
#: Encoded difference that counts as equal where the edit was resampled on its way.
LOOSE = 6 / 255

#: Layer and scale to what an edit is compared with in place of the canonical image: [h, w, 4] and
#: its upper left pixel, both on the canvas at that scale.
Reference = Callable[[int, float], tuple[F32, tuple[int, int]]]


def plain_colour(pixels: F32) -> F32:
    """Colour divided by alpha, [H, W, 3]; untouched where alpha is 0 or absent."""
    if pixels.shape[2] < 4:
        return pixels[..., :3]
    alpha = pixels[..., 3:4]
    return np.asarray(pixels[..., :3] / np.where(alpha > 0, alpha, 1), np.float32)


def equal_pixels(
    edit: F32, reference: F32, native: Native | None, working: str = DEFAULT_WORKING
) -> Bool:
    """Where an edit holds what was written, as its own file format can hold it.

    Args:
        edit: [H, W, 3 or 4], scene-linear, premultiplied.
        reference: [H, W, 4], what the program wrote, likewise.
        native: The edit's code values, or None when it never was a file.
        working: The working space of both.

    Returns:
        [H, W]. Integer formats: unpremultiplied codes within 1 of 255 or 3 of 65535 (paint
        programs keep 15 bits). Float formats: within one step of half float.
    """
    if native is not None and native.codes.dtype.kind == "u":
        return _equal_codes(reference, native, working)
    colour, wanted = edit[..., :3], reference[..., :3]
    relative, least = (1e-6, 1e-7) if native is None else (2.0**-10, 2.0**-24)
    same = (np.abs(colour - wanted) <= relative * np.abs(wanted) + least).all(axis=2)
    if edit.shape[2] > 3:
        # Only the alpha was changed: the colour itself is what was written.
        rest = np.abs(plain_colour(edit) - plain_colour(reference))
        same |= (rest <= 2.0**-9 * np.abs(plain_colour(reference)) + 2.0**-20).all(axis=2)
    return np.asarray(same, np.bool_)


def _equal_codes(reference: F32, native: Native, working: str) -> Bool:
    from engine.colour.ocio import from_working
    from engine.io.header import UNASSOCIATED
    from engine.io.samples import colour_channels, normalised

    colours, alpha_index = colour_channels(native.channels)
    codes = normalised(native.codes[..., list(colours)])
    written = plain_colour(from_working(reference, native.space, working))
    step = 1.01 / 255 if native.bits <= 8 else 3.01 / 65535
    if native.bits in (10, 12):
        step = 1.01 / ((1 << native.bits) - 1)
    weight = np.ones((*codes.shape[:2], 1), np.float32)
    if alpha_index is not None and not native.metadata.get(UNASSOCIATED, 0):
        alpha = normalised(native.codes[..., alpha_index : alpha_index + 1])
        weight = np.where(alpha > 0, alpha, np.float32(1))
    difference = np.abs(codes / weight - np.clip(written, 0, 1))
    return np.asarray((difference * weight <= step).all(axis=2), np.bool_)


def matte_of(edit: F32, reference: F32, changed: Bool) -> F32:
    """Premultiplied change with its matte, [H, W, 4].

    Pixels that differ by ``FULL`` or more are replaced. Fainter ones (the rim of a soft brush, a
    gentle grade) keep what is below and add the difference in proportion, so that no edge shows
    where a change fades out and no strength is lost.

    Args:
        edit: [H, W, 3 or 4], scene-linear, premultiplied.
        reference: [H, W, 4], what was there before.
        changed: Where they count as different, [H, W].
    """
    from engine.colour.encoding import encode

    result = np.zeros((*changed.shape, 4), np.float32)
    new, old = plain_colour(edit)[changed], plain_colour(reference)[changed]
    hole = reference[..., 3][changed] <= HOLE
    own = edit[..., 3][changed] if edit.shape[2] > 3 else np.ones(len(new), np.float32)
    far = np.abs(encode(new) - encode(old)).max(axis=1)
    matte = np.clip(far / FULL, 1 / 255, 1)
    # On empty canvas there is nothing to add to: the paint's own alpha is the matte.
    matte = np.where(hole, np.clip(own, 0, 1), matte)[:, None]
    added = np.where(hole[:, None], 0, (1 - matte) * (new - old))
    result[changed, :3] = matte * new + added
    result[changed, 3] = matte[:, 0]
    return result


def change_of(
    picture: Picture,
    placed: Placed,
    field: Field,
    k: int,
    working: str = DEFAULT_WORKING,
    against: Reference | None = None,
) -> EditLayer | None:
    """What an edited canonical image changes, or None when it changes nothing.

    The picture is compared with the canonical image as ``codef canonical`` writes it in the
    edit's own format. Paint and overlays that a graph kept apart (``Picture.overlay``) go over
    what the comparison of ``Picture.under`` finds, with their own alpha. Erased pixels (alpha 0)
    and pixels whose alpha alone was changed are not edited.

    Args:
        picture: The edit.
        placed: Where it lies.
        field: The field.
        k: Layer, front to back.
        working: The working space.
        against: What it is compared with instead of the canonical image.
    """
    kept = placed.pixels is picture.pixels  # a registered picture was resampled as a whole
    if kept and picture.overlay is not None:
        over = cropped(picture.overlay, placed.origin, placed.scale)
        if picture.under is None:
            return over
        return stacked(_below(picture.under, placed, field, k, working, against), over)
    if kept and picture.under is not None:
        return _below(picture.under, placed, field, k, working, against)
    return _compared(placed.pixels, picture.native, placed, field, k, working, against)


_BELOW: OrderedDict[tuple[Any, ...], tuple[Any, ...]] = OrderedDict()
_BELOW_LOCK = threading.Lock()
_MOST_BELOW = 4


def _below(
    under: F32,
    placed: Placed,
    field: Field,
    k: int,
    working: str,
    against: Reference | None,
) -> EditLayer | None:
    """What a picture below some paint changes; the same picture lies below stroke after stroke."""
    grid = placed.origin, placed.scale, placed.exact
    key = id(under), id(field), k, *grid, working, id(against)
    with _BELOW_LOCK:
        known = _BELOW.get(key)
        if known is not None:
            _BELOW.move_to_end(key)
            before: EditLayer | None = known[0]
            return before
    found = _compared(under, None, placed, field, k, working, against)
    with _BELOW_LOCK:
        # The objects are kept with it, so that no other can take their place.
        _BELOW[key] = found, under, field, against
        while len(_BELOW) > _MOST_BELOW:
            _BELOW.popitem(last=False)
    return found


def _compared(
    edit: F32,
    native: Native | None,
    placed: Placed,
    field: Field,
    k: int,
    working: str,
    against: Reference | None,
) -> EditLayer | None:
    """The change that comparing an edit [h, w, 3 or 4] with the canonical image finds."""
    reference = reference_on(field, k, placed, edit.shape[:2], against)
    # Mostly a small part: all that follows looks at changed pixels only, so it may be cut to them.
    part = bounds(np.asarray((edit != reference[..., : edit.shape[2]]).any(axis=2), np.bool_))
    if part is None:
        return None
    if native is not None:
        native = replace(native, codes=native.codes[part])
    edit, reference = edit[part], reference[part]
    if placed.exact:
        changed = ~equal_pixels(edit, reference, native, working)
    else:
        changed = _far(edit, reference)
    if edit.shape[2] > 3:
        changed &= edit[..., 3] > HOLE
    else:
        changed &= reference[..., 3] > HOLE
    changed &= np.isfinite(edit).all(axis=2)
    if not changed.any():
        return None
    from engine.colour.encoding import encode

    grade = grade_share(
        encode(plain_colour(edit)),
        encode(plain_colour(reference)),
        changed & (reference[..., 3] > HOLE),
        max(placed.scale),
    )
    rgba = matte_of(edit, reference, changed)
    corner = placed.origin[0] + part[1].start, placed.origin[1] + part[0].start
    return cropped(rgba, corner, placed.scale, grade if grade.any() else None)


def _far(edit: F32, reference: F32) -> Bool:
    from engine.colour.encoding import encode

    difference = np.abs(encode(plain_colour(edit)) - encode(plain_colour(reference)))
    return np.asarray((difference > LOOSE).any(axis=2), np.bool_)


def reference_on(
    field: Field,
    k: int,
    placed: Placed,
    shape: tuple[int, ...],
    against: Reference | None = None,
) -> F32:
    """The canonical image, or what is compared with instead, on an edit's grid, [h, w, 4]."""
    height, width = shape[:2]
    (x0, y0), (sx, sy) = placed.origin, placed.scale
    if placed.exact:
        _, data = canonical_windows(field, k, sx)
        wanted = Window(round(x0), round(y0), round(x0) + width, round(y0) + height)
        whole = canonical_pixels(field, k, sx) if against is None else against(k, sx)[0]
        return within(whole, data, wanted)
    x = (np.arange(width) + 0.5 + x0) / sx
    y = (np.arange(height) + 0.5 + y0) / sy
    points = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
    if against is None:
        return sheet_of(field.layers[k].canonical).read(points, filter="cubic")
    pixels, origin = against(k, 1.0)
    return Sheet.of(pixels, origin).read(points, filter="cubic")
