"""Compiled compositing: layers into a frame, paint over a plate; one visit per pixel."""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, U8
from engine.kernels import threads

threads.prepare()

# The curve of engine.colour.encoding, stated again since a kernel cannot call it; a test compares.
_GAMMA, _OFFSET, _SCALE = np.float32(2.4), np.float32(0.055), np.float32(1.055)
_CUT = np.float32(0.055 / 1.4)
_SLOPE = np.float32(((0.055 / 1.4 + 0.055) / 1.055) ** 2.4 / (0.055 / 1.4))


@njit(cache=True, inline="always")
def _decode(value):  # type: ignore[no-untyped-def]
    """``engine.colour.encoding.decode`` for one value."""
    size = abs(value)
    if size <= _CUT:
        return value * _SLOPE
    curved = ((size + _OFFSET) / _SCALE) ** _GAMMA
    return np.float32(np.copysign(curved, value))


@njit(cache=True, parallel=True)
def _add_layer(seen, share, gain, hole, colour, weight, carry):  # type: ignore[no-untyped-def]
    rows, columns = share.shape
    for i in prange(rows):
        for j in range(columns):
            whole = share[i, j]
            if whole <= 0:
                carry[i, j] = 0
                continue
            alpha = seen[i, j, 3]
            # A ramp of a few codes instead of a step: no speckle along the edge of a hole.
            taken = whole * min(max((alpha - hole) / (np.float32(3) * hole), 0), 1)
            carry[i, j] = whole - taken
            if taken <= 0:
                continue
            for c in range(3):
                value = _decode(seen[i, j, c] / alpha)
                if gain.size:
                    value *= gain[i, j, c]
                colour[i, j, c] += taken * value
            weight[i, j] += taken


def add_layer(
    seen: F32, share: F32, gain: F32 | None, hole: float, colour: F32, weight: F32, carry: F32
) -> None:
    """Adds one layer to a composite, front to back.

    Args:
        seen: [h, w, 4]: perceptually encoded colours premultiplied in that encoding, and alpha.
        share: [h, w]: visible share of the layer, with what layers in front left over.
        gain: [h, w, 3]: linear light, or None.
        hole: Alpha up to which the layer has nothing to show.
        colour: [h, w, 3]: sum of linear colours times weight; added to.
        weight: [h, w]: sum of weights; added to.
        carry: [h, w]: set to what this layer leaves to the next.
    """
    # One memory layout for what is only read: each further one would be compiled by itself.
    lit = np.zeros((0, 0, 3), np.float32) if gain is None else np.ascontiguousarray(gain)
    with threads.guard():
        _add_layer(seen, share, lit, np.float32(hole), colour, weight, carry)


@njit(cache=True, parallel=True)
def _put_over(pixels, paint, touched):  # type: ignore[no-untyped-def]
    rows, columns = touched.shape
    for i in prange(rows):
        for j in range(columns):
            m = min(paint[i, j, 3], np.float32(1))
            if not m > 0:
                continue
            touched[i, j] = 1
            left = np.float32(1) - m
            for c in range(3):
                below = pixels[i, j, c]
                # A NaN below full paint is gone; below partial paint it counts as black.
                if not np.isfinite(below):
                    below = np.float32(0)
                pixels[i, j, c] = below * left + paint[i, j, c]


def put_paint(pixels: F32, paint: F32, touched: U8) -> None:
    """Premultiplied paint over a plate, in place, only where its matte is above 0.

    Args:
        pixels: [h, w, 3 or 4], scene-linear; a fourth channel stays.
        paint: [h, w, 4], scene-linear, premultiplied.
        touched: [h, w]; set to 1 where a pixel was changed.
    """
    with threads.guard():
        _put_over(pixels, paint, touched)


@njit(cache=True, parallel=True)
def _tame(paint, weights):  # type: ignore[no-untyped-def]
    rows, columns = paint.shape[:2]
    for i in prange(rows):
        for j in range(columns):
            most = weights[i, j] if weights.size else np.float32(1)
            alpha = paint[i, j, 3]
            if alpha <= most / np.float32(4096):
                for c in range(4):
                    paint[i, j, c] = 0
            elif alpha > most:
                for c in range(4):
                    paint[i, j, c] *= most / alpha


def tame(paint: F32, weights: F32 | None) -> None:
    """Takes back, in place, what the lobes of a cubic add beyond the matte and above full cover.

    Args:
        paint: [h, w, 4] or [N, 4], premultiplied.
        weights: [h, w] highest alpha of each pixel; None: 1.
    """
    most = np.zeros((0, 0), np.float32) if weights is None else weights
    grid = paint if paint.ndim == 3 else paint[None]
    with threads.guard():
        _tame(grid, most)
