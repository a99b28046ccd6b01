"""Numbered picture files: finding them, naming them, reading them."""

import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from engine.arrays import Bool
from engine.colour import ocio
from engine.errors import InputError, UsageError
from engine.io.clip import Clip
from engine.io.frames import repeated
from engine.io.identity import file_identity
from engine.io.picture import Picture
from engine.io.read import picture_windows, read_picture
from engine.io.rows import read_rows

PICTURES = frozenset(
    (
        ".exr",
        ".dpx",
        ".cin",
        ".tif",
        ".tiff",
        ".png",
        ".jpg",
        ".jpeg",
        ".tga",
        ".bmp",
        ".hdr",
        ".jp2",
        ".j2k",
        ".jxl",
        ".webp",
        ".sgi",
        ".rgb",
        ".psd",
        ".ppm",
        ".pgm",
        ".pnm",
        ".pfm",
        ".iff",
        ".rla",
        ".gif",
    )
)
"""Extensions that count as pictures in a folder."""

_PATTERN = re.compile(r"%0?(?P<width>\d*)d|(?P<hashes>#+)")
# The last group of digits of a stem; a minus counts as a sign unless it joins two words.
_NUMBER = re.compile(r"(?P<head>.*?)(?P<number>(?:(?<![^\W_])-)?\d+)(?P<tail>\D*)\Z", re.DOTALL)

_HEADERS_AT_OPEN = 400
"""Up to so many headers are looked at when a sequence is opened; of longer ones, when read."""


def has_pattern(text: str) -> bool:
    """Whether the file name holds ``%04d`` or ``####``."""
    return _PATTERN.search(Path(text).name) is not None


def fill_pattern(pattern: str, frame: int) -> Path:
    """The file of a frame.

    Args:
        pattern: A path whose file name holds ``%04d``, ``%d`` or ``####``.
        frame: The frame number.

    Raises:
        UsageError: The file name holds no place for the number.
    """
    path = Path(pattern)
    match = _last_pattern(path.name)
    if match is None:
        raise UsageError(f"{pattern}: the file name needs a place for the frame number (%04d).")
    digits = f"{abs(frame):0{_width(match)}d}"
    number = f"-{digits}" if frame < 0 else digits
    return path.with_name(path.name[: match.start()] + number + path.name[match.end() :])


def _last_pattern(name: str) -> re.Match[str] | None:
    return next(iter(list(_PATTERN.finditer(name))[-1:]), None)


def _width(match: re.Match[str]) -> int:
    return len(match["hashes"]) if match["hashes"] else int(match["width"] or 1)


def find_frames(spec: str, first: int) -> dict[int, Path] | Path:
    """The files of a clip by frame number, or the one movie of a folder.

    Args:
        spec: A folder, a pattern, or one file.
        first: Number of the first unnumbered file.

    Raises:
        InputError: Nothing there, or more than one sequence.
    """
    path = Path(spec)
    if path.is_dir():
        return _in_folder(path, first)
    if path.is_file():
        return _around(path, first)
    if has_pattern(spec):
        return _by_pattern(path)
    raise InputError(f"{spec}: there is no such file or folder; check the path.", file=spec)


