"""The perceptual encoding of the fit and of 8-bit figures.

The sRGB curve, mirrored for negative values and continued above 1 by the same power law, so that
HDR and negative values survive there and back. It is the curve that OpenColorIO uses: its straight
piece touches the power law (slope 12.923, not the 12.92 of IEC 61966-2-1, at most 1e-5 apart), so
the derivative that a fit sees has no step, and 8-bit codes come back as code / 255.
"""

from collections.abc import Callable

import numpy as np

from engine.arrays import F32, U8, AnyArray

#: The power law, ``((x + OFFSET) / SCALE) ** GAMMA``.
GAMMA, OFFSET = 2.4, 0.055
SCALE = 1 + OFFSET
#: Where a line through the origin touches it, and how steep that line is.
ENCODED_CUT = OFFSET / (GAMMA - 1)
LINEAR_CUT = ((ENCODED_CUT + OFFSET) / SCALE) ** GAMMA
SLOPE = ENCODED_CUT / LINEAR_CUT

_PIECE = 1 << 16


def encode(linear: AnyArray) -> F32:
    """Scene-linear values to perceptual ones; 0 to 0, 1 to 1, odd, rising, unbounded.

    Args:
        linear: Any shape, any float type.

    Returns:
        float32 of the same shape. NaN and Inf stay.
    """
    return _in_pieces(_encode_piece, linear)


def decode(encoded: AnyArray) -> F32:
    """Perceptual values back to scene-linear ones; the inverse of ``encode``.

    Args:
        encoded: Any shape, any float type.

    Returns:
        float32 of the same shape. NaN and Inf stay.
    """
    return _in_pieces(_decode_piece, encoded)


def to_display8(linear: AnyArray) -> U8:
    """Scene-linear Rec.709 values to 8-bit sRGB codes, as the quality figures count.

    Args:
        linear: Any shape. Values are cut to 0..1; NaN counts as 0.

    Returns:
        uint8 of the same shape, rounded to the nearest code.
    """
    values = np.asarray(linear, np.float32)
    codes = np.empty(values.shape, np.uint8)
    flat, out = values.reshape(-1), codes.reshape(-1)
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE]
        clean = np.where(piece > 0, np.minimum(piece, np.float32(1)), np.float32(0))
        encoded = np.empty_like(clean)
        _encode_piece(clean, encoded)
        encoded *= np.float32(255)
        out[start : start + _PIECE] = np.rint(encoded, out=encoded)
    return codes


def _in_pieces(curve: Callable[[F32, F32], None], values: AnyArray) -> F32:
    """Runs a curve over pieces that stay in the processor's cache; ten times as fast as at once."""
    source = np.asarray(values, np.float32, order="C")
    result = np.empty(source.shape, np.float32)
    flat, out = source.reshape(-1), result.reshape(-1)
    for start in range(0, flat.size, _PIECE):
        curve(flat[start : start + _PIECE], out[start : start + _PIECE])
    return result


def _encode_piece(values: F32, out: F32) -> None:
    size = np.abs(values)
    np.power(size, np.float32(1 / GAMMA), out=out)
    out *= np.float32(SCALE)
    out -= np.float32(OFFSET)
    toe = size <= np.float32(LINEAR_CUT)
    size *= np.float32(SLOPE)
    np.copyto(out, size, where=toe)
    np.copysign(out, values, out=out)


def _decode_piece(values: F32, out: F32) -> None:
    size = np.abs(values)
    np.add(size, np.float32(OFFSET), out=out)
    out /= np.float32(SCALE)
    np.power(out, np.float32(GAMMA), out=out)
    toe = size <= np.float32(ENCODED_CUT)
    size /= np.float32(SLOPE)
    np.copyto(out, size, where=toe)
    np.copysign(out, values, out=out)
