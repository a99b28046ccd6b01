"""A mask of the still, or of one frame, as mattes: what ``codef track --mask`` does."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codef_nodes.work.masks import MaskLook
from engine.errors import UsageError
from engine.fields.field import Field
from engine.lift.mattes import Mask, check_mask, matte_of
from engine.progress import Task

if TYPE_CHECKING:
    from engine.io.picture import Picture


@dataclass(frozen=True)
class MatteJob:
    """What ``codef track --mask`` was asked.

    Attributes:
        mask: The picture.
        frame: Frame that it was painted on, or None: it lies on the still.
        layer: Its layer.
        mix: Share of the mattes.
        frames: A range, or None for all.
        output: Files to write.
    """

    mask: str
    frame: int | None
    layer: int
    mix: float
    frames: str | None
    output: str


def mask_of(
    field: Field,
    k: int,
    picture: "Picture",
    look: MaskLook,
    frame: int | None = None,
    sidecar: dict[str, Any] | None = None,
) -> Mask:
    """A picture as a mask in its place.

    Paint on a still or a frame counts by its strokes alone.

    Args:
        field: The field.
        k: Layer of the still.
        picture: The picture.
        look: How it is read.
        frame: Frame that it was painted on, or None: it lies on the still.
        sidecar: What lies beside its file.

    Raises:
        UsageError: It is black everywhere, or not of the frame's size.
        EditError: It cannot be placed on the still.
        MaskError: It has no such channel.
    """
    from dataclasses import replace

    from engine.edit.placement import place_edit

    if picture.overlay is not None and look.channel == "auto":
        values = np.clip(picture.overlay[..., 3], 0, 1).astype(np.float32)
        values = 1 - values if look.invert else values
    else:
        values = (look.of(picture) / 255).astype(np.float32)
    if frame is not None:
        own, wanted = picture.data.moved(-picture.display.x0, -picture.display.y0), field.display
        if (picture.display.width, picture.display.height) != (wanted.width, wanted.height):
            raise UsageError(
                f"the mask is {picture.display.width}x{picture.display.height} and the frames are "
                f"{wanted.width}x{wanted.height}; paint it on the frame itself"
            )
        made = Mask(values, (own.x0, own.y0), (1.0, 1.0), frame)
    else:
        grey = np.repeat(values[..., None], 4, axis=2)
        placed = place_edit(replace(picture, pixels=grey), field, k, sidecar)
        made = Mask(
            np.ascontiguousarray(placed.pixels[..., 0], np.float32), placed.origin, placed.scale
        )
    check_mask(field, made)
    return made


def placed_on(
    field: Field,
    k: int,
    picture: "Picture",
    frame: int | None,
    sidecar: Mapping[str, Any] | None = None,
) -> tuple[Field, int]:
    """The field with the still that a mask belongs to, and the number of its layer there.

    Args:
        field: The field, linked or not.
        k: The layer.
        picture: The mask.
        frame: Frame that it was painted on, or None: a picture of a still says of which.
        sidecar: What lies beside its file.
    """
    from engine.linked.deformation import layer_number
    from engine.linked.field import seen_by, view_at

    if frame is not None:
        view = view_at(field, field.index(frame))
    else:
        view = seen_by(field, picture.metadata.get("codef/field") or (sidecar or {}).get("field"))
    there = layer_number(view, field.layers[k].name)
    return (field, k) if there is None else (view, there)


def matte_picture(field: Field, k: int, index: int, mask: Mask, mix: float) -> "Picture":
    """The matte of a frame, the same in every channel."""
    from engine.edit.outputs import grey_picture

    return grey_picture(field, matte_of(field, k, index, mask, mix), "matte")


def write_mattes(field: Field, job: MatteJob, task: Task) -> dict[str, Any]:
    """``codef track --mask``: one file for each frame.

    Returns:
        ``{"written", "frames", "layer", "mix"}``.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    from codef_nodes.work.canonicals import chosen_layers
    from codef_nodes.work.source import wanted_frames
    from codef_nodes.work.writing import Plan, check_plan, matte_as_grey, target
    from engine.edit.placement import read_sidecar
    from engine.io.atomic import clean_parts
    from engine.io.read import read_picture
    from engine.io.write import WriteOptions, write_picture

    if not 0 <= job.mix <= 1:
        raise UsageError(f"the mix must be from 0 to 1, not {job.mix:g}")
    (k,) = chosen_layers(field, job.layer)
    frames = wanted_frames(field, job.frames)
    path = Path(job.output)
    plan = Plan(path, WriteOptions())
    check_plan(plan, frames)
    picture = read_picture(job.mask)
    sidecar = None if job.frame is not None else read_sidecar(Path(job.mask))
    field, k = placed_on(field, k, picture, job.frame, sidecar)
    mask = mask_of(field, k, picture, MaskLook(), job.frame, sidecar)
    clean_parts(path.parent)
    written = []
    for count, frame in enumerate(frames):
        task.report(count / len(frames), "mattes")
        made = matte_picture(field, k, field.index(frame), mask, job.mix)
        file = target(plan, frame)
        options = WriteOptions(bits=16, frame=frame, colour_space="raw")
        write_picture(file, *matte_as_grey(made, file, options))
        written.append(str(file))
    task.report(1.0, "mattes")
    return {"written": written, "frames": list(frames), "layer": k, "mix": job.mix}
