"""Pictures to files: code values are copied where nothing changed, the rest is converted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import AnyArray, Bool
from engine.colour import ocio
from engine.errors import UsageError
from engine.io import header as headers
from engine.io.output import PartOut, Patched, write_file
from engine.io.picture import Native, Picture, Window, within
from engine.io.samples import colour_channels, quantise, requantise

COMPRESSIONS = (
    "none",
    "rle",
    "zip",
    "zips",
    "piz",
    "pxr24",
    "b44",
    "b44a",
    "dwaa",
    "dwab",
    "htj2k256",
    "htj2k32",
    "zstd",
)
"""EXR compressions; ``dwaa``/``dwab`` take a level as in ``dwaa:45``. Hosts built on an older
OpenEXR read neither ``htj2k*`` nor ``zstd``."""

_DEPTHS: dict[str, dict[int, np.dtype[np.generic]]] = {
    "exr": {16: np.dtype(np.float16), 32: np.dtype(np.float32)},
    "tif": {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.float32)},
    "png": {8: np.dtype(np.uint8), 16: np.dtype(np.uint16)},
    "jpg": {8: np.dtype(np.uint8)},
    "dpx": {
        8: np.dtype(np.uint8),
        10: np.dtype(np.uint16),
        12: np.dtype(np.uint16),
        16: np.dtype(np.uint16),
    },
}
_ALIASES = {"tiff": "tif", "jpeg": "jpg"}
_UNASSOCIATED = {"png", "tif"}


@dataclass(frozen=True)
class WriteOptions:
    """How a picture is written.

    Attributes:
        colour_space: OCIO name, ``"raw"`` for no transform, None by the file's kind: EXR in the
            source's space where that is float and scene-linear, else in the working space; others
            in the source's own space unless that is linear float, then sRGB.
        bits: 8, 10, 12, 16 or 32 a sample; None for the source's where the format has it. EXR: 16
            is half, 32 float, None float for a float source, else half.
        compression: One of ``COMPRESSIONS``; for EXR only.
        quality: JPEG quality, 1 to 100.
        metadata: More header values, plain Python.
        create_folders: Whether absent folders are made.
        working: The working space of the picture's pixels.
        whole_data: Formats without windows: write the data window, not the display window.
        frame: Number to name in errors.
    """

    colour_space: str | None = None
    bits: int | None = None
    compression: str = "zips"
    quality: int = 95
    metadata: dict[str, Any] = field(default_factory=dict)
    create_folders: bool = True
    working: str = ocio.DEFAULT_WORKING
    whole_data: bool = False
    frame: int | None = None


@dataclass(frozen=True)
class _Target:
    kind: str
    space: str
    dtype: np.dtype[np.generic]
    bits: int

    @property
    def has_alpha(self) -> bool:
        return self.kind != "jpg"


def write_picture(path: Path | str, picture: Picture, options: WriteOptions | None = None) -> None:
    """Writes one picture.

    Where ``picture.native`` is in the space and depth that is written, its code values are copied;
    only where ``picture.changed`` is set are pixels converted. Other channels and parts pass
    through to EXR. The file appears whole or not at all.

    Args:
        path: The file; its extension says the format (exr, png, tif, jpg, dpx).
        picture: What to write.
        options: How to write it.

    Raises:
        UsageError: Unknown extension, depth, compression or colour space.
        WriteError: The file cannot be written.
    """
    options = options or WriteOptions()
    path = Path(path)
    target = _target(path, picture, options)
    if picture.rows is not None and not _same_codes(picture, target):
        picture = picture.whole()
    main = _part_out(picture, target, options, "")
    parts = [main]
    if target.kind == "exr" and picture.native is not None:
        main.name = picture.native.part
        parts += [_extra_out(extra, picture, options) for extra in picture.extra]
        if len(parts) > 1:
            _name_parts(parts)
    if len(parts) == 1:
        _copy_rows(main, picture, target)
    write_file(path, target.kind, parts, options.create_folders, options.frame)


def _copy_rows(part: PartOut, picture: Picture, target: _Target) -> None:
    """Says which rows of the source's file may be copied, if any."""
    native = picture.native
    part.rows = picture.rows
    if native is None or native.file is None or not part.same_space:
        return
    if not _same_codes(picture, target) or native.channels != part.channels:
        return
    rows = np.zeros(1, np.intp)
    if picture.changed is not None and picture.changed.any():
        rows = np.flatnonzero(picture.changed.any(axis=1))
    part.source, part.changed = native.file, (int(rows[0]), int(rows[-1]) + 1)


