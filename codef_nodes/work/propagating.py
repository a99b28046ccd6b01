"""Edits from files into frames: what ``codef propagate`` does."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.source import Source, note_of, noted, open_field, source_of, wanted_frames
from codef_nodes.work.writing import Plan, check_plan, write_frames
from engine.edit.finish import FULL_FINISH, Finish
from engine.errors import EditError, InputError, MissingFrameError, UsageError
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.linked.field import LinkedField
from engine.progress import Task

if TYPE_CHECKING:
    from engine.arrays import Bool
    from engine.edit.edits import Edit, EditSource
    from engine.io.clip import Clip
    from engine.linked.carry import Carried


@dataclass(frozen=True)
class PropagateJob:
    """What ``codef propagate`` was asked.

    Attributes:
        field: The field folder.
        edits: Edited canonical images.
        layers: A layer for each edit, or none.
        segment: The segment of a long shot on whose stills the edits were made, or None to ask
            them.
        edit_frames: Frame numbers with painted frames.
        mode: ``over`` or ``replace``.
        source: The clip when it is not where it was, or None.
        first: As for ``open_clip``.
        colour_space: As for ``open_clip``.
        working: As for ``open_clip``.
        frames: A range, or None for all.
        output: Files to write.
        wanted: ``edit``, ``holdout``, ``light``, ``highlight`` or ``blur`` in place of the result.
        finish: How the edits meet the plate in mode ``over``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    field: str
    edits: tuple[str, ...]
    layers: tuple[int, ...]
    edit_frames: tuple[tuple[int, str], ...]
    mode: str
    source: str | None
    first: int | None
    colour_space: str | None
    working: str | None
    frames: str | None
    output: str
    wanted: str = "result"
    segment: int | None = None
    finish: Finish = FULL_FINISH
    device: str = "auto"


def chosen_source(
    field: Field,
    source: str | None,
    first: int | None,
    colour_space: str | None,
    working: str | None,
) -> "Clip":
    """The clip that a command works on: the one it names, else the field's own.

    Raises:
        InputError: It cannot be opened.
        UsageError: It has another size than the field.
    """
    kept = field.source
    if source is None and first is None and colour_space is None and working is None:
        return source_of(field, None)
    named = Source(
        source or str(kept.get("path") or ""),
        first=first if first is not None else kept.get("first"),
        colour_space=colour_space or (None if source else kept.get("colour_space")),
        working=working or kept.get("working"),
    )
    return source_of(field, named)


def read_edits(
    edits: Sequence[str],
    layers: Sequence[int],
    field: Field,
    clip: "Clip",
    frame: int | None = None,
) -> list["EditSource"]:
    """The edits in files; a multi-part file gives several.

    Args:
        edits: Files, or patterns with a place for the frame number.
        layers: A layer for each, or none.
        field: The field.
        clip: Its clip.
        frame: The frame whose files of a sequence are read.

    Raises:
        EditError: Layers and edits do not go together, or a file that is no picture.
        InputError: A file that is absent.
    """
    from engine.edit.edits import EditSource
    from engine.io.read import read_parts
    from engine.io.sequence import fill_pattern, has_pattern

    if layers and len(layers) != len(edits):
        raise UsageError(
            f"there are {len(edits)} edits and {len(layers)} layers; give --layer once for each "
            "--edit or not at all"
        )
    sources = []
    for number, edit in enumerate(edits):
        moving = frame is not None and has_pattern(edit)
        path = fill_pattern(edit, frame) if frame is not None and moving else Path(edit)
        if moving and not path.exists():
            raise MissingFrameError(
                f"the edited sequence has no file {path}; supply it, or leave the frame out with "
                "--frames",
                file=path,
                frame=frame,
            )
        if not path.exists():
            raise InputError(f"there is no edit {path}; check the path", file=path)
        if path.is_dir():
            raise EditError(f"{path} is a folder; name an edited picture", file=path)
        try:
            parts = read_parts(path, working=clip.working)
        except InputError as error:
            raise EditError(
                f"{path} is no picture that can be read ({error.message}); save the edit again",
                file=path,
            ) from error
        layer = layers[number] if layers else None
        if layer is not None:
            parts = _part_of(parts, layer, field, path)
        sources += [
            EditSource(
                picture,
                part=name if len(parts) > 1 else "",
                path=path,
                layer=layer,
                moving=moving,
            )
            for name, picture in parts
        ]
    return sources


