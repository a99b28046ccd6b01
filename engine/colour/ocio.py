"""Colour spaces through OpenColorIO.

The configuration is the one given, else ``$OCIO``, else the built-in ACES studio configuration.
Processors for files are lossless: 8-bit and 16-bit codes come back as they were. ``"raw"`` stands
for data that no transform touches.
"""

import difflib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.errors import InputError, UsageError

DEFAULT_CONFIG = "ocio://studio-config-latest"
DEFAULT_WORKING = "Linear Rec.709 (sRGB)"
SRGB = "sRGB Encoded Rec.709 (sRGB)"
RAW = "raw"

_PARALLEL_PIXELS = 200_000


@lru_cache(maxsize=8)
def _load(source: str) -> Any:
    import PyOpenColorIO

    try:
        return PyOpenColorIO.Config.CreateFromFile(source)
    except (PyOpenColorIO.Exception, PyOpenColorIO.ExceptionMissingFile) as error:
        first = str(error).splitlines()[0] if str(error) else "unreadable"
        raise InputError(
            f"{source}: the OpenColorIO configuration cannot be read ({first}); set $OCIO to "
            "another one or unset it.",
            file=source,
        ) from error


def config_source(config: str = "") -> str:
    """Where the configuration comes from: the one given, ``$OCIO``, or the built-in one."""
    return config or os.environ.get("OCIO", "") or DEFAULT_CONFIG


def load_config(config: str = "") -> Any:
    """The configuration itself (``PyOpenColorIO.Config``), for displays and views.

    Args:
        config: Path or ``ocio://`` name of a configuration; empty for the current one.

    Raises:
        InputError: It cannot be read.
    """
    return _load(config_source(config))


def list_spaces(config: str = "") -> tuple[str, ...]:
    """The names of all colour spaces, in the configuration's order, and ``"raw"`` last.

    Args:
        config: Path or ``ocio://`` name of a configuration; empty for the current one.
    """
    spaces = [s.getName() for s in _load(config_source(config)).getColorSpaces() if not s.isData()]
    return (*spaces, RAW)


def resolve_space(name: str, config: str = "") -> str:
    """The full name of a colour space, from its name, alias or role.

    Args:
        name: As a person or a file's header says it; ``"raw"`` and data spaces give ``"raw"``.
        config: Path or ``ocio://`` name of a configuration; empty for the current one.

    Raises:
        UsageError: No such space; the message lists close matches.
    """
    return _resolve(name, config_source(config))


@lru_cache(maxsize=512)
def _resolve(name: str, source: str) -> str:
    if name.lower() in (RAW, "data"):
        return RAW
    loaded = _load(source)
    space = loaded.getColorSpace(name) if name else None
    if space is not None:
        return RAW if space.isData() else str(space.getName())
    known: dict[str, str] = {}
    for candidate in loaded.getColorSpaces():
        for label in (candidate.getName(), *candidate.getAliases()):
            known.setdefault(label.lower(), candidate.getName())
    wanted = name.lower()
    near = difflib.get_close_matches(wanted, known, n=12, cutoff=0.45)
    near = [label for label in known if wanted and wanted in label] + near
    names = list(dict.fromkeys(known[label] for label in near))[:4]
    hint = f"close ones are {', '.join(names)}" if names else "`raw` and the menu's names exist"
    raise UsageError(f'There is no colour space "{name}" in {source}: {hint}.')


@dataclass(frozen=True)
class _Processor:
    cpu: Any
    is_noop: bool
    is_linear: bool
    crosstalk: bool


