"""Compiled inversion of a dense frame-to-canonical map.

The map is bilinear between its samples, so inverting it means finding the cells whose image holds
a point. A pyramid of bounding boxes over the cells finds all of them, also where the map folds or
tears, and the best is chosen; where the neighbouring point's answer leads to a visible place by a
few steps of Newton's method, nothing is searched.

Convention: the samples are padded by one pixel on each side, linearly, so that the outer half of
the border pixels lies in a cell. ``u`` and ``v`` count padded samples: a frame point (x, y) in
pixels from the data window's corner, pixel centres at +0.5, is u = x + 0.5, v = y + 0.5.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange

from engine.arrays import F32, F64, I8, I64, Bool
from engine.kernels import threads

threads.prepare()

#: Cells along the side of a box of the pyramid's lowest level.
LEAF = 4
#: Points that one thread takes at a time; neighbours help each other.
CHUNK = 512
#: Longest Newton step, in frame pixels: maps may fold, so no step may leave the neighbourhood.
_LONGEST = 16.0
#: Newton steps from a neighbour's answer, and from a guess outside the frame.
_NEAR_STEPS = 6
_FAR_STEPS = 24
#: Squared canonical distance at which a point is reached.
_REACHED = 1e-7
#: Frame pixels by which the map may bend inside a cell before its answer needs correction.
_BENT = 0.005
#: Ranks of an answer: visible; hidden by another layer; in a fold; in the padding; extrapolated.
VISIBLE, HIDDEN, FOLDED, OUTER, OUTSIDE = 4, 3, 2, 1, 0


@dataclass(frozen=True)
class Pyramid:
    """A padded map with the bounding boxes of its cells.

    Attributes:
        samples: float32 [H + 2, W + 2, 2].
        boxes: float32 [N, 4], (left, top, right, bottom) of each box, all levels, lowest first.
        levels: int64 [L, 3]: first box, rows and columns of each level.
        folds: Some cell is turned over. Where none is, no place has a rival.
    """

    samples: F32
    boxes: F32
    levels: I64
    folds: bool


@dataclass(frozen=True)
class Answers:
    """Where the map reaches the targets.

    Attributes:
        places: float64 [N, 2], (u, v) of the convention; always finite.
        inverse: float64 [N, 4], the inverse Jacobian there, row-major (0 where it is singular).
        rank: int8 [N], one of the ranks above.
        left: float32 [N], frame pixels that are left by the Jacobian there; Inf where it is
            singular and the target not reached.
        rough: [N], the map bends so much there, or is extrapolated, that the exact map should
            correct the answer.
    """

    places: F64
    inverse: F64
    rank: I8
    left: F32
    rough: Bool


def pyramid(positions: F32) -> Pyramid:
    """Prepares a map [H, W, 2] for ``find``; H and W at least 2."""
    h, w = positions.shape[:2]
    samples = np.empty((h + 2, w + 2, 2), np.float32)
    samples[1:-1, 1:-1] = positions
    samples[1:-1, 0] = 2 * positions[:, 0] - positions[:, 1]
    samples[1:-1, -1] = 2 * positions[:, -1] - positions[:, -2]
    samples[0] = 2 * samples[1] - samples[2]
    samples[-1] = 2 * samples[-2] - samples[-3]
    rows, columns = -(-(h + 1) // LEAF), -(-(w + 1) // LEAF)
    levels = [(0, rows, columns)]
    while rows * columns > 1:
        first = levels[-1][0] + rows * columns
        rows, columns = -(-rows // 2), -(-columns // 2)
        levels.append((first, rows, columns))
    table = np.array(levels, np.int64)
    boxes = np.empty((levels[-1][0] + 1, 4), np.float32)
    with threads.guard():
        folds = int(_leaves(samples, boxes, levels[0][1], levels[0][2]).sum())
    _parents(boxes, table)
    return Pyramid(samples, boxes, table, folds > 0)


def find(tree: Pyramid, coverage: F32, targets: F32, guess: F64, near: F32 | None) -> Answers:
    """Where a dense map reaches the targets: the best of all places.

    A visible place wins over one that another layer covers, that over one in a fold. Among equals
    the one closest to ``near`` wins, and without it the one that is covered most.

    Args:
        tree: The map.
        coverage: float32 [H, W], the visible share of the layer.
        targets: float32 [N, 2], finite.
        guess: float64 [2, 3], a rough affine inverse, for points that the frame does not hold.
        near: float32 [N, 2], expected (u, v), or None.
    """
    count = len(targets)
    answers = Answers(
        np.zeros((count, 2), np.float64),
        np.zeros((count, 4), np.float64),
        np.zeros(count, np.int8),
        np.zeros(count, np.float32),
        np.zeros(count, np.bool_),
    )
    with threads.guard():
        _find(
            tree.samples,
            tree.boxes,
            tree.levels,
            tree.folds,
            coverage,
            targets,
            guess,
            np.zeros((0, 2), np.float32) if near is None else near,
            answers.places,
            answers.inverse,
            answers.rank,
            answers.left,
            answers.rough,
        )
    return answers


@njit(cache=True, parallel=True)
def _leaves(samples, boxes, rows, columns):  # type: ignore[no-untyped-def]
    """Fills the lowest level; returns the cells that are turned over, by row of boxes."""
    h, w = samples.shape[:2]
    folds = np.zeros(rows, np.int64)
    for r in prange(rows):
        for c in range(columns):
            left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
            for i in range(r * LEAF, min(r * LEAF + LEAF + 1, h)):
                for j in range(c * LEAF, min(c * LEAF + LEAF + 1, w)):
                    x = samples[i, j, 0]
                    y = samples[i, j, 1]
                    # Samples that are no numbers enlarge no box: comparisons with them are false.
                    if x < left:
                        left = x
                    if x > right:
                        right = x
                    if y < top:
                        top = y
                    if y > bottom:
                        bottom = y
                    if 0 < i < h - 1 and 0 < j < w - 1:
                        # Both triangles at the sample that lie inside the padding.
                        ax = samples[i, min(j + 1, w - 2), 0] - x
                        ay = samples[i, min(j + 1, w - 2), 1] - y
                        bx = samples[min(i + 1, h - 2), j, 0] - x
                        by = samples[min(i + 1, h - 2), j, 1] - y
                        cx = x - samples[i, max(j - 1, 1), 0]
                        cy = y - samples[i, max(j - 1, 1), 1]
                        dx = x - samples[max(i - 1, 1), j, 0]
                        dy = y - samples[max(i - 1, 1), j, 1]
                        if not (ax * by - ay * bx > 0 or i == h - 2 or j == w - 2) or not (
                            cx * dy - cy * dx > 0 or i == 1 or j == 1
                        ):
                            folds[r] += 1
            n = r * columns + c
            boxes[n, 0] = left
            boxes[n, 1] = top
            boxes[n, 2] = right
            boxes[n, 3] = bottom
    return folds


@njit(cache=True)
def _parents(boxes, levels):  # type: ignore[no-untyped-def]
    for level in range(1, len(levels)):
        below, rows_below, columns_below = levels[level - 1]
        first, rows, columns = levels[level]
        for r in range(rows):
            for c in range(columns):
                n = first + r * columns + c
                boxes[n, 0] = boxes[n, 1] = np.inf
                boxes[n, 2] = boxes[n, 3] = -np.inf
                for i in range(2 * r, min(2 * r + 2, rows_below)):
                    for j in range(2 * c, min(2 * c + 2, columns_below)):
                        child = boxes[below + i * columns_below + j]
                        boxes[n, 0] = min(boxes[n, 0], child[0])
                        boxes[n, 1] = min(boxes[n, 1], child[1])
                        boxes[n, 2] = max(boxes[n, 2], child[2])
                        boxes[n, 3] = max(boxes[n, 3], child[3])


@njit(cache=True)
def _look(samples, i, j, fx, fy, tx, ty):  # type: ignore[no-untyped-def]
    """What is left to a target at fractions of a cell, and the Jacobian there."""
    ax = np.float64(samples[i, j, 0])
    ay = np.float64(samples[i, j, 1])
    bx = samples[i, j + 1, 0] - ax
    by = samples[i, j + 1, 1] - ay
    cx = samples[i + 1, j, 0] - ax
    cy = samples[i + 1, j, 1] - ay
    dx = samples[i + 1, j + 1, 0] - ax - bx - cx
    dy = samples[i + 1, j + 1, 1] - ay - by - cy
    # Outside its cell the border's own slope goes on, without the twist.
    sx = min(max(fx, 0.0), 1.0)
    sy = min(max(fy, 0.0), 1.0)
    rx = tx - (ax + fx * bx + fy * cx + sx * sy * dx)
    ry = ty - (ay + fx * by + fy * cy + sx * sy * dy)
    return rx, ry, bx + sy * dx, cx + sx * dx, by + sy * dy, cy + sx * dy


@njit(cache=True)
def _walk(samples, tx, ty, u, v, steps):  # type: ignore[no-untyped-def]
    """Newton's method from (u, v); the best place met, and the squared distance left there."""
    h, w = samples.shape[:2]
    best = np.inf
    bu = u
    bv = v
    for _ in range(steps):
        j = min(max(int(np.floor(u)), 0), w - 2)
        i = min(max(int(np.floor(v)), 0), h - 2)
        rx, ry, m00, m01, m10, m11 = _look(samples, i, j, u - j, v - i, tx, ty)
        size = rx * rx + ry * ry
        if size < best:
            best = size
            bu = u
            bv = v
        det = m00 * m11 - m01 * m10
        if size < _REACHED or not abs(det) > 1e-9:
            break
        du = (m11 * rx - m01 * ry) / det
        dv = (m00 * ry - m10 * rx) / det
        length = np.sqrt(du * du + dv * dv)
        if length > _LONGEST:
            du *= _LONGEST / length
            dv *= _LONGEST / length
        u = min(max(u + du, -float(w)), 2.0 * w)
        v = min(max(v + dv, -float(h)), 2.0 * h)
    return bu, bv, best


