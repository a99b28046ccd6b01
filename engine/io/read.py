"""One picture from a file: every channel as the file has it, and scene-linear pixels beside."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.colour import ocio
from engine.errors import InputError
from engine.io import header as headers
from engine.io.exrcopy import FileStamp
from engine.io.picture import Native, Picture, Window
from engine.io.samples import colour_channels, normalised

MAX_CHANNELS = 256
MAX_SIZE = 32768

_UNASSOCIATED_KINDS = {"png", "webp", "psd", "tga"}
_TYPES = {"uint8": np.uint8, "uint16": np.uint16, "half": np.float16, "float": np.float32}
_PASSED = {**_TYPES, "uint": np.uint32}


def read_picture(
    path: Path | str,
    *,
    colour_space: str | None = None,
    working: str = ocio.DEFAULT_WORKING,
    frame: int | None = None,
) -> Picture:
    """Reads a picture.

    The part with red, green and blue (of several, the first) becomes ``pixels`` and ``native``; the
    other parts become ``extra``. Pixels are scene-linear in the working space with premultiplied
    alpha; grey becomes RGB. ``native.codes`` are those of the file.

    Args:
        path: The file.
        colour_space: Space of its colours; None or "" by rule, ``"raw"`` for none.
        working: Space of ``pixels``.
        frame: Number to name in errors.

    Raises:
        InputError: Absent, empty, truncated, undecodable, too large, or of an odd kind.
        UsageError: The colour space is unknown.
    """
    path = Path(path)
    stamp = FileStamp.of(path) if path_is_exr(path) else None
    main, parts = _read_native_parts(path, frame)
    picture = picture_of(path, main, parts, colour_space, working)
    # Should the file be written to meanwhile, its stamp is that of before and no longer current.
    if stamp is not None and len(parts) == 1 and picture.native is not None:
        return replace(picture, native=replace(picture.native, file=stamp))
    return picture


def read_parts(
    path: Path | str,
    *,
    colour_space: str | None = None,
    working: str = ocio.DEFAULT_WORKING,
) -> list[tuple[str, Picture]]:
    """Reads every part of a multi-part EXR as a picture of its own.

    Args:
        path: The file; one with a single part, of any format, gives one pair.
        colour_space: As for ``read_picture``.
        working: As for ``read_picture``.

    Returns:
        Name (``""`` when the part has none) and picture of each part in order.

    Raises:
        InputError: As for ``read_picture``.
        UsageError: The colour space is unknown.
    """
    path = Path(path)
    _, parts = _read_native_parts(path, None)
    return [(p.native.part, picture_of(path, 0, [p], colour_space, working)) for p in parts]


def picture_windows(path: Path | str, frame: int | None = None) -> tuple[Window, Window]:
    """Display and data window of the main part, from the header alone.

    Raises:
        InputError: Absent, empty or no picture.
    """
    with Opened(Path(path), frame) as source:
        spec, index = source.file.spec(), 0
        while path_is_exr(path) and len(colour_channels(spec.channelnames)[0]) != 3:
            index += 1
            if not source.file.seek_subimage(index, 0):
                source.file.seek_subimage(0, 0)
                spec = source.file.spec()
                break
            spec = source.file.spec()
        return _windows(spec)


def path_is_exr(path: Path | str) -> bool:
    """Whether the name is that of an EXR file."""
    return Path(path).suffix.lower() == ".exr"


def bad_pixels(picture: Picture) -> int:
    """How many pixels hold a NaN or an Inf in any channel."""
    return int(np.count_nonzero(~np.isfinite(picture.pixels).all(axis=2)))


class Opened:
    """An open OpenImageIO reader that is closed and whose errors are told by name."""

    def __init__(self, path: Path, frame: int | None) -> None:
        self.path, self.frame = path, frame
        self.file: Any = None

    def fail(self, reason: str, advice: str = "write or copy the file again") -> InputError:
        return InputError(f"{self.path}: {reason}; {advice}.", file=self.path, frame=self.frame)

    def said(self, text: str) -> str:
        """A library's words on one line, without the path again."""
        lines = text.replace(str(self.path), self.path.name).split()
        return " ".join(lines)[:200].rstrip(".") or "no reason given"

    def __enter__(self) -> "Opened":
        import OpenImageIO

        try:
            size = self.path.stat().st_size
        except OSError as error:
            raise self.fail(
                f"the file cannot be found ({error.strerror})", "check the path"
            ) from error
        if not self.path.is_file():
            raise self.fail("this is no file", "name a picture")
        if size == 0:
            raise self.fail("the file is empty (0 bytes)")
        hints = OpenImageIO.ImageSpec()
        hints.attribute("oiio:UnassociatedAlpha", 1)
        self.file = OpenImageIO.ImageInput.open(str(self.path), hints)
        if self.file is None:
            raise self.fail(f"no picture can be read from it ({self.said(OpenImageIO.geterror())})")
        return self

    def __exit__(self, *exception: object) -> None:
        if self.file is not None:
            self.file.geterror()  # else OpenImageIO prints it at exit
            self.file.close()

    def read(self, subimage: int, first: int, last: int, kind: str) -> AnyArray:
        """Channels ``first`` to ``last``; a damaged file often still gives a full array."""
        codes = self.file.read_image(subimage, 0, first, last, kind)
        reason = self.file.geterror()
        if codes is None or reason:
            raise self.fail(f"the picture is damaged or incomplete ({self.said(reason)})")
        array: AnyArray = np.asarray(codes)
        return array[..., None] if array.ndim == 2 else array

    def scanlines(self, first: int, last: int) -> AnyArray:
        """Rows of the first part with all channels, from 0 at the top of the data window."""
        spec = self.file.spec()
        codes = self.file.read_scanlines(
            0, 0, spec.y + first, spec.y + last, 0, 0, spec.nchannels, spec.format
        )
        reason = self.file.geterror()
        if codes is None or reason:
            raise self.fail(f"the picture is damaged or incomplete ({self.said(reason)})")
        return np.asarray(codes).reshape(last - first, spec.width, spec.nchannels)


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a file, before colour.

    Attributes:
        native: Codes and header.
        display: The display window.
        data: The data window.
        aspect: Width of a pixel over its height.
    """

    native: Native
    display: Window
    data: Window
    aspect: float


def _windows(spec: Any) -> tuple[Window, Window]:
    data = Window.of_size(spec.width, spec.height).moved(spec.x, spec.y)
    display = Window.of_size(spec.full_width, spec.full_height).moved(spec.full_x, spec.full_y)
    return display, data


def _read_native_parts(path: Path, frame: int | None) -> tuple[int, list[Part]]:
    """The index of the main part, and all parts; other formats than EXR have one."""
    parts: list[Part] = []
    with Opened(path, frame) as source:
        index = 0
        while index == 0 or (path_is_exr(path) and source.file.seek_subimage(index, 0)):
            parts += _read_part(source, index)
            index += 1
            if index >= MAX_CHANNELS:
                break
    colours = [len(colour_channels(part.native.channels)[0]) == 3 for part in parts]
    return (colours.index(True) if True in colours else 0), parts


def _read_part(source: Opened, index: int) -> list[Part]:
    parts = []
    for part, chosen, kind in described(source):
        codes = _channels(source, index, chosen, kind)
        parts.append(_upright(replace(part, native=replace(part.native, codes=codes))))
    return parts


def described(source: Opened) -> list[tuple[Part, list[int], str]]:
    """What the header says of the part that the reader is at, before any pixel is read.

    Returns:
        The part without codes, its channels by number, and their type; integer identifiers are a
        part of their own.

    Raises:
        InputError: It is of an odd kind.
    """
    spec = source.file.spec()
    display, data = _windows(spec)
    if spec.deep:
        raise source.fail("deep pictures are not supported", "flatten it first")
    if spec.nchannels > MAX_CHANNELS:
        raise source.fail(f"more than {MAX_CHANNELS} channels", "write fewer")
    if max(data.width, data.height, display.width, display.height) > MAX_SIZE:
        raise source.fail(f"larger than {MAX_SIZE} pixels on a side", "make it smaller")
    names = tuple(str(name) for name in spec.channelnames)
    if {"C", "M", "K"} <= set(names):
        raise source.fail("CMYK pictures are not supported", "save it as RGB")
    if {"RY", "BY"} & set(names):
        raise source.fail("luminance-chroma EXR is not supported", "write it as RGB")
    header = headers.plain_header(spec)
    kinds = [str(kind) for kind in spec.channelformats] or [str(spec.format)] * len(names)
    kinds = ["float" if kind == "double" else kind for kind in kinds]
    odd = next((kind for kind in kinds if kind not in _PASSED), None)
    whole_uint = set(kinds) == {"uint"}
    if odd or ("uint" in kinds and not path_is_exr(source.path)):
        raise source.fail(f"samples of type {odd or 'uint'} are not supported", "save it as 16-bit")
    aspect = float(header.get("PixelAspectRatio", 1.0)) or 1.0
    name = str(header.get("oiio:subimagename", header.get("name", "")))
    header[headers.DATA_WINDOW] = (data.x0, data.y0, data.x1, data.y1)
    parts: list[tuple[Part, list[int], str]] = []
    ids = [i for i, kind in enumerate(kinds) if kind == "uint"]
    plain = [i for i, kind in enumerate(kinds) if kind != "uint"]
    for chosen, is_id in ((plain, False), (ids, True)):
        if not chosen:
            continue
        own = [kinds[i] for i in chosen]
        kind = own[0] if len(set(own)) == 1 else "float"
        if {"uint8", "uint16"} & set(own) and len(set(own)) > 1:
            raise source.fail("channels of different integer types", "save it with one type")
        # Integer identifiers get a part of their own: OpenImageIO would scale them into floats.
        label = f"{name or 'main'}.ids" if is_id and not whole_uint else name
        values = dict(header)
        if len(set(own)) > 1:
            values[headers.CHANNEL_TYPES] = tuple(own)
        bits = _bits(kind, header)
        none: AnyArray = np.zeros((0, 0, len(chosen)), _PASSED[kind])
        native = Native(none, tuple(names[i] for i in chosen), "raw", bits, label, values)
        parts.append((Part(native, display, data, aspect), chosen, kind))
    return parts


def _channels(source: Opened, index: int, chosen: list[int], kind: str) -> AnyArray:
    runs: list[AnyArray] = []
    start = 0
    while start < len(chosen):
        end = start
        while end + 1 < len(chosen) and chosen[end + 1] == chosen[end] + 1:
            end += 1
        runs.append(source.read(index, chosen[start], chosen[end] + 1, kind))
        start = end + 1
    return np.ascontiguousarray(runs[0] if len(runs) == 1 else np.concatenate(runs, axis=2))


def _bits(kind: str, header: dict[str, Any]) -> int:
    full = {"uint8": 8, "uint16": 16, "half": 16, "float": 32, "uint": 32}[kind]
    said = header.get("oiio:BitsPerSample", full)
    return int(said) if kind == "uint16" and said in (10, 12) else full


def _upright(part: Part) -> Part:
    """Turns the codes as the header's Orientation asks, so that nobody else need know of it."""
    turn = part.native.metadata.pop("Orientation", 1)
    if turn not in range(2, 9):
        return part
    codes = part.native.codes
    if turn in (5, 6, 7, 8):
        codes = codes.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        codes = codes[:, ::-1]
    if turn in (3, 4, 7, 8):
        codes = codes[::-1]
    window = Window.of_size(codes.shape[1], codes.shape[0])
    native = replace(part.native, codes=np.ascontiguousarray(codes))
    return Part(native, window, window, part.aspect)


