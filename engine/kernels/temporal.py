"""What the frames before and after say about a lattice; see ``temporal_reference``."""

import numba
import numpy as np

from engine.kernels import threads

threads.prepare()


@numba.njit(fastmath=True, cache=True, inline="always")
def _read(lattice, spacing, x, y):  # type: ignore[no-untyped-def]
    """Displacement at a point in pixels from the data window's corner."""
    u = min(max(x / spacing, 0.0), lattice.shape[1] - 3 - 1e-5)
    v = min(max(y / spacing, 0.0), lattice.shape[0] - 3 - 1e-5)
    j, i = int(u), int(v)
    f, h = u - j, v - i
    g, k = 1 - f, 1 - h
    across = (
        g * g * g / 6,
        (3 * f * f * f - 6 * f * f + 4) / 6,
        (3 * g * g * g - 6 * g * g + 4) / 6,
        f * f * f / 6,
    )
    down = (
        k * k * k / 6,
        (3 * h * h * h - 6 * h * h + 4) / 6,
        (3 * k * k * k - 6 * k * k + 4) / 6,
        h * h * h / 6,
    )
    dx = 0.0
    dy = 0.0
    for m in range(4):
        row = lattice[i + m]
        dx += down[m] * (
            across[0] * row[j, 0]
            + across[1] * row[j + 1, 0]
            + across[2] * row[j + 2, 0]
            + across[3] * row[j + 3, 0]
        )
        dy += down[m] * (
            across[0] * row[j, 1]
            + across[1] * row[j + 1, 1]
            + across[2] * row[j + 2, 1]
            + across[3] * row[j + 3, 1]
        )
    return dx, dy


@numba.njit(parallel=True, fastmath=True, cache=True)
def neighbours_pull(  # type: ignore[no-untyped-def]
    lattices, matrices, inverses, spacing, height, width, start, top, left, pull, known
):
    """Mean displacement of the same content in the frames beside, minus a frame's own.

    A place that the camera (the matrix) brings to the same canonical point as a control point is
    taken for the same content: the displacement beyond the camera is what should change slowly.

    Args:
        lattices: float32 [T, gy, gx, 2].
        matrices: float64 [T, 3, 3]: pixels from the data window's corner to canonical ones.
        inverses: float64 [T, 3, 3]: their inverses.
        spacing: Pixels between control points.
        height: Rows of the frames.
        width: Columns of the frames.
        start: First frame that is asked for.
        top: First row of control points that is asked for.
        left: First column of them.
        pull: Out, float32 [B, h, w, 2]; 0 where no neighbour has the content in its frame.
        known: Out, float32 [B, h, w]: share of the two neighbours that have: 0, 0.5 or 1.
    """
    count = lattices.shape[0]
    batch, rows, columns = known.shape
    for b in numba.prange(batch):
        t = start + b
        pull[b] = 0
        known[b] = 0
        m = matrices[t]
        for i in range(rows):
            py = (top + i - 1.0) * spacing
            for j in range(columns):
                px = (left + j - 1.0) * spacing
                d = 1 / (m[2, 0] * px + m[2, 1] * py + m[2, 2])
                u = (m[0, 0] * px + m[0, 1] * py + m[0, 2]) * d
                v = (m[1, 0] * px + m[1, 1] * py + m[1, 2]) * d
                sx = 0.0
                sy = 0.0
                seen = 0
                for s in range(-1, 2, 2):
                    if t + s < 0 or t + s >= count:
                        continue
                    a = inverses[t + s]
                    d = 1 / (a[2, 0] * u + a[2, 1] * v + a[2, 2])
                    x = (a[0, 0] * u + a[0, 1] * v + a[0, 2]) * d
                    y = (a[1, 0] * u + a[1, 1] * v + a[1, 2]) * d
                    if x >= 0 and y >= 0 and x <= width and y <= height:
                        bx, by = _read(lattices[t + s], spacing, x, y)
                        sx += bx
                        sy += by
                        seen += 1
                if seen > 0:
                    ox, oy = _read(lattices[t], spacing, px, py)
                    pull[b, i, j, 0] = np.float32(sx / seen - ox)
                    pull[b, i, j, 1] = np.float32(sy / seen - oy)
                    known[b, i, j] = np.float32(seen / 2)