def _same_codes(picture: Picture, target: _Target) -> bool:
    """Whether a file holds a picture's codes as they are."""
    native = picture.native
    return (
        target.kind == "exr"
        and native is not None
        and (native.codes.dtype, native.space) == (target.dtype, target.space)
    )


def write_parts(
    path: Path | str,
    parts: Sequence[tuple[str, Picture]],
    options: WriteOptions | None = None,
) -> None:
    """Writes pictures as the parts of one EXR, such as the layers of a canonical image.

    Args:
        path: The file, ``.exr``.
        parts: Name and picture of each part; all with the same display window.
        options: How to write them.

    Raises:
        UsageError: No part, no EXR, two parts of one name, or display windows that differ.
        WriteError: The file cannot be written.
    """
    options = options or WriteOptions()
    path = Path(path)
    if _kind(path) != "exr" or not parts:
        raise UsageError(f"{path}: several layers in one file need .exr and at least one layer.")
    names = [name for name, _ in parts]
    if len(set(names)) != len(names):
        raise UsageError(f"{path}: two layers have one name ({', '.join(names)}); rename one.")
    if len({(p.display, p.pixel_aspect) for _, p in parts}) > 1:
        raise UsageError(f"{path}: the layers of one EXR need the same display window.")
    out = []
    for name, picture in parts:
        target = _target(path, picture, options)
        out.append(_part_out(picture, target, options, name))
    if len(out) > 1:
        _name_parts(out)
    write_file(path, "exr", out, options.create_folders, options.frame)


def write_arrays(
    path: Path | str,
    array: AnyArray,
    channels: Sequence[str],
    *,
    metadata: dict[str, Any] | None = None,
    display: Window | None = None,
    data: Window | None = None,
    pixel_aspect: float = 1.0,
    create_folders: bool = True,
    frame: int | None = None,
) -> None:
    """Writes numbers that are no colours (ST maps, vectors) as 32-bit float EXR, zip, lossless.

    Args:
        path: The file, ``.exr``.
        array: [H, W, C] over the data window.
        channels: A name for each channel.
        metadata: Header values, plain Python.
        display: The display window; None for the array's size.
        data: The data window; None for the display window's origin.
        pixel_aspect: Width of a pixel over its height.
        create_folders: Whether absent folders are made.
        frame: Number to name in errors.

    Raises:
        UsageError: No EXR, or channels and windows that do not fit the array.
        WriteError: The file cannot be written.
    """
    path = Path(path)
    codes = np.ascontiguousarray(array, np.float32)
    height, width = codes.shape[:2]
    data = data or Window.of_size(width, height)
    fits = (data.width, data.height) == (width, height)
    if _kind(path) != "exr" or codes.ndim != 3 or codes.shape[2] != len(channels) or not fits:
        raise UsageError(
            f"{path}: data is written as .exr, with a name for each of its channels and a data "
            f"window of its size ({width}x{height})."
        )
    part = PartOut(codes, tuple(channels), data, display or data, pixel_aspect)
    part.attributes = {"compression": "zip"}
    part.header = dict(metadata or {})
    write_file(path, "exr", [part], create_folders, frame)


def _kind(path: Path) -> str:
    extension = path.suffix.lower().lstrip(".")
    return _ALIASES.get(extension, extension)


def check_kind(path: Path) -> None:
    """Refuses a file name of a kind that is never written.

    Raises:
        UsageError: It is.
    """
    if _kind(path) not in _DEPTHS:
        raise UsageError(
            f"{path}: pictures are written as .exr, .png, .tif, .jpg or .dpx; choose one of them",
            file=path,
        )


def _target(path: Path, picture: Picture, options: WriteOptions) -> _Target:
    check_kind(path)
    kind = _kind(path)
    if options.compression.split(":")[0] not in COMPRESSIONS:
        raise UsageError(
            f'There is no EXR compression "{options.compression}"; choose one of '
            f"{', '.join(COMPRESSIONS)}."
        )
    native = picture.native
    if options.colour_space:
        space = ocio.resolve_space(options.colour_space)
    else:
        space = _default_space(kind, native, ocio.resolve_space(options.working))
    depths = _DEPTHS[kind]
    bits = options.bits
    if bits is not None and bits not in depths:
        known = ", ".join(str(depth) for depth in depths)
        raise UsageError(f"{path}: .{kind} files have {known} bits, not {bits}.")
    if bits is None:
        bits = _default_bits(kind, native)
    return _Target(kind, space, depths[bits], bits)


def _default_space(kind: str, native: Native | None, working: str) -> str:
    if kind == "exr":
        # A linear source keeps its own primaries, and with them its code values.
        keeps = native is not None and native.codes.dtype.kind == "f"
        if native is not None and (
            native.space == ocio.RAW or (keeps and ocio.is_linear(native.space))
        ):
            return native.space
        return working
    if native is not None and (native.codes.dtype.kind == "u" or not ocio.is_linear(native.space)):
        return native.space
    return ocio.SRGB


