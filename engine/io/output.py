"""Code values to a file through OpenImageIO: every answer looked at, the result read again."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import AnyArray
from engine.errors import WriteError
from engine.io import exrcopy
from engine.io import header as headers
from engine.io.atomic import replace_atomically, write_error
from engine.io.exrcopy import FileStamp
from engine.io.picture import Window
from engine.io.rows import Rows

_NAMES = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}
_NAMES["uint32"] = "uint"
_HARMLESS = "failed TIFFWriteCustomDirectory() of the Exif data"
"""Said by OpenImageIO 3.2.2 after every TIFF, complete ones too; may go when it no longer is."""


@dataclass(frozen=True, eq=False)
class Patched:
    """Code values of which some rows are others; nothing is copied for the rest.

    Attributes:
        below: [H, W, C].
        first: First row that is another.
        rows: [h, W, C], in its place.
    """

    below: AnyArray
    first: int
    rows: AnyArray

    @property
    def shape(self) -> tuple[int, ...]:
        """[H, W, C]."""
        return self.below.shape

    @property
    def dtype(self) -> Any:
        """Of the codes."""
        return self.below.dtype

    def between(self, first: int, last: int) -> AnyArray:
        """The rows from one to another."""
        start, stop = first - self.first, last - self.first
        if start >= 0 and stop <= len(self.rows):
            return self.rows[start:stop]
        found = np.array(self.below[first:last])
        low, high = max(start, 0), min(stop, len(self.rows))
        if low < high:
            found[low - start : high - start] = self.rows[low:high]
        return found


@dataclass
class PartOut:
    """One part to be written.

    Attributes:
        codes: [H, W, C] over the data window, in the type to be written.
        channels: A name for each channel.
        data: The data window.
        display: The display window.
        aspect: Width of a pixel over its height.
        name: Name of the part, "" for none.
        header: Header values, plain Python.
        attributes: What the writer itself decides (compression, colour space).
        channel_types: OpenImageIO types of the channels where they differ.
        same_space: Whether colours are in the space of the source.
        source: The file whose rows may be copied where nothing changed, or None.
        changed: First and last changed row (excluded) of ``codes`` against that file.
        rows: What of the codes has been decoded so far; None: everything.
    """

    codes: AnyArray | Patched
    channels: tuple[str, ...]
    data: Window
    display: Window
    aspect: float = 1.0
    name: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    channel_types: tuple[str, ...] = ()
    same_space: bool = True
    source: FileStamp | None = None
    changed: tuple[int, int] = (0, 0)
    rows: Rows | None = None

    def between(self, first: int, last: int) -> AnyArray:
        """Rows of the codes."""
        if self.rows is not None:
            self.rows.need(first, last)
        if isinstance(self.codes, Patched):
            return self.codes.between(first, last)
        return self.codes[first:last]

    @property
    def whole(self) -> AnyArray:
        """All codes in one array."""
        return np.ascontiguousarray(self.between(0, self.codes.shape[0]))


def write_file(
    path: Path, kind: str, parts: list[PartOut], create_folders: bool, frame: int | None
) -> None:
    """Writes parts to a file that appears whole or not at all.

    Args:
        path: The final file.
        kind: ``exr``, ``png``, ``tif``, ``jpg`` or ``dpx``.
        parts: One part; several for EXR.
        create_folders: Whether absent folders are made.
        frame: Number to name in errors.

    Raises:
        WriteError: It cannot be written; nothing is left behind.
    """
    try:
        with replace_atomically(path, create_folders=create_folders) as part_path:
            if kind == "jpg":
                _write_jpeg(part_path, parts[0], path)
            elif not _copied(part_path, kind, parts, path):
                _write_oiio(part_path, kind, parts, path)
            _verify(part_path, kind, parts, path)
    except WriteError as error:
        error.frame = frame
        raise


def _spec(part: PartOut, kind: str, shared: dict[str, Any]) -> Any:
    import OpenImageIO

    height, width, count = part.codes.shape
    spec = OpenImageIO.ImageSpec(width, height, count, _NAMES[part.codes.dtype.name])
    spec.channelnames = part.channels
    if len(part.channel_types) == count:
        spec.channelformats = tuple(OpenImageIO.TypeDesc(t) for t in part.channel_types)
    if kind == "exr":
        spec.x, spec.y = part.data.x0, part.data.y0
        spec.full_x, spec.full_y = part.display.x0, part.display.y0
        spec.full_width, spec.full_height = part.display.width, part.display.height
    headers.apply_header(spec, {**part.header, **shared}, kind, part.same_space)
    if part.aspect != 1.0 or kind == "exr":
        spec.attribute("PixelAspectRatio", float(part.aspect))
    if part.name:
        spec.attribute("name", part.name)
    alpha = next((i for i, name in enumerate(part.channels) if name == "A"), -1)
    if kind != "exr":
        spec.alpha_channel = alpha
    for name, value in part.attributes.items():
        if name == "ICCProfile":
            profile = np.frombuffer(value, np.uint8)
            spec.attribute(name, OpenImageIO.TypeDesc(f"uint8[{len(profile)}]"), profile)
        else:
            spec.attribute(name, value)
    return spec


def _shared(parts: list[PartOut]) -> dict[str, Any]:
    """Header values that OpenEXR wants alike in all parts: those of the first."""
    if len(parts) == 1:
        return {}
    first = parts[0].header
    shared: dict[str, Any] = {}
    for part in parts:
        for name in part.header:
            if name.lower() in ("smpte:timecode", "chromaticities"):
                shared[name] = first.get(name) if parts[0].same_space else None
    types = first.get(headers.TYPES, {})
    for part in parts:
        part.header = {
            **part.header,
            headers.TYPES: {**part.header.get(headers.TYPES, {}), **types},
        }
    return shared


def _copied(part_path: Path, kind: str, parts: list[PartOut], path: Path) -> bool:
    """Writes a file most of whose rows are copied; whether that could be done."""
    part = parts[0]
    if kind != "exr" or len(parts) > 1 or part.source is None or part.channel_types:
        return False
    try:
        content = Path(part.source.path).read_bytes()
    except OSError:
        return False
    layout = exrcopy.layout_of(content)
    # Looked at after reading: what was read is what the codes were decoded from.
    if layout is None or not part.source.current:
        return False
    packing = str(part.attributes.get("compression", ""))
    band = exrcopy.band_of(layout, part.data, packing, part.changed)
    if band is None:
        return False
    first, last = band
    window = Window(part.data.x0, part.data.y0 + first, part.data.x1, part.data.y0 + last)
    rows = replace(part, codes=part.between(first, last), data=window, rows=None)
    _write_oiio(part_path, kind, [rows], path)
    pieces = exrcopy.spliced(content, layout, part_path.read_bytes(), first)
    if pieces is None:
        return False
    with part_path.open("wb") as handle:
        handle.writelines(pieces)
    return True


def _write_oiio(part_path: Path, kind: str, parts: list[PartOut], path: Path) -> None:
    import OpenImageIO

    output = OpenImageIO.ImageOutput.create(str(part_path))
    if output is None:
        raise write_error(path, OpenImageIO.geterror() or "no writer for this kind of file")
    shared = _shared(parts)
    specs = tuple(_spec(part, kind, shared) for part in parts)
    if len(specs) > 1:
        good = output.open(str(part_path), specs)
    else:
        good = output.open(str(part_path), specs[0])
    for index, part in enumerate(parts):
        if index and good:
            good = output.open(str(part_path), specs[index], "AppendSubimage")
        good = good and output.write_image(part.whole)
    said = output.geterror() if not good else ""
    closed = output.close()
    said = (said + output.geterror()).replace(_HARMLESS, "").strip()
    if not good or not closed or said:
        first = said.splitlines()[0] if said else "the picture could not be completed"
        raise write_error(path, first.replace(str(part_path), path.name))


def _write_jpeg(part_path: Path, part: PartOut, path: Path) -> None:
    # libjpeg inside OpenImageIO ends the whole process when the disk is full, so the file is
    # encoded in memory.
    import cv2

    flags = [cv2.IMWRITE_JPEG_QUALITY, int(part.attributes["quality"])]
    flags += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    codes = part.whole[..., ::-1] if part.codes.shape[2] == 3 else part.whole
    good, data = cv2.imencode(".jpg", np.ascontiguousarray(codes), flags)
    if not good:
        raise write_error(path, "JPEG cannot hold this picture")
    part_path.write_bytes(data.tobytes())


def _verify(part_path: Path, kind: str, parts: list[PartOut], path: Path) -> None:
    """Reads the file again: of EXR the last rows of every part, of other kinds everything."""
    import OpenImageIO

    source = OpenImageIO.ImageInput.open(str(part_path))
    if source is None:
        raise write_error(path, f"what was written cannot be read: {OpenImageIO.geterror()}")
    try:
        for index, part in enumerate(parts):
            if not source.seek_subimage(index, 0):
                raise write_error(path, "a part of the file is missing after writing")
            spec = source.spec()
            if (spec.height, spec.width, spec.nchannels) != part.codes.shape:
                raise write_error(path, "the file has another size after writing")
            if kind == "exr":
                last = spec.y + spec.height
                rows = source.read_scanlines(
                    index, 0, last - 1, last, 0, 0, spec.nchannels, spec.format
                )
            else:
                rows = source.read_image(index, 0, 0, spec.nchannels, spec.format)
            said = source.geterror()
            if rows is None or said:
                raise write_error(path, f"the file is incomplete after writing: {said}")
    finally:
        source.geterror()
        source.close()
