"""The curve of ``engine.colour.encoding`` for compiled loops: tables instead of powers.

Both curves are read from tables with linear interpolation from 0 to 1 (encoding: to 1.5), where
the powers would cost more than the rest of a pixel's work together; what lies outside takes the
power. Largest error against ``engine.colour.encoding``: 1e-7, less than float32 resolves at 1.

8-bit display codes are exact, not approximate: a guess from the table is put right by the table of
the smallest value of each code, taken from ``to_display8`` itself.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, U8, Bool
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


def _first_values() -> F32:
    """The smallest float32 that ``to_display8`` rounds to each code; one more that none reaches."""
    low = np.zeros(256, np.int64)
    high = np.full(256, np.float32(1).view(np.int32), np.int64)
    codes = np.arange(256)
    while (high - low > 1).any():
        # Positive floats are ordered as their bits are.
        middle = (low + high) // 2
        reached = to_display8(middle.astype(np.int32).view(np.float32)) >= codes
        high, low = np.where(reached, middle, high), np.where(reached, low, middle)
    first = np.empty(257, np.float32)
    first[:256] = high.astype(np.int32).view(np.float32)
    first[0], first[256] = -np.inf, np.inf
    return first


_DECODED = decode(np.arange(_STEPS + 2) / _STEPS)
_ENCODED = encode((np.arange(_STEPS + 2) * (_ROOT / _STEPS)) ** 2)
_FIRST = _first_values()


@njit(cache=True, inline="always")
def decoded(value):  # type: ignore[no-untyped-def]
    """``engine.colour.encoding.decode`` for one value."""
    size = abs(value)
    if size <= _CUT:
        return value * _SLOPE
    if size < 1:
        place = size * np.float32(_STEPS)
        cell = int(place)
        a = _DECODED[cell]
        curved = a + (place - np.float32(cell)) * (_DECODED[cell + 1] - a)
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
        cell = int(place)
        a = _ENCODED[cell]
        curved = a + (place - np.float32(cell)) * (_ENCODED[cell + 1] - a)
    else:
        curved = np.float32(size ** np.float32(1 / 2.4)) * _SCALE - _OFFSET
    return np.float32(np.copysign(curved, value))


@njit(cache=True, inline="always")
def display_code(value):  # type: ignore[no-untyped-def]
    """``engine.colour.encoding.to_display8`` for one value, exactly."""
    if not value > 0:
        return 0
    if value >= 1:
        return 255
    code = int(encoded(value) * np.float32(255) + np.float32(0.5))
    if value < _FIRST[code]:
        code -= 1
    elif value >= _FIRST[code + 1]:
        code += 1
    return code


@njit(cache=True, parallel=True)
def _display8(linear, codes):  # type: ignore[no-untyped-def]
    rows, columns, channels = linear.shape
    for i in prange(rows):
        for j in range(columns):
            for c in range(channels):
                codes[i, j, c] = display_code(linear[i, j, c])


@njit(cache=True, parallel=True)
def _display_error(linear, codes, kept, rows_error):  # type: ignore[no-untyped-def]
    rows, columns = linear.shape[:2]
    for i in prange(rows):
        total = 0
        for j in range(columns):
            if kept.size and not kept[i, j]:
                continue
            for c in range(3):
                d = display_code(linear[i, j, c]) - int(codes[i, j, c])
                total += d * d
        rows_error[i] = total


def display8(linear: F32) -> U8:
    """``engine.colour.encoding.to_display8`` of a picture [H, W, C], the same codes, faster."""
    codes = np.empty(linear.shape, np.uint8)
    with threads.guard():
        _display8(np.ascontiguousarray(linear, np.float32), codes)
    return codes


def display_error(linear: F32, codes: U8, kept: Bool | None = None) -> float:
    """Mean squared difference of a picture from 8-bit display codes, in codes squared.

    Args:
        linear: Scene-linear [H, W, 3]; counted as ``to_display8`` gives it.
        codes: uint8 [H, W, 3].
        kept: [H, W], which pixels count; None for all. Not a number when none does.
    """
    rows = np.empty(len(linear), np.int64)
    count = codes.size if kept is None else 3 * int(np.count_nonzero(kept))
    with threads.guard():
        _display_error(
            np.ascontiguousarray(linear, np.float32),
            np.ascontiguousarray(codes),
            np.zeros((0, 0), np.bool_) if kept is None else np.ascontiguousarray(kept),
            rows,
        )
    return float(rows.sum()) / count if count else float("nan")
