"""The curve of ``engine.colour.encoding`` for compiled loops: tables instead of powers.

Both curves are read from tables with linear interpolation from 0 to 1 (encoding: to 1.5), where
the powers would cost more than the rest of a pixel's work together; what lies outside takes the
power. Largest error against ``engine.colour.encoding``: 1e-7, less than float32 resolves at 1.

8-bit display codes are exact, not approximate: a guess from the table is put right by the table of
the smallest value of each code, taken from ``to_display8`` itself.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, I32, I64, U8, Bool
from engine.colour.encoding import decode, encode, to_display8
from engine.kernels import threads

threads.prepare()

_GAMMA, _OFFSET, _SCALE = np.float32(2.4), np.float32(0.055), np.float32(1.055)
_CUT = np.float32(0.055 / 1.4)
_LINEAR_CUT = np.float32(((0.055 / 1.4 + 0.055) / 1.055) ** 2.4)
_SLOPE = np.float32(((0.055 / 1.4 + 0.055) / 1.055) ** 2.4 / (0.055 / 1.4))

_STEPS = 4096
#: Square roots up to here are in the table of the encoding: it bends gently over the root.
_ROOT = 1.25
_PER_ROOT = np.float32(_STEPS / _ROOT)


def _first_values() -> I32:
    """Bits of the smallest float32 that ``to_display8`` rounds to each code; one more at the end.

    That one, and code 0's, are never asked for.
    """
    low = np.zeros(257, np.int64)
    high = np.full(257, _ONE, np.int64)
    codes = np.minimum(np.arange(257), 255)
    while (high - low > 1).any():
        middle = (low + high) // 2
        reached = to_display8(middle.astype(np.int32).view(np.float32)) >= codes
        high, low = np.where(reached, middle, high), np.where(reached, low, middle)
    high[256] = np.iinfo(np.int32).max
    return high.astype(np.int32)


# From 2 ** -13, below which every value has code 0, to 1 in pieces of 2 ** 11 neighbouring floats:
# none holds the first values of two codes.
_ONE = np.int32(np.float32(1).view(np.int32))
_INFINITE = np.int32(np.float32(np.inf).view(np.int32))
_LOWEST = np.int32(np.float32(2**-13).view(np.int32))
_SHIFT = np.int32(11)
_FIRST = _first_values()
_CODES = to_display8(np.arange(_LOWEST, _ONE, 1 << 11, dtype=np.int32).view(np.float32))
_DECODED = decode(np.arange(_STEPS + 2) / _STEPS)
_ENCODED = encode((np.arange(_STEPS + 2) * (_ROOT / _STEPS)) ** 2)


@njit(cache=True, inline="always")
def decoded(value):  # type: ignore[no-untyped-def]
    """``engine.colour.encoding.decode`` for one value."""
    size = abs(value)
    if size <= _CUT:
        return value * _SLOPE
    if size < np.float32(1):
        place = size * np.float32(_STEPS)
        cell = np.uint32(place)
        a = _DECODED[cell]
        curved = a + (place - np.float32(cell)) * (_DECODED[cell + np.uint32(1)] - a)
    else:
        curved = np.float32(((size + _OFFSET) / _SCALE) ** _GAMMA)
    return np.float32(np.copysign(curved, value))


@njit(cache=True, inline="always")
def encoded(value):  # type: ignore[no-untyped-def]
    """``engine.colour.encoding.encode`` for one value."""
    size = abs(value)
    if size <= _LINEAR_CUT:
        return value / _SLOPE
    if size < np.float32(_ROOT * _ROOT):
        place = np.sqrt(size) * _PER_ROOT
        cell = np.uint32(place)
        a = _ENCODED[cell]
        curved = a + (place - np.float32(cell)) * (_ENCODED[cell + np.uint32(1)] - a)
    else:
        curved = np.float32(size ** np.float32(1 / 2.4)) * _SCALE - _OFFSET
    return np.float32(np.copysign(curved, value))


@njit(cache=True, inline="always")
def display_code(bits):  # type: ignore[no-untyped-def]
    """``engine.colour.encoding.to_display8`` exactly, of the bits of a float32 as an int32."""
    # Positive floats are ordered as their bits are; negative ones are negative, NaN beyond Inf.
    if bits < _LOWEST:
        return np.int32(0)
    if bits >= _ONE:
        return np.int32(255) if bits <= _INFINITE else np.int32(0)
    code = np.int32(_CODES[np.uint32((bits - _LOWEST) >> _SHIFT)])
    return code + np.int32(bits >= _FIRST[np.uint32(code + 1)])


@njit(cache=True, parallel=True)
def _display8(bits, codes):  # type: ignore[no-untyped-def]
    for i in prange(bits.shape[0]):
        for j in range(bits.shape[1]):
            codes[i, j] = display_code(bits[i, j])


@njit(cache=True, inline="always")
def row_error(bits, codes, kept, i):  # type: ignore[no-untyped-def]
    """Sum of squared differences of a row's display codes from ``codes``, where it is ``kept``."""
    total = np.int64(0)
    for j in range(bits.shape[0]):
        if kept.size and not kept[i, j // 3]:
            continue
        d = display_code(bits[j]) - np.int32(codes[j])
        total += d * d
    return total


@njit(cache=True, parallel=True)
def _display_error(bits, codes, kept, errors):  # type: ignore[no-untyped-def]
    for i in prange(bits.shape[0]):
        errors[i] = row_error(bits[i], codes[i], kept, i)


def display8(linear: F32) -> U8:
    """``engine.colour.encoding.to_display8`` of a picture [H, W, C], the same codes, faster."""
    codes = np.empty(linear.shape, np.uint8)
    with threads.guard():
        _display8(_bits(linear), codes.reshape(len(codes), -1))
    return codes


def _bits(linear: F32) -> I32:
    """The values of each row of a picture as their bits, [H, W * C]."""
    plain = np.ascontiguousarray(linear, np.float32)
    return plain.reshape(len(plain), -1).view(np.int32)


def display_error(linear: F32, codes: U8, kept: Bool | None = None) -> float:
    """Mean squared difference of a picture from 8-bit display codes, in codes squared.

    Args:
        linear: Scene-linear [H, W, 3]; counted as ``to_display8`` gives it.
        codes: uint8 [H, W, 3].
        kept: [H, W], which pixels count; None for all. Not a number when none does.
    """
    rows = np.empty(len(linear), np.int64)
    with threads.guard():
        _display_error(
            _bits(linear), np.ascontiguousarray(codes).reshape(len(codes), -1), masked(kept), rows
        )
    return mean_error(rows, codes, kept)


def masked(kept: Bool | None) -> Bool:
    """A mask as the kernels take it: empty for None."""
    return np.zeros((0, 0), np.bool_) if kept is None else np.ascontiguousarray(kept)


def mean_error(rows: I64, codes: U8, kept: Bool | None) -> float:
    """Mean over values of the squared errors that kernels summed over rows."""
    count = codes.size if kept is None else 3 * int(np.count_nonzero(kept))
    return float(rows.sum()) / count if count else float("nan")
