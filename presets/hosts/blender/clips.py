# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""What the artist has selected, as files and frames."""

import os
import re
from dataclasses import dataclass
from typing import Any

import bpy

_NUMBER = re.compile(r"(\d+)(?=\D*$)")
_PATTERN = re.compile(r"%0?(\d*)d(?!.*%0?\d*d)")

#: Blender's names of colour spaces, and ours; one that is not here is left to the file type.
_SPACES = {
    "sRGB": "sRGB Encoded Rec.709 (sRGB)",
    "Linear Rec.709": "Linear Rec.709 (sRGB)",
    "ACEScg": "ACEScg",
    "ACES2065-1": "ACES2065-1",
}


class ClipError(Exception):
    """The selected thing cannot be sent; the message says what to do."""


@dataclass(frozen=True)
class Clip:
    """A movie or a sequence in files.

    Attributes:
        name: For the document and the nodes.
        source: Whole path of the movie, or a pattern with ``%04d``.
        first: Number of the first file that is used; 0 for a movie.
        last: Number of the last one.
        start: Frame of the scene that shows ``first``.
        movie: Whether it is a movie.
        space: The program's name of its colour space, or None: as the file type has it.
        raw: Whether it holds no colour.
        blender_space: Blender's name of it.
    """

    name: str
    source: str
    first: int
    last: int
    start: int
    movie: bool
    space: str | None
    raw: bool
    blender_space: str


def pattern_of(path: str) -> tuple[str, int]:
    """A file's name with ``%04d`` in place of its number, and the number.

    Raises:
        ClipError: The name has no number.
    """
    folder, name = os.path.split(path)
    found = _NUMBER.search(os.path.splitext(name)[0])
    if found is None:
        raise ClipError(f"{name} has no frame number; choose an image sequence or a movie")
    digits = found.group(1)
    whole = f"{name[: found.start()]}%0{len(digits)}d{name[found.end() :]}"
    return os.path.join(folder, whole), int(digits)


def file_of(pattern: str, number: int) -> str:
    """A file of a sequence; percent signs of folders are no patterns."""
    folder, name = os.path.split(pattern)
    return os.path.join(folder, _PATTERN.sub(lambda m: f"{number:0{m.group(1) or 1}d}", name))


def numbers_of(pattern: str) -> list[int]:
    """The numbers of the files that are there, in order."""
    folder, name = os.path.split(pattern)
    found = _PATTERN.search(name)
    if found is None:
        return []
    head, tail = re.escape(name[: found.start()]), re.escape(name[found.end() :])
    shape = re.compile(f"{head}(\\d{{{int(found.group(1) or 1)},}}){tail}\\Z")
    try:
        matches = [shape.match(entry) for entry in os.listdir(folder)]
    except OSError:
        return []
    return sorted(int(match.group(1)) for match in matches if match)


def clip_of(thing: Any, scene: Any) -> Clip:
    """A movie clip, a node that shows one or an image, or a strip, as a clip.

    Raises:
        ClipError: It holds no frames in files.
    """
    kind = type(thing).__name__
    if kind == "MovieClip":
        return _of_movie_clip(thing)
    if kind == "CompositorNodeMovieClip" and thing.clip is not None:
        return _of_movie_clip(thing.clip)
    if kind == "CompositorNodeImage" and thing.image is not None:
        return _of_image(thing.image, thing)
    if kind in ("ImageSequence", "ImageStrip"):
        return _of_strip(thing)
    if kind in ("MovieSequence", "MovieStrip"):
        return _movie(thing.name, thing.filepath, thing, _strip_start(thing), thing.frame_duration)
    raise ClipError(
        "nothing to send; select a movie clip, an image sequence strip, or an Image or Movie Clip "
        "node in the compositor"
    )


def _of_movie_clip(clip: Any) -> Clip:
    path = bpy.path.abspath(clip.filepath, library=clip.library)
    if clip.source == "MOVIE":
        return _movie(clip.name, path, clip, clip.frame_start, clip.frame_duration)
    pattern, number = pattern_of(path)
    first = number + clip.frame_offset
    return _sequence(clip, pattern, first, None, clip.frame_start)


def _of_image(image: Any, node: Any) -> Clip:
    path = bpy.path.abspath(image.filepath, library=image.library)
    if image.source == "MOVIE":
        return _movie(image.name, path, image, node.frame_start, node.frame_duration)
    if image.source != "SEQUENCE":
        raise ClipError(f"{image.name} is a single picture; choose an image sequence or a movie")
    pattern, _ = pattern_of(path)
    first = node.frame_offset + 1
    return _sequence(image, pattern, first, first + node.frame_duration - 1, node.frame_start)


def _of_strip(strip: Any) -> Clip:
    folder = bpy.path.abspath(strip.directory)
    names = [element.filename for element in strip.elements]
    pattern, number = pattern_of(os.path.join(folder, names[0]))
    for index, name in enumerate(names):
        if os.path.join(folder, name) != file_of(pattern, number + index):
            raise ClipError(
                f"the strip {strip.name} mixes files ({name}); use one whose pictures are numbered "
                "one after the other"
            )
    skipped = strip.frame_final_start - int(strip.frame_start)
    first = number + skipped
    last = first + strip.frame_final_duration - 1
    return _sequence(strip, pattern, first, last, strip.frame_final_start)


def _strip_start(strip: Any) -> int:
    return int(strip.frame_start)


def _sequence(thing: Any, pattern: str, first: int, last: int | None, start: int) -> Clip:
    present = numbers_of(pattern)
    wanted = [n for n in present if n >= first and (last is None or n <= last)]
    if len(wanted) < 2:
        raise ClipError(
            f"there are no two files of {os.path.basename(pattern)} in {os.path.dirname(pattern)} "
            f"from number {first} on; check the path of {thing.name}"
        )
    space = thing.colorspace_settings.name
    name = _stem(file_of(pattern, wanted[0]), True)
    return Clip(
        name,
        pattern,
        wanted[0],
        wanted[-1],
        start + wanted[0] - first,
        False,
        _SPACES.get(space),
        space in ("Non-Color", "Raw"),
        space,
    )


def _movie(name: str, path: str, thing: Any, start: int, frames: int) -> Clip:
    path = bpy.path.abspath(path)
    if not os.path.isfile(path):
        raise ClipError(f"there is no file {path}; check the path of {name}")
    space = thing.colorspace_settings.name
    raw = space in ("Non-Color", "Raw")
    return Clip(_stem(path, False), path, 0, frames - 1, start, True, None, raw, space)


def _stem(path: str, numbered: bool) -> str:
    """A name for a document: the file's without its number, in letters that any system takes."""
    stem = os.path.splitext(os.path.basename(path))[0]
    bare = _NUMBER.sub("", stem) if numbered else stem
    return re.sub(r"[^\w\-]+", "_", bare).strip("_-") or "shot"