def picture_of(
    path: Path, main: int, parts: list[Part], colour_space: str | None, working: str
) -> Picture:
    """Parts of a file as a picture; the arguments are those of ``read_picture``.

    Args:
        path: The file.
        main: Number of the part whose colours are the picture's.
        parts: All parts.
        colour_space: As for ``read_picture``.
        working: As for ``read_picture``.
    """
    part = parts[main]
    native = part.native
    extension = path.suffix.lower().lstrip(".")
    if colour_space:
        space = ocio.resolve_space(colour_space)
    else:
        is_float = native.codes.dtype.kind == "f" or extension == "exr"
        space, _ = ocio.space_by_rule(extension, is_float, native.metadata, working)
    native = replace(native, space=space)
    alpha = colour_channels(native.channels)[1]
    if alpha is not None and extension in _UNASSOCIATED_KINDS:
        native.metadata[headers.UNASSOCIATED] = 1
    shared = headers.shared_header(native.metadata)
    shared.pop(headers.DATA_WINDOW, None)
    shared.pop(headers.CHANNEL_TYPES, None)
    return Picture(
        pixels=pixels_of(native, working),
        display=part.display,
        data=part.data,
        pixel_aspect=part.aspect,
        native=native,
        extra=tuple(other.native for i, other in enumerate(parts) if i != main),
        metadata=shared,
    )


