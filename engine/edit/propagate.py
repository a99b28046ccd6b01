"""An edit of the canonical image, carried to a frame."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import F32
from engine.edit.editlayer import EditLayer
from engine.edit.edits import MODES, Edit
from engine.edit.finish import PLAIN, Finish
from engine.edit.paintover import OVER_FILTER, put_over, warp_change
from engine.errors import EditError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.progress import Task
from engine.warp.render import composite
from engine.warp.sheet import Sheet, sheet_of

if TYPE_CHECKING:
    from engine.edit.carrier import Carrier
    from engine.edit.finished import Finished


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
    common = field.data.common(own)
    if common is None:
        return plate
    inner, part = drawn[common.part_of(field.data)], common.part_of(own)
    pixels = plate.pixels.copy()
    below = pixels[part][..., :3]
    if mix >= 1 and mask is None:
        below[:] = inner
        return plate.with_pixels(pixels)
    strength = np.float32(mix) if mask is None else np.float32(mix) * mask[part][..., None]
    blend = below + (inner - below) * strength
    below[:] = np.where(np.isfinite(blend) | (strength <= 0), blend, inner)
    return plate.with_pixels(pixels)
