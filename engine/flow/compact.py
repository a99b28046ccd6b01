"""Flows with no more digits than they are good for, so that a whole clip of them fits on a disk.

DIS is right to about a tenth of a pixel. A half float is right to 1/64 of a pixel for motion below
32 pixels and to 1/16 below 128, and a confidence needs no more than a byte.
"""

import numpy as np

from engine.arrays import F32, AnyArray
from engine.flow.pair import FlowPair


def compact(pair: FlowPair) -> FlowPair:
    """The flow with vectors rounded to half floats and confidences to 1/255.

    Rounded where it is made, so that a flow is the same whether it comes from memory or from disk.
    Vectors beyond the range of halves (65504 pixels) are cut off there.
    """
    return FlowPair(
        pair.frame,
        _rounded(pair.forward),
        _in_steps(pair.forward_confidence),
        _rounded(pair.backward),
        _in_steps(pair.backward_confidence),
    )


def as_halves(vectors: F32 | None) -> AnyArray | None:
    """float16 if that loses nothing, else the very array."""
    if vectors is None:
        return None
    with np.errstate(over="ignore"):
        halves = vectors.astype(np.float16)
    return halves if np.array_equal(halves, vectors, equal_nan=True) else vectors


def from_halves(vectors: AnyArray | None) -> F32 | None:
    """What ``as_halves`` was given."""
    return None if vectors is None else np.asarray(vectors, np.float32)


def as_bytes(confidence: F32 | None) -> AnyArray | None:
    """uint8 if that loses nothing, else the very array."""
    if confidence is None:
        return None
    codes = _codes(confidence)
    return codes if np.array_equal(_shares(codes), confidence) else confidence


def from_bytes(confidence: AnyArray | None) -> F32 | None:
    """What ``as_bytes`` was given."""
    if confidence is None:
        return None
    if confidence.dtype == np.uint8:
        return _shares(confidence)
    return np.asarray(confidence, np.float32)


def _rounded(vectors: F32 | None) -> F32 | None:
    if vectors is None:
        return None
    halves: AnyArray = np.clip(vectors, -65504, 65504).astype(np.float16)
    return np.asarray(halves, np.float32)


def _in_steps(confidence: F32 | None) -> F32 | None:
    return None if confidence is None else _shares(_codes(confidence))


def _codes(confidence: F32) -> AnyArray:
    clean = np.nan_to_num(confidence, nan=0.0, posinf=1.0, neginf=0.0)
    return np.asarray(np.rint(np.clip(clean, 0, 1) * np.float32(255)), np.uint8)


def _shares(codes: AnyArray) -> F32:
    return np.asarray(codes.astype(np.float32) / np.float32(255), np.float32)