@njit(cache=True)
def _rank(samples, coverage, u, v):  # type: ignore[no-untyped-def]
    """Rank of a place, and the layer's share of its pixel."""
    h, w = coverage.shape
    x = u - 0.5
    y = v - 0.5
    if not (x >= 0 and y >= 0 and x < w and y < h):
        return OUTER, 0.0
    share = coverage[int(y), int(x)]
    j = min(int(u), w)
    i = min(int(v), h)
    _, _, m00, m01, m10, m11 = _look(samples, i, j, u - j, v - i, 0.0, 0.0)
    if not m00 * m11 - m01 * m10 > 0:
        return FOLDED, share
    return (VISIBLE if share > 0.5 else HIDDEN), share


@njit(cache=True)
def _in_cell(samples, i, j, tx, ty):  # type: ignore[no-untyped-def]
    """Fractions at which a cell holds the target; -1 where it does not."""
    x0 = samples[i, j, 0]
    x1 = samples[i, j + 1, 0]
    x2 = samples[i + 1, j, 0]
    x3 = samples[i + 1, j + 1, 0]
    if not (min(min(x0, x1), min(x2, x3)) <= tx <= max(max(x0, x1), max(x2, x3))):
        return -1.0, -1.0
    y0 = samples[i, j, 1]
    y1 = samples[i, j + 1, 1]
    y2 = samples[i + 1, j, 1]
    y3 = samples[i + 1, j + 1, 1]
    if not (min(min(y0, y1), min(y2, y3)) <= ty <= max(max(y0, y1), max(y2, y3))):
        return -1.0, -1.0
    fx = 0.5
    fy = 0.5
    for _ in range(12):
        rx, ry, m00, m01, m10, m11 = _look(samples, i, j, fx, fy, tx, ty)
        if rx * rx + ry * ry < _REACHED:
            slack = 1e-4
            if -slack <= fx <= 1 + slack and -slack <= fy <= 1 + slack:
                return max(fx, 0.0), max(fy, 0.0)
            return -1.0, -1.0
        det = m00 * m11 - m01 * m10
        if not abs(det) > 1e-12:
            break
        fx = min(max(fx + (m11 * rx - m01 * ry) / det, -2.0), 3.0)
        fy = min(max(fy + (m00 * ry - m10 * rx) / det, -2.0), 3.0)
    return -1.0, -1.0