@lru_cache(maxsize=64)
def _processor(source_space: str, target_space: str, source: str) -> _Processor:
    import PyOpenColorIO

    try:
        processor = _load(source).getProcessor(source_space, target_space)
        cpu = processor.getOptimizedCPUProcessor(
            PyOpenColorIO.BIT_DEPTH_F32,
            PyOpenColorIO.BIT_DEPTH_F32,
            PyOpenColorIO.OPTIMIZATION_LOSSLESS,
        )
    except PyOpenColorIO.Exception as error:
        first = str(error).splitlines()[0] if str(error) else "no transform"
        raise UsageError(
            f'There is no transform from "{source_space}" to "{target_space}" in {source} '
            f"({first}): choose other colour spaces."
        ) from error
    probe = np.array([[[0, 0, 0], [0.1, 0.3, 0.2], [0.2, 0.6, 0.4], [-0.1, -0.3, -0.2]]], "f4")
    cpu.applyRGB(probe)
    zero, one, double, negative = probe[0]
    linear = (
        bool(np.all(zero == 0))
        and bool(np.allclose(double, 2 * one, rtol=1e-4, atol=1e-6))
        and bool(np.allclose(negative, -one, rtol=1e-4, atol=1e-6))
    )
    return _Processor(cpu, bool(cpu.isNoOp()), linear, bool(cpu.hasChannelCrosstalk()))


def transform(pixels: AnyArray, source: str, target: str, config: str = "") -> F32:
    """Takes pixels from one colour space to another.

    Only red, green and blue are touched. Where the transform is not linear, premultiplied colour is
    divided by alpha around it; where alpha is 0 the colour is taken as it is.

    Args:
        pixels: [H, W, 3] or [H, W, 4], alpha premultiplied.
        source: The space they are in; ``"raw"`` leaves everything as it is.
        target: The space wanted; likewise.
        config: Path or ``ocio://`` name of a configuration; empty for the current one.

    Returns:
        float32 of the same shape; the same array when there is nothing to do.

    Raises:
        UsageError: A space is unknown.
    """
    where = config_source(config)
    source, target = _resolve(source, where), _resolve(target, where)
    values = np.ascontiguousarray(pixels, np.float32)
    if source == target or RAW in (source, target):
        return values
    processor = _processor(source, target, where)
    if processor.is_noop:
        return values
    rgb = np.array(values[..., :3], np.float32, order="C")
    if values.shape[2] == 3:
        _apply(processor, rgb)
        return rgb
    alpha = values[..., 3:4]
    divide = not processor.is_linear
    safe = np.where((alpha > 0) & np.isfinite(alpha), alpha, np.float32(1)) if divide else alpha
    if divide:
        rgb /= safe
    _apply(processor, rgb)
    if divide:
        rgb *= safe
    return np.concatenate([rgb, alpha], axis=2)


def _apply(processor: _Processor, rgb: F32) -> None:
    """In place; large pictures by rows in threads, since OpenColorIO lets go of the lock."""
    height = rgb.shape[0]
    count = min(os.cpu_count() or 1, 8, height)
    if rgb.shape[0] * rgb.shape[1] < _PARALLEL_PIXELS or count < 2:
        if rgb.size:
            processor.cpu.applyRGB(rgb)
        return
    edges = [height * i // count for i in range(count + 1)]
    blocks = [rgb[a:b] for a, b in pairwise(edges)]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(processor.cpu.applyRGB, blocks))


def to_working(pixels: AnyArray, space: str, working: str, config: str = "") -> F32:
    """Pixels of a file to the working space; see ``transform``."""
    return transform(pixels, space, working, config)


def from_working(pixels: AnyArray, space: str, working: str, config: str = "") -> F32:
    """Pixels of the working space to that of a file; see ``transform``."""
    return transform(pixels, working, space, config)


