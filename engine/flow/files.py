"""Flow from files: Middlebury ``.flo``, the published preprocessing's ``.npy``, EXR vectors."""

import struct
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.errors import InputError, UsageError
from engine.io.atomic import replace_atomically

FLO_MAGIC = b"PIEH"

#: Middlebury files mark unknown flow by values above this.
FLO_UNKNOWN = 1e9

#: Channel names tried in order, for each direction.
EXR_CHANNELS: dict[str, tuple[tuple[str, str], ...]] = {
    "forward": (
        ("forward.u", "forward.v"),
        ("forward.x", "forward.y"),
        ("motion.u", "motion.v"),
        ("motion.x", "motion.y"),
        ("R", "G"),
    ),
    "backward": (
        ("backward.u", "backward.v"),
        ("backward.x", "backward.y"),
        ("motion.backward.u", "motion.backward.v"),
        ("B", "A"),
    ),
}

Size = tuple[int, int]


def _sized(size: Size) -> str:
    """Height and width as people say it, width first."""
    return f"{size[1]}x{size[0]}"


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no flow file {path}; check the pattern", file=path) from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}", file=path) from error


def _check_size(flow: AnyArray, size: Size | None, path: Path) -> None:
    if size is not None and flow.shape[:2] != tuple(size):
        raise InputError(
            f"{path} is {_sized(flow.shape[:2])} but the frames are {_sized(size)}; "
            "compute the flow on frames of this size",
            file=path,
        )


def read_flo(path: str | Path, size: Size | None = None) -> F32:
    """Reads a Middlebury ``.flo`` file.

    Args:
        path: The file.
        size: (height, width) that it must have, or None.

    Returns:
        float32 [H, W, 2] of (dx, dy) in pixels, y down; unknown flow is NaN.

    Raises:
        InputError: Absent, truncated, no ``.flo`` file, or of another size.
    """
    path = Path(path)
    data = _read_bytes(path)
    if len(data) < 12 or data[:4] != FLO_MAGIC:
        raise InputError(f"{path} is no Middlebury .flo file; write it again", file=path)
    width, height = struct.unpack("<ii", data[4:12])
    if width <= 0 or height <= 0 or len(data) < 12 + width * height * 8:
        raise InputError(
            f"{path} is cut short or damaged: it says {width}x{height} but holds {len(data)} "
            "bytes; write it again",
            file=path,
        )
    flow = np.frombuffer(data, "<f4", width * height * 2, 12).reshape(height, width, 2)
    _check_size(flow, size, path)
    flow = flow.astype(np.float32)
    flow[(np.abs(flow) > FLO_UNKNOWN).any(axis=2)] = np.nan
    return np.asarray(flow, np.float32)


def write_flo(path: str | Path, flow: F32) -> None:
    """Writes a Middlebury ``.flo`` file, to a temporary name first.

    Args:
        path: The file; absent folders are made.
        flow: [H, W, 2] of (dx, dy) in pixels, y down. NaN is written as unknown.

    Raises:
        UsageError: No [H, W, 2] array.
        WriteError: The file cannot be written.
    """
    path = Path(path)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise UsageError(f"flow must be [H, W, 2], not {list(flow.shape)}")
    values = np.where(np.isfinite(flow), flow, 2 * FLO_UNKNOWN).astype("<f4")
    header = FLO_MAGIC + struct.pack("<ii", flow.shape[1], flow.shape[0])
    with replace_atomically(path) as part:
        part.write_bytes(header + values.tobytes())