def _part_of(
    parts: list[tuple[str, Picture]], layer: int, field: Field, path: Path
) -> list[tuple[str, Picture]]:
    """The part of a file that is meant by a layer's number."""
    if len(parts) == 1 or layer >= len(field.layers):
        return parts[:1]
    name = field.layers[layer].name
    named = [part for part in parts if part[0] == name]
    if not named:
        raise EditError(
            f"{path} has no part named {name!r} for layer {layer}; its parts are "
            f"{', '.join(part for part, _ in parts)}",
            file=path,
        )
    return named


def propagate(job: PropagateJob, task: Task, say: Callable[[str], None]) -> dict[str, Any]:
    """``codef propagate``.

    Returns:
        ``{"written", "frames", "mode", "edits"}``.

    Raises:
        CodefError: See ARCHITECTURE's exit codes.
    """
    from engine.edit.device import carrier_for, name_of
    from engine.edit.stabilise import StablePlate
    from engine.fit.ahead import pictures
    from engine.io.sequence import has_pattern
    from engine.io.write import WriteOptions
    from engine.linked.carry import carry, carry_alone, carry_pass, prepare_carried
    from engine.linked.frames import carry_frames, carry_frames_alone, paint_of_frames

    if not job.edits and not job.edit_frames:
        raise UsageError("there is nothing to propagate; give --edit FILE or --edit-frame F=FILE")
    if job.edits and job.edit_frames:
        raise UsageError("give either --edit or --edit-frame, not both")
    if job.edit_frames and job.mode == "replace":
        raise UsageError("painted frames are carried in mode over; leave --mode replace out")
    repeated = [frame for frame, _ in job.edit_frames]
    if len(set(repeated)) < len(repeated):
        raise UsageError("there are two painted frames with one number; give one each")
    field = open_field(job.field)
    frames = wanted_frames(field, job.frames)
    plan = Plan(Path(job.output), WriteOptions())
    check_plan(plan, frames)
    if job.wanted not in ("result", "edit") and (job.edit_frames or job.mode != "over"):
        raise UsageError(f"--pass {job.wanted} goes with --edit in mode over")
    if job.wanted == "edit" and plan.pattern.suffix.lower() in (".jpg", ".jpeg"):
        raise UsageError(
            f"{plan.pattern}: the edit alone has an alpha channel; write .exr, .png or .tif",
            file=plan.pattern,
        )
    clip = chosen_source(field, job.source, job.first, job.colour_space, job.working)
    plain = None if job.wanted in ("result", "edit") else "raw"
    plan = Plan(Path(job.output), WriteOptions(working=clip.working, colour_space=plain))
    placed: list[dict[str, Any]] = []

    on = carrier_for(job.device, say) if job.edits else None

    def put(edits: "Carried", plate: Picture, index: int) -> Picture:
        asked: dict[str, Any] = {"task": task, "finish": job.finish, "on": on}
        if job.wanted not in ("result", "edit"):
            return carry_pass(field, edits, plate, index, job.wanted, **asked)
        asked["mode"] = job.mode
        if job.wanted == "edit":
            return carry_alone(field, edits, plate, index, **asked)[1]
        return carry(field, edits, plate, index, **asked)

    def each(edits: "Carried") -> "Iterator[tuple[str, int, str, Edit]]":
        for view, some in edits:
            still = f"segment {view.anchor}, " if isinstance(view, LinkedField) else ""
            for k, edit in sorted(some.items()):
                yield still, k, view.layers[k].name, edit

    if job.edits and any(has_pattern(edit) for edit in job.edits):
        shown: dict[tuple[str, int], str] = {}

        def carried(plate: Picture, index: int) -> Picture:
            frame = field.frames[index]
            moving = read_edits(job.edits, job.layers, field, clip, frame)
            edits = prepare_carried(
                field,
                moving,
                segment=job.segment,
                mode=job.mode,
                working=clip.working,
                stable=lambda view: StablePlate(view, index, plate),
            )
            for still, k, name, edit in each(edits):
                if shown.get((still, k)) != edit.how:
                    say(f"{still}layer {k} ({name}): placed by {edit.how} from frame {frame} on")
                    placed.append({"layer": k, "name": name, "placement": edit.how})
                    shown[still, k] = edit.how
            return put(edits, plate, index)

    elif job.edits:
        sources = read_edits(job.edits, job.layers, field, clip)
        edits = prepare_carried(
            field, sources, segment=job.segment, mode=job.mode, working=clip.working
        )
        for still, k, name, edit in each(edits):
            idle = job.mode == "over" and edit.change is None
            remark = "; it changes nothing" if idle else ""
            say(f"{still}layer {k} ({name}): placed by {edit.how}{remark}")
            placed.append({"layer": k, "name": name, "placement": edit.how})

        def carried(plate: Picture, index: int) -> Picture:
            return put(edits, plate, index)
    else:
        painted = []
        for frame, path in job.edit_frames:
            field.index(frame)
            painted.append((frame, _painted(path, frame, clip), clip.read(frame)))
            placed.append({"frame": frame, "file": path})
        paint = paint_of_frames(field, painted, working=clip.working)

        def carried(plate: Picture, index: int) -> Picture:
            asked = {"task": task, "finish": job.finish}
            if job.wanted == "result":
                return carry_frames(field, paint, plate, index, **asked)
            return carry_frames_alone(field, paint, plate, index, **asked)[1]

    note = note_of(clip, int(job.first or field.source.get("first") or 0))

    looked: list[Bool] = []

    def plate_of(frame: int) -> Picture:
        if job.mode != "over" or job.wanted != "result":
            return clip.read(frame)
        # What of a frame is looked at is mostly looked at in the next ones, too.
        return clip.read_rows(frame, looked[0] if looked else None)

    # The next frame is decoded while one is worked on; movies are read frame after frame.
    with closing(pictures(frames, plate_of, 0 if clip.kind == "movie" else 1)) as plates:

        def picture_of(frame: int | None) -> Picture:
            number = field.frames[0] if frame is None else frame
            plate = next(plates)
            result = carried(plate, field.index(number))
            if plate.rows is not None:
                looked[:] = [plate.rows.asked]
            return noted(result, note)

        try:
            done = write_frames(plan, frames, picture_of, task, "propagate")
        finally:
            if on is not None:
                on.close()
    return {**done.summary(), "mode": job.mode, "edits": placed, "device": name_of(on)}


def _painted(path: str, frame: int, clip: "Clip") -> Picture:
    """A painted frame.

    Raises:
        InputError: It is absent.
        EditError: It is there and no picture.
    """
    from engine.io.read import read_picture

    file = Path(path)
    if not file.exists():
        raise InputError(f"there is no painted frame {file}; check the path", file=file)
    if file.is_dir():
        raise EditError(f"{file} is a folder; name a painted frame", file=file, frame=frame)
    try:
        return read_picture(path, colour_space=_same_space(clip, path), working=clip.working)
    except InputError as error:
        raise EditError(
            f"{file} is no picture that can be read ({error.message}); save it again",
            file=file,
            frame=frame,
        ) from error


def _same_space(clip: "Clip", path: str) -> str | None:
    """A painted frame of the clip's own kind is in the clip's own space."""
    own = clip.path(clip.frames[0]).suffix.lower()
    return clip.colour_space if Path(path).suffix.lower() == own else None
