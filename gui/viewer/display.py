"""From linear pixels to what the screen shows. Arrays in, arrays out; no widgets.

In this order: gain, channel, OCIO display and view, gamma, 8 bit. Gain and gamma are the viewer's
own and never reach a file. Colour goes through 16-bit floats just before the last table: their
steps are at most an eighth of an 8-bit code, and codes of 8-bit files come out as they went in.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from engine.arrays import F32, U8, U16, AnyArray
from engine.colour.ocio import config_source
from gui.viewer.gpu.service import service
from gui.viewer.views import Transform, View, luminance, transform

CHANNELS = ("rgb", "r", "g", "b", "a", "y", "m")
"""Colour, one channel, luminance, and the matte as a red veil over the colour."""

_BLOCK = 64
_STRIPE = 8
_NOT_FINITE = np.uint32(0xFFFF00C8)
_ZEBRA = np.uint32(0xFFE03030)
_ZEBRA_LOW = np.uint32(0xFF3060E0)


@dataclass(frozen=True)
class Look:
    """How linear pixels are shown.

    Attributes:
        view: Display and view.
        working: Colour space of the pixels.
        gain: Factor in linear light.
        gamma: Exponent 1/gamma after the view.
        channels: One of ``CHANNELS``. Alpha and matte are data: shown without the view.
        warn: Stripes over what is above 1 (red) or below 0 (blue) after the gain, and a flat
            colour over what is no number.
    """

    view: View
    working: str = "Linear Rec.709 (sRGB)"
    gain: float = 1.0
    gamma: float = 1.0
    channels: str = "rgb"
    warn: bool = False


def show(
    pixels: AnyArray, look: Look, *, origin: tuple[int, int] = (0, 0), exact: bool = False
) -> AnyArray:
    """Pixels as the screen shows them.

    Args:
        pixels: [H, W, C] linear, alpha premultiplied; C of 1 is shown as grey, 2 as grey and alpha.
        look: How.
        origin: Place of the first pixel in the picture, so that a part looks as in the whole.
        exact: Through the exact OCIO processor instead of its table: the reference.

    Returns:
        uint32 [H, W], 0xFFRRGGBB: a ``QImage`` of format RGB32.
    """
    height, width = pixels.shape[:2]
    out = np.empty((height, width), np.uint32)
    _into(out, pixels, look, origin, exact)
    return out


def show_parallel(
    pixels: AnyArray,
    look: Look,
    pool: Executor,
    *,
    origin: tuple[int, int] = (0, 0),
    parts: int = 2,
) -> AnyArray:
    """``show`` on the graphics processor, else on some threads: OpenColorIO and NumPy let go of
    the lock.

    Args:
        pixels: As for ``show``.
        look: How.
        pool: Where the parts run; call from outside of it.
        origin: As for ``show``.
        parts: Number of threads.
    """
    drawn = service.show(pixels, look, transform(look.working, look.view))
    if drawn is not None:
        return drawn
    height, width = pixels.shape[:2]
    out = np.empty((height, width), np.uint32)
    edges = [height * part // parts for part in range(parts + 1)]
    jobs = [
        pool.submit(_into, out[top:end], pixels[top:end], look, (origin[0], origin[1] + top), False)
        for top, end in pairwise(edges)
        if end > top
    ]
    for job in jobs:
        job.result()
    return out


def difference(a: AnyArray, b: AnyArray) -> F32:
    """|A - B| of the colour, as a linear picture without alpha.

    Args:
        a: [H, W, C].
        b: Of the same height and width.
    """
    one, other = _colour(a), _colour(b)
    found: F32 = np.abs(one - other)
    return found


def _into(
    out: AnyArray, pixels: AnyArray, look: Look, origin: tuple[int, int], exact: bool
) -> None:
    made = transform(look.working, look.view)
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in _blocks(pixels.shape[0]):
            block = pixels[rows]
            out[rows] = _shown(block, look, made, exact)
            if look.warn:
                _warn(out[rows], block, look, origin[0], origin[1] + rows.start)


def _blocks(height: int) -> Iterator[slice]:
    """Rows that fit into the processor's cache."""
    for top in range(0, height, _BLOCK):
        yield slice(top, min(top + _BLOCK, height))


def _shown(block: AnyArray, look: Look, made: Transform, exact: bool) -> AnyArray:
    if look.channels == "a":
        return _grey(_alpha(block) * np.float32(look.gain), look.gamma)
    colour = _colour(block)
    if look.channels == "y":
        colour = (colour @ luminance(look.working))[..., None]
    elif look.channels in ("r", "g", "b"):
        at = "rgb".index(look.channels)
        colour = colour[..., at : at + 1]
    if look.gain != 1:
        colour = colour * np.float32(look.gain)
    codes = _viewed(colour, look, made, exact)
    return _veiled(codes, _alpha(block)) if look.channels == "m" else codes


