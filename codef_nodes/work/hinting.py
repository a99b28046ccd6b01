"""Tracks, corner pins and ST maps as commands and nodes name them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from codef_nodes.work.identity import file_identity
from codef_nodes.work.source import files_identity
from engine.arrays import F32
from engine.errors import InputError, UsageError
from engine.fit.groups import BACKGROUND
from engine.fit.hints import CornerPin, Hints, PointTrack, StMaps
from engine.io.picture import Picture

_GROUP = re.compile(r"([^=/\\:]+)=(.+)")


@dataclass(frozen=True)
class HintFiles:
    """The files; each may be ``GROUP=FILE``.

    Attributes:
        tracks: 2D tracks, see ``engine.io.pointfiles.read_tracks``.
        corner_pin: Corner pins, see ``engine.io.pointfiles.read_corner_pins``.
        stmaps: Folders or patterns of ST maps to the reference frame.
    """

    tracks: tuple[str, ...] = ()
    corner_pin: tuple[str, ...] = ()
    stmaps: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tracks or self.corner_pin or self.stmaps)

    def identity(self, folder: Path | None = None) -> list[Any]:
        """What changes when one of the files does.

        Args:
            folder: What relative paths count from; None for the current folder.
        """
        said: list[Any] = []
        for spec in (*self.tracks, *self.corner_pin):
            group, path = split(spec, folder)
            said.append([group, file_identity(path)])  # that it is absent is told when it is read
        for spec in self.stmaps:
            group, path = split(spec, folder)
            said.append([group, files_identity(path)])
        return said

    def read(
        self,
        first: Picture,
        groups: Sequence[str],
        folder: Path | None = None,
        start: int = 0,
    ) -> Hints:
        """Everything in the files but the ST maps' pixels.

        Args:
            first: A frame of the clip, for its windows.
            groups: Names of the groups that are masked.
            folder: As for ``identity``.
            start: Frame number of the clip's first frame.

        Raises:
            InputError: A file is absent or cannot be read.
            UsageError: A file holds something else; the message names the line.
        """
        from engine.io.pointfiles import read_corner_pins, read_tracks

        names = {*groups, BACKGROUND}
        height = first.display.height
        tracks: list[PointTrack] = []
        for spec in self.tracks:
            group, path = split(spec, folder)
            for found in read_tracks(path, height, start):
                places = {f: (float(p[0, 0]), float(p[0, 1])) for f, p in found.places.items()}
                title = f"track {found.name} of {path}"
                tracks.append(PointTrack(title, places, group or found.group))
        pins: list[CornerPin] = []
        for spec in self.corner_pin:
            group, path = split(spec, folder)
            for found in read_corner_pins(path, height, start):
                own = found.name if found.name in names else None
                pins.append(
                    CornerPin(f"corner pin {found.name} of {path}", found.places, group or own)
                )
        maps = [found for spec in self.stmaps for found in _maps(spec, folder, first, names)]
        return Hints(tracks, pins, maps)


def split(spec: str, folder: Path | None = None) -> tuple[str | None, Path]:
    """Group (or None) and path of ``GROUP=FILE`` or ``FILE``."""
    group: str | None = None
    path = Path(spec).expanduser()
    match = _GROUP.fullmatch(spec)
    if match and not (path if folder is None else folder / path).exists():
        group, path = match.group(1).strip(), Path(match.group(2)).expanduser()
    return group, path if folder is None or path.is_absolute() else folder / path


def _maps(spec: str, folder: Path | None, first: Picture, names: set[str]) -> list[StMaps]:
    """The maps of one pattern: one for each part that bears a group's name, else one."""
    from engine.io.sequence import find_frames

    group, path = split(spec, folder)
    found = find_frames(str(path), 0)
    if isinstance(found, Path):
        raise UsageError(f"{found} is a movie, which holds no ST maps; give EXR files", file=found)
    files: dict[int, Path] = found
    frames = tuple(sorted(files))
    display = first.display.moved(-first.display.x0, -first.display.y0)
    data = first.data.moved(-first.display.x0, -first.display.y0)

    def maps_of(part: str | None, of: str | None) -> StMaps:
        def read(frame: int) -> F32:
            from engine.warp.stmap import st_steps

            parts = _stamped(files[frame])
            picture = parts[0][1] if part is None else dict(parts).get(part)
            if picture is None:
                raise InputError(
                    f"{files[frame]} has no part {part!r}; write all parts in every frame",
                    file=files[frame],
                    frame=frame,
                )
            return st_steps(picture, display, data, str(files[frame]))

        return StMaps(f"{path}" if part is None else f"part {part} of {path}", frames, read, of)

    parts = [] if group else [name for name, _ in _stamped(files[frames[0]]) if name in names]
    if parts:
        return [maps_of(part, part) for part in parts]
    return [maps_of(None, group)]


def _stamped(path: Path) -> list[tuple[str, Picture]]:
    try:
        return _parts(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); check the ST maps", file=path
        ) from error


@lru_cache(maxsize=1)
def _parts(path: Path, stamp: int) -> list[tuple[str, Picture]]:
    """Every part of a file as its values are; several layers ask for the same frame in turn."""
    from engine.io.read import read_parts

    return [
        # A part is for the layer that its metadata names, else for the one of its own name.
        (str(picture.metadata.get("codef/layer") or name), picture)
        for name, picture in read_parts(path, colour_space="raw")
    ]
