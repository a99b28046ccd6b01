"""Names for the array types that signatures use."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

F32: TypeAlias = NDArray[np.float32]
F64: TypeAlias = NDArray[np.float64]
U8: TypeAlias = NDArray[np.uint8]
U16: TypeAlias = NDArray[np.uint16]
I8: TypeAlias = NDArray[np.int8]
I32: TypeAlias = NDArray[np.int32]
I64: TypeAlias = NDArray[np.int64]
Bool: TypeAlias = NDArray[np.bool_]
AnyArray: TypeAlias = NDArray[Any]


def finite_pixels(picture: AnyArray) -> Bool:
    """Where all channels of a picture [H, W, C] are finite, [H, W]."""
    return np.asarray(np.isfinite(picture).all(axis=2), np.bool_)
