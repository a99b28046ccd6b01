"""Pictures of which only the rows are decoded that somebody looks at.

Unpacking a large frame costs more than an edit of a part of it. Such a picture has its full size
from the start; rows that were not asked for hold nothing (and no memory), and ``Picture.whole``
fetches them.
"""

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import F32, AnyArray, Bool
from engine.colour import ocio
from engine.errors import InputError
from engine.io import exrcopy
from engine.io.exrcopy import FileStamp
from engine.io.picture import Native, Picture
from engine.io.read import Opened, described, path_is_exr, picture_of, pixels_of, read_picture

if TYPE_CHECKING:
    from engine.io.read import Part


class Rows:
    """What of a picture's file has been decoded.

    Args:
        native: The part, with room for all its code values.
        pixels: Room for all its pixels.
        stamp: The file.
        frame: Number to name in errors.
        working: The working space.
        pack: Rows that the file packs together.
    """

    def __init__(
        self,
        native: Native,
        pixels: F32,
        stamp: FileStamp,
        frame: int | None,
        working: str,
        pack: int,
    ) -> None:
        self._native, self._pixels, self._stamp = native, pixels, stamp
        self._frame, self._working, self._pack = frame, working, pack
        self._have = np.zeros(len(pixels), np.bool_)
        self._lock = threading.Lock()
        self.asked: Bool = np.zeros(len(pixels), np.bool_)

    def need(self, first: int, last: int, step: int = 1) -> None:
        """Decodes rows that were not yet, from 0 at the top.

        Raises:
            InputError: They cannot be read, or the file is no longer what it was.
        """
        wanted = np.zeros(len(self._have), np.bool_)
        wanted[max(first, 0) : max(last, 0) : step] = True
        self.need_all(wanted)

    def need_all(self, wanted: Bool) -> None:
        """Decodes all rows of a mask [H] that were not yet; see ``need``."""
        self.asked |= wanted
        self.fetch(wanted)

    def fetch(self, wanted: Bool) -> None:
        """As ``need_all``, before anybody asks."""
        with self._lock:
            todo = wanted & ~self._have
            if self._pack > 1:
                packs = np.add.reduceat(todo, np.arange(0, len(todo), self._pack)) > 0
                todo = np.repeat(packs, self._pack)[: len(todo)] & ~self._have
            if todo.any():
                self._decode(todo)
                self._have |= todo

    def copied(self, first: int, last: int) -> "tuple[F32, Rows]":
        """New pixels that hold a run of rows, to write to, and what of them was decoded."""
        self.need(first, last)
        pixels = np.zeros(self._pixels.shape, np.float32)
        pixels[first:last] = self._pixels[first:last]
        other = Rows(self._native, pixels, self._stamp, self._frame, self._working, self._pack)
        other._have[first:last] = True
        return pixels, other

    def _decode(self, todo: Bool) -> None:
        rows = np.flatnonzero(todo)
        breaks = np.flatnonzero(np.diff(rows) > 1) + 1
        runs = [(int(run[0]), int(run[-1]) + 1) for run in np.split(rows, breaks)]
        with Opened(Path(self._stamp.path), self._frame) as source:
            found = [source.scanlines(first, last) for first, last in runs]
            # Looked at after reading: what was read is what the stamp is of.
            if not self._stamp.current:
                raise source.fail("the file was written to while it was read", "start again")
        codes: AnyArray = found[0] if len(found) == 1 else np.concatenate(found)
        pixels = pixels_of(replace(self._native, codes=codes), self._working)
        done = 0
        for first, last in runs:
            part = slice(done, done + last - first)
            self._native.codes[first:last] = codes[part]
            self._pixels[first:last] = pixels[part]
            done = part.stop


def read_rows(
    path: Path | str,
    *,
    colour_space: str | None = None,
    working: str = ocio.DEFAULT_WORKING,
    frame: int | None = None,
    ahead: Bool | None = None,
) -> Picture:
    """As ``read_picture``, but of an EXR of plain scanlines only the rows that are asked for.

    Args:
        path: The file.
        colour_space: As for ``read_picture``.
        working: As for ``read_picture``.
        frame: Number to name in errors.
        ahead: Rows [H] that will probably be asked for and are decoded at once, or None.

    Returns:
        The picture; ``rows`` is None where all of it was read, as of any other kind of file.

    Raises:
        InputError: As ``read_picture``.
        UsageError: The colour space is unknown.
    """
    path = Path(path)
    found = _plain_part(path, frame)
    if found is None:
        return read_picture(path, colour_space=colour_space, working=working, frame=frame)
    part, stamp, pack = found
    picture = picture_of(path, 0, [part], colour_space, working)
    size = part.data.height, part.data.width
    native = picture.native
    if native is None:
        raise InputError(f"{path}: the picture has no colours; write it again.", file=path)
    codes = np.zeros((*size, native.codes.shape[2]), native.codes.dtype)
    native = replace(native, codes=codes, file=stamp)
    pixels = np.zeros((*size, picture.pixels.shape[2]), np.float32)
    rows = Rows(native, pixels, stamp, frame, working, pack)
    if ahead is not None and len(ahead) == size[0]:
        rows.fetch(ahead)
    return replace(picture, pixels=pixels, native=native, rows=rows)


def _plain_part(path: Path, frame: int | None) -> "tuple[Part, FileStamp, int] | None":
    """The only part of an EXR of plain scanlines, its file, and rows that are packed together."""
    stamp = FileStamp.of(path) if path_is_exr(path) else None
    if stamp is None:
        return None
    with Opened(path, frame) as source:
        spec = source.file.spec()
        pack = exrcopy.rows_of(str(spec.getattribute("compression") or ""))
        if pack is None or spec.tile_width or source.file.seek_subimage(1, 0):
            return None
        source.file.seek_subimage(0, 0)
        parts = described(source)
    part, chosen, _ = parts[0]
    header: dict[str, Any] = part.native.metadata
    mixed = len(parts) > 1 or len(chosen) < spec.nchannels or bool(spec.channelformats)
    if mixed or header.get("Orientation", 1) != 1:
        return None
    return part, stamp, pack
