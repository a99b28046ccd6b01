"""What a compositor wants beside the result: the edit alone, and figures as pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import F32
from engine.edit.edits import Edit
from engine.edit.finish import PLAIN, Finish
from engine.edit.framepaint import FrameEdit
from engine.edit.paintover import warp_change
from engine.edit.propagate import check_asked, finish_edits, propagate_frame
from engine.edit.windows import window_of
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.progress import Task

if TYPE_CHECKING:
    from engine.edit.carrier import Carrier


def grey_picture(field: Field, values: F32, name: str) -> Picture:
    """A figure for each pixel of a frame as RGBA, the same in every channel.

    So it is a matte wherever it is wired, and can be looked at.

    Args:
        field: The field, for the windows.
        values: [H, W] over its data window.
        name: What it is; kept in the metadata as ``codef/pass``.
    """
    pixels = np.repeat(np.asarray(values, np.float32)[..., None], 4, axis=2)
    return Picture(
        np.ascontiguousarray(pixels),
        display=field.display,
        data=field.data,
        pixel_aspect=field.pixel_aspect,
        metadata={"codef/pass": name},
    )


def edit_alone(result: Picture, plate: Picture, matte: F32) -> Picture:
    """The edit as premultiplied RGBA such that, put over the plate, it gives the result.

    Where the result is the plate it is empty. Where the edit lets the plate's own light or grain
    through, colour may be there (and be negative) with a matte below 1, as ``over`` needs it.

    Args:
        result: The plate with the edit in it.
        plate: The plate.
        matte: The edit's share of each pixel, [H, W] over the plate's data window.
    """
    alpha = np.clip(matte, 0, 1).astype(np.float32)
    plate, result = plate.whole(), result.whole()
    same = (result.rgb == plate.rgb).all(axis=2)
    below = np.where(np.isfinite(plate.rgb), plate.rgb, 0)
    alpha = np.where(np.isfinite(plate.rgb).all(axis=2), alpha, 1)
    alpha = np.where(same | ~np.isfinite(result.rgb).all(axis=2), 0, alpha)
    pixels = np.zeros((*alpha.shape, 4), np.float32)
    pixels[..., :3] = np.nan_to_num(result.rgb) - below * (1 - alpha[..., None])
    pixels[..., 3] = alpha
    pixels[same] = 0
    empty = replace(plate.with_pixels(pixels), metadata=dict(plate.metadata))
    return replace(empty, metadata={**empty.metadata, "codef/pass": "edit"})


def edit_pass(
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
) -> tuple[Picture, Picture]:
    """The frame with its edits as ``propagate_frame`` gives it, and the edits alone.

    Args:
        field: The field.
        edits: Layer number to edit.
        plate: The frame.
        index: Position of the frame in the field.
        mode: ``over`` or ``replace``.
        mix: How much of the edit, 0 to 1.
        mask: [H, W] over the plate's data window, or None.
        task: Cancel.
        filter: As for ``propagate_frame``.
        finish: How the change meets the plate.
        on: As for ``propagate_frame``.

    Returns:
        The result, and what ``edit_alone`` makes of it.

    Raises:
        EditError: As ``propagate_frame``.
        Cancelled: The person stopped the work.
    """
    check_asked(field, edits, plate, index, mode, mask)
    shape = plate.pixels.shape[:2]
    strength = np.full(shape, mix, np.float32) if mask is None else mask * np.float32(mix)
    matte = np.zeros(shape, np.float32)
    if finish.replaced if mode == "replace" else not finish.plain:
        done = finish_edits(
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
        )
        if done.box is not None:
            # The finished matte has mix and mask in it already.
            lay_matte(matte, done.alpha, window_of(done.box, field), plate)
        return done.picture, edit_alone(done.picture, plate, matte)
    asked: dict[str, Any] = {"mode": mode, "mix": mix, "mask": mask, "task": task, "on": on}
    result = propagate_frame(field, edits, plate, index, filter=filter, **asked)
    if mode == "replace":
        matte = strength if result is not plate else matte
        return result, edit_alone(result, plate, matte)
    for k, edit in sorted(edits.items()):
        if edit.change is None:
            continue
        piece = warp_change(field, k, index, edit.change, filter, lit=edit.lit)
        if piece is not None:
            lay_matte(matte, piece[1][..., 3], piece[0], plate)
    return result, edit_alone(result, plate, matte * strength)


def finish_pass(
    field: Field,
    edits: Mapping[int, Edit],
    plate: Picture,
    index: int,
    name: str,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    finish: Finish = PLAIN,
    on: "Carrier | None" = None,
) -> Picture:
    """One of ``engine.edit.aovs.AOVS``: what was found out about the frame around its edits.

    Args:
        field: The field.
        edits: Layer number to edit, prepared for mode ``over``.
        plate: The frame.
        index: Position of the frame in the field.
        name: Which.
        mix: How much of the edit, 0 to 1.
        mask: [H, W] over the plate's data window, or None.
        task: Cancel.
        finish: How the change meets the plate; what it leaves off is empty.
        on: As for ``propagate_frame``.

    Raises:
        EditError: As ``propagate_frame``.
        Cancelled: The person stopped the work.
    """
    from engine.edit.aovs import propagate_aovs

    check_asked(field, edits, plate, index, "over", mask)
    done = finish_edits(field, edits, plate, index, finish, mix=mix, mask=mask, task=task, on=on)
    found = propagate_aovs(field, plate, done)[name]
    return replace(found, metadata={**found.metadata, "codef/pass": name})


def frame_edit_pass(
    field: Field, edits: Sequence[FrameEdit], plate: Picture, index: int, **asked: Any
) -> tuple[Picture, Picture]:
    """The frame with what was painted on others, and that alone; see ``carry_painted``."""
    from engine.edit.frame_edit import carry_painted

    result, found = carry_painted(field, edits, plate, index, **asked)
    matte = np.zeros(plate.pixels.shape[:2], np.float32)
    if found is not None:
        lay_matte(matte, found[1], found[0], plate)
    return result, edit_alone(result, plate, matte)


def lay_matte(matte: F32, alpha: F32, window: Window, plate: Picture) -> None:
    """Adds a matte over a window of the display window to one over the plate's data window."""
    own = plate.data.moved(-plate.display.x0, -plate.display.y0)
    both = window.common(own)
    if both is not None:
        matte[both.part_of(own)] += alpha[both.part_of(window)]
