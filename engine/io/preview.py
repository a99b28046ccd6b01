"""The mp4 preview: H.264 that any player shows in the right colours."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import U8
from engine.errors import UsageError
from engine.io.atomic import replace_atomically, write_error

_BT709 = 1
_LIMITED, _FULL = 1, 2


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
            raise write_error(path, str(error)) from error
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
