"""Multi-resolution hash-grid encoding in two and three dimensions, compiled for the CPU (numba).

``hashgrid_reference`` is the plain twin; ``hashgrid_levels`` says how a table is laid out.

Both directions give the same bits on every run. Forward and the gradient to the points run in
parallel over blocks of points, level by level within a block so that a level's part of the table
stays in the cache: coherent points (tiles of a picture) are several times faster than scattered
ones. The gradient to the table runs in parallel over levels, each level in the order of the
points, so that no two threads ever add to the same entry. Levels of weight 0 (annealing) cost
nothing.
"""

from typing import TYPE_CHECKING

import numba
import numpy as np
import torch

from engine.arrays import F32, AnyArray
from engine.kernels import threads
from engine.kernels.hashgrid_levels import FEATURES, HashGrid, check_inputs, weights_of

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors

threads.prepare()

_BLOCK = 2048
_LOW = 0xFFFFFFFF
_PRIME_1 = 2654435761
_PRIME_2 = 805459861
_ONE = np.float32(1)
_HALF = np.float32(0.5)


@numba.njit(inline="always")
def _index2(x, y, resolution, entries, hashed):  # type: ignore[no-untyped-def]
    if hashed:
        return (x ^ (y * _PRIME_1)) & (entries - 1)  # a hashed level holds a power of two
    index = (x + y * resolution) & _LOW
    return index if index < entries else index % entries


@numba.njit(inline="always")
def _index3(x, y, z, resolution, entries, hashed):  # type: ignore[no-untyped-def]
    if hashed:
        return (x ^ (y * _PRIME_1) ^ (z * _PRIME_2)) & (entries - 1)
    index = (x + (y + z * resolution) * resolution) & _LOW
    return index if index < entries else index % entries


