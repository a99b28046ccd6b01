"""Movies through PyAV: frame-exact reading, and the mp4 preview."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import U8, AnyArray
from engine.colour import ocio
from engine.errors import InputError, UsageError
from engine.io.atomic import replace_atomically, write_error
from engine.io.clip import Clip, file_identity
from engine.io.frames import format_frames
from engine.io.header import UNASSOCIATED
from engine.io.picture import Native, Picture, Window
from engine.io.read import pixels_of

MOVIES = frozenset((".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mxf", ".mpg", ".mpeg"))
"""Extensions that count as movies."""

_KEEP = 4
"""Decoded frames kept, so that a pair of neighbours is decoded once."""

_TRANSFERS = {16: "smpte2084", 18: "arib-std-b67"}
_BT601, _BT709 = 5, 1
# Matrix as H.273 numbers it, to the shares of red and blue in luma.
_LUMA = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
_LIMITED, _FULL = 1, 2


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
                self._duplicate_note = (
                    f"{self.spec}: {len(self._duplicates)} frames repeat the frame before them "
                    f"({format_frames(self._duplicates)}); motion stands still there."
                )
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
        codes: AnyArray = _reformat(frame, form)
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


def _reformat(frame: Any, form: str) -> AnyArray:
    """RGB by the stream's own matrix and range, without swscale's shortcuts."""
    from av.video.reformatter import Interpolation, VideoReformatter

    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    flags |= Interpolation.FULL_CHR_H_INP | Interpolation.BITEXACT
    options: dict[str, Any] = {}
    reformatter = VideoReformatter()
    if not frame.format.is_rgb:
        matrix = int(frame.colorspace)
        if matrix not in _LUMA:
            matrix = _BT709 if frame.height >= 720 else _BT601
        full = int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj")
        if form in ("rgb48le", "rgba64le"):
            planar = "yuv444p16le" if form == "rgb48le" else "yuva444p16le"
            codes = reformatter.reformat(frame, format=planar, interpolation=flags).to_ndarray()
            bits = max(component.bits for component in frame.format.components)
            return _deep_rgb(codes, matrix, bits if full else 0)
        options = {
            "src_colorspace": matrix,
            "dst_colorspace": matrix,
            "src_color_range": _FULL if full else _LIMITED,
            "dst_color_range": _FULL,
        }
    result = reformatter.reformat(frame, format=form, interpolation=flags, **options)
    array: AnyArray = result.to_ndarray()
    return array


def _deep_rgb(codes: AnyArray, matrix: int, full_bits: int) -> AnyArray:
    """16-bit YUV(A) codes, filled from the top, to 16-bit RGB(A); swscale's white is 65280 here.

    Args:
        codes: uint16 [H, W, 3] or [H, W, 4].
        matrix: The stream's matrix, as H.273 numbers it.
        full_bits: Depth of a full-range stream, 0 for limited range.
    """
    kr, kb = _LUMA[matrix]
    top = float(((1 << full_bits) - 1) << (16 - full_bits)) if full_bits else 0.0
    values = codes[..., :3].astype(np.float32)
    if full_bits:
        luma, chroma = values[..., 0] / top, (values[..., 1:] - 32768.0) / top
    else:
        luma, chroma = (values[..., 0] - 4096.0) / 56064.0, (values[..., 1:] - 32768.0) / 57344.0
    rgb = np.empty(values.shape, np.float32)
    rgb[..., 0] = luma + np.float32(2 * (1 - kr)) * chroma[..., 1]
    rgb[..., 2] = luma + np.float32(2 * (1 - kb)) * chroma[..., 0]
    rgb[..., 1] = (luma - kr * rgb[..., 0] - kb * rgb[..., 2]) / np.float32(1 - kr - kb)
    out = np.rint(np.clip(rgb, 0, 1) * np.float32(65535)).astype(np.uint16)
    return out if codes.shape[2] == 3 else np.concatenate([out, codes[..., 3:]], axis=2)


def write_movie(
    path: Path | str,
    frames: Iterable[U8],
    fps: float = 24.0,
    *,
    quality: int = 18,
    create_folders: bool = True,
) -> int:
    """Writes an H.264 preview (4:2:0, BT.709, limited range, tagged so), whole or not at all.

    Args:
        path: The file, ``.mp4`` or ``.mov``.
        frames: Display-referred uint8 [H, W, 3], all of one size; taken one by one. Odd sizes
            repeat their last column or row, since 4:2:0 needs even ones.
        fps: Frames per second.
        quality: x264's constant rate factor, 0 (best) to 51.
        create_folders: Whether absent folders are made.

    Returns:
        How many frames were written.

    Raises:
        UsageError: No frames, frames of two sizes, another extension or a frame rate of 0.
        WriteError: The file cannot be written.
    """
    import av

    path = Path(path)
    if path.suffix.lower() not in (".mp4", ".mov"):
        raise UsageError(f"{path}: previews are written as .mp4 or .mov.")
    if not 0 < fps <= 1000:
        raise UsageError(f"{path}: {fps} is no frame rate; use 24 or another above 0.")
    with replace_atomically(path, create_folders=create_folders) as part:
        try:
            count = _encode(part, path, frames, Fraction(fps).limit_denominator(1001), quality)
            with av.open(str(part)) as check:
                found = sum(1 for packet in check.demux(video=0) if packet.size)
        except av.FFmpegError as error:
            raise write_error(path, _said(error)) from error
        if found != count:
            raise write_error(path, f"{found} of {count} frames arrived in the file")
    return count


def _encode(part: Path, path: Path, frames: Iterable[U8], rate: Fraction, quality: int) -> int:
    import av
    from av.video.reformatter import Interpolation, VideoReformatter

    count, size = 0, (0, 0)
    reformatter = VideoReformatter()
    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    with av.open(str(part), "w", options={"movflags": "+faststart"}) as container:
        stream: Any = None
        for pixels in frames:
            even = np.pad(
                pixels, ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), "edge"
            )
            if stream is None:
                size = even.shape[:2]
                stream = container.add_stream("libx264", rate=rate)
                stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
                stream.options = {"crf": str(quality), "preset": "fast"}
                context = stream.codec_context
                context.color_primaries = context.color_trc = context.colorspace = _BT709
                context.color_range = _LIMITED
            if even.shape[:2] != size:
                raise UsageError(f"{path}: frames of two sizes cannot go into one movie.")
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
            planes = reformatter.reformat(
                picture,
                format="yuv420p",
                interpolation=flags,
                src_color_range=_FULL,
                dst_colorspace=_BT709,
                dst_color_range=_LIMITED,
            )
            planes.pts, planes.time_base = count, 1 / rate
            for packet in stream.encode(planes):
                container.mux(packet)
            count += 1
        if stream is None:
            raise UsageError(f"{path}: there are no frames to write.")
        for packet in stream.encode(None):
            container.mux(packet)
    return count
