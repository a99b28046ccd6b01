"""Compiled loops over uniform cubic B-spline lattices (numba); see ``lattice_reference``.

Convention: a lattice of spacing s over a picture [H, W] has ``ceil(W / s) + 3`` control points in
x; control point (i, j) stands at ((j - 1) s, (i - 1) s) in pixels from the top-left corner of the
picture's data window. A point at u = x / s is moved by the 4 x 4 control points around it. Points
outside the picture take the value at its border.

Each picture row first blends its four lattice rows, so a pixel costs four taps instead of sixteen;
the backward loops collect a row the same way and scatter it once.
"""

import math

import numba
import numpy as np

from engine.arrays import F32, F64, I32
from engine.kernels import threads

threads.prepare()


def grid_shape(height: int, width: int, spacing: float) -> tuple[int, int]:
    """Control points (rows, columns) of a lattice over a picture."""
    return math.ceil(height / spacing) + 3, math.ceil(width / spacing) + 3


def taps(size: int, spacing: float) -> tuple[I32, F32]:
    """First control point [size] and the four B-spline weights [size, 4] of each pixel centre."""
    u = (np.arange(size) + 0.5) / spacing
    cell = np.floor(u)
    return cell.astype(np.int32), bspline_weights((u - cell).astype(np.float32))


def bspline_weights(f: F32) -> F32:
    """The four uniform cubic B-spline weights at fractions ``f`` [N] of a cell, [N, 4]."""
    g = 1 - f
    return np.stack(
        [
            g * g * g / 6,
            (3 * f * f * f - 6 * f * f + 4) / 6,
            (3 * g * g * g - 6 * g * g + 4) / 6,
            f * f * f / 6,
        ],
        axis=-1,
    ).astype(np.float32)


@numba.njit(parallel=True, fastmath=True, cache=True)
def evaluate(lattice, row_cell, row_weight, col_cell, col_weight):  # type: ignore[no-untyped-def]
    """Displacement [H, W, 2] of every pixel centre from control points [gy, gx, 2]."""
    height, width = row_cell.shape[0], col_cell.shape[0]
    out = np.empty((height, width, 2), np.float32)
    for y in numba.prange(height):
        row = _blend_rows(lattice, row_cell[y], row_weight[y])
        for x in range(width):
            j = col_cell[x]
            dx = np.float32(0)
            dy = np.float32(0)
            for k in range(4):
                w = col_weight[x, k]
                dx += w * row[j + k, 0]
                dy += w * row[j + k, 1]
            out[y, x, 0] = dx
            out[y, x, 1] = dy
    return out


@numba.njit(fastmath=True, cache=True)
def evaluate_backward(grad, row_cell, row_weight, col_cell, col_weight, shape):  # type: ignore[no-untyped-def]
    """Gradient [gy, gx, 2] of the control points from the gradient [H, W, 2] of displacements."""
    out = np.zeros((shape[0], shape[1], 2), np.float32)
    row = np.zeros((shape[1], 2), np.float32)
    for y in range(row_cell.shape[0]):
        row[:] = 0
        for x in range(col_cell.shape[0]):
            j = col_cell[x]
            for k in range(4):
                w = col_weight[x, k]
                row[j + k, 0] += w * grad[y, x, 0]
                row[j + k, 1] += w * grad[y, x, 1]
        for k in range(4):
            w = row_weight[y, k]
            for j in range(shape[1]):
                out[row_cell[y] + k, j, 0] += w * row[j, 0]
                out[row_cell[y] + k, j, 1] += w * row[j, 1]
    return out


@numba.njit(fastmath=True, cache=True)
def _blend_rows(lattice, cell, weight):  # type: ignore[no-untyped-def]
    columns = lattice.shape[1]
    row = np.empty((columns, 2), np.float32)
    for j in range(columns):
        for c in range(2):
            row[j, c] = (
                weight[0] * lattice[cell, j, c]
                + weight[1] * lattice[cell + 1, j, c]
                + weight[2] * lattice[cell + 2, j, c]
                + weight[3] * lattice[cell + 3, j, c]
            )
    return row


