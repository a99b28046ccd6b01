"""Clips and fields as commands and nodes name them."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codef_nodes.work.identity import file_identity
from engine.errors import InputError, MissingFrameError, UsageError
from engine.fields.field import Field
from engine.io.frames import format_frames, missing_frames, parse_frames

if TYPE_CHECKING:
    from engine.io.clip import Clip
    from engine.io.picture import Picture

log = logging.getLogger(__name__)

SOURCE = "codef/source"
"""Metadata key under which a loaded picture says which clip it is of; never written to files."""


@dataclass(frozen=True)
class Source:
    """A clip as a command names it.

    Attributes:
        path: Folder, pattern, movie or one frame.
        first: Number of the first frame of movies and unnumbered files; None is 0.
        colour_space: OCIO name of the files' space; None by rule; ``raw`` for none.
        working: OCIO name of the working space; None for the default.
        missing: What to do about missing frames: ``error``, ``skip``, ``hold``, ``nearest``,
            ``black``.
        frames: A frame range, or None for all.
    """

    path: str
    first: int | None = None
    colour_space: str | None = None
    working: str | None = None
    missing: str = "error"
    frames: str | None = None


def remembered_clip(
    spec: str,
    *,
    first: int = 0,
    colour_space: str | None = None,
    working: str | None = None,
    still: bool = False,
    quiet: bool = False,
) -> "Clip":
    """An open clip, opened again only when its folder changed.

    Opening looks at the header of every frame, which is too slow to do for every frame.

    Args:
        spec: As for ``open_clip``.
        first: As for ``open_clip``.
        colour_space: As for ``open_clip``.
        working: As for ``open_clip``; None for the default.
        still: The one file only, even where its name looks like one of a sequence.
        quiet: Say nothing about repeated frames and the like: masks may well stand still.
    """
    path = Path(spec)
    stamps = tuple(_stamp(place) for place in (path, path.parent))
    config = os.environ.get("OCIO")
    return _opened(spec, first, colour_space or None, working or None, still, quiet, stamps, config)


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=16)
def _opened(
    spec: str,
    first: int,
    colour_space: str | None,
    working: str | None,
    still: bool,
    quiet: bool,
    stamps: tuple[int, ...],
    config: str | None,
) -> "Clip":
    from engine.colour.ocio import DEFAULT_WORKING
    from engine.io.clip import open_clip

    working = working or DEFAULT_WORKING
    if still:
        clip = _single(Path(spec), first, colour_space, working)
    else:
        clip = open_clip(spec, first=first, colour_space=colour_space, working=working)
    for sentence in () if quiet else clip.warnings:
        log.warning("%s", sentence)
    return clip


def _single(path: Path, first: int, colour_space: str | None, working: str) -> "Clip":
    from engine.colour.ocio import resolve_space
    from engine.io.sequence import SequenceClip

    if not path.is_file():
        raise InputError(f"there is no picture {path}; check the path", file=path)
    space = resolve_space(colour_space) if colour_space else None
    return SequenceClip(str(path), {first: path}, space, resolve_space(working))


def opened(source: Source) -> "Clip":
    """The clip that a command names.

    Raises:
        InputError: It cannot be opened.
    """
    return remembered_clip(
        source.path,
        first=source.first or 0,
        colour_space=source.colour_space,
        working=source.working,
    )


def used_frames(clip: "Clip", source: Source, warn: Callable[[str], None]) -> tuple[int, ...]:
    """The frames of a clip that a fit uses: real ones only.

    Raises:
        MissingFrameError: Frames are missing and the policy is ``error``.
    """
    there = set(clip.frames)
    if source.frames:
        wanted = parse_frames(source.frames)
        absent = tuple(frame for frame in wanted if frame not in there)
    else:
        wanted = clip.frames
        absent = missing_frames(clip.frames)
    if absent and source.missing == "error":
        some = "frame" if len(absent) == 1 else "frames"
        raise MissingFrameError(
            f"{source.path}: {some} {format_frames(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} missing; supply "
            f"{'it' if len(absent) == 1 else 'them'}, or use --missing skip to fit without "
            f"{'it' if len(absent) == 1 else 'them'}",
            file=source.path,
            frame=absent[0],
        )
    if absent:
        warn(f"{source.path}: fitting without the missing frames {format_frames(absent)}")
    for sentence in clip.warnings:
        warn(sentence)
    return tuple(frame for frame in wanted if frame in there)


def record(clip: "Clip", source: Source) -> dict[str, Any]:
    """What a field keeps about its clip (``Field.source``)."""
    return {**note_of(clip, source.first or 0), "missing": source.missing}


def absolute(paths: Sequence[str]) -> list[str]:
    """Paths that mean the same from everywhere."""
    return [str(Path(path).absolute()) for path in paths]


def open_field(path: str | Path) -> Field:
    """A field folder.

    Raises:
        InputError: There is nothing.
        FieldError: It is no field.
    """
    from engine.fields.folder import load_field

    folder = Path(path)
    if not folder.exists():
        raise InputError(f"there is no field {folder}; check the path", file=folder)
    return load_field(folder)


def source_of(field: Field, override: Source | None) -> "Clip":
    """The clip that a field was fitted on, or another version of it.

    Args:
        field: The field.
        override: A clip to take instead.

    Raises:
        UsageError: The field does not say where its clip is, or the clip has another size.
        InputError: The clip is not where it was.
    """
    if override is not None:
        clip = opened(override)
    else:
        kept = field.source
        if not kept.get("path"):
            raise UsageError("the field does not say where its clip is; name it with --source")
        try:
            clip = remembered_clip(
                str(kept["path"]),
                first=int(kept.get("first") or 0),
                colour_space=kept.get("colour_space"),
                working=kept.get("working"),
            )
        except InputError as error:
            raise InputError(
                f"the clip of the field is not at {kept['path']} any more ({error.message}); name "
                "it with --source",
                file=str(kept["path"]),
            ) from error
    check_same_size(field, clip.display.width, clip.display.height, clip.spec)
    return clip


def check_same_size(field: Field, width: int, height: int, what: str) -> None:
    """Refuses a clip of another size than the field.

    Raises:
        UsageError: It has.
    """
    if (width, height) != (field.display.width, field.display.height):
        raise UsageError(
            f"{what} is {width}x{height}, the field is {field.display.width}x"
            f"{field.display.height}; give the clip at the size that was fitted",
            file=what,
        )


def wanted_frames(field: Field, frames: str | None) -> tuple[int, ...]:
    """Frames of the field that were asked for.

    Raises:
        MissingFrameError: The field has no such frame.
    """
    if not frames:
        return field.frames
    wanted = parse_frames(frames)
    for frame in wanted:
        field.index(frame)
    return wanted


def without_source(picture: "Picture") -> "Picture":
    """The picture without the note of where its clip is: no paths go into files."""
    if SOURCE not in picture.metadata:
        return picture
    kept = {name: value for name, value in picture.metadata.items() if name != SOURCE}
    return replace(picture, metadata=kept)


def files_identity(spec: str | Path) -> list[Any]:
    """Identity of all files of a folder or pattern."""
    path = Path(spec)
    folder = path if path.is_dir() else path.parent
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return [path.name]
    return [
        file_identity(entry.path)
        for entry in entries
        if entry.is_file() and not entry.name.startswith(".")
    ]


def noted(picture: "Picture", note: Mapping[str, Any]) -> "Picture":
    """The picture with a note of the clip it is of.

    So the clip is not written over, and files get the depth and the space of the source although
    every pixel was computed.

    Args:
        picture: Any picture.
        note: ``path``, ``first``, ``colour_space``, ``working``, ``bits``, as ``Field.source``.
    """
    return replace(picture, metadata={**picture.metadata, SOURCE: dict(note)})


def note_of(clip: "Clip", first: int = 0) -> dict[str, Any]:
    """The note for ``noted`` about an open clip."""
    return {
        "path": str(Path(clip.spec).absolute()),
        "first": first,
        "colour_space": clip.colour_space,
        "working": clip.working,
        "fps": clip.fps,
        "bits": clip.bits,
    }
