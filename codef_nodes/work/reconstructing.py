"""The frames as a field has them: what ``codef reconstruct`` does."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.propagating import chosen_source
from codef_nodes.work.source import note_of, noted, open_field, wanted_frames
from codef_nodes.work.writing import Plan, check_plan, write_frames
from engine.errors import CodefError
from engine.fields.field import Field
from engine.io.picture import Picture
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
        without: Terms that are left out, of ``engine.warp.render.TERMS``.
    """

    field: str
    edit_path: bool
    source: str | None
    first: int | None
    colour_space: str | None
    working: str | None
    frames: str | None
    output: str
    without: tuple[str, ...] = ()


def reconstruct(job: ReconstructJob, task: Task) -> dict[str, Any]:
    """``codef reconstruct``.

    The clip itself is not needed: depth and colour space of the files follow what the field says.

    Returns:
        ``{"written", "frames", "edit_path", "without"}``.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    from engine.io.write import WriteOptions
    from engine.warp.render import reconstruct as frame_of

    field = open_field(job.field)
    frames = wanted_frames(field, job.frames)
    check_plan(Plan(Path(job.output), WriteOptions()), frames)
    note = dict(field.source)
    clip = _clip(job, field)
    if clip is not None:
        note = note_of(clip, int(job.first or field.source.get("first") or 0))

    def picture_of(frame: int | None) -> Picture:
        index = 0 if frame is None else field.index(frame)
        made = Picture(
            frame_of(field, index, edit_path=job.edit_path, without=job.without),
            display=field.display,
            data=field.data,
            pixel_aspect=field.pixel_aspect,
        )
        return noted(made, note)

    options = WriteOptions(working=str(note.get("working") or WriteOptions().working))
    done = write_frames(Plan(Path(job.output), options), frames, picture_of, task, "reconstruct")
    return {**done.summary(), "edit_path": job.edit_path, "without": list(job.without)}


def _clip(job: ReconstructJob, field: Field) -> "Clip | None":
    named = (job.source, job.first, job.colour_space, job.working)
    if any(item is not None for item in named):
        return chosen_source(field, *named)
    try:
        return chosen_source(field, None, None, None, None)
    except CodefError:
        return None
