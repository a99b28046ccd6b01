"""An edit of the canonical image, carried to a frame."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import F32, Bool
from engine.edit.editlayer import EditLayer
from engine.edit.edits import MODES, Edit
from engine.edit.finish import PLAIN, Finish
from engine.edit.mixed import add_unmixed
from engine.errors import EditError
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.progress import Task
from engine.warp.reach import points_near, widening
from engine.warp.render import bounds, composite, light
from engine.warp.sheet import Sheet, sheet_of

if TYPE_CHECKING:
    from engine.edit.carrier import Carrier
    from engine.edit.finished import Finished

#: Interpolation of paint: sharp, and exact where frame and canvas coincide.
OVER_FILTER = "cubic"


def propagate_frame(
    field: Field,
    edits: Mapping[int, Edit],
    plate: Picture,
    index: int,
    *,
    mode: str = "over",
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    filter: str | None = None,
    finish: Finish = PLAIN,
    on: "Carrier | None" = None,
) -> Picture:
    """Puts the edits of a field's canonical images into one frame.

    ``over``: the changes are warped with their mattes, hidden by the layers in front, lit by the
    field's lighting and composited over the plate. Pixels without any change keep the plate's
    values and code values. The plate's alpha and further channels stay. ``replace``: the whole
    frame is drawn from the edited canonical images, as the published method does, without lighting,
    or finished like a change when ``finish.replaced`` says so.

    Args:
        field: The field.
        edits: Layer number to edit.
        plate: The frame.
        index: Position of the frame in the field.
        mode: ``over`` or ``replace``.
        mix: How much of the edit, 0 to 1.
        mask: Where, [H, W] over the plate's data window, 0 to 1; None: everywhere.
        task: Cancel.
        filter: ``bilinear``, ``cubic``, or None for the mode's own.
        finish: How the change meets the plate; ``PLAIN``: paint over the plate.
        on: What carries edits on a device, or None for the processor.

    Returns:
        The frame; the very ``plate`` when nothing reaches it.

    Raises:
        EditError: An unknown mode, edits prepared for another one, a plate whose size is not that
            of the field, a mask whose size is not that of the plate.
        Cancelled: The person stopped the work.
    """
    check_asked(field, edits, plate, index, mode, mask)
    if task is not None:
        task.check()
    if mix <= 0:
        return plate
    if mode == "replace":
        plate = plate.whole()
    if mode == "replace" and not finish.replaced:
        return _replaced(field, edits, plate, index, mix, mask, filter, on)
    if on is not None:
        from engine.edit.device_carry import Wanted

        plain = mode == "over" and finish.plain
        changes, how = _changes(field, edits, mode, finish)
        wanted = Wanted(changes, how, plain, mix, filter or OVER_FILTER)
        done = on.carry(field, wanted, plate, index, mask)
        if done is not None:
            return done
    if mode == "replace" or not finish.plain:
        return finish_edits(
            field,
            edits,
            plate,
            index,
            finish,
            mode=mode,
            mix=mix,
            mask=mask,
            task=task,
            filter=filter,
            on=on,
        ).picture
    pieces = []
    for k in sorted(edits):
        change = edits[k].change
        piece = None
        if change is not None:
            piece = warp_change(field, k, index, change, filter, lit=edits[k].lit)
        if piece is not None:
            pieces.append(piece)
        if task is not None:
            task.check()
    return put_over(plate, pieces, field.data, mix=mix, mask=mask)


def finish_edits(
    field: Field,
    edits: Mapping[int, Edit],
    plate: Picture,
    index: int,
    finish: Finish,
    *,
    mode: str = "over",
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    filter: str | None = None,
    on: "Carrier | None" = None,
) -> "Finished":
    """Puts edits into a frame, finished; the arguments are those of ``propagate_frame``.

    In mode ``replace`` the whole canonical images are the change, edited or not.
    """
    from engine.edit.finished import finish_frame

    changes, how = _changes(field, edits, mode, finish)
    named = filter or OVER_FILTER
    return finish_frame(
        field, changes, plate, index, how, mix=mix, mask=mask, task=task, filter=named, on=on
    )


def _changes(
    field: Field, edits: Mapping[int, Edit], mode: str, finish: Finish
) -> tuple[dict[int, EditLayer], Finish]:
    """What of each layer is put over the plate, and how."""
    if mode == "replace":
        layers = enumerate(field.layers)
        changes = {
            k: EditLayer(edits[k].sheet if k in edits else sheet_of(layer.canonical))
            for k, layer in layers
        }
        return changes, replace(finish, merge="over")
    return {k: edit.change for k, edit in edits.items() if edit.change is not None}, finish


def check_asked(
    field: Field,
    edits: Mapping[int, Edit],
    plate: Picture,
    index: int,
    mode: str,
    mask: F32 | None,
) -> None:
    """Refuses what no frame can be made of; the arguments are those of ``propagate_frame``.

    Raises:
        EditError: An unknown mode, edits prepared for another one, a plate whose size is not that
            of the field, a mask whose size is not that of the plate.
    """
    if mode not in MODES:
        raise EditError(f"unknown mode {mode!r}; use one of {', '.join(MODES)}")
    check_plate(field, plate, field.frames[index])
    if mask is not None and mask.shape != plate.pixels.shape[:2]:
        raise EditError(
            f"the mask of frame {field.frames[index]} is {mask.shape[1]}x{mask.shape[0]}, the "
            f"frame is {plate.pixels.shape[1]}x{plate.pixels.shape[0]}; give one of its size",
            frame=field.frames[index],
        )
    if mode == "over" and not all(edit.compared for edit in edits.values()):
        raise EditError("the edits were prepared for mode replace; prepare them for over")


def check_plate(field: Field, plate: Picture, frame: int) -> None:
    """Refuses a frame of another format than the field's.

    Raises:
        EditError: The formats differ; the message names both.
    """
    if (plate.display.width, plate.display.height) != (field.display.width, field.display.height):
        raise EditError(
            f"frame {frame} is {plate.display.width}x{plate.display.height}, the field was fitted "
            f"at {field.display.width}x{field.display.height}; use the clip that it was fitted on",
            frame=frame,
        )


Piece = tuple[Window, F32]


@dataclass(frozen=True, eq=False)
class SeenLayer:
    """How one frame sees one layer.

    Attributes:
        positions: Canonical points of the frame's pixel centres, [H, W, 2].
        share: Visible share of the layer, [H, W].
        gain: Factors of light, [H, W, 3], or None.
    """

    positions: F32
    share: F32
    gain: F32 | None


def seen_layer(field: Field, k: int, index: int) -> SeenLayer:
    """What ``warp_change`` finds anew for each change; keep it where many are carried."""
    positions = field.layers[k].deformation.positions(index)
    return SeenLayer(positions, field.seen(index)[k], light(field, k, index))


def warp_change(
    field: Field,
    k: int,
    index: int,
    change: EditLayer,
    filter: str | None = None,
    *,
    region: tuple[slice, slice] | None = None,
    seen: SeenLayer | None = None,
    lit: bool = True,
) -> Piece | None:
    """A change as one frame sees it: visible, lit, premultiplied.

    Args:
        field: The field.
        k: Layer of the change.
        index: Position of the frame in the field.
        change: The change on the canonical canvas.
        filter: ``bilinear`` or ``cubic``; None for ``OVER_FILTER``.
        region: Rows and columns of the frame's data window that are wanted; None: all.
        seen: ``seen_layer(field, k, index)`` where the caller has it.
        lit: Multiply by the field's light; see ``Edit.lit``.

    Returns:
        The window of the frame that it reaches (pixels of the display window) and float32
        [h, w, 4] over it; None when it does not reach the frame.
    """
    sx, sy = change.sheet.scale
    scale = max(sx, sy)
    around = slice(0, field.height), slice(0, field.width)
    if seen is None:
        near = points_near(
            field.layers[k].deformation, index, change.box, scale, field.data, region
        )
        if near is None:
            return None
        around, positions = near
        shares = field.seen(index, around)
        share, gain = shares[k], None
    else:
        positions, share, gain = seen.positions, seen.share, seen.gain
    top, left = around[0].start, around[1].start
    wanted = (slice(None), slice(None)) if seen is None or region is None else region
    more = widening(positions[wanted], scale)
    x0, y0, x1, y1 = change.box
    x, y = positions[wanted][..., 0], positions[wanted][..., 1]
    reach: Bool = np.asarray(
        (x > x0 - more) & (x < x1 + more) & (y > y0 - more) & (y < y1 + more) & (share[wanted] > 0),
        np.bool_,
    )
    inner = bounds(reach)
    if inner is None:
        return None
    down, across = wanted[0].start or 0, wanted[1].start or 0
    part = (
        slice(down + inner[0].start, down + inner[0].stop),
        slice(across + inner[1].start, across + inner[1].stop),
    )
    paint = read_change(change, positions, share, part, filter)
    window = Window(
        left + part[1].start, top + part[0].start, left + part[1].stop, top + part[0].stop
    )
    if lit and seen is None:
        there = slice(window.y0, window.y1), slice(window.x0, window.x1)
        gain = light(field, k, index, part=there)
    elif gain is not None:
        gain = gain[part]
    if gain is not None and lit:
        paint[..., :3] *= gain
    if seen is None:
        there = slice(window.y0, window.y1), slice(window.x0, window.x1)
        add_unmixed(field, k, index, there, shares[(slice(None), *part)], paint)
    return window.moved(field.data.x0, field.data.y0), paint


def read_change(
    change: EditLayer,
    positions: F32,
    share: F32,
    part: tuple[slice, slice],
    filter: str | None = None,
) -> F32:
    """A change at a part of a frame's pixels, weighted by their share, [h, w, 4].

    The pixels around the part are looked at, so that its rim is read like its middle.

    Args:
        change: The change on the canonical canvas.
        positions: Canonical points of the frame's pixel centres, [H, W, 2].
        share: Visible share of the layer, [H, W].
        part: Rows and columns that are wanted.
        filter: ``bilinear`` or ``cubic``; None for ``OVER_FILTER``.
    """
    rows, columns = part
    top, left = min(rows.start, 1), min(columns.start, 1)
    more = (
        slice(rows.start - top, rows.stop + 1),
        slice(columns.start - left, columns.stop + 1),
    )
    paint = change.sheet.read_linear(
        positions[more], filter=filter or OVER_FILTER, weights=np.ascontiguousarray(share[more])
    )
    height, width = rows.stop - rows.start, columns.stop - columns.start
    return paint[top : top + height, left : left + width]


def put_over(
    plate: Picture,
    pieces: list[Piece],
    data: Window,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
) -> Picture:
    """Composites disjoint shares of paint over a plate, touching only what they reach.

    Args:
        plate: The frame.
        pieces: Window (pixels of the display window, its origin at 0) and premultiplied paint
            [h, w, 4]; each already weighted by the visible share of its layer.
        data: The field's data window.
        mix: How much of it.
        mask: [H, W] over the plate's data window, or None.

    Returns:
        The plate with ``changed`` marked; the very ``plate`` when nothing is changed.
    """
    from engine.kernels.blend import put_paint

    own = plate.data.moved(-plate.display.x0, -plate.display.y0)
    clipped = [(piece, _common(window, own)) for window, piece in pieces]
    windows = [window for window, _ in pieces]
    alive = [
        (paint[c.y0 - w.y0 : c.y1 - w.y0, c.x0 - w.x0 : c.x1 - w.x0], c)
        for w, (paint, c) in zip(windows, clipped, strict=True)
        if c is not None
    ]
    if not alive:
        return plate
    box = Window(
        min(c.x0 for _, c in alive),
        min(c.y0 for _, c in alive),
        max(c.x1 for _, c in alive),
        max(c.y1 for _, c in alive),
    )
    total = np.zeros((box.height, box.width, 4), np.float32)
    for paint, c in alive:
        total[c.y0 - box.y0 : c.y1 - box.y0, c.x0 - box.x0 : c.x1 - box.x0] += paint
    part = (
        slice(box.y0 - own.y0, box.y1 - own.y0),
        slice(box.x0 - own.x0, box.x1 - own.x0),
    )
    strength: F32 | float = mix if mask is None else mix * mask[part][..., None]
    total *= strength
    result = plate.writable(part[0].start, part[0].stop)
    touched = np.zeros(total.shape[:2], np.uint8)
    put_paint(result.pixels[part], total, touched)
    if not touched.any():
        return plate
    changed = np.zeros(plate.pixels.shape[:2], np.bool_)
    if plate.changed is not None:
        changed |= plate.changed
    changed[part] |= touched > 0
    return replace(result, changed=changed, under=None, overlay=None)


def _common(a: Window, b: Window) -> Window | None:
    box = Window(max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1))
    return box if box.width > 0 and box.height > 0 else None


def _replaced(
    field: Field,
    edits: Mapping[int, Edit],
    plate: Picture,
    index: int,
    mix: float,
    mask: F32 | None,
    filter: str | None,
    on: "Carrier | None",
) -> Picture:
    kept = field.kept(index)
    if kept is not None and not kept.any():
        return plate  # another shot: the canonical images know nothing of it
    sheets: list[Sheet | None] = [
        edits[k].sheet if k in edits else None for k in range(len(field.layers))
    ]
    drawn = None if on is None else on.composite(field, index, sheets, filter)
    if drawn is None:
        drawn = composite(field, index, sheets, filter=filter)
    own = plate.data.moved(-plate.display.x0, -plate.display.y0)
    common = _common(field.data, own)
    if common is None:
        return plate
    inner = drawn[
        common.y0 - field.data.y0 : common.y1 - field.data.y0,
        common.x0 - field.data.x0 : common.x1 - field.data.x0,
    ]
    part = (
        slice(common.y0 - own.y0, common.y1 - own.y0),
        slice(common.x0 - own.x0, common.x1 - own.x0),
    )
    pixels = plate.pixels.copy()
    below = pixels[part][..., :3]
    if mix >= 1 and mask is None:
        below[:] = inner
        return plate.with_pixels(pixels)
    strength = np.float32(mix) if mask is None else np.float32(mix) * mask[part][..., None]
    blend = below + (inner - below) * strength
    below[:] = np.where(np.isfinite(blend) | (strength <= 0), blend, inner)
    return plate.with_pixels(pixels)
