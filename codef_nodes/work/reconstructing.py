"""The frames as a field has them: what ``codef reconstruct`` does."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.propagating import chosen_source
from codef_nodes.work.source import noted, open_field, wanted_frames
from codef_nodes.work.writing import Plan, check_plan, write_frames
from engine.errors import CodefError
from engine.fields.field import Field
from engine.io.picture import Native, Picture
from engine.progress import Task

if TYPE_CHECKING:
    from engine.io.clip import Clip


@dataclass(frozen=True)
class ReconstructJob:
    """What ``codef reconstruct`` was asked.

    Attributes:
        field: The field folder.
        edit_path: Canonical and deformation only.
        source: The clip when it is not where it was, or None.
        first: As for ``open_clip``.
        colour_space: As for ``open_clip``.
        working: As for ``open_clip``.
        frames: A range, or None for all.
        output: Files to write.
    """

    field: str
    edit_path: bool
    source: str | None
    first: int | None
    colour_space: str | None
    working: str | None
    frames: str | None
    output: str


def reconstruct(job: ReconstructJob, task: Task) -> dict[str, Any]:
    """``codef reconstruct``.

    The clip itself is not needed. When it is there, depth and colour space of the files follow it.

    Returns:
        ``{"written", "frames", "edit_path"}``.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    from engine.io.write import WriteOptions
    from engine.warp.render import reconstruct as frame_of

    field = open_field(job.field)
    frames = wanted_frames(field, job.frames)
    check_plan(Plan(Path(job.output), WriteOptions()), frames)
    clip = _clip(job, field)
    options = WriteOptions() if clip is None else WriteOptions(working=clip.working)
    if clip is None and field.source.get("working"):
        options = replace(options, working=str(field.source["working"]))
    like = _like(clip, field)

    def picture_of(frame: int | None) -> Picture:
        index = 0 if frame is None else field.index(frame)
        made = Picture(
            frame_of(field, index, edit_path=job.edit_path),
            display=field.display,
            data=field.data,
            pixel_aspect=field.pixel_aspect,
        )
        return noted(made, clip) if clip is not None else made

    kind = Path(job.output).suffix.lower()
    if like is not None and kind != ".exr":
        options = replace(options, colour_space=_space(like), bits=_depth(kind, like))
    done = write_frames(Plan(Path(job.output), options), frames, picture_of, task, "reconstruct")
    return {**done.summary(), "edit_path": job.edit_path}


def _clip(job: ReconstructJob, field: Field) -> "Clip | None":
    named = (job.source, job.first, job.colour_space, job.working)
    if any(item is not None for item in named):
        return chosen_source(field, *named)
    try:
        return chosen_source(field, None, None, None, None)
    except CodefError:
        return None


def _like(clip: "Clip | None", field: Field) -> Native | None:
    if clip is None:
        return None
    return clip.read(clip.frames[0]).native


def _space(native: Native) -> str | None:
    from engine.colour import ocio

    if native.space == ocio.RAW or ocio.is_linear(native.space):
        return None
    return native.space


def _depth(kind: str, native: Native) -> int | None:
    """Bits as the source has them, as far as the kind of file can hold them."""
    if kind == ".dpx":
        return native.bits if native.bits in (8, 10, 12, 16) else 10
    if kind in (".jpg", ".jpeg"):
        return 8
    return 8 if native.codes.dtype.itemsize == 1 else 16