def pixels_of(native: Native, working: str) -> F32:
    """Scene-linear pixels of code values.

    Args:
        native: Code values, their channels and their space.
        working: The working space.

    Returns:
        float32 [H, W, 3], or [H, W, 4] with premultiplied alpha.
    """
    colours, alpha_index = colour_channels(native.channels)
    unassociated = bool(native.metadata.get(headers.UNASSOCIATED, 0))
    codes = native.codes
    rgb_codes = codes[..., list(colours)] if colours != (0, 1, 2) else codes[..., :3]
    if len(colours) == 1:
        rgb_codes = np.repeat(rgb_codes, 3, axis=2)
    if alpha_index is None or unassociated:
        if codes.dtype in (np.uint8, np.uint16):
            rgb = ocio.codes_to_working(rgb_codes, native.space, working)
        else:
            rgb = ocio.to_working(normalised(rgb_codes), native.space, working)
        if alpha_index is None:
            return rgb
        alpha = normalised(codes[..., alpha_index : alpha_index + 1])
        return np.concatenate([rgb * alpha, alpha], axis=2)
    alpha = normalised(codes[..., alpha_index : alpha_index + 1])
    both = np.concatenate([normalised(rgb_codes), alpha], axis=2)
    return ocio.to_working(both, native.space, working)
