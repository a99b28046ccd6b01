"""Compiled compositing: paint over a plate; one visit per pixel."""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, U8
from engine.kernels import threads

threads.prepare()


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