@numba.njit(inline="always")
def _cell(coordinate, scale):  # type: ignore[no-untyped-def]
    position = coordinate * scale + _HALF
    low = np.int32(position)  # towards 0, and faster than floor
    if np.float32(low) > position:
        low -= np.int32(1)
    return np.int64(low), position - np.float32(low)


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _forward2(points, table, scales, resolutions, entries, offsets, hashed, weights, first, out):  # type: ignore[no-untyped-def]
    count = points.shape[0]
    for block in numba.prange((count + _BLOCK - 1) // _BLOCK):
        start, stop = block * _BLOCK, min(count, (block + 1) * _BLOCK)
        for level in range(weights.shape[0]):
            weight, column = weights[level], first + 2 * level
            if weight == 0:
                for i in range(start, stop):
                    out[i, column] = 0
                    out[i, column + 1] = 0
                continue
            part = table[offsets[level] : offsets[level + 1]]
            scale, size, n, h = scales[level], resolutions[level], entries[level], hashed[level]
            for i in range(start, stop):
                x, fx = _cell(points[i, 0], scale)
                y, fy = _cell(points[i, 1], scale)
                a = _index2(x, y, size, n, h)
                b = _index2(x + 1, y, size, n, h)
                c = _index2(x, y + 1, size, n, h)
                d = _index2(x + 1, y + 1, size, n, h)
                gx, gy = _ONE - fx, _ONE - fy
                for f in range(2):
                    low = part[a, f] * gx + part[b, f] * fx
                    high = part[c, f] * gx + part[d, f] * fx
                    out[i, column + f] = (low * gy + high * fy) * weight


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _forward3(points, table, scales, resolutions, entries, offsets, hashed, weights, first, out):  # type: ignore[no-untyped-def]
    count = points.shape[0]
    for block in numba.prange((count + _BLOCK - 1) // _BLOCK):
        start, stop = block * _BLOCK, min(count, (block + 1) * _BLOCK)
        for level in range(weights.shape[0]):
            weight, column = weights[level], first + 2 * level
            if weight == 0:
                for i in range(start, stop):
                    out[i, column] = 0
                    out[i, column + 1] = 0
                continue
            part = table[offsets[level] : offsets[level + 1]]
            scale, size, n, h = scales[level], resolutions[level], entries[level], hashed[level]
            for i in range(start, stop):
                x, fx = _cell(points[i, 0], scale)
                y, fy = _cell(points[i, 1], scale)
                z, fz = _cell(points[i, 2], scale)
                gx = _ONE - fx
                first_feature = np.float32(0)
                second_feature = np.float32(0)
                for corner in range(4):
                    dy, dz = corner & 1, corner >> 1
                    share = (fy if dy else _ONE - fy) * (fz if dz else _ONE - fz)
                    a = _index3(x, y + dy, z + dz, size, n, h)
                    b = _index3(x + 1, y + dy, z + dz, size, n, h)
                    first_feature += share * (part[a, 0] * gx + part[b, 0] * fx)
                    second_feature += share * (part[a, 1] * gx + part[b, 1] * fx)
                out[i, column] = first_feature * weight
                out[i, column + 1] = second_feature * weight


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _table2(  # type: ignore[no-untyped-def]
    points, slope, scales, resolutions, entries, offsets, hashed, weights, first, active, gradient
):
    for k in numba.prange(active.shape[0]):
        level = active[k]
        weight, column = weights[level], first + 2 * level
        part = gradient[offsets[level] : offsets[level + 1]]
        scale, size, n, h = scales[level], resolutions[level], entries[level], hashed[level]
        for i in range(points.shape[0]):
            x, fx = _cell(points[i, 0], scale)
            y, fy = _cell(points[i, 1], scale)
            s, t = slope[i, column] * weight, slope[i, column + 1] * weight
            for corner in range(4):
                dx, dy = corner & 1, corner >> 1
                share = (fx if dx else _ONE - fx) * (fy if dy else _ONE - fy)
                index = _index2(x + dx, y + dy, size, n, h)
                part[index, 0] += share * s
                part[index, 1] += share * t


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _table3(  # type: ignore[no-untyped-def]
    points, slope, scales, resolutions, entries, offsets, hashed, weights, first, active, gradient
):
    for k in numba.prange(active.shape[0]):
        level = active[k]
        weight, column = weights[level], first + 2 * level
        part = gradient[offsets[level] : offsets[level + 1]]
        scale, size, n, h = scales[level], resolutions[level], entries[level], hashed[level]
        for i in range(points.shape[0]):
            x, fx = _cell(points[i, 0], scale)
            y, fy = _cell(points[i, 1], scale)
            z, fz = _cell(points[i, 2], scale)
            s, t = slope[i, column] * weight, slope[i, column + 1] * weight
            for corner in range(8):
                dx, dy, dz = corner & 1, (corner >> 1) & 1, corner >> 2
                share = (fx if dx else _ONE - fx) * (fy if dy else _ONE - fy)
                share *= fz if dz else _ONE - fz
                index = _index3(x + dx, y + dy, z + dz, size, n, h)
                part[index, 0] += share * s
                part[index, 1] += share * t


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _points2(  # type: ignore[no-untyped-def]
    points, slope, table, scales, resolutions, entries, offsets, hashed, weights, first, out
):
    count = points.shape[0]
    for block in numba.prange((count + _BLOCK - 1) // _BLOCK):
        start, stop = block * _BLOCK, min(count, (block + 1) * _BLOCK)
        for level in range(weights.shape[0]):
            weight, column = weights[level], first + 2 * level
            if weight == 0:
                continue
            part = table[offsets[level] : offsets[level + 1]]
            scale, size, n, h = scales[level], resolutions[level], entries[level], hashed[level]
            for i in range(start, stop):
                x, fx = _cell(points[i, 0], scale)
                y, fy = _cell(points[i, 1], scale)
                s = slope[i, column] * weight * scale
                t = slope[i, column + 1] * weight * scale
                a = _index2(x, y, size, n, h)
                b = _index2(x + 1, y, size, n, h)
                c = _index2(x, y + 1, size, n, h)
                d = _index2(x + 1, y + 1, size, n, h)
                va = part[a, 0] * s + part[a, 1] * t
                vb = part[b, 0] * s + part[b, 1] * t
                vc = part[c, 0] * s + part[c, 1] * t
                vd = part[d, 0] * s + part[d, 1] * t
                out[i, 0] += (vb - va) * (_ONE - fy) + (vd - vc) * fy
                out[i, 1] += (vc - va) * (_ONE - fx) + (vd - vb) * fx


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _points3(  # type: ignore[no-untyped-def]
    points, slope, table, scales, resolutions, entries, offsets, hashed, weights, first, out
):
    count = points.shape[0]
    for block in numba.prange((count + _BLOCK - 1) // _BLOCK):
        start, stop = block * _BLOCK, min(count, (block + 1) * _BLOCK)
        for level in range(weights.shape[0]):
            weight, column = weights[level], first + 2 * level
            if weight == 0:
                continue
            part = table[offsets[level] : offsets[level + 1]]
            scale, size, n, h = scales[level], resolutions[level], entries[level], hashed[level]
            for i in range(start, stop):
                x, fx = _cell(points[i, 0], scale)
                y, fy = _cell(points[i, 1], scale)
                z, fz = _cell(points[i, 2], scale)
                s = slope[i, column] * weight * scale
                t = slope[i, column + 1] * weight * scale
                for corner in range(4):
                    dy, dz = corner & 1, corner >> 1
                    wy, wz = (fy if dy else _ONE - fy), (fz if dz else _ONE - fz)
                    a = _index3(x, y + dy, z + dz, size, n, h)
                    b = _index3(x + 1, y + dy, z + dz, size, n, h)
                    va = part[a, 0] * s + part[a, 1] * t
                    vb = part[b, 0] * s + part[b, 1] * t
                    along = va * (_ONE - fx) + vb * fx
                    out[i, 0] += (vb - va) * wy * wz
                    out[i, 1] += along * wz if dy else -along * wz
                    out[i, 2] += along * wy if dz else -along * wy


_FORWARD = {2: _forward2, 3: _forward3}
_TABLE = {2: _table2, 3: _table3}
_POINTS = {2: _points2, 3: _points3}


def _shape(grid: HashGrid) -> tuple[AnyArray, ...]:
    return grid.scales, grid.resolutions, grid.entries, grid.offsets, grid.hashed


def _dealt(weights: F32) -> AnyArray:
    """The levels that count, dealt out so that every thread gets coarse and fine ones."""
    active = np.flatnonzero(weights).astype(np.int64)
    pools = numba.get_num_threads()
    return np.concatenate([active[k::pools] for k in range(pools)])


class _Encode(torch.autograd.Function):
    """The kernels as one step of a torch graph."""

    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx, points, table, grid, weights, first, width, accumulate
    ):
        out = torch.empty((points.shape[0], width), dtype=torch.float32)
        if first:
            out[:, :first] = points
        out[:, first + grid.width :] = 1
        entries = table.detach().numpy().reshape(-1, FEATURES)
        with threads.guard():
            _FORWARD[grid.dimensions](
                points.detach().numpy(), entries, *_shape(grid), weights, first, out.numpy()
            )
        ctx.save_for_backward(points, table)
        ctx.grid, ctx.weights, ctx.first, ctx.accumulate = grid, weights, first, accumulate
        return out

    @staticmethod
    def backward(ctx, slope):  # type: ignore[no-untyped-def]
        points, table = ctx.saved_tensors
        grid, weights, first = ctx.grid, ctx.weights, ctx.first
        slope = slope.contiguous()
        to_points = to_table = None
        plain, slopes = points.detach().numpy(), slope.numpy()
        with threads.guard():
            if ctx.needs_input_grad[1]:
                into = ctx.accumulate
                if into is None:
                    into = to_table = torch.zeros_like(table)
                active = _dealt(weights)
                sums = into.numpy().reshape(-1, FEATURES)
                _TABLE[grid.dimensions](plain, slopes, *_shape(grid), weights, first, active, sums)
            if ctx.needs_input_grad[0]:
                to_points = slope[:, :first].clone() if first else torch.zeros_like(points)
                entries = table.detach().numpy().reshape(-1, FEATURES)
                _POINTS[grid.dimensions](
                    plain, slopes, entries, *_shape(grid), weights, first, to_points.numpy()
                )
        return to_points, to_table, None, None, None, None, None


def encode(
    points: torch.Tensor,
    table: torch.Tensor,
    grid: HashGrid,
    weights: "Factors | None" = None,
    *,
    raw: bool = False,
    padded_to: int = 0,
    accumulate: torch.Tensor | None = None,
) -> torch.Tensor:
    """Features of points, differentiable in the table and in the points.

    Convention: a unit of coordinate holds ``grid.scales`` cells of each level; any value is
    allowed, also negative and beyond 1 (cells wrap around the table).

    Args:
        points: float32 [N, d], finite. Neighbours in space should be neighbours in memory.
        table: float32 [grid.parameters], see ``HashGrid``.
        grid: The levels.
        weights: float32 [L], a factor for each level's features; None is 1 for all.
        raw: Put the coordinates themselves in front of the features.
        padded_to: Fill with ones up to so many columns, the constants that act as the bias of the
            network behind.
        accumulate: A tensor like ``table`` that backward adds the table's gradient to, instead of
            handing a new one to torch; give ``table.grad`` when a step has many small parts.

    Returns:
        float32 [N, (d if raw) + 2 L, or padded_to].

    Raises:
        UsageError: The shapes do not fit together.
    """
    check_inputs(points, table, grid, weights)
    first = grid.dimensions if raw else 0
    width = max(padded_to, first + grid.width)
    factors = weights_of(grid, weights)
    encoded: torch.Tensor = _Encode.apply(  # type: ignore[no-untyped-call]
        points.contiguous(), table.contiguous(), grid, factors, first, width, accumulate
    )
    return encoded