def _viewed(colour: AnyArray, look: Look, made: Transform, exact: bool) -> AnyArray:
    """Colour of one or three channels to codes."""
    if made.separable and not exact:
        red, green, blue = _tables(look.working, look.view, look.gamma, config_source())
        halves = _halves(colour)
        if halves.shape[2] == 1:
            return (red | green | blue)[halves[..., 0]]
        codes = red[halves[..., 0]]
        codes |= green[halves[..., 1]]
        codes |= blue[halves[..., 2]]
        return codes
    # Four channels are three times as fast as three in OpenColorIO.
    padded = np.empty((*colour.shape[:2], 4), np.float32)
    padded[..., :3] = colour
    padded[..., 3] = 0
    processor = made.exact if exact else made.fast
    if processor is not None:
        processor.applyRGBA(padded)
    if exact:
        return _pack(_quantised(padded[..., :3], look.gamma))
    table = _quantiser(look.gamma)
    halves = _halves(padded)
    codes = (table << 16 | 0xFF000000)[halves[..., 0]]
    codes |= (table << 8)[halves[..., 1]]
    codes |= table[halves[..., 2]]
    return codes


def _grey(values: AnyArray, gamma: float) -> AnyArray:
    table = _quantiser(gamma)
    return (table * np.uint32(0x010101) | 0xFF000000)[_halves(values)]


def _halves(values: AnyArray) -> U16:
    found: U16 = values.astype(np.float16).view(np.uint16)
    return found


def _colour(pixels: AnyArray) -> AnyArray:
    count = pixels.shape[2]
    return np.repeat(pixels[..., :1], 3, axis=2) if count < 3 else pixels[..., :3]


def _alpha(pixels: AnyArray) -> AnyArray:
    if pixels.shape[2] in (2, 4):
        return pixels[..., -1]
    return np.ones(pixels.shape[:2], np.float32)


def _veiled(codes: AnyArray, alpha: AnyArray) -> AnyArray:
    """A red veil of half strength where alpha is."""
    weight = np.clip(np.nan_to_num(alpha), 0, 1) * 0.5
    channels = [(codes >> shift & 0xFF).astype(np.float32) for shift in (16, 8, 0)]
    red = channels[0] * (1 - weight) + 255 * weight
    rest = [channel * (1 - weight) for channel in channels[1:]]
    return _pack(np.stack([red, *rest], axis=-1).round().astype(np.uint8))


def _warn(codes: AnyArray, pixels: AnyArray, look: Look, left: int, top: int) -> None:
    colour = _colour(pixels) * np.float32(look.gain)
    y, x = np.ogrid[top : top + codes.shape[0], left : left + codes.shape[1]]
    stripe = (x + y) % _STRIPE < _STRIPE // 3
    codes[(colour > 1).any(axis=2) & stripe] = _ZEBRA
    codes[(colour < 0).any(axis=2) & stripe] = _ZEBRA_LOW
    codes[~np.isfinite(pixels).all(axis=2)] = _NOT_FINITE


def _quantised(values: AnyArray, gamma: float) -> U8:
    clipped = np.clip(np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    if gamma != 1:
        clipped = clipped ** (1 / gamma)
    found: U8 = (clipped * 255 + 0.5).astype(np.uint8)
    return found


def _pack(codes: U8) -> AnyArray:
    wide = codes.astype(np.uint32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2] | np.uint32(0xFF000000)


def _every_half() -> F32:
    found: F32 = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
    return found


@lru_cache(maxsize=64)
def _quantiser(gamma: float) -> AnyArray:
    """For each 16-bit float the 8-bit code, as uint32."""
    return _quantised(_every_half(), gamma).astype(np.uint32)


@lru_cache(maxsize=64)
def _tables(
    working: str, view: View, gamma: float, config: str
) -> tuple[AnyArray, AnyArray, AnyArray]:
    """For each 16-bit float what a separable view makes of it, in place for each channel."""
    ramp: Any = np.repeat(np.nan_to_num(_every_half())[:, None], 3, axis=1)
    made = transform(working, view, config)
    if made.exact is not None:
        made.exact.applyRGB(ramp)
    ramp[np.isnan(_every_half())] = 0
    codes = _quantised(ramp, gamma).astype(np.uint32)
    return codes[:, 0] << 16 | np.uint32(0xFF000000), codes[:, 1] << 8, codes[:, 2]
