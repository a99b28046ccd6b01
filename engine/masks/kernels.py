"""Compiled loops of the masks (numba); ``reference`` says the same in plain numpy."""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True, fastmath=True)
def relax(p, wish, strength, right, down, falling, rising, rounds, omega):  # type: ignore[no-untyped-def]
    """Minimises ``sum strength (p - wish)^2 + sum link (p_i - p_j)^2`` in place.

    Args:
        p: float32 [h, w], where to start from.
        wish: float32 [h, w].
        strength: float32 [h, w].
        right: float32 [h, w], link of a pixel to the one on its right.
        down: float32 [h, w], to the one below.
        falling: float32 [h, w], to the one below on the right.
        rising: float32 [h, w], to the one below on the left.
        rounds: Sweeps over the picture.
        omega: Over-relaxation, 1 to below 2.
    """
    height, width = p.shape
    for _ in range(rounds):
        for parity in range(2):
            for i in range(height):
                for j in range((i + parity) & 1, width, 2):
                    total = strength[i, j]
                    pull = total * wish[i, j]
                    if j + 1 < width:
                        pull += right[i, j] * p[i, j + 1]
                        total += right[i, j]
                    if j > 0:
                        pull += right[i, j - 1] * p[i, j - 1]
                        total += right[i, j - 1]
                    if i + 1 < height:
                        pull += down[i, j] * p[i + 1, j]
                        total += down[i, j]
                        if j + 1 < width:
                            pull += falling[i, j] * p[i + 1, j + 1]
                            total += falling[i, j]
                        if j > 0:
                            pull += rising[i, j] * p[i + 1, j - 1]
                            total += rising[i, j]
                    if i > 0:
                        pull += down[i - 1, j] * p[i - 1, j]
                        total += down[i - 1, j]
                        if j > 0:
                            pull += falling[i - 1, j - 1] * p[i - 1, j - 1]
                            total += falling[i - 1, j - 1]
                        if j + 1 < width:
                            pull += rising[i - 1, j + 1] * p[i - 1, j + 1]
                            total += rising[i - 1, j + 1]
                    p[i, j] += omega * (pull / total - p[i, j])


@numba.njit(cache=True, nogil=True)
def scatter(grid, places, share, weight):  # type: ignore[no-untyped-def]
    """Adds samples to the cell nearest to each, in place.

    Args:
        grid: float32 [rows, columns, L, a, b, 2]: mass inside and outside the mask.
        places: float32 [N, 5], cell coordinates.
        share: float32 [N], how far a sample is inside.
        weight: float32 [N].
    """
    for n in range(places.shape[0]):
        if weight[n] <= 0:
            continue
        y, x = int(places[n, 0] + 0.5), int(places[n, 1] + 0.5)
        cell, a, b = int(places[n, 2] + 0.5), int(places[n, 3] + 0.5), int(places[n, 4] + 0.5)
        grid[y, x, cell, a, b, 0] += weight[n] * share[n]
        grid[y, x, cell, a, b, 1] += weight[n] * (1 - share[n])


@numba.njit(cache=True, nogil=True, fastmath=True)
def smooth_along(grid):  # type: ignore[no-untyped-def]
    """Blurs [A, N, B] along N by 1 2 1, the ends repeated, in place."""
    outer, count, inner = grid.shape
    before = np.empty(inner, grid.dtype)
    for a in range(outer):
        before[:] = grid[a, 0]
        for n in range(count):
            after = n + 1 if n + 1 < count else n
            for b in range(inner):
                here = grid[a, n, b]
                grid[a, n, b] = 0.25 * before[b] + 0.5 * here + 0.25 * grid[a, after, b]
                before[b] = here


@numba.njit(cache=True, nogil=True, fastmath=True)
def gather(grid, places, out):  # type: ignore[no-untyped-def]
    """Reads a grid between its cells, linear along all five axes.

    Args:
        grid: float32 [rows, columns, L, a, b, 2].
        places: float32 [N, 5], cell coordinates, none below 0.
        out: float32 [N, 2], written.
    """
    last = np.array([grid.shape[0], grid.shape[1], grid.shape[2], grid.shape[3], grid.shape[4]]) - 1
    for n in range(places.shape[0]):
        inside, outside = 0.0, 0.0
        y0, x0 = int(places[n, 0]), int(places[n, 1])
        c0, a0, b0 = int(places[n, 2]), int(places[n, 3]), int(places[n, 4])
        ty, tx = places[n, 0] - y0, places[n, 1] - x0
        tc, ta, tb = places[n, 2] - c0, places[n, 3] - a0, places[n, 4] - b0
        for corner in range(32):
            dy, dx, dc = corner & 1, (corner >> 1) & 1, (corner >> 2) & 1
            da, db = (corner >> 3) & 1, (corner >> 4) & 1
            share = (ty if dy else 1 - ty) * (tx if dx else 1 - tx) * (tc if dc else 1 - tc)
            share *= (ta if da else 1 - ta) * (tb if db else 1 - tb)
            if share == 0:
                continue
            y, x = min(y0 + dy, last[0]), min(x0 + dx, last[1])
            c, a, b = min(c0 + dc, last[2]), min(a0 + da, last[3]), min(b0 + db, last[4])
            inside += share * grid[y, x, c, a, b, 0]
            outside += share * grid[y, x, c, a, b, 1]
        out[n, 0], out[n, 1] = inside, outside


@numba.njit(cache=True, nogil=True)
def fill(cover, corners, finer):  # type: ignore[no-untyped-def]
    """Adds the area of a closed polygon to each pixel, by the even-odd rule, in place.

    Exact along rows; each row of pixels is cut into ``finer`` lines.

    Args:
        cover: float32 [h, w].
        corners: float64 [N, 2], (x, y); pixel (j, i) covers [j, j + 1) x [i, i + 1).
        finer: Lines to a row of pixels.
    """
    height, width = cover.shape
    count = corners.shape[0]
    crossings = np.empty(count, np.float64)
    share = np.float32(1.0 / finer)
    for line in range(height * finer):
        y = (line + 0.5) / finer
        found = 0
        for n in range(count):
            m = n + 1 if n + 1 < count else 0
            y0, y1 = corners[n, 1], corners[m, 1]
            if (y0 <= y) != (y1 <= y):
                along = (y - y0) / (y1 - y0)
                crossings[found] = corners[n, 0] + along * (corners[m, 0] - corners[n, 0])
                found += 1
        ordered = np.sort(crossings[:found])
        row = line // finer
        for k in range(0, found - 1, 2):
            left, right = max(ordered[k], 0.0), min(ordered[k + 1], float(width))
            if right <= left:
                continue
            first, last = int(left), min(int(right), width - 1)
            if first == last:
                cover[row, first] += share * np.float32(right - left)
                continue
            cover[row, first] += share * np.float32(first + 1 - left)
            for j in range(first + 1, last):
                cover[row, j] += share
            cover[row, last] += share * np.float32(right - last)
