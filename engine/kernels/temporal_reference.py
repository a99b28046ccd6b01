"""The pull of the neighbouring frames in plain numpy, one control point at a time."""

import numpy as np

from engine.arrays import F32, F64
from engine.kernels.lattice import apply_matrix, evaluate_points


def neighbours_pull(
    lattices: F32, matrices: F64, spacing: float, height: int, width: int
) -> tuple[F32, F32]:
    """``(pull, known)`` as ``engine.kernels.temporal.neighbours_pull`` gives them."""
    count, rows, columns = lattices.shape[:3]
    pull = np.zeros_like(lattices)
    known = np.zeros(lattices.shape[:3], np.float32)

    def read(t: int, point: F64) -> F64:
        inside = np.clip(point, 0, [(columns - 3) * spacing, (rows - 3) * spacing])
        size = ((rows - 3) * spacing, (columns - 3) * spacing)
        there: F64 = evaluate_points(lattices[t], spacing, *size, inside[None])[0]
        return there

    for t in range(count):
        beside = [n for n in (t - 1, t + 1) if 0 <= n < count]
        for i in range(rows):
            for j in range(columns):
                here = np.array([(j - 1) * spacing, (i - 1) * spacing], np.float64)
                place = apply_matrix(matrices[t], here[None])
                found = []
                for n in beside:
                    there = apply_matrix(np.linalg.inv(matrices[n]), place)[0]
                    if (there >= 0).all() and there[0] <= width and there[1] <= height:
                        found.append(read(n, there))
                if found:
                    pull[t, i, j] = np.mean(found, axis=0) - read(t, here)
                    known[t, i, j] = len(found) / 2
    return pull, known
