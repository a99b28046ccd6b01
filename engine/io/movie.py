"""Movies through PyAV, read frame-exactly; ``write_movie`` is that of ``engine.io.preview``."""

import threading
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import AnyArray
from engine.colour import ocio
from engine.errors import InputError
from engine.io.clip import Clip
from engine.io.frames import repeated
from engine.io.header import UNASSOCIATED
from engine.io.identity import file_identity
from engine.io.picture import Native, Picture, Window
from engine.io.preview import write_movie
from engine.io.read import pixels_of
from engine.io.yuv import to_rgb

__all__ = ["MOVIES", "MovieClip", "write_movie"]

MOVIES = frozenset((".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mxf", ".mpg", ".mpeg"))
"""Extensions that count as movies."""

_KEEP = 4
"""Decoded frames kept, so that a pair of neighbours is decoded once."""

_TRANSFERS = {16: "smpte2084", 18: "arib-std-b67"}


class MovieClip(Clip):
    """The first video stream of a movie.

    YUV becomes RGB by the matrix and range that the stream names; where it names none, BT.709 from
    720 lines up and BT.601 below, limited range. Alpha is taken as unassociated. 8-bit streams give
    uint8 codes, deeper ones 16-bit codes with their depth in ``bits``.

    Args:
        path: The movie.
        first: Number of its first frame.
        colour_space: Full OCIO name, ``"raw"``, or None by rule.
        working: Full OCIO name of the working space.

    Raises:
        InputError: No video, undecodable, or interlaced.
    """

    kind = "movie"

    def __init__(self, path: Path, first: int, colour_space: str | None, working: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._container: Any = None
        self._frames_ahead: Any = None
        self._next = 0
        self._kept: OrderedDict[int, Any] = OrderedDict()
        self._duplicates: list[int] = []
        self._duplicate_note: str | None = None
        self._previous: tuple[int, bytes] | None = None
        times, self._time_base = self._scan()
        self._times = times if None not in times and len(set(times)) == len(times) else None
        super().__init__(str(path), tuple(range(first, first + len(times))), working)
        frame = self._decode(0)
        self._describe(frame, colour_space)
        self._check_rate()

    def path(self, frame: int) -> Path:
        """The movie."""
        self.require(frame)
        return self._path

    def identity(self, frame: int) -> str:
        """The movie's identity and the frame's place in it."""
        self.require(frame)
        return f"{file_identity(self._path)}#{frame - self.frames[0]}"

    def read(self, frame: int) -> Picture:
        """Reads one frame; neighbours in rising order are decoded once."""
        self.require(frame)
        index = frame - self.frames[0]
        with self._lock:
            codes, bits = self._codes(self._decode(index))
        if codes.shape[:2] != (self.height, self.width):
            raise self._fail(
                f"frame {frame} is {codes.shape[1]}x{codes.shape[0]}, but frame {self.frames[0]} is"
                f" {self.width}x{self.height}; give all frames one size",
                frame,
            )
        channels = ("R", "G", "B", "A")[: codes.shape[2]]
        header: dict[str, Any] = {UNASSOCIATED: 1} if len(channels) == 4 else {}
        native = Native(codes, channels, self.colour_space, bits, "", header)
        metadata: dict[str, Any] = {}
        if self.fps:
            rate = Fraction(self.fps).limit_denominator(1001)
            metadata = {"FramesPerSecond": (rate.numerator, rate.denominator)}
        return Picture(
            pixels_of(native, self.working),
            self.display,
            self.data,
            self.pixel_aspect,
            native=native,
            metadata=metadata,
        )

    def close(self) -> None:
        """Lets go of the file; the next read opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._container is not None:
            self._container.close()
        self._container = self._frames_ahead = None
        self._next = 0

    def _fail(self, reason: str, frame: int | None = None) -> InputError:
        return InputError(f"{self._path}: {reason}.", file=self._path, frame=frame)

    def _open(self) -> Any:
        import av

        try:
            if self._path.stat().st_size == 0:
                raise self._fail("the file is empty (0 bytes); copy or write it again")
            container = av.open(str(self._path))
        except (av.FFmpegError, OSError) as error:
            raise self._fail(
                f"the movie cannot be opened ({_said(error)}); it may be unfinished: copy or write "
                "it again"
            ) from error
        if not container.streams.video:
            container.close()
            raise self._fail("the file holds no video; name a movie or a folder of pictures")
        container.streams.video[0].thread_type = "AUTO"
        return container

    def _scan(self) -> tuple[list[int | None], Fraction]:
        """The times of all frames in the order shown, without decoding."""
        import av

        container = self._open()
        try:
            stream = container.streams.video[0]
            times: list[int | None] = [
                packet.pts
                for packet in container.demux(stream)
                if packet.size and not packet.is_discard
            ]
            base = Fraction(stream.time_base or 1)
        except av.FFmpegError as error:
            raise self._fail(
                f"the movie is damaged ({_said(error)}); copy or write it again"
            ) from error
        finally:
            container.close()
        if not times:
            raise self._fail("the movie holds no frames; copy or write it again")
        if None not in times:
            times = sorted(time for time in times if time is not None)  # type: ignore[assignment]
        return times, base

    def _decode(self, index: int) -> Any:
        """The decoded frame at a place; continues, or seeks to the key frame before it."""
        import av

        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        try:
            frame = self._advance(index, from_start=False)
            if frame is None:  # the seek landed behind the frame
                frame = self._advance(index, from_start=True)
        except (av.FFmpegError, OSError):
            # Decoders work ahead, so the damage may be in another frame.
            frame = self._decode_past_damage(index)
        if frame is None:
            self._close()
            number = self._number(index)
            raise self._fail(
                f"frame {number} cannot be decoded; copy or write the movie again", number
            )
        if frame.interlaced_frame:
            raise self._fail(
                "the movie is interlaced; de-interlace it first (in a compositor, or with ffmpeg's "
                "bwdif filter) and load the result"
            )
        self._kept[index] = frame
        while len(self._kept) > _KEEP:
            self._kept.popitem(last=False)
        return frame

    def _decode_past_damage(self, index: int) -> Any:
        """The frame decoded packet by packet, skipping broken ones; None if it is broken itself."""
        import av

        self._close()
        if self._times is None:
            return None
        wanted = self._times[index]
        with self._open() as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            if index:
                container.seek(wanted, stream=stream, backward=True)
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except (av.FFmpegError, OSError):
                    continue
                for frame in frames:
                    if frame.pts == wanted:
                        return None if frame.is_corrupt else frame
        return None

    def _number(self, index: int) -> int:
        return self.frames[0] + index if hasattr(self, "frames") else index

    def _advance(self, index: int, *, from_start: bool) -> Any:
        wanted = None if self._times is None else self._times[index]
        near = self._frames_ahead is not None and 0 <= index - self._next <= 24
        if from_start or not near:
            self._start(index, wanted, from_start)
        for frame in self._frames_ahead:
            if wanted is None:
                place = self._next
            elif frame.pts is None or self._times is None:
                continue
            elif frame.pts > wanted:
                self._frames_ahead = None
                return None
            else:
                place = index if frame.pts == wanted else -1
            self._next = place + 1 if place >= 0 else self._next
            if place == index:
                self._compare(index, frame)
                return frame
        self._frames_ahead = None
        return None

    def _start(self, index: int, wanted: int | None, from_start: bool) -> None:
        self._close()
        self._container = self._open()
        stream = self._container.streams.video[0]
        self._next = 0
        if index and wanted is not None and not from_start:
            self._container.seek(wanted, stream=stream, backward=True)
            self._next = index
        self._frames_ahead = self._container.decode(stream)

    def _compare(self, index: int, frame: Any) -> None:
        """Notes a frame that repeats the one before; found while the clip is played through."""
        digest = _fingerprint(frame)
        if self._previous == (index - 1, digest) and hasattr(self, "frames"):
            number = self.frames[0] + index
            if number not in self._duplicates:
                self._duplicates.append(number)
                if self._duplicate_note in self.warnings:
                    self.warnings.remove(str(self._duplicate_note))
                self._duplicate_note = f"{self.spec}: {repeated(self._duplicates)}"
                self.warnings.append(self._duplicate_note)
        self._previous = (index, digest)

    def _describe(self, frame: Any, colour_space: str | None) -> None:
        codes, self.bits = self._codes(frame)
        self.display = self.data = Window.of_size(codes.shape[1], codes.shape[0])
        with self._lock:
            stream = self._container.streams.video[0]
            aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
            rate = stream.average_rate or stream.guessed_rate
            transfer = _TRANSFERS.get(int(stream.codec_context.color_trc or 0), "")
        turned = frame.rotation % 180 != 0
        if aspect and aspect > 0:
            self.pixel_aspect = float(1 / aspect if turned else aspect)
        self.fps = float(rate) if rate else None
        if colour_space:
            self.colour_space = colour_space
            return
        header = {"codef/transfer": transfer}
        self.colour_space, warning = ocio.space_by_rule(
            self._path.suffix, False, header, self.working
        )
        if warning:
            self.warnings.append(f"{self.spec}: {warning}")

    def _codes(self, frame: Any) -> tuple[AnyArray, int]:
        """RGB or RGBA codes of a decoded frame, upright."""
        components = frame.format.components
        bits = max(component.bits for component in components)
        has_alpha = any(component.is_alpha for component in components)
        deep = bits > 8
        form = (
            ("rgba64le" if has_alpha else "rgb48le") if deep else "rgba" if has_alpha else "rgb24"
        )
        codes: AnyArray = to_rgb(frame, form)
        turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(codes, turns)), bits if deep else 8

    def _check_rate(self) -> None:
        if self._times is None or len(self._times) < 3:
            return
        steps = np.diff(np.array(self._times, np.float64))
        usual = float(np.median(steps))
        if np.any(np.abs(steps - usual) > max(1.0, 0.25 * usual)):
            slow = float(1 / (steps.max() * self._time_base))
            fast = float(1 / (steps.min() * self._time_base))
            self.warnings.append(
                f"{self.spec}: the frame rate varies ({slow:.4g} to {fast:.4g} frames per second); "
                "frames are taken one by one, convert the movie to a constant rate if its timing "
                "matters."
            )


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _fingerprint(frame: Any) -> bytes:
    import hashlib

    digest = hashlib.blake2b(digest_size=12)
    for plane in frame.planes:
        digest.update(memoryview(plane))
    return digest.digest()