@numba.njit(fastmath=True, cache=True)
def evaluate_points(lattice, spacing, height, width, points):  # type: ignore[no-untyped-def]
    """Displacements [N, 2] at points [N, 2] (pixels from the data window's corner)."""
    out = np.empty((points.shape[0], 2), np.float64)
    weights = np.empty((2, 4), np.float64)
    for n in range(points.shape[0]):
        cells = (0, 0)
        for axis in range(2):
            limit = width if axis == 0 else height
            u = min(max(points[n, axis], 0.0), float(limit)) / spacing
            most = lattice.shape[1 - axis] - 4
            cell = min(int(np.floor(u)), most)
            f = u - cell
            g = 1 - f
            weights[axis, 0] = g * g * g / 6
            weights[axis, 1] = (3 * f * f * f - 6 * f * f + 4) / 6
            weights[axis, 2] = (3 * g * g * g - 6 * g * g + 4) / 6
            weights[axis, 3] = f * f * f / 6
            cells = (cell, cells[1]) if axis == 0 else (cells[0], cell)
        dx = 0.0
        dy = 0.0
        for i in range(4):
            for j in range(4):
                w = weights[1, i] * weights[0, j]
                dx += w * lattice[cells[1] + i, cells[0] + j, 0]
                dy += w * lattice[cells[1] + i, cells[0] + j, 1]
        out[n, 0] = dx
        out[n, 1] = dy
    return out


def subdivide(lattice: F32, height: int, width: int, spacing: float) -> F32:
    """The same displacement on a lattice of half the spacing (exact knot insertion).

    Args:
        lattice: Control points [..., gy, gx, 2] of spacing ``spacing``.
        height: Rows of the picture.
        width: Columns of the picture.
        spacing: The old spacing in pixels.

    Returns:
        Control points [..., gy', gx', 2] of spacing ``spacing / 2``.
    """
    rows, columns = grid_shape(height, width, spacing / 2)
    fine = _subdivide_axis(np.moveaxis(lattice, -3, 0), rows)
    fine = np.moveaxis(fine, 0, -3)
    fine = _subdivide_axis(np.moveaxis(fine, -2, 0), columns)
    return np.ascontiguousarray(np.moveaxis(fine, 0, -2), np.float32)


def _subdivide_axis(coarse: F32, count: int) -> F32:
    """Subdivides along the first axis; fine point m stands at (m - 1) / 2 in coarse spacings."""
    padded = np.concatenate([coarse, coarse[-1:], coarse[-1:]])
    # Coarse index of the control point at position p is p + 1.
    fine = np.empty((count, *coarse.shape[1:]), np.float32)
    for m in range(count):
        position = (m - 1) // 2
        i = position + 1
        if (m - 1) % 2 == 0:
            before = padded[i - 1] if i > 0 else padded[0]
            fine[m] = (before + 6 * padded[i] + padded[i + 1]) / 8
        else:
            fine[m] = (padded[i] + padded[i + 1]) / 2
    return fine


def apply_matrix(matrix: F64, points: F64) -> F64:
    """Points [N, 2] through a homography [3, 3]."""
    x, y = points[:, 0], points[:, 1]
    w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    return np.stack(
        [
            (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / w,
            (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / w,
        ],
        axis=-1,
    )


@numba.njit(parallel=True, fastmath=True, cache=True)
def positions(matrix, x0, y0, lattice, row_cell, row_weight, col_cell, col_weight):  # type: ignore[no-untyped-def]
    """Homography plus lattice displacement at every pixel centre, [H, W, 2]."""
    out = evaluate(lattice, row_cell, row_weight, col_cell, col_weight)
    for y in numba.prange(out.shape[0]):
        py = y + 0.5 + y0
        for x in range(out.shape[1]):
            px = x + 0.5 + x0
            w = 1.0 / (matrix[2, 0] * px + matrix[2, 1] * py + matrix[2, 2])
            out[y, x, 0] += (matrix[0, 0] * px + matrix[0, 1] * py + matrix[0, 2]) * w
            out[y, x, 1] += (matrix[1, 0] * px + matrix[1, 1] * py + matrix[1, 2]) * w
    return out
