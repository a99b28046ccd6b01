"""Compiled inversion of a dense frame-to-canonical map."""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, I32
from engine.kernels import threads

threads.prepare()

#: Longest Newton step, in frame pixels: maps may fold, so no step may leave the neighbourhood.
_LONGEST = 16.0
_STEPS = 24


@njit(cache=True)
def splat(  # type: ignore[no-untyped-def]
    positions, preference, stride, left, top, cell, out, best
):
    """Writes the flat index of frame pixels into the canvas cells that they fall on.

    Args:
        positions: float32 [H, W, 2].
        preference: float32 [H, W]; where several pixels fall on a cell the highest wins.
        stride: Only every so many rows and columns.
        left: Canonical x of the canvas' left edge.
        top: Canonical y of its upper edge.
        cell: Size of a cell in canonical pixels.
        out: int32 [ch, cw], -1 where nothing fell; changed in place.
        best: float32 [ch, cw], the winners' preference; changed in place.
    """
    h, w = positions.shape[:2]
    ch, cw = out.shape
    for i in range(0, h, stride):
        for j in range(0, w, stride):
            x = (positions[i, j, 0] - left) / cell
            y = (positions[i, j, 1] - top) / cell
            if not (x >= 0 and y >= 0 and x < cw and y < ch):
                continue
            r = int(y)
            c = int(x)
            if out[r, c] < 0 or preference[i, j] > best[r, c]:
                out[r, c] = i * w + j
                best[r, c] = preference[i, j]


@njit(cache=True, parallel=True)
def _newton(positions, targets, starts, places, inverse):  # type: ignore[no-untyped-def]
    h, w = positions.shape[:2]
    for n in prange(len(targets)):
        tx = targets[n, 0]
        ty = targets[n, 1]
        u = float(starts[n] % w)
        v = float(starts[n] // w)
        nearest = np.inf
        for _ in range(_STEPS):
            j = min(max(int(np.floor(u)), 0), w - 2)
            i = min(max(int(np.floor(v)), 0), h - 2)
            fx = u - j
            fy = v - i
            ax = positions[i, j, 0]
            ay = positions[i, j, 1]
            bx = positions[i, j + 1, 0] - ax
            by = positions[i, j + 1, 1] - ay
            cx = positions[i + 1, j, 0] - ax
            cy = positions[i + 1, j, 1] - ay
            dx = positions[i + 1, j + 1, 0] - ax - bx - cx
            dy = positions[i + 1, j + 1, 1] - ay - by - cy
            rx = tx - (ax + fx * bx + fy * cx + fx * fy * dx)
            ry = ty - (ay + fx * by + fy * cy + fx * fy * dy)
            # Outside the frame the border's own slope goes on, without the twist of its cell.
            sx = min(max(fx, 0.0), 1.0)
            sy = min(max(fy, 0.0), 1.0)
            m00 = bx + sy * dx
            m01 = cx + sx * dx
            m10 = by + sy * dy
            m11 = cy + sx * dy
            det = m00 * m11 - m01 * m10
            size = rx * rx + ry * ry
            usable = abs(det) > 1e-6
            if size < nearest:
                nearest = size
                places[n, 0] = u
                places[n, 1] = v
                if usable:
                    inverse[n, 0] = m11 / det
                    inverse[n, 1] = -m01 / det
                    inverse[n, 2] = -m10 / det
                    inverse[n, 3] = m00 / det
            if not usable or size < 1e-8:
                break
            du = (m11 * rx - m01 * ry) / det
            dv = (m00 * ry - m10 * rx) / det
            length = np.sqrt(du * du + dv * dv)
            if length > _LONGEST:
                du *= _LONGEST / length
                dv *= _LONGEST / length
            u = min(max(u + du, -float(w)), 2.0 * w)
            v = min(max(v + dv, -float(h)), 2.0 * h)


def newton(positions: F32, targets: F32, starts: I32) -> tuple[F32, F32]:
    """Where a dense map, bilinear between its samples, reaches the targets.

    Args:
        positions: [H, W, 2], H and W at least 2.
        targets: Canonical points [N, 2].
        starts: Flat index of the pixel to start from, [N].

    Returns:
        The best (column, row) found, [N, 2], and the inverse Jacobian there, [N, 4] row-major
        (identity where the map is singular).
    """
    places = np.zeros((len(targets), 2), np.float64)
    places[:, 0] = starts % positions.shape[1]
    places[:, 1] = starts // positions.shape[1]
    inverse = np.zeros((len(targets), 4), np.float64)
    inverse[:, 0] = inverse[:, 3] = 1
    with threads.guard():
        _newton(positions, targets, starts, places, inverse)
    return places.astype(np.float32), inverse.astype(np.float32)
