"""Compiled loops of the colour residual: collecting it on its grid, and adding it to a frame.

Convention: control point (r, c) stands at pixel corner (c * cell, r * cell); a pixel centre reads
the four around it linearly. Chroma stands on every second control point. Colours are encoded;
luma is Y = 0.299 R + 0.587 G + 0.114 B, chroma R - Y and B - Y.

``residual_reference.py`` states the same in plain numpy; the tests hold both together.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, U8, Bool
from engine.kernels import threads
from engine.kernels.curve import decoded, encoded, masked, mean_error, row_error

threads.prepare()

_NOTHING = np.zeros((0, 0, 3), np.float32)
_R, _G, _B = np.float32(0.299), np.float32(0.587), np.float32(0.114)


@njit(cache=True, parallel=True, error_model="numpy")
def _collect(truth, codes, picture, cell, coded, upper, lower, energy):  # type: ignore[no-untyped-def]
    rows, columns = picture.shape[:2]
    bands, points = upper.shape[:2]
    one, half, code = np.float32(1), np.float32(0.5), np.float32(1 / 255)
    for band in prange(bands):
        upper[band] = 0
        lower[band] = 0
        row = np.empty((points, 3), np.float32)
        total = np.float64(0)
        for i in range(band * cell, min((band + 1) * cell, rows)):
            row[:] = 0
            squares = np.float32(0)
            left = np.uint32(0)
            inside = 0
            for j in range(columns):
                f = (np.float32(inside) + half) / np.float32(cell)
                here, right = left, left + np.uint32(1)
                inside += 1
                if inside == cell:
                    inside = 0
                    left = right
                for c in range(3):
                    coded[i, j, c] = encoded(picture[i, j, c])
                if codes.size:
                    dr = np.float32(codes[i, j, 0]) * code - coded[i, j, 0]
                    dg = np.float32(codes[i, j, 1]) * code - coded[i, j, 1]
                    db = np.float32(codes[i, j, 2]) * code - coded[i, j, 2]
                else:
                    dr = encoded(truth[i, j, 0]) - coded[i, j, 0]
                    dg = encoded(truth[i, j, 1]) - coded[i, j, 1]
                    db = encoded(truth[i, j, 2]) - coded[i, j, 2]
                    if not np.isfinite(dr + dg + db):
                        continue
                squares += dr * dr + dg * dg + db * db
                y = _R * dr + _G * dg + _B * db
                g = one - f
                row[here, 0] += g * y
                row[here, 1] += g * (dr - y)
                row[here, 2] += g * (db - y)
                row[right, 0] += f * y
                row[right, 1] += f * (dr - y)
                row[right, 2] += f * (db - y)
            total += squares
            f = (np.float32(i - band * cell) + half) / np.float32(cell)
            for p in range(points):
                for c in range(3):
                    upper[band, p, c] += (one - f) * row[p, c]
                    lower[band, p, c] += f * row[p, c]
        energy[band] = total


def collect(truth: F32 | None, codes: U8 | None, picture: F32, cell: int) -> tuple[F32, float, F32]:
    """What the residual has to explain, summed around each control point.

    Args:
        truth: Scene-linear [H, W, 3]; pixels that are no numbers do not count. Not read where
            there are codes, and None will do.
        codes: uint8 [H, W, 3], display codes that say the same, of a truth that has but 8 bits and
            all of whose pixels count; or None.
        picture: Scene-linear [H, W, 3].
        cell: Pixels between control points.

    Returns:
        Luma, R - Y and B - Y of ``encode(truth) - encode(picture)`` times the hat of each control
        point, float32 [gy, gx, 3]; the sum of squared differences over pixels and channels; and
        ``encode(picture)``.
    """
    height, width = picture.shape[:2]
    bands, points = -(-height // cell), -(-width // cell) + 1
    upper = np.empty((bands, points, 3), np.float32)
    lower = np.empty((bands, points, 3), np.float32)
    energy = np.zeros(bands)
    coded = np.empty(picture.shape, np.float32)
    with threads.guard():
        _collect(
            _NOTHING if truth is None else np.ascontiguousarray(truth, np.float32),
            np.zeros((0, 0, 3), np.uint8) if codes is None else np.ascontiguousarray(codes),
            np.ascontiguousarray(picture, np.float32),
            cell,
            coded,
            upper,
            lower,
            energy,
        )
    sums = np.zeros((bands + 1, points, 3), np.float32)
    sums[:-1] = upper
    sums[1:] += lower
    return sums, float(energy.sum()), coded


@njit(cache=True, inline="always")
def _across(plane, i, cell, row):  # type: ignore[no-untyped-def]
    """Control points of a plane [gy, gx, C] at a row of pixels, [gx, C]."""
    top = i // cell
    f = (np.float32(i - top * cell) + np.float32(0.5)) / np.float32(cell)
    for p in range(plane.shape[1]):
        for c in range(plane.shape[2]):
            a = plane[top, p, c]
            row[p, c] = a + f * (plane[top + 1, p, c] - a)


@njit(cache=True)
def _along(columns, cell):  # type: ignore[no-untyped-def]
    """The control point left of each column and the share of the one right of it.

    Once for all rows: a division of whole numbers costs more than all else of a pixel.
    """
    left = np.empty(columns, np.uint32)
    share = np.empty(columns, np.float32)
    for j in range(columns):
        k = j // cell
        left[j] = k
        share[j] = (np.float32(j - k * cell) + np.float32(0.5)) / np.float32(cell)
    return left, share


@njit(cache=True, inline="always")
def _three(luma_row, chroma_row, left, f, wide_left, wide_f):  # type: ignore[no-untyped-def]
    """What is added to encoded red, green and blue in a column, see ``_along``."""
    right = left + np.uint32(1)
    y = luma_row[left, 0] + f * (luma_row[right, 0] - luma_row[left, 0])
    left, right, f = wide_left, wide_left + np.uint32(1), wide_f
    r = chroma_row[left, 0] + f * (chroma_row[right, 0] - chroma_row[left, 0])
    b = chroma_row[left, 1] + f * (chroma_row[right, 1] - chroma_row[left, 1])
    return y + r, y - (_R * r + _B * b) / _G, y + b


@njit(cache=True, parallel=True, error_model="numpy")
def _add(luma, chroma, cell, pixels):  # type: ignore[no-untyped-def]
    rows, columns = pixels.shape[:2]
    left, share = _along(columns, cell)
    wide_left, wide_share = _along(columns, 2 * cell)
    for i in prange(rows):
        fine = np.empty((luma.shape[1], 1), np.float32)
        wide = np.empty((chroma.shape[1], 2), np.float32)
        _across(luma, i, cell, fine)
        _across(chroma, i, 2 * cell, wide)
        for j in range(columns):
            r, g, b = _three(fine, wide, left[j], share[j], wide_left[j], wide_share[j])
            if r != 0:
                pixels[i, j, 0] = decoded(encoded(pixels[i, j, 0]) + r)
            if g != 0:
                pixels[i, j, 1] = decoded(encoded(pixels[i, j, 1]) + g)
            if b != 0:
                pixels[i, j, 2] = decoded(encoded(pixels[i, j, 2]) + b)


def add(luma: F32, chroma: F32, cell: int, pixels: F32) -> None:
    """Adds a residual to a frame, in place; where it is 0 the pixels stay bit for bit.

    Args:
        luma: [gy, gx], gy = ceil(H / cell) + 1, gx likewise.
        chroma: [hy, hx, 2], R - Y and B - Y, hy = ceil(H / (2 cell)) + 1, hx likewise.
        cell: Pixels between control points of ``luma``.
        pixels: Scene-linear float32 [H, W, 3].
    """
    with threads.guard():
        _add(luma[..., None], chroma, cell, pixels)


@njit(cache=True, parallel=True, error_model="numpy")
def _added_error(luma, chroma, cell, picture, coded, codes, kept, errors):  # type: ignore[no-untyped-def]
    rows, columns = picture.shape[:2]
    left, share = _along(columns, cell)
    wide_left, wide_share = _along(columns, 2 * cell)
    for i in prange(rows):
        fine = np.empty((luma.shape[1], 1), np.float32)
        wide = np.empty((chroma.shape[1], 2), np.float32)
        _across(luma, i, cell, fine)
        _across(chroma, i, 2 * cell, wide)
        row = np.empty(3 * columns, np.float32)
        for j in range(columns):
            r, g, b = _three(fine, wide, left[j], share[j], wide_left[j], wide_share[j])
            row[3 * j] = decoded(coded[i, j, 0] + r) if r != 0 else picture[i, j, 0]
            row[3 * j + 1] = decoded(coded[i, j, 1] + g) if g != 0 else picture[i, j, 1]
            row[3 * j + 2] = decoded(coded[i, j, 2] + b) if b != 0 else picture[i, j, 2]
        errors[i] = row_error(row.view(np.int32), codes[i].reshape(3 * columns), kept, i)


def added_error(
    luma: F32, chroma: F32, cell: int, picture: F32, coded: F32, codes: U8, kept: Bool | None
) -> float:
    """``display_error`` of what ``add`` would make of a picture, to the last bit.

    Args:
        luma: As for ``add``.
        chroma: As for ``add``.
        cell: As for ``add``.
        picture: Scene-linear [H, W, 3]; stays as it is.
        coded: The same encoded, as ``collect`` gives it.
        codes: As for ``display_error``.
        kept: As for ``display_error``.
    """
    errors = np.empty(len(picture), np.int64)
    with threads.guard():
        _added_error(
            luma[..., None],
            chroma,
            cell,
            np.ascontiguousarray(picture, np.float32),
            coded,
            np.ascontiguousarray(codes),
            masked(kept),
            errors,
        )
    return mean_error(errors, codes, kept)