def unpad(padded: AnyArray, size: Size, file: str | Path = "the flow", multiple: int = 8) -> F32:
    """Takes away the border that flow networks need to work on sizes that are multiples of 8.

    The border was split evenly between opposite sides, the odd pixel at the bottom and right.

    Args:
        padded: [Hp, Wp, C].
        size: (height, width) of the frames.
        file: For the error.
        multiple: What the padded sizes are multiples of.

    Returns:
        [H, W, C]. An array that already has the frames' size is returned as it is.

    Raises:
        InputError: The size is neither the frames' nor their padded one.
    """
    height, width = size
    if padded.shape[:2] == (height, width):
        return np.ascontiguousarray(padded, np.float32)
    extra_y, extra_x = -height % multiple, -width % multiple
    expected = (height + extra_y, width + extra_x)
    if padded.shape[:2] != expected:
        raise InputError(
            f"{file} is {_sized(padded.shape[:2])} but the frames are {_sized(size)} "
            f"(padded {_sized(expected)}); compute the flow on frames of this size",
            file=file,
        )
    top, left = extra_y // 2, extra_x // 2
    return np.ascontiguousarray(padded[top : top + height, left : left + width], np.float32)


def _load_npy(path: Path, channels: int, size: Size) -> F32:
    if not path.is_file():
        raise InputError(f"there is no flow file {path}; check the folder", file=path)
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} is no readable .npy array; write it again", file=path) from error
    kind = getattr(array, "dtype", np.dtype("O")).kind
    shape = getattr(array, "shape", ())
    if kind not in "fiu" or len(shape) != 4 or shape[:2] != (1, channels):
        raise InputError(
            f"{path} must hold numbers (1, {channels}, height, width), "
            f"not {kind!r} {list(shape)}; see the published data layout",
            file=path,
        )
    return unpad(np.moveaxis(array[0], 0, -1), size, path)


def read_npy_flow(path: str | Path, size: Size) -> F32:
    """Reads ``NAME_flow/%06d.npy`` of the published layout (frame i to frame i + 1).

    Args:
        path: The file: float32 (1, 2, Hp, Wp), channels (dx, dy) in pixels, padded to multiples
            of 8.
        size: (height, width) of the frames.

    Returns:
        float32 [H, W, 2], unpadded. Masked flow (10000 and more in that layout) is NaN.

    Raises:
        InputError: Absent, unreadable, or of another shape or size.
    """
    flow = _load_npy(Path(path), 2, size)
    flow = flow.copy()
    flow[(np.abs(flow) >= 9999).any(axis=2)] = np.nan
    return flow


def read_npy_confidence(path: str | Path, size: Size) -> F32:
    """Reads ``NAME_flow_confidence/%06d_c.npy`` of the published layout.

    Args:
        path: The file: float32 (1, 1, Hp, Wp), 1 = good.
        size: (height, width) of the frames.

    Returns:
        float32 [H, W] from 0 to 1, unpadded; what is not finite becomes 0.

    Raises:
        InputError: Absent, unreadable, or of another shape or size.
    """
    confidence = _load_npy(Path(path), 1, size)[..., 0]
    return np.clip(np.nan_to_num(confidence, nan=0, posinf=0, neginf=0), 0, 1).astype(np.float32)


def _pick(names: list[str], direction: str, channels: tuple[str, str] | None) -> list[int] | None:
    wanted = EXR_CHANNELS[direction] if channels is None else (channels,)
    lower = [name.lower() for name in names]
    for pair in wanted:
        if all(name.lower() in lower for name in pair):
            return [lower.index(name.lower()) for name in pair]
    return None


def names_both_directions(path: str | Path) -> bool:
    """Whether a picture file names channels of the flow forward and of the flow backward.

    Nuke's VectorGenerator writes both into one file. Channels called B and A name nothing: they
    may be depth and coverage.
    """
    import OpenImageIO as oiio  # noqa: N813 - its usual name

    if Path(path).suffix.lower() in (".flo", ".npy") or not Path(path).is_file():
        return False
    file = oiio.ImageInput.open(str(path))
    if file is None:
        return False
    names: list[str] = []
    part = 0
    while file.seek_subimage(part, 0):
        names += [name.lower() for name in file.spec().channelnames]
        part += 1
    file.close()
    return all(
        any(set(pair) <= set(names) for pair in pairs if "." in pair[0])
        for pairs in EXR_CHANNELS.values()
    )