def _default_bits(kind: str, native: Native | None) -> int:
    if kind == "jpg":
        return 8
    if kind == "exr":
        return 32 if native is not None and native.codes.dtype == np.float32 else 16
    if kind == "dpx":
        return native.bits if native is not None and native.bits in _DEPTHS["dpx"] else 10
    return 8 if native is not None and native.codes.dtype == np.uint8 else 16


def _part_out(picture: Picture, target: _Target, options: WriteOptions, name: str) -> PartOut:
    codes, channels, same_space = _codes(picture, target, options.working)
    data = picture.data
    if target.kind != "exr" and not isinstance(codes, Patched):
        window = data if options.whole_data else picture.display
        codes = within(codes, data, window)
        data = window
        display = window
    else:
        display = picture.display
    part = PartOut(codes, channels, data, display, picture.pixel_aspect, name)
    native = picture.native
    part.header = _merged({} if native is None else native.metadata, picture.metadata)
    part.header = _merged(part.header, options.metadata)
    part.same_space = same_space
    part.attributes = _attributes(target, options)
    if native is not None and same_space and target.kind in ("png", "tif"):
        profile = native.metadata.get("ICCProfile")
        if isinstance(profile, bytes):
            part.attributes["ICCProfile"] = profile
    mixed = (
        native is not None
        and target.kind == "exr"
        and options.bits is None
        and native.metadata.get(headers.CHANNEL_TYPES)
    )
    if native is not None and mixed and channels == native.channels:
        part.channel_types = tuple(native.metadata[headers.CHANNEL_TYPES])
    return part


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    types = {**below.get(headers.TYPES, {}), **above.get(headers.TYPES, {})}
    return {**below, **above, headers.TYPES: types}


def _attributes(target: _Target, options: WriteOptions) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    if target.kind == "exr":
        attributes["compression"] = options.compression
        attributes["oiio:ColorSpace"] = target.space
        # OpenImageIO keeps only names that it knows; this one is kept for all.
        attributes["codef/colour_space"] = target.space
    elif target.kind == "tif":
        attributes["compression"] = "zip"
        attributes[headers.UNASSOCIATED] = 1
    elif target.kind == "png":
        attributes[headers.UNASSOCIATED] = 1
        attributes["png:compressionLevel"] = 2  # three times as fast as 6, a tenth larger
    elif target.kind == "jpg":
        attributes["quality"] = max(1, min(100, options.quality))
    elif target.kind == "dpx":
        attributes["oiio:BitsPerSample"] = target.bits
    return attributes


def _extra_out(extra: Native, picture: Picture, options: WriteOptions) -> PartOut:
    height, width = extra.codes.shape[:2]
    box = extra.metadata.get(headers.DATA_WINDOW)
    data = Window(*box) if box else Window.of_size(width, height)
    part = PartOut(
        extra.codes, extra.channels, data, picture.display, picture.pixel_aspect, extra.part
    )
    part.header = dict(extra.metadata)
    kept = str(extra.metadata.get("compression", options.compression))
    part.attributes = {"compression": kept}
    types = extra.metadata.get(headers.CHANNEL_TYPES)
    part.channel_types = tuple(types) if types else ()
    return part


def _name_parts(parts: list[PartOut]) -> None:
    """Every part of a multi-part EXR needs a name of its own."""
    taken: set[str] = set()
    for index, part in enumerate(parts):
        name = part.name or ("rgba" if index == 0 else f"part{index}")
        while name in taken:
            name += "_"
        taken.add(name)
        part.name = name


