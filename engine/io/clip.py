"""A clip: numbered pictures, from a folder, a pattern, a movie or one frame of a sequence."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from engine.arrays import Bool
from engine.colour import ocio
from engine.errors import MissingFrameError, UsageError
from engine.io.frames import describe_gaps, missing_frames
from engine.io.identity import file_identity
from engine.io.picture import Picture, Window

MADE_UP = "codef/made_up"
"""Metadata key of pictures that stand in for a missing frame; a fit refuses them."""

Missing = Literal["error", "hold", "nearest", "black"]


class Clip(ABC):
    """Numbered pictures of one size, read one at a time.

    Attributes:
        spec: What was opened.
        kind: ``"sequence"`` or ``"movie"``.
        frames: The frames that are there, rising; numbers as in the file names.
        display: Display window of the first readable frame; the same for all.
        data: Data window of the first readable frame.
        pixel_aspect: Width of a pixel over its height.
        fps: Frames per second, or None where the files do not say.
        colour_space: OCIO name of the space that the files are in.
        working: OCIO name of the space of the pixels.
        bits: Significant bits of a sample.
        warnings: Sentences about what is odd; may grow while frames are read.
    """

    kind: Literal["sequence", "movie"]

    def __init__(self, spec: str, frames: tuple[int, ...], working: str) -> None:
        self.spec = spec
        self.frames = frames
        self.working = working
        self.display = self.data = Window(0, 0, 0, 0)
        self.pixel_aspect = 1.0
        self.fps: float | None = None
        self.colour_space = ocio.RAW
        self.bits = 8
        self.warnings: list[str] = []
        self._present = frozenset(frames)

    @property
    def missing(self) -> tuple[int, ...]:
        """Frames absent between the first and the last."""
        return missing_frames(self.frames)

    @property
    def width(self) -> int:
        """Width of the display window in pixels."""
        return self.display.width

    @property
    def height(self) -> int:
        """Height of the display window in pixels."""
        return self.display.height

    def has(self, frame: int) -> bool:
        """Whether the frame is there."""
        return frame in self._present

    @abstractmethod
    def path(self, frame: int) -> Path:
        """The file of a frame; of a movie, the movie.

        Raises:
            MissingFrameError: The clip does not hold the frame.
        """

    @abstractmethod
    def read(self, frame: int) -> Picture:
        """Reads one frame; holds no other.

        Raises:
            MissingFrameError: The clip does not hold the frame.
            InputError: The frame cannot be decoded or has another size than the clip.
        """

    def read_rows(self, frame: int, ahead: Bool | None = None) -> Picture:
        """Reads one frame, where its file allows it only the rows that are asked for.

        Args:
            frame: The frame wanted.
            ahead: Rows [H] that are read at once; see ``engine.io.rows``.

        Raises:
            MissingFrameError: As for ``read``.
            InputError: As for ``read``, also later when rows are asked for.
        """
        return self.read(frame)

    def identity(self, frame: int) -> str:
        """Text that changes when the frame's file does, see ``engine.io.identity``.

        It does not hold the folder, so that a project may move. Cheap; decodes nothing.

        Raises:
            MissingFrameError: The clip does not hold the frame.
            InputError: The file is gone.
        """
        return file_identity(self.path(frame))

    def require(self, frame: int) -> None:
        """Raises ``MissingFrameError`` unless the frame is there."""
        if frame not in self._present:
            raise MissingFrameError(
                f"{self.spec}: frame {frame} is missing (there are {describe_gaps(self.frames)}); "
                "supply it, or choose hold, nearest or black for missing frames.",
                file=self.spec,
                frame=frame,
            )


def open_clip(
    spec: str | Path,
    *,
    first: int = 0,
    colour_space: str | None = None,
    working: str = ocio.DEFAULT_WORKING,
) -> Clip:
    """Opens a clip.

    Args:
        spec: A folder, a pattern (``shot.%04d.exr``, ``shot.####.exr``), a movie file, or one frame
            of a sequence, which stands for all of it.
        first: Number of the first frame of movies and unnumbered files.
        colour_space: OCIO name of the files' space; None or "" by rule, ``"raw"`` for none.
        working: OCIO name of the space of the pixels.

    Returns:
        The clip; nothing but headers was read.

    Raises:
        InputError: Absent, empty, ambiguous, undecodable, interlaced, or of two sizes.
        UsageError: The colour space is unknown.
    """
    from engine.io.movie import MOVIES, MovieClip
    from engine.io.sequence import SequenceClip, find_frames

    working = ocio.resolve_space(working)
    if colour_space:
        colour_space = ocio.resolve_space(colour_space)
    text = str(spec)
    path = Path(text)
    if path.is_file() and path.suffix.lower() in MOVIES:
        return MovieClip(path, first, colour_space, working)
    files = find_frames(text, first)
    if isinstance(files, Path):
        return MovieClip(files, first, colour_space, working)
    return SequenceClip(text, files, colour_space, working)


def source_frame(clip: Clip, frame: int, missing: Missing = "error") -> int | None:
    """The frame that is read for a frame that may be missing.

    Args:
        clip: The clip.
        frame: The frame wanted.
        missing: ``error``; ``hold``: the one before, at the head the first; ``nearest``: the
            nearest, the earlier of two; ``black``: none.

    Returns:
        The frame to read, or None for a black one.

    Raises:
        MissingFrameError: It is missing and ``missing`` is ``error``.
        UsageError: No such policy.
    """
    if missing not in ("error", "hold", "nearest", "black"):
        raise UsageError(
            f'"{missing}" is no way to treat missing frames: error, hold, nearest, black.'
        )
    if clip.has(frame):
        return frame
    if missing == "error":
        clip.require(frame)
    if missing == "black":
        return None
    after = bisect_left(clip.frames, frame)
    before = max(after - 1, 0)
    if missing == "hold" or after == len(clip.frames):
        return clip.frames[before]
    return min(clip.frames[before], clip.frames[after], key=lambda f: (abs(f - frame), f))


def read_frame(clip: Clip, frame: int, missing: Missing = "error") -> Picture:
    """Reads a frame, or what stands in for a missing one.

    A stand-in carries ``codef/made_up: True`` in its metadata and the frame it was made from in
    ``codef/made_from``, so that a fit can refuse it.

    Args:
        clip: The clip.
        frame: The frame wanted.
        missing: As for ``source_frame``.

    Raises:
        MissingFrameError: It is missing and ``missing`` is ``error``.
        InputError: The frame cannot be decoded.
    """
    found = source_frame(clip, frame, missing)
    if found == frame:
        return clip.read(frame)
    if found is not None:
        picture = clip.read(found)
        notes = {**picture.metadata, MADE_UP: True, "codef/made_from": found}
        return replace(picture, metadata=notes)
    pixels = np.zeros((clip.data.height, clip.data.width, 3), np.float32)
    return Picture(pixels, clip.display, clip.data, clip.pixel_aspect, metadata={MADE_UP: True})