def _names(folder: Path) -> Iterator[str]:
    """Visible files that are not being written."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                hidden = entry.name.startswith(".") or entry.name.endswith(".part")
                if not hidden and entry.is_file():
                    yield entry.name
    except OSError as error:
        raise InputError(
            f"{folder}: the folder cannot be read ({error.strerror}); check the path.", file=folder
        ) from error


def _split(name: str) -> tuple[tuple[str, str, str], str]:
    """What names of one sequence share, and the number as written ("" for none)."""
    stem, extension = os.path.splitext(name)
    match = _NUMBER.match(stem)
    if match is None:
        return ("", "", extension.lower()), ""
    return (match["head"], match["tail"], extension.lower()), match["number"]


def _in_folder(folder: Path, first: int) -> dict[int, Path] | Path:
    from engine.io.movie import MOVIES

    names = sorted(_names(folder))
    pictures = [name for name in names if os.path.splitext(name)[1].lower() in PICTURES]
    if not pictures:
        movies = [name for name in names if os.path.splitext(name)[1].lower() in MOVIES]
        if len(movies) == 1:
            return folder / movies[0]
        if movies:
            raise InputError(
                f"{folder}: the folder holds more than one movie ({movies[0]}, {movies[1]}); name "
                "one of them.",
                file=folder,
            )
        raise InputError(
            f"{folder}: the folder holds no pictures; name a folder of frames.", file=folder
        )
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name in pictures:
        key, number = _split(name)
        groups.setdefault((*key[:2], key[2] + ("" if number else "?")), []).append(name)
    if len(groups) > 1:
        both = [_label(names) for names in list(groups.values())[:2]]
        raise InputError(
            f"{folder}: the folder holds more than one sequence ({both[0]} and {both[1]}); name "
            "one of them by its pattern.",
            file=folder,
        )
    return _numbered(folder, pictures, first)


def sequences_in(folder: Path) -> list[str]:
    """The clips of a folder, each as ``open_clip`` takes it; the folder's own files only.

    Sequences come as patterns, pictures without a number each alone, movies where there are no
    pictures.

    Args:
        folder: The folder.

    Raises:
        InputError: It cannot be read.
    """
    from engine.io.movie import MOVIES

    groups: dict[tuple[str, str, str], list[str]] = {}
    movies: list[str] = []
    for name in sorted(_names(folder)):
        extension = os.path.splitext(name)[1].lower()
        if extension in PICTURES:
            key, number = _split(name)
            groups.setdefault(key if number else (name, "", "?"), []).append(name)
        elif extension in MOVIES:
            movies.append(name)
    found = [_label(names) if len(names) > 1 else names[0] for names in groups.values()]
    return [str(folder / name) for name in found or movies]


def _label(names: list[str]) -> str:
    """A sequence as its pattern."""
    key, number = _split(names[0])
    if not number:
        return names[0]
    digits = len(number.lstrip("-"))
    place = f"%0{digits}d" if digits > 1 else "%d"
    return f"{key[0]}{place}{key[1]}{os.path.splitext(names[0])[1]}"


def _numbered(folder: Path, names: list[str], first: int) -> dict[int, Path]:
    files: dict[int, Path] = {}
    for index, name in enumerate(names):
        _, number = _split(name)
        frame = int(number) if number else first + index
        if frame in files:
            raise InputError(
                f"{folder}: two files have frame number {frame} ({files[frame].name} and {name}); "
                "remove or rename one.",
                file=folder,
                frame=frame,
            )
        files[frame] = folder / name
    return dict(sorted(files.items()))


def _around(path: Path, first: int) -> dict[int, Path]:
    """All frames of the sequence that a file belongs to."""
    key, number = _split(path.name)
    if not number:
        return {first: path}
    if path.suffix.lower() not in PICTURES:
        return {int(number): path}
    folder = path.parent
    mates = [name for name in sorted(_names(folder)) if _split(name)[0] == key and _split(name)[1]]
    return _numbered(folder, mates or [path.name], first)


def _by_pattern(path: Path) -> dict[int, Path]:
    match = _last_pattern(path.name)
    if match is None or not path.parent.is_dir():
        raise InputError(f"{path}: the folder does not exist; check the path.", file=path)
    width = _width(match)
    head, tail = path.name[: match.start()], path.name[match.end() :]
    files: dict[int, Path] = {}
    for name in sorted(_names(path.parent)):
        if not (name.startswith(head) and name.endswith(tail)):
            continue
        number = name[len(head) : len(name) - len(tail)]
        # "%04d" of -3 is "-003" in C and "-0003" in some programs: both are taken.
        if re.fullmatch(r"-?\d+", number) and len(number) >= width:
            if int(number) in files:
                raise InputError(
                    f"{path}: two files have frame number {int(number)} "
                    f"({files[int(number)].name} and {name}); remove or rename one.",
                    file=path,
                    frame=int(number),
                )
            files[int(number)] = path.parent / name
    if not files:
        raise InputError(f"{path}: no file fits the pattern; check the name.", file=path)
    return dict(sorted(files.items()))


class SequenceClip(Clip):
    """Picture files, one a frame.

    Args:
        spec: What was asked for, to name in errors.
        files: The file of each frame.
        colour_space: Full OCIO name, ``"raw"``, or None by rule.
        working: Full OCIO name of the working space.

    Raises:
        InputError: No frame can be read, or two have different sizes.
    """

    kind = "sequence"

    def __init__(
        self, spec: str, files: dict[int, Path], colour_space: str | None, working: str
    ) -> None:
        super().__init__(spec, tuple(files), working)
        self._files = files
        self._chosen = colour_space
        self._reference = 0
        self._open_first()
        if len(files) <= _HEADERS_AT_OPEN:
            self._check_sizes()
        self._find_duplicates()

    def path(self, frame: int) -> Path:
        """The file of a frame."""
        self.require(frame)
        return self._files[frame]

    def read(self, frame: int) -> Picture:
        """Reads one frame."""
        picture = read_picture(
            self.path(frame), colour_space=self._chosen, working=self.working, frame=frame
        )
        self._check_size(frame, picture.display.width, picture.display.height)
        return picture

    def read_rows(self, frame: int, ahead: Bool | None = None) -> Picture:
        """Reads what is asked for of one frame."""
        picture = read_rows(
            self.path(frame),
            colour_space=self._chosen,
            working=self.working,
            frame=frame,
            ahead=ahead,
        )
        self._check_size(frame, picture.display.width, picture.display.height)
        return picture

    def _open_first(self) -> None:
        """Takes the clip's properties from the first frame that can be read at all."""
        problem: InputError | None = None
        for frame, path in self._files.items():
            try:
                picture_windows(path, frame)
                picture = read_picture(
                    path, colour_space=self._chosen, working=self.working, frame=frame
                )
            except InputError as error:
                problem = problem or error
                continue
            native = picture.native
            if native is None:
                continue
            self._reference = frame
            self.display, self.data = picture.display, picture.data
            self.pixel_aspect = picture.pixel_aspect
            self.bits, self.colour_space = native.bits, native.space
            rate = native.metadata.get("FramesPerSecond")
            if isinstance(rate, tuple) and len(rate) == 2 and rate[1]:
                self.fps = rate[0] / rate[1]
            elif isinstance(rate, (int, float)) and rate > 0:
                self.fps = float(rate)
            if self._chosen is None:
                is_float = native.codes.dtype.kind == "f"
                _, warning = ocio.space_by_rule(
                    path.suffix, is_float, native.metadata, self.working
                )
                if warning:
                    self.warnings.append(f"{self.spec}: {warning}")
            return
        if problem is not None:
            raise problem

    def _check_sizes(self) -> None:
        for frame, path in self._files.items():
            try:
                display, _ = picture_windows(path, frame)
            except InputError:
                continue  # told when that frame is read, so that the others can be rendered
            self._check_size(frame, display.width, display.height)

    def _check_size(self, frame: int, width: int, height: int) -> None:
        if (width, height) == (self.width, self.height):
            return
        raise InputError(
            f"{self.spec}: frame {frame} ({self._files[frame].name}) is {width}x{height}, but "
            f"frame {self._reference} ({self._files[self._reference].name}) is "
            f"{self.width}x{self.height}; give all frames one size.",
            file=self._files[frame],
            frame=frame,
        )

    def _find_duplicates(self) -> None:
        sizes: dict[int, int] = {}
        for frame, path in self._files.items():
            try:
                sizes[frame] = path.stat().st_size
            except OSError:
                continue
        same = [
            after
            for before, after in pairwise(self.frames)
            if sizes.get(before, -1) == sizes.get(after, -2)
            and sizes[before] > 0
            and _same_file(self._files[before], self._files[after])
        ]
        if same:
            self.warnings.append(f"{self.spec}: {repeated(same)}")


def _same_file(one: Path, other: Path) -> bool:
    samples = [file_identity(path).rsplit(":", 1)[1] for path in (one, other)]
    return samples[0] == samples[1] and one.read_bytes() == other.read_bytes()
