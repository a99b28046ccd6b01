"""Fits the colour residual of a frame: least squares on its grids, and never too much of it.

A residual that explains everything would make a field look good whose motion is wrong. So its grid
is too coarse for what misaligned texture leaves, and it is weakened until a frame is at most a
given number of decibels better than its edit path.
"""

from functools import lru_cache

import numpy as np

from engine.arrays import F32, I8, U8, AnyArray, Bool
from engine.fields.residual import Residual, grid_shapes
from engine.kernels.curve import display_error
from engine.kernels.residual import added_error, collect

#: Smallest step in encoded colour, and the count below which a control point is left at 0.
STEP, DEAD_ZONE = 2 / 255, 0.7
#: Ridge of the least squares, as a share of a control point's own weight.
RIDGE = 0.02
#: Decibels that the prediction stays below the limit, doubled with each of so many tries.
MARGIN, TRIES = 0.05, 6

_LUMA = np.array([0.299, 0.587, 0.114])


@lru_cache(maxsize=16)
def _solver(pixels: int, cell: int) -> F32:
    """Inverse [n, n] of the normal matrix of hats ``cell`` pixels apart over a row of pixels."""
    count = -(-pixels // cell) + 1
    place = (np.arange(pixels) + 0.5) / cell
    hats = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(count)))
    inverse = np.linalg.inv(hats.T @ hats + RIDGE * cell * np.eye(count))
    # Four bytes are enough here, and twice as fast to multiply.
    return np.asarray(inverse, np.float32)


def coarser(sums: AnyArray, shape: tuple[int, int]) -> F32:
    """Sums [gy, gx, C] over hats of one grid as sums over hats twice as wide, [*shape, C].

    Exact: a hat is the sum of three of half its width, the outer two by half.
    """
    for axis in (0, 1):
        count = shape[axis]
        moved = np.moveaxis(sums, axis, 0)
        padded = np.zeros((2 * count + 1, *moved.shape[1:]), np.float32)
        padded[1 : 1 + len(moved)] = moved
        wide = padded[1::2] + np.float32(0.5) * (padded[0:-1:2] + padded[2::2])
        sums = np.moveaxis(wide, 0, axis)
    return np.asarray(sums, np.float32)


def _explained(sums: F32, luma: AnyArray, chroma: AnyArray) -> float:
    """Sum over pixels and channels of difference times residual, without visiting a pixel."""
    wide = coarser(sums, chroma.shape[:2])
    y, r, b = np.moveaxis(sums, 2, 0)
    green = -np.array([_LUMA[0], _LUMA[2]]) / _LUMA[1]
    # Red is y + r, green y + g, blue y + b with g from r and b.
    g_wide = wide[..., 1] * green[0] + wide[..., 2] * green[1]
    g = r * green[0] + b * green[1]
    g_plane = chroma @ green
    total = (luma * (3 * y + r + g + b)).sum()
    tint = chroma[..., 0] + g_plane + chroma[..., 1]
    total += (wide[..., 0] * tint).sum()
    total += (wide[..., 1:] * chroma).sum() + (g_wide * g_plane).sum()
    return float(total)


def _counts(plane: F32, step: float) -> I8:
    counts = plane / step
    counts[np.abs(counts) < DEAD_ZONE] = 0
    return np.asarray(np.clip(np.rint(counts), -127, 127), np.int8)


def fit_frame(
    residual: Residual,
    index: int,
    truth: F32 | None,
    drawn: F32,
    codes: U8,
    kept: Bool | None,
    edit_path: float,
    most: float,
    *,
    eight_bit: bool = False,
) -> float:
    """Fits and stores the residual of one frame.

    Args:
        residual: Gets the frame.
        index: Position of the frame.
        truth: The frame, scene-linear [H, W, 3]; None where ``codes`` hold all that it has and
            every pixel counts.
        drawn: The field's frame with all light, scene-linear [H, W, 3].
        codes: ``truth`` as 8-bit display codes.
        kept: [H, W], which pixels count; None for all.
        edit_path: Mean squared error of the edit path, in display codes squared.
        most: Decibels by which all terms may be better than the edit path.
        eight_bit: Whether ``codes`` hold all that ``truth`` has.

    Returns:
        Mean squared error with the residual, in display codes squared; without any improvement
        there is no residual.
    """
    height, width, cell = residual.height, residual.width, residual.cell
    least = edit_path * 10 ** (-most / 10)
    if kept is not None and truth is not None:
        truth = np.where(kept[..., None], truth, np.float32(np.nan))
        eight_bit = False
    sums, energy, coded = collect(truth, codes if eight_bit else None, drawn, cell)
    count = 3 * (height * width if kept is None else max(int(kept.sum()), 1))
    before = energy / count * 255**2
    # Not a number where nothing counts.
    if before > max(least, 0):
        fine, tint, step = _fitted(residual, sums)
        # Along the residual the error is a parabola with its lowest point about at full strength.
        gain = _explained(sums, fine * step, tint * step) / count * 255**2
        for n in range(TRIES):
            wanted = max(before - least * 10 ** (MARGIN * 2**n / 10), 0)
            share = 1 - float(np.sqrt(1 - wanted / gain)) if gain > wanted else 1.0
            residual.put(index, fine, tint, step * share)
            planes = residual.planes(index)
            if planes is None:
                break
            after = added_error(*planes, cell, drawn, coded, codes, kept)
            if after >= least:
                if after < before or after < display_error(drawn, codes, kept):
                    return after
                break
            # Better than it may be: the parabola again, through what was measured.
            gain = max((before - after) / (share * (2 - share)), gain)
    residual.clear(index)
    return display_error(drawn, codes, kept)


def _fitted(residual: Residual, sums: F32) -> tuple[I8, I8, float]:
    """Counts of luma and chroma, and their step, by least squares."""
    height, width, cell = residual.height, residual.width, residual.cell
    luma = np.asarray(_solver(height, cell) @ sums[..., 0] @ _solver(width, cell), np.float32)
    wide = coarser(sums, grid_shapes(height, width, cell)[1])
    chroma: F32 = np.empty((*wide.shape[:2], 2), np.float32)
    for c in range(2):
        rows, columns = _solver(height, 2 * cell), _solver(width, 2 * cell)
        chroma[..., c] = rows @ wide[..., 1 + c] @ columns
    reach = max(float(np.abs(luma).max()), float(np.abs(chroma).max()))
    step = max(STEP, reach / 127)
    return _counts(luma, step), _counts(chroma, step), step