def _codes(
    picture: Picture, target: _Target, working: str
) -> tuple[AnyArray | Patched, tuple[str, ...], bool]:
    """Code values, channel names, and whether they are in the source's space."""
    native = picture.native
    whole: Bool = np.ones(picture.pixels.shape[:2], np.bool_)
    if native is None or native.codes.shape[:2] != picture.pixels.shape[:2]:
        return (*_fresh(picture, target, working), False)
    colours, alpha = colour_channels(native.channels)
    unassociated = bool(native.metadata.get(headers.UNASSOCIATED, 0))
    same_space = native.space == target.space
    if alpha is not None and same_space:
        # Codes can be copied only if alpha means the same there, or covers everything.
        top = 1 if native.codes.dtype.kind == "f" else np.iinfo(native.codes.dtype).max
        same_alpha = target.has_alpha and unassociated == (target.kind in _UNASSOCIATED)
        same_space = same_alpha or bool((native.codes[..., alpha] == top).all())
    changed = picture.changed if same_space else whole
    any_change = changed is not None and bool(changed.any())
    keeps_extras = target.kind == "exr" and native.codes.dtype.kind == "f"
    if not same_space and not (keeps_extras and len(colours) == 3):
        return (*_fresh(picture, target, working), native.space == target.space)
    chosen = list(range(len(native.channels)))
    if target.kind != "exr":
        chosen = [*colours, *([alpha] if alpha is not None and target.has_alpha else [])]
    own = (
        native.codes if chosen == list(range(native.codes.shape[2])) else native.codes[..., chosen]
    )
    codes = requantise(own, target.dtype, target.bits, native.bits)
    names = tuple(native.channels[i] for i in chosen)
    names = names if target.kind == "exr" else _plain_names(len(chosen))
    if not any_change or changed is None:
        return np.ascontiguousarray(codes), names, same_space
    new = _encoded(picture, target, working, changed)
    where = [chosen.index(i) for i in colours]
    place = next((i for i, name in enumerate(names) if _is_alpha(name, names)), None)
    if target.kind == "exr" and len(where) == 3 and (new.shape[1] == 3 or place is not None):
        there = np.flatnonzero(changed.any(axis=1))
        first, last = int(there[0]), int(there[-1]) + 1
        rows = np.array(codes[first:last])
        for channel, index in enumerate([*where, place][: new.shape[1]]):
            rows[..., index][changed[first:last]] = new[:, channel]
        return Patched(codes, first, rows), names, same_space
    codes = np.array(codes)
    if len(colours) == 1 and not (new[:, 0] == new[:, 1]).all() & (new[:, 1] == new[:, 2]).all():
        # A coloured edit on a grey picture: the picture becomes RGB.
        others = [i for i in range(len(chosen)) if i != where[0]]
        codes = np.concatenate([np.repeat(codes[..., where], 3, axis=2), codes[..., others]], 2)
        names = ("R", "G", "B", *(names[i] for i in others))
        where = [0, 1, 2]
    for channel, index in enumerate(where):
        codes[..., index][changed] = new[:, channel]
    if new.shape[1] == 4:
        place = next((i for i, name in enumerate(names) if _is_alpha(name, names)), None)
        if place is not None:
            codes[..., place][changed] = new[:, 3]
        elif target.has_alpha and not (picture.pixels[..., 3] == 1).all():
            full = np.full((*codes.shape[:2], 1), quantise(np.ones(1), codes.dtype, target.bits))
            full[..., 0][changed] = new[:, 3]
            at = max(where) + 1
            codes = np.concatenate([codes[..., :at], full, codes[..., at:]], axis=2)
            names = (*names[:at], "A", *names[at:])
    return codes, names, same_space


def _is_alpha(name: str, names: tuple[str, ...]) -> bool:
    index = colour_channels(names)[1]
    return index is not None and names[index] == name


def _plain_names(count: int) -> tuple[str, ...]:
    return {1: ("Y",), 2: ("Y", "A"), 3: ("R", "G", "B")}.get(count, ("R", "G", "B", "A"))


def _fresh(picture: Picture, target: _Target, working: str) -> tuple[AnyArray, tuple[str, ...]]:
    whole: Bool = np.ones(picture.pixels.shape[:2], np.bool_)
    codes = _encoded(picture, target, working, whole).reshape(*picture.pixels.shape[:2], -1)
    codes = codes if target.has_alpha else codes[..., :3]
    return np.ascontiguousarray(codes), _plain_names(codes.shape[2])


def _encoded(picture: Picture, target: _Target, working: str, where: Bool) -> AnyArray:
    """Codes [N, C] of the chosen pixels, from the working space."""
    height, width = where.shape
    values = picture.pixels.reshape(height * width, -1)
    if not where.all():
        values = values[where.ravel()]
    # Rows of one picture line let large areas be shared among threads.
    rows = values.reshape(height, width, -1) if len(values) == height * width else values[None]
    if rows.shape[2] == 4 and target.kind in _UNASSOCIATED:
        alpha = rows[..., 3:4]
        safe = np.where((alpha > 0) & np.isfinite(alpha), alpha, np.float32(1))
        rgb = ocio.from_working(rows[..., :3] / safe, target.space, working)
        rows = np.concatenate([rgb, alpha], axis=2)
    elif rows.shape[2] == 4 and not target.has_alpha:
        rows = ocio.from_working(rows[..., :3], target.space, working)
    else:
        rows = ocio.from_working(rows, target.space, working)
    return quantise(rows.reshape(len(values), -1), target.dtype, target.bits)
