"""The frames as a field has them: what ``codef reconstruct`` does."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.canonicals import chosen_layers
from codef_nodes.work.hinting import split
from codef_nodes.work.propagating import chosen_source
from codef_nodes.work.source import note_of, noted, open_field, wanted_frames
from codef_nodes.work.writing import Plan, check_plan, write_frames
from engine.errors import CodefError, UsageError
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
        wanted: ``matte``, ``visibility`` or ``confidence`` in place of the frames, or None.
        layer: Layer of that, or None for the first.
        scale: New pixels for each old one.
        stills: Finer stills, each perhaps ``LAYER=FILE``.
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
    wanted: str | None = None
    layer: int | None = None
    scale: float = 1.0
    stills: tuple[str, ...] = ()


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

    if job.wanted is None and job.layer is not None:
        raise UsageError("--layer needs --pass; frames always have every layer")
    if job.wanted is not None and (job.edit_path or job.without):
        raise UsageError("--pass goes without --edit-path and --without; leave them out")
    finer = job.scale != 1 or bool(job.stills)
    if finer and (job.wanted is not None or job.edit_path or job.without):
        raise UsageError("--scale and --still make whole frames; leave the other flags out")
    field = open_field(job.field)
    layer = chosen_layers(field, job.layer or 0)[0]
    frames = wanted_frames(field, job.frames)
    check_plan(Plan(Path(job.output), WriteOptions()), frames)
    note = dict(field.source)
    clip = _clip(job, field)
    if job.wanted == "confidence" and clip is None:
        clip = chosen_source(field, None, None, None, None)  # says what is wrong
    if clip is not None:
        note = note_of(clip, int(job.first or field.source.get("first") or 0))

    fine = _fine(job, field, task.part(0.0, 0.0)) if finer else field

    def picture_of(frame: int | None) -> Picture:
        from engine.lift.upscale import upscaled_frame

        index = 0 if frame is None else field.index(frame)
        if finer:
            large = Picture(
                upscaled_frame(field, fine, index),
                display=fine.display,
                data=fine.data,
                pixel_aspect=field.pixel_aspect,
            )
            return noted(large, note)
        if job.wanted is not None:
            return _pass(field, index, layer, job.wanted, clip)
        made = Picture(
            frame_of(field, index, edit_path=job.edit_path, without=job.without),
            display=field.display,
            data=field.data,
            pixel_aspect=field.pixel_aspect,
        )
        return noted(made, note)

    options = WriteOptions(working=str(note.get("working") or WriteOptions().working))
    if job.wanted is not None:
        options = replace(options, colour_space="raw")
    done = write_frames(Plan(Path(job.output), options), frames, picture_of, task, "reconstruct")
    return {**done.summary(), "edit_path": job.edit_path, "without": list(job.without)}


def _fine(job: ReconstructJob, field: Field, task: Task) -> Field:
    """The field in finer pixels, with the finer stills that were given."""
    from codef_nodes.work.longshots import passing_folder
    from engine.colour.ocio import DEFAULT_WORKING
    from engine.edit.edits import EditSource
    from engine.edit.placement import Placed, place_edit, read_sidecar
    from engine.io.read import read_parts
    from engine.lift.upscale import upscaled
    from engine.linked.carry import segment_of_edit
    from engine.linked.field import LinkedField
    from engine.linked.rebuilt import rebuilt

    working = str(field.source.get("working") or DEFAULT_WORKING)
    names = [layer.name for layer in field.layers]
    found: dict[int, dict[int, Placed]] = {}
    for spec in job.stills:
        said, path = split(spec)
        beside = read_sidecar(path)
        for part, picture in read_parts(path, working=working):
            noted = picture.metadata.get("codef/layer") or (beside or {}).get("layer")
            name = said or str(noted or part)
            if name in names:
                k = names.index(name)
            elif name.isdigit() and int(name) < len(names):
                k = int(name)
            elif len(names) == 1:
                k = 0
            else:
                raise UsageError(
                    f"{path} does not say which layer it is the still of; give LAYER={path} with "
                    f"one of {', '.join(names)}",
                    file=path,
                )
            n, view = 0, field
            if isinstance(field, LinkedField):
                n = segment_of_edit(field, EditSource(picture, path=path, sidecar=beside))
                view = field.seen_from(n)
            found.setdefault(n, {})[k] = place_edit(picture, view, k, beside)
    scale = job.scale
    if scale == 1 and found:
        scale = max(placed.scale[0] for some in found.values() for placed in some.values())
    if not isinstance(field, LinkedField):
        return upscaled(field, scale, found.get(0, {}))
    numbers = {part.frames: n for n, part in enumerate(field.segments.parts)}
    return rebuilt(
        field,
        lambda own, _: upscaled(own, scale, found.get(numbers[own.frames], {})),
        passing_folder(),
        task,
        size=(scale, scale),
        working_space=working,
    )


def _pass(field: Field, index: int, layer: int, wanted: str, clip: "Clip | None") -> Picture:
    """A figure of each pixel as RGBA; it is no colour, so that it is written as it is."""
    from engine.edit.outputs import grey_picture
    from engine.linked.field import view_at
    from engine.metrics.trust import trust, visibility

    if wanted == "confidence" and clip is not None:
        plate = clip.read(field.frames[index])
        return grey_picture(field, trust(field, index, plate.pixels).confidence, wanted)
    field = view_at(field, index)
    if wanted == "visibility":
        return grey_picture(field, visibility(field, layer, index), wanted)
    return grey_picture(field, field.seen(index)[layer], wanted)


def _clip(job: ReconstructJob, field: Field) -> "Clip | None":
    named = (job.source, job.first, job.colour_space, job.working)
    if any(item is not None for item in named):
        return chosen_source(field, *named)
    try:
        return chosen_source(field, None, None, None, None)
    except CodefError:
        return None