def codes_to_working(codes: AnyArray, space: str, working: str, config: str = "") -> F32:
    """Integer colour codes to the working space, through a table where that gives the same values.

    Args:
        codes: uint8 or uint16 [H, W, 3], full range.
        space: The space they are in.
        working: The space wanted.
        config: Path or ``ocio://`` name of a configuration; empty for the current one.

    Returns:
        float32 [H, W, 3].
    """
    where = config_source(config)
    space, working = _resolve(space, where), _resolve(working, where)
    levels = int(np.iinfo(codes.dtype).max) + 1
    untouched = space == working or RAW in (space, working)
    # A table only pays where it is smaller than the picture.
    if levels <= codes.shape[0] * codes.shape[1] and (
        untouched or not _processor(space, working, where).crosstalk
    ):
        table = _table(levels, space, working, where)
        if np.array_equal(table[:, 0], table[:, 1]) and np.array_equal(table[:, 0], table[:, 2]):
            return np.ascontiguousarray(table[:, 0]).take(codes)
        return np.stack([table[:, c].take(codes[..., c]) for c in range(3)], axis=2)
    values = codes.astype(np.float32) / np.float32(levels - 1)
    return transform(values, space, working, config)


@lru_cache(maxsize=16)
def _table(levels: int, space: str, working: str, source: str) -> F32:
    ramp = np.arange(levels, dtype=np.float32) / np.float32(levels - 1)
    grey = np.repeat(ramp[None, :, None], 3, axis=2)
    table = np.array(transform(grey, space, working, source)[0])
    table.setflags(write=False)
    return table


_GENERIC_LINEAR = {"", "linear", "scene_linear", "unknown"}
_DPX_LOG = {"logarithmic", "printing density", "printingdensity"}
_DPX_VIDEO = {"rec709", "itu-r 709-4", "bt.709", "smpte274m"}


def space_by_rule(
    extension: str,
    is_float: bool,
    metadata: dict[str, Any],
    working: str = DEFAULT_WORKING,
    config: str = "",
) -> tuple[str, str]:
    """The colour space of a file that nobody chose one for.

    EXR and other float files: what the header says, else the working space. PNG, JPEG and all
    integer files and movies: sRGB. DPX: what its transfer characteristic says. Movies in PQ or HLG:
    those.

    Args:
        extension: Of the file, with or without the dot, any case.
        is_float: Whether the samples are float.
        metadata: The header; ``codef/colour_space`` and ``oiio:ColorSpace`` are looked at.
        working: The working space.
        config: Path or ``ocio://`` name of a configuration; empty for the current one.

    Returns:
        The full name of the space, and a sentence of warning or "".

    Raises:
        UsageError: The header of a float file names a space that the configuration lacks.
    """
    kind = extension.lower().lstrip(".")
    if is_float:
        tag = str(metadata.get("codef/colour_space") or metadata.get("oiio:ColorSpace") or "")
        if tag.lower() in _GENERIC_LINEAR:
            return resolve_space(working, config), ""
        return resolve_space(tag, config), ""
    transfer = str(metadata.get("dpx:Transfer", "") or metadata.get("codef/transfer", "")).lower()
    named = {"smpte2084": "Rec.2100-PQ - Display", "arib-std-b67": "Rec.2100-HLG - Display"}
    choice, warning = SRGB, ""
    if transfer in named:
        choice = named[transfer]
    elif kind in ("dpx", "cin") and (transfer in _DPX_LOG or kind == "cin"):
        choice = "ADX10"
        warning = f"is logarithmic and was taken as {choice}"
    elif kind == "dpx" and transfer in _DPX_VIDEO:
        choice = "Camera Rec.709"
    elif kind == "dpx" and transfer == "linear":
        return resolve_space(working, config), ""
    elif kind == "dpx":
        warning = f"does not say its colour space and was taken as {choice}"
    advice = "; choose the colour space on the load if that is wrong."
    return resolve_space(choice, config), f"{warning}{advice}" if warning else ""


def is_linear(space: str, config: str = "") -> bool:
    """Whether a colour space is scene-linear; ``"raw"`` is not known to be."""
    where = config_source(config)
    space = _resolve(space, where)
    if space == RAW:
        return False
    return bool(_load(where).getColorSpace(space).getEncoding() == "scene-linear")
