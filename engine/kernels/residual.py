"""Compiled loops of the colour residual: collecting it on its grid, and adding it to a frame.

Convention: control point (r, c) stands at pixel corner (c * cell, r * cell); a pixel centre reads
the four around it linearly. Chroma stands on every second control point. Colours are encoded;
luma is Y = 0.299 R + 0.587 G + 0.114 B, chroma R - Y and B - Y.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32
from engine.kernels import threads
from engine.kernels.curve import decoded, encoded

threads.prepare()

_R, _G, _B = np.float32(0.299), np.float32(0.587), np.float32(0.114)


@njit(cache=True, parallel=True)
def _collect(truth, picture, cell, upper, lower, energy):  # type: ignore[no-untyped-def]
    rows, columns = picture.shape[:2]
    bands, points = upper.shape[:2]
    for band in prange(bands):
        upper[band] = 0
        lower[band] = 0
        row = np.empty((points, 3), np.float32)
        total = 0.0
        for i in range(band * cell, min((band + 1) * cell, rows)):
            row[:] = 0
            for j in range(columns):
                dr = encoded(truth[i, j, 0]) - encoded(picture[i, j, 0])
                dg = encoded(truth[i, j, 1]) - encoded(picture[i, j, 1])
                db = encoded(truth[i, j, 2]) - encoded(picture[i, j, 2])
                if not np.isfinite(dr + dg + db):
                    continue
                total += dr * dr + dg * dg + db * db
                y = _R * dr + _G * dg + _B * db
                left = j // cell
                f = (np.float32(j - left * cell) + np.float32(0.5)) / np.float32(cell)
                g = np.float32(1) - f
                row[left, 0] += g * y
                row[left, 1] += g * (dr - y)
                row[left, 2] += g * (db - y)
                row[left + 1, 0] += f * y
                row[left + 1, 1] += f * (dr - y)
                row[left + 1, 2] += f * (db - y)
            f = (np.float32(i - band * cell) + np.float32(0.5)) / np.float32(cell)
            for p in range(points):
                for c in range(3):
                    upper[band, p, c] += (np.float32(1) - f) * row[p, c]
                    lower[band, p, c] += f * row[p, c]
        energy[band] = total


def collect(truth: F32, picture: F32, cell: int) -> tuple[F32, float]:
    """What the residual has to explain, summed around each control point.

    Args:
        truth: Scene-linear [H, W, 3]; pixels that are no numbers do not count.
        picture: Scene-linear [H, W, 3].
        cell: Pixels between control points.

    Returns:
        Luma, R - Y and B - Y of ``encode(truth) - encode(picture)`` times the hat of each control point,
        float32 [gy, gx, 3]; and the sum of squared differences over pixels and channels.
    """
    height, width = picture.shape[:2]
    bands, points = -(-height // cell), -(-width // cell) + 1
    upper = np.empty((bands, points, 3), np.float32)
    lower = np.empty((bands, points, 3), np.float32)
    energy = np.zeros(bands)
    with threads.guard():
        _collect(
            np.ascontiguousarray(truth, np.float32),
            np.ascontiguousarray(picture, np.float32),
            cell,
            upper,
            lower,
            energy,
        )
    sums = np.zeros((bands + 1, points, 3), np.float32)
    sums[:-1] = upper
    sums[1:] += lower
    return sums, float(energy.sum())


@njit(cache=True, parallel=True)
def _add(luma, chroma, cell, pixels):  # type: ignore[no-untyped-def]
    rows, columns = pixels.shape[:2]
    for i in prange(rows):
        top = i // cell
        f = (np.float32(i - top * cell) + np.float32(0.5)) / np.float32(cell)
        above = i // (2 * cell)
        h = (np.float32(i - above * 2 * cell) + np.float32(0.5)) / np.float32(2 * cell)
        # The two grids' rows blended once: a pixel then reads two points of each.
        row = np.empty(luma.shape[1], np.float32)
        for p in range(luma.shape[1]):
            row[p] = luma[top, p] + f * (luma[top + 1, p] - luma[top, p])
        tint = np.empty((chroma.shape[1], 2), np.float32)
        for p in range(chroma.shape[1]):
            for c in range(2):
                a = chroma[above, p, c]
                tint[p, c] = a + h * (chroma[above + 1, p, c] - a)
        for j in range(columns):
            left = j // cell
            f = (np.float32(j - left * cell) + np.float32(0.5)) / np.float32(cell)
            y = row[left] + f * (row[left + 1] - row[left])
            left = j // (2 * cell)
            f = (np.float32(j - left * 2 * cell) + np.float32(0.5)) / np.float32(2 * cell)
            r = tint[left, 0] + f * (tint[left + 1, 0] - tint[left, 0])
            b = tint[left, 1] + f * (tint[left + 1, 1] - tint[left, 1])
            if y == 0 and r == 0 and b == 0:
                continue
            g = (-_R * r - _B * b) / _G
            pixels[i, j, 0] = decoded(encoded(pixels[i, j, 0]) + y + r)
            pixels[i, j, 1] = decoded(encoded(pixels[i, j, 1]) + y + g)
            pixels[i, j, 2] = decoded(encoded(pixels[i, j, 2]) + y + b)


def add(luma: F32, chroma: F32, cell: int, pixels: F32) -> None:
    """Adds a residual to a frame, in place; where it is 0 the pixels stay bit for bit.

    Args:
        luma: [gy, gx], gy = ceil(H / cell) + 1, gx likewise.
        chroma: [hy, hx, 2], R - Y and B - Y, hy = ceil(H / (2 cell)) + 1, hx likewise.
        cell: Pixels between control points of ``luma``.
        pixels: Scene-linear float32 [H, W, 3].
    """
    with threads.guard():
        _add(luma, chroma, cell, pixels)
