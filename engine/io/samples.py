"""Code values: which channels are colour, how codes become numbers and back."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engine.arrays import F32, AnyArray

HALF_MAX = 65504.0
#: Samples from which threads are worth while.
_LARGE = 1_000_000

_RED, _GREEN, _BLUE = ("r", "red"), ("g", "green"), ("b", "blue")
_GREY, _ALPHA = ("y", "i", "l", "luminance", "grey", "gray"), ("a", "alpha")


def colour_channels(channels: Sequence[str]) -> tuple[tuple[int, ...], int | None]:
    """Which channels are the picture's colour and alpha.

    Plain ``R``, ``G``, ``B``, ``A`` come first, then the first layer that has all of them
    (``rgba.R``), then a grey channel, then whatever is first.

    Args:
        channels: Names in the file's order.

    Returns:
        Indices of red, green and blue, or of the one grey channel; and of alpha or None.
    """
    layers: dict[str, dict[str, int]] = {}
    for index, name in enumerate(channels):
        layer, _, short = name.rpartition(".")
        layers.setdefault(layer, {}).setdefault(short.lower(), index)
    for layer in sorted(layers, key=lambda name: name != ""):
        found = layers[layer]
        rgb = [_first(found, names) for names in (_RED, _GREEN, _BLUE)]
        if None not in rgb:
            return tuple(index for index in rgb if index is not None), _first(found, _ALPHA)
    for layer in sorted(layers, key=lambda name: name != ""):
        grey = _first(layers[layer], _GREY)
        if grey is not None:
            return (grey,), _first(layers[layer], _ALPHA)
    return (0,), None


def _first(found: dict[str, int], names: Sequence[str]) -> int | None:
    return next((found[name] for name in names if name in found), None)


def normalised(codes: AnyArray) -> F32:
    """Codes as float32, full range of integers 0..1."""
    if codes.dtype.kind == "u":
        return codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max)
    if codes.dtype == np.float16 and codes.size > _LARGE:
        return _from_half(codes)
    return codes.astype(np.float32)


def _from_half(codes: AnyArray) -> F32:
    """Half float as float32 by several threads: NumPy converts one number at a time."""
    values = np.empty(codes.shape, np.float32)
    count = min(os.cpu_count() or 1, 8)
    edges = np.linspace(0, len(codes), count + 1).astype(int)

    def convert(n: int) -> None:
        values[edges[n] : edges[n + 1]] = codes[edges[n] : edges[n + 1]]

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(convert, range(count)))
    return values


def quantise(values: AnyArray, dtype: np.dtype[np.generic], bits: int) -> AnyArray:
    """Values to codes: rounded half to even and cut to the range; NaN becomes 0 in integers.

    Args:
        values: Any shape; 0..1 is the full range of integers.
        dtype: uint8, uint16, float16 or float32.
        bits: Significant bits; 10 and 12 fill a uint16 from the top, as OpenImageIO scales them.

    Returns:
        Codes of the same shape. Finite values beyond half float become its largest.
    """
    if dtype.kind == "f":
        if dtype == np.float16:
            finite = np.isfinite(values)
            values = np.where(finite, np.clip(values, -HALF_MAX, HALF_MAX), values)
        with np.errstate(over="ignore"):
            return values.astype(dtype)
    top = (1 << min(bits, dtype.itemsize * 8)) - 1
    clean = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=1.0, neginf=0.0)
    whole = np.rint(np.clip(clean, 0.0, 1.0) * top).astype(np.uint32)
    return _spread(whole, bits, dtype)


def _spread(whole: AnyArray, bits: int, dtype: np.dtype[np.generic]) -> AnyArray:
    if dtype == np.uint16 and bits < 16:
        whole = (whole << (16 - bits)) | (whole >> (2 * bits - 16))
    return whole.astype(dtype)


def requantise(
    codes: AnyArray, dtype: np.dtype[np.generic], bits: int, source_bits: int
) -> AnyArray:
    """Codes in another depth; untouched where the depth is the same, exact where it is wider.

    Args:
        codes: uint8, uint16, float16, float32 or uint32.
        dtype: The wanted type.
        bits: The wanted significant bits.
        source_bits: Significant bits of ``codes``.

    Returns:
        Codes of the same shape.
    """
    if codes.dtype == dtype and (dtype.kind == "f" or bits >= min(16, dtype.itemsize * 8)):
        return codes
    if codes.dtype == dtype == np.uint16 and bits == source_bits:
        whole = (codes >> (16 - bits)).astype(np.uint32)
        if np.array_equal(_spread(whole, bits, dtype), codes):
            return codes
    if codes.dtype.kind == "f":
        return quantise(codes, dtype, bits)
    top = float(np.iinfo(codes.dtype).max)
    return quantise(codes.astype(np.float64) / top, dtype, bits)
