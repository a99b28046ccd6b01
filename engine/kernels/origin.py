"""Compiled chains of flow: for each pixel of a frame, the point of a first frame that it shows.

Convention: pixels of one picture, x right, y down, centres at +0.5. A cell is ``CELL`` pixels wide
and tall, and stands for the point at its middle.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, U8, Bool
from engine.kernels import threads

threads.prepare()

#: Pixels along a side of a cell.
CELL = 2
#: Pixels by which the way there and back may miss, at rest and per pixel of the way.
MISS, MISS_PER_PIXEL = 1.5, 0.05
#: Cells around the one that comes from nearest, that are asked too.
AROUND = 12
#: Pixels by which these may come from farther away than the nearest, and by which they may have
#: moved otherwise.
FARTHER, OTHERWISE = 6.0, 8.0


@njit(cache=True, inline="always")
def _read(flow, x, y, c):  # type: ignore[no-untyped-def]
    """Bilinear; the border is repeated."""
    height, width = flow.shape[0], flow.shape[1]
    u = min(max(x - 0.5, 0.0), width - 1.0)
    v = min(max(y - 0.5, 0.0), height - 1.0)
    left, top = min(int(u), width - 2), min(int(v), height - 2)
    a, b = u - left, v - top
    high = (1 - a) * flow[top, left, c] + a * flow[top, left + 1, c]
    low = (1 - a) * flow[top + 1, left, c] + a * flow[top + 1, left + 1, c]
    return (1 - b) * high + b * low


@njit(cache=True, parallel=True)
def _carry(origin, known, there, back, own, new_origin, new_known):  # type: ignore[no-untyped-def]
    starts, rows, columns = known.shape
    for i in prange(rows):
        y = CELL * (i + 0.5)
        for j in range(columns):
            x = CELL * (j + 0.5)
            new_known[:, i, j] = False
            if not own[int(y), int(x)]:
                continue
            dx, dy = _read(back, x, y, 0), _read(back, x, y, 1)
            px, py = x + dx, y + dy
            miss = np.hypot(dx + _read(there, px, py, 0), dy + _read(there, px, py, 1))
            if miss > MISS + MISS_PER_PIXEL * np.hypot(dx, dy):
                continue
            row, column = int(np.floor(py / CELL)), int(np.floor(px / CELL))
            if row < 0 or column < 0 or row >= rows or column >= columns:
                continue
            for s in range(starts):
                if known[s, row, column]:
                    new_known[s, i, j] = True
                    new_origin[s, i, j, 0] = origin[s, row, column, 0] + px - CELL * (column + 0.5)
                    new_origin[s, i, j, 1] = origin[s, row, column, 1] + py - CELL * (row + 0.5)


@njit(cache=True, inline="always")
def _nearest(origin, known, x, y, top, bottom, left, right):  # type: ignore[no-untyped-def]
    best, row, column = np.inf, -1, -1
    for i in range(top, bottom):
        for j in range(left, right):
            if known[i, j]:
                d = (origin[i, j, 0] - x) ** 2 + (origin[i, j, 1] - y) ** 2
                if d < best:
                    best, row, column = d, i, j
    return np.sqrt(best), row, column


@njit(cache=True, parallel=True)
def _answers(origin, known, points, far, places, apart):  # type: ignore[no-untyped-def]
    rows, columns = known.shape
    for n in prange(len(points)):
        x, y = points[n, 0], points[n, 1]
        best, row, column = _nearest(origin, known, x, y, 0, rows, 0, columns)
        apart[n] = best
        if not best <= far:
            continue
        dx = CELL * (column + 0.5) - origin[row, column, 0]
        dy = CELL * (row + 0.5) - origin[row, column, 1]
        total = across = down = 0.0
        for i in range(max(0, row - AROUND), min(rows, row + AROUND + 1)):
            for j in range(max(0, column - AROUND), min(columns, column + AROUND + 1)):
                if not known[i, j]:
                    continue
                away = np.hypot(origin[i, j, 0] - x, origin[i, j, 1] - y)
                mx = CELL * (j + 0.5) - origin[i, j, 0]
                my = CELL * (i + 0.5) - origin[i, j, 1]
                if away < best + FARTHER and np.hypot(mx - dx, my - dy) < OTHERWISE:
                    weight = 1.0 / (1.0 + away * away)
                    total += weight
                    across += weight * mx
                    down += weight * my
        places[n, 0], places[n, 1] = x + across / total, y + down / total


@njit(cache=True, parallel=True)
def _wholes(origin, known, points, reach, counts, spreads):  # type: ignore[no-untyped-def]
    rows, columns = known.shape
    for n in prange(len(points)):
        count = 0
        x = y = square = 0.0
        for i in range(rows):
            for j in range(columns):
                if not known[i, j]:
                    continue
                away = max(abs(origin[i, j, 0] - points[n, 0]), abs(origin[i, j, 1] - points[n, 1]))
                if away <= reach:
                    mx = CELL * (j + 0.5) - origin[i, j, 0]
                    my = CELL * (i + 0.5) - origin[i, j, 1]
                    count += 1
                    x += mx
                    y += my
                    square += mx * mx + my * my
        counts[n] = count
        if count > 0:
            left = square / count - (x / count) ** 2 - (y / count) ** 2
            spreads[n] = np.sqrt(max(left, 0.0))


def carry(origin: F32, known: Bool, there: F32, back: F32, own: Bool | U8) -> tuple[F32, Bool]:
    """Chains that are one frame longer.

    Args:
        origin: Points of the first frames [S, h, w, 2] that the cells of a frame show.
        known: Where that is known, [S, h, w].
        there: Flow [H, W, 2] from that frame to the next one.
        back: Flow from the next frame to that one.
        own: Pixels [H, W] of the next frame that belong to the layer.

    Returns:
        ``origin`` and ``known`` of the next frame: known where the flows there and back agree.
    """
    new_origin, new_known = np.zeros_like(origin), np.zeros_like(known)
    with threads.guard():
        _carry(origin, known, there, back, np.asarray(own, np.bool_), new_origin, new_known)
    return new_origin, new_known


def answers(origin: F32, known: Bool, points: F32, far: float) -> tuple[F32, F32]:
    """Where a frame shows points of a first frame.

    A point is where the cells are that come from nearest to it, moved on by what is missing: the
    mean of those around that moved alike.

    Args:
        origin: Points of the first frame that the cells show, [h, w, 2].
        known: Where that is known, [h, w].
        points: Points of the first frame, [N, 2].
        far: Pixels of the first frame up to which cells answer for a point.

    Returns:
        Places [N, 2], NaN where nothing answers; and how far the nearest cell comes from the
        point, [N], Inf where no cell is known.
    """
    places = np.full((len(points), 2), np.nan, np.float32)
    apart = np.full(len(points), np.inf, np.float32)
    with threads.guard():
        _answers(origin, known, np.ascontiguousarray(points, np.float32), far, places, apart)
    return places, apart


def wholes(origin: F32, known: Bool, points: F32, reach: float) -> tuple[F32, F32]:
    """How much of what is around points of a first frame is still shown, and moves alike.

    Args:
        origin: As for ``answers``.
        known: As for ``answers``.
        points: Points of the first frame, [N, 2].
        reach: Half the side of the square around each.

    Returns:
        Number of cells that come from there, [N], and the standard deviation of their motion, [N].
    """
    counts, spreads = np.zeros(len(points), np.float32), np.zeros(len(points), np.float32)
    with threads.guard():
        _wholes(origin, known, np.ascontiguousarray(points, np.float32), reach, counts, spreads)
    return counts, spreads


def first(own: Bool | U8) -> tuple[F32, Bool]:
    """``origin`` [h, w, 2] and ``known`` [h, w] of a frame that a chain starts in.

    Args:
        own: Pixels [H, W] of the frame that belong to the layer.
    """
    middle = slice(CELL // 2, None, CELL)
    known = np.ascontiguousarray(np.asarray(own, np.bool_)[middle, middle])
    return middles(known), known


def middles(known: Bool) -> F32:
    """The points [h, w, 2] that cells [h, w] stand for."""
    row, column = np.indices(known.shape, np.float32)
    origin = np.stack([column + np.float32(0.5), row + np.float32(0.5)], axis=2) * CELL
    return np.asarray(origin, np.float32)