@njit(cache=True)
def _search(samples, boxes, levels, coverage, tx, ty, nu, nv, stack):  # type: ignore[no-untyped-def]
    """The best of all places; rank ``OUTSIDE`` when there is none. NaN (nu, nv): no preference."""
    h, w = samples.shape[:2]
    wished = np.isfinite(nu)
    rank = OUTSIDE
    bu = 0.0
    bv = 0.0
    merit = -np.inf
    top = 1
    stack[0, 0] = len(levels) - 1
    stack[0, 1] = stack[0, 2] = 0
    while top:
        top -= 1
        level, r, c = stack[top]
        columns = levels[level, 2]
        n = levels[level, 0] + r * columns + c
        if not (boxes[n, 0] <= tx <= boxes[n, 2] and boxes[n, 1] <= ty <= boxes[n, 3]):
            continue
        if level:
            for k in range(3, -1, -1):
                i = 2 * r + k // 2
                j = 2 * c + k % 2
                if i < levels[level - 1, 1] and j < levels[level - 1, 2]:
                    stack[top, 0] = level - 1
                    stack[top, 1] = i
                    stack[top, 2] = j
                    top += 1
            continue
        for i in range(r * LEAF, min(r * LEAF + LEAF, h - 1)):
            for j in range(c * LEAF, min(c * LEAF + LEAF, w - 1)):
                fx, fy = _in_cell(samples, i, j, tx, ty)
                if fx < 0:
                    continue
                u = j + fx
                v = i + fy
                found, share = _rank(samples, coverage, u, v)
                good = share
                if wished:
                    good = -((u - nu) * (u - nu) + (v - nv) * (v - nv))
                if found > rank or (found == rank and good > merit):
                    rank = found
                    merit = good
                    bu = u
                    bv = v
                if rank == VISIBLE and not wished:
                    return bu, bv, rank
    return bu, bv, rank