def _placed(pixels: F32, spec: Any) -> F32:
    """Pixels of the data window on the display window; NaN where the file holds nothing."""
    data = (spec.x - spec.full_x, spec.y - spec.full_y, spec.width, spec.height)
    if data == (0, 0, spec.full_width, spec.full_height):
        return pixels
    whole = np.full((spec.full_height, spec.full_width, 2), np.nan, np.float32)
    x0, y0 = max(data[0], 0), max(data[1], 0)
    x1, y1 = min(data[0] + data[2], spec.full_width), min(data[1] + data[3], spec.full_height)
    if x0 < x1 and y0 < y1:
        whole[y0:y1, x0:x1] = pixels[y0 - data[1] : y1 - data[1], x0 - data[0] : x1 - data[0]]
    return whole


def read_exr_flow(
    path: str | Path,
    direction: str = "forward",
    size: Size | None = None,
    *,
    channels: tuple[str, str] | None = None,
    y_up: bool = True,
    scale: float = 1.0,
    negate: bool = False,
) -> F32:
    """Reads motion vectors from an EXR file (or any file OpenImageIO reads), all parts searched.

    Args:
        path: The file.
        direction: ``forward`` (to the next frame) or ``backward`` (to the previous one). Without
            ``channels`` this looks for ``forward.u/.v``, ``motion.u/.v`` and the like, then R, G;
            ``backward`` for ``backward.u/.v``, then B, A.
        size: (height, width) that the flow must have, or None.
        channels: Names of the two channels to read instead.
        y_up: The file counts y upwards, as Nuke's vectors do; the sign of dy is turned.
        scale: Pixels per unit of the file (for vectors stored as shares of the picture, its size).
        negate: The file stores where a pixel came from instead of where it goes.

    Returns:
        float32 [H, W, 2] of (dx, dy) in pixels, y down, over the file's display window; NaN
        outside its data window.

    Raises:
        InputError: Absent, unreadable, without such channels, or of another size.
        UsageError: Unknown direction.
    """
    import OpenImageIO as oiio  # noqa: N813 - its usual name

    path = Path(path)
    if direction not in EXR_CHANNELS:
        raise UsageError(f"no flow direction {direction!r}; say forward or backward")
    if not path.is_file():
        raise InputError(f"there is no flow file {path}; check the pattern", file=path)
    file = oiio.ImageInput.open(str(path))
    if file is None:
        raise InputError(
            f"cannot read {path}: {oiio.geterror() or 'unknown format'}; write it again", file=path
        )
    seen: list[str] = []
    try:
        part = 0
        while file.seek_subimage(part, 0):
            spec = file.spec()
            names = list(spec.channelnames)
            seen += names
            picked = _pick(names, direction, channels)
            if picked is not None:
                pixels = file.read_image(part, 0, 0, spec.nchannels, oiio.FLOAT)
                if pixels is None:
                    raise InputError(
                        f"cannot read {path}: {file.geterror()}; the file may be cut short",
                        file=path,
                    )
                array = np.asarray(pixels, np.float32).reshape(spec.height, spec.width, -1)
                flow = _placed(array[..., picked], spec)
                _check_size(flow, size, path)
                sign = -1.0 if negate else 1.0
                factors = np.array([sign * scale, -sign * scale if y_up else sign * scale])
                return np.ascontiguousarray(flow * factors.astype(np.float32), np.float32)
            part += 1
    finally:
        file.close()
    wanted = "/".join(channels) if channels else f"{direction}.u/{direction}.v"
    raise InputError(
        f"{path} has no channels {wanted} (it has {', '.join(seen[:12])}); name the channels",
        file=path,
    )


def read_flow(path: str | Path, size: Size, direction: str = "forward", **exr: Any) -> F32:
    """Reads a flow file by its extension.

    Args:
        path: ``.flo``, ``.npy`` or an EXR (or other picture) file.
        size: (height, width) of the frames.
        direction: For picture files, see ``read_exr_flow``.
        **exr: Further options of ``read_exr_flow``.

    Returns:
        float32 [H, W, 2], NaN where the flow is unknown.

    Raises:
        InputError: See the single readers.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".flo":
        return read_flo(path, size)
    if suffix == ".npy":
        return read_npy_flow(path, size)
    return read_exr_flow(path, direction, size, **exr)
