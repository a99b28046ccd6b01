"""The plate that a field was fitted to, where it is at hand."""

from collections.abc import Callable

from engine.arrays import F32
from engine.errors import CodefError, InputError
from engine.fields.field import Field
from engine.io.picture import Picture, within

#: The picture of a frame number.
Plate = Callable[[int], Picture]


def plate_of(field: Field) -> Plate:
    """The field's own clip.

    Raises:
        InputError: The field does not say where it is, or it is not there, or has other frames or
            another size; the sentence says so.
    """
    from engine.colour.ocio import DEFAULT_WORKING
    from engine.io.clip import open_clip

    kept = field.source
    if not kept.get("path"):
        raise InputError("the field does not say where its clip is")
    clip = open_clip(
        str(kept["path"]),
        first=int(kept.get("first") or 0),
        colour_space=kept.get("colour_space"),
        working=kept.get("working") or DEFAULT_WORKING,
    )
    absent = [frame for frame in field.frames if not clip.has(frame)]
    if absent:
        raise InputError(f"the clip at {kept['path']} has no frame {absent[0]}", frame=absent[0])
    if (clip.width, clip.height) != (field.display.width, field.display.height):
        raise InputError(f"the clip at {kept['path']} has another size than the fit")
    return clip.read


def plate_if_there(field: Field) -> Plate | None:
    """The field's own clip, or None where it cannot be had."""
    try:
        return plate_of(field)
    except CodefError:
        return None


def data_pixels(field: Field, picture: Picture) -> F32:
    """The colours [H, W, 3] of a frame over the field's data window; 0 where it has none."""
    data = picture.data.moved(-picture.display.x0, -picture.display.y0)
    return within(picture.rgb, data, field.data)