@njit(cache=True)
def _bend(samples, i, j):  # type: ignore[no-untyped-def]
    """How far the true map may lie from the bilinear one inside a cell, canonical pixels."""
    h, w = samples.shape[:2]
    # The padding is straight by making: bend is measured around the nearest sample inside it.
    r = min(max(i, 2), h - 3)
    c = min(max(j, 2), w - 3)
    most = 0.0
    for k in range(2):
        for a in range(2):
            i0 = min(r + a, h - 3)
            j0 = min(c + a, w - 3)
            middle = 2 * samples[i0, j0, k]
            across = abs(samples[i0, j0 - 1, k] - middle + samples[i0, j0 + 1, k])
            down = abs(samples[i0 - 1, j0, k] - middle + samples[i0 + 1, j0, k])
            most = max(most, across + down)
    return most / 8


@njit(cache=True, parallel=True)
def _find(  # type: ignore[no-untyped-def]
    samples,
    boxes,
    levels,
    folds,
    coverage,
    targets,
    guess,
    near,
    places,
    inverse,
    rank,
    left,
    rough,
):
    h, w = samples.shape[:2]
    count = len(targets)
    for chunk in prange((count + CHUNK - 1) // CHUNK):
        stack = np.empty((4 * len(levels) + 4, 3), np.int64)
        u = np.nan
        v = np.nan
        px = 0.0
        py = 0.0
        for n in range(chunk * CHUNK, min(chunk * CHUNK + CHUNK, count)):
            tx = np.float64(targets[n, 0])
            ty = np.float64(targets[n, 1])
            nu = np.nan
            nv = np.nan
            if len(near):
                nu = u = np.float64(near[n, 0])
                nv = v = np.float64(near[n, 1])
            elif np.isfinite(u) and abs(tx - px) + abs(ty - py) < 8:
                # The neighbour's answer, moved on along its own slope.
                u += inverse[n - 1, 0] * (tx - px) + inverse[n - 1, 1] * (ty - py)
                v += inverse[n - 1, 2] * (tx - px) + inverse[n - 1, 3] * (ty - py)
            px = tx
            py = ty
            found = OUTSIDE
            size = np.inf
            if np.isfinite(u) and np.isfinite(v):
                u, v, size = _walk(samples, tx, ty, u, v, _NEAR_STEPS)
                if size < _REACHED:
                    found, _ = _rank(samples, coverage, u, v)
            if found != VISIBLE and not (found == HIDDEN and not folds):
                su, sv, other = _search(samples, boxes, levels, coverage, tx, ty, nu, nv, stack)
                if other > OUTSIDE:
                    u = su
                    v = sv
                    found = other
                    size = 0.0
                else:
                    found = OUTSIDE
                    if size >= _REACHED:
                        gu = guess[0, 0] * tx + guess[0, 1] * ty + guess[0, 2]
                        gv = guess[1, 0] * tx + guess[1, 1] * ty + guess[1, 2]
                        gu = min(max(gu, -float(w)), 2.0 * w)
                        gv = min(max(gv, -float(h)), 2.0 * h)
                        u, v, size = _walk(samples, tx, ty, gu, gv, _FAR_STEPS)
            j = min(max(int(np.floor(u)), 0), w - 2)
            i = min(max(int(np.floor(v)), 0), h - 2)
            _, _, m00, m01, m10, m11 = _look(samples, i, j, u - j, v - i, tx, ty)
            det = m00 * m11 - m01 * m10
            places[n, 0] = u
            places[n, 1] = v
            rank[n] = found
            stretch = 0.0
            if abs(det) > 1e-9:
                inverse[n, 0] = m11 / det
                inverse[n, 1] = -m01 / det
                inverse[n, 2] = -m10 / det
                inverse[n, 3] = m00 / det
                stretch = np.sqrt(m00 * m00 + m01 * m01 + m10 * m10 + m11 * m11) / abs(det)
            left[n] = 0.0 if size == 0 else np.sqrt(size) * (stretch if stretch > 0 else np.inf)
            bent = True
            if h > 4 and w > 4:
                bent = _bend(samples, i, j) * stretch > _BENT
            rough[n] = bent or found <= OUTER or stretch == 0.0
            if size >= 1.0:
                # Not reached: no start for the next one.
                u = np.nan
                v = np.nan
