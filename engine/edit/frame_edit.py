"""A painted frame as the edit: carried from its frame to every other."""

from collections.abc import Sequence

import numpy as np

from engine.arrays import F32, Bool
from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.change import equal_pixels, matte_of, plain_colour
from engine.edit.editlayer import cropped
from engine.edit.finish import PLAIN, Finish
from engine.edit.finished import finish_view
from engine.edit.framepaint import FrameEdit, FramePaint
from engine.edit.frameview import FrameView
from engine.edit.grade import grade_share
from engine.edit.paintover import OVER_FILTER, Piece, put_over
from engine.edit.propagate import check_plate
from engine.edit.windows import window_of
from engine.errors import EditError
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.progress import Task
from engine.warp.render import bounds


def frame_edit(
    field: Field,
    frame: int,
    painted: Picture,
    plate: Picture,
    *,
    working: str = DEFAULT_WORKING,
) -> FrameEdit:
    """Finds what was painted on a frame.

    A picture with an alpha that is not everywhere 1 lies over the plate with that alpha, unless
    the plate has an alpha of its own; any other is compared with the plate.

    Args:
        field: The field.
        frame: The frame that was painted.
        painted: The painting, of the plate's size.
        plate: The frame as it was.
        working: The working space.

    Raises:
        EditError: The sizes differ; the message names both.
        MissingFrameError: The field does not hold the frame.
    """
    field.index(frame)
    check_plate(field, plate, frame)
    if painted.pixels.shape[:2] != plate.pixels.shape[:2]:
        raise EditError(
            f"the painted frame {frame} is {painted.pixels.shape[1]}x{painted.pixels.shape[0]}, "
            f"the plate {plate.pixels.shape[1]}x{plate.pixels.shape[0]}; paint at the plate's size",
            frame=frame,
        )
    origin = (plate.data.x0 - plate.display.x0, plate.data.y0 - plate.display.y0)
    own_alpha = bool(
        painted.overlay is None
        and painted.pixels.shape[2] > 3
        and plate.pixels.shape[2] < 4
        and (painted.alpha < 1).any()
    )
    grade: F32 | None = None
    if painted.overlay is not None:
        rgba, own_alpha = painted.overlay, True
    elif own_alpha:
        rgba = painted.pixels
    else:
        reference = np.ones((*plate.pixels.shape[:2], 4), np.float32)
        reference[..., : plate.pixels.shape[2]] = plate.pixels
        changed = _differs(painted, plate, reference, working)
        rgba = matte_of(painted.pixels, reference, changed)
        grade = _grade(painted.pixels, reference, changed)
    paint = cropped(rgba, origin, (1.0, 1.0), grade)
    return FrameEdit(frame, paint, painted.pixels, own_alpha, plate)


def _grade(painted: F32, plate: F32, changed: Bool) -> F32 | None:
    """How surely each painted pixel is a grade of the plate; None where there is none."""
    from engine.colour.encoding import encode

    part = bounds(changed)
    if part is None:
        return None
    whole = np.zeros(changed.shape, np.float32)
    new, old = (encode(plain_colour(pixels[part])) for pixels in (painted, plate))
    whole[part] = grade_share(new, old, changed[part])
    return whole if whole.any() else None


def _differs(painted: Picture, plate: Picture, reference: F32, working: str) -> Bool:
    a, b = painted.native, plate.native
    if (
        a is not None
        and b is not None
        and a.codes.shape == b.codes.shape
        and a.codes.dtype == b.codes.dtype
        and a.space == b.space
    ):
        # Saved in the plate's own format: what was not painted is the same code.
        changed = (a.codes[..., :3] != b.codes[..., :3]).any(axis=2)
    else:
        changed = ~equal_pixels(painted.pixels, reference, a, working)
    finite = np.isfinite(painted.pixels).all(axis=2) & np.isfinite(reference).all(axis=2)
    return np.asarray(changed & finite, np.bool_)


def propagate_frame_edits(
    field: Field,
    edits: Sequence[FrameEdit],
    plate: Picture,
    index: int,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    filter: str | None = None,
    finish: Finish = PLAIN,
) -> Picture:
    """Carries painted frames to one frame.

    A painted frame itself comes back as it was painted. For all others see ``FramePaint``; the
    paint is taken out of the light of its frame and finished like any other edit.

    Args:
        field: The field.
        edits: The painted frames.
        plate: The frame to paint on.
        index: Its position in the field.
        mix: How much of the edit, 0 to 1.
        mask: [H, W] over the plate's data window, or None.
        task: Cancel.
        filter: ``bilinear`` or ``cubic``; None for ``cubic``.
        finish: How the paint meets the plate.

    Returns:
        The frame; the very ``plate`` when nothing reaches it.

    Raises:
        EditError: The plate's size is not that of the field.
        Cancelled: The person stopped the work.
    """
    return carry_painted(
        field, edits, plate, index, mix=mix, mask=mask, task=task, filter=filter, finish=finish
    )[0]


def carry_painted(
    field: Field,
    edits: Sequence[FrameEdit],
    plate: Picture,
    index: int,
    *,
    mix: float = 1.0,
    mask: F32 | None = None,
    task: Task | None = None,
    filter: str | None = None,
    finish: Finish = PLAIN,
) -> tuple[Picture, tuple[Window, F32] | None]:
    """As ``propagate_frame_edits``, with the matte [h, w] over a window of the display window."""
    frame = field.frames[index]
    check_plate(field, plate, frame)
    for edit in edits:
        if edit.frame == frame:
            return _on_itself(field, edit, plate, mix, mask)
    view = FrameView(field, index, finish.light)
    paints = {k: FramePaint(view, k, edits, finish) for k in range(len(field.layers))}
    done = finish_view(
        view,
        {k: paint for k, paint in paints.items() if paint},
        plate,
        finish,
        mix=mix,
        mask=mask,
        task=task,
        filter=filter or OVER_FILTER,
    )
    return done.picture, None if done.box is None else (window_of(done.box, field), done.alpha)


def _on_itself(
    field: Field, edit: FrameEdit, plate: Picture, mix: float, mask: F32 | None
) -> tuple[Picture, Piece | None]:
    if edit.paint is None:
        return plate, None
    sheet = edit.paint.sheet
    h, w = sheet.pixels.shape[:2]
    window = Window.of_size(w, h).moved(round(sheet.origin[0]), round(sheet.origin[1]))
    result = put_over(plate, [(window, sheet.pixels)], field.data, mix=mix, mask=mask)
    row = window.y0 + plate.display.y0 - plate.data.y0
    column = window.x0 + plate.display.x0 - plate.data.x0
    part = (slice(row, row + h), slice(column, column + w))
    strength = np.float32(mix) if mask is None else mask[part] * np.float32(mix)
    matte = np.asarray(sheet.pixels[..., 3] * strength, np.float32)
    if not (edit.own_alpha or mix < 1 or mask is not None or result is plate):
        # The very values that were painted, not what rounding makes of plate plus difference.
        touched = sheet.pixels[..., 3] > 0
        result.pixels[part][touched, :3] = edit.painted[part][touched, :3]
    return result, (window, matte)
