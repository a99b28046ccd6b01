"""The perceptual encoding of the fit and of 8-bit figures.

The sRGB curve, mirrored for negative values and continued above 1 by the same power law, so that
HDR and negative values survive there and back. It is the curve that OpenColorIO uses: its straight
piece touches the power law (slope 12.923, not the 12.92 of IEC 61966-2-1, at most 1e-5 apart), so
the derivative that a fit sees has no step, and 8-bit codes come back as code / 255.
"""

import numpy as np

from engine.arrays import F32, U8, AnyArray

_GAMMA, _OFFSET = 2.4, 0.055
_SCALE = 1 + _OFFSET
# Where a line through the origin touches the power law.
_ENCODED_CUT = _OFFSET / (_GAMMA - 1)
_LINEAR_CUT = ((_ENCODED_CUT + _OFFSET) / _SCALE) ** _GAMMA
_SLOPE = _ENCODED_CUT / _LINEAR_CUT


def encode(linear: AnyArray) -> F32:
    """Scene-linear values to perceptual ones; 0 to 0, 1 to 1, odd, rising, unbounded.

    Args:
        linear: Any shape, any float type.

    Returns:
        float32 of the same shape. NaN and Inf stay.
    """
    values = np.asarray(linear, np.float32)
    size = np.abs(values)
    curved = np.float32(_SCALE) * np.power(size, np.float32(1 / _GAMMA)) - np.float32(_OFFSET)
    result = np.where(size <= np.float32(_LINEAR_CUT), np.float32(_SLOPE) * size, curved)
    return np.copysign(result, values)


def decode(encoded: AnyArray) -> F32:
    """Perceptual values back to scene-linear ones; the inverse of ``encode``.

    Args:
        encoded: Any shape, any float type.

    Returns:
        float32 of the same shape. NaN and Inf stay.
    """
    values = np.asarray(encoded, np.float32)
    size = np.abs(values)
    curved = np.power((size + np.float32(_OFFSET)) / np.float32(_SCALE), np.float32(_GAMMA))
    result = np.where(size <= np.float32(_ENCODED_CUT), size / np.float32(_SLOPE), curved)
    return np.copysign(result, values)


def to_display8(linear: AnyArray) -> U8:
    """Scene-linear Rec.709 values to 8-bit sRGB codes, as the quality figures count.

    Args:
        linear: Any shape. Values are cut to 0..1; NaN counts as 0.

    Returns:
        uint8 of the same shape, rounded to the nearest code.
    """
    values = np.nan_to_num(np.asarray(linear, np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    codes: U8 = np.rint(encode(np.clip(values, 0, 1)) * np.float32(255)).astype(np.uint8)
    return codes
