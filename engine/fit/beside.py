"""What passes in front has a shadow and a reflection, which belong to no still behind it."""

import numpy as np

from engine.arrays import F32, Bool
from engine.fit.plates import Plates

#: How far shadow and reflection reach, in sizes (square roots of areas) of what passes in front.
REACH = 0.25


def say_of(plates: Plates, layer: int, cell: int, shape: tuple[int, int], beside: float) -> F32:
    """What each place of each frame counts in the still of a layer, by cells.

    Where frames disagree, one that shows the place far from what passes in front is right.

    Args:
        plates: The frames.
        layer: Index of the layer.
        cell: Pixels of a cell.
        shape: Cells (down, across).
        beside: What a place counts beside what passes in front, 0 (excluded) to 1 (in full).

    Returns:
        float32 [T, down, across]: ``beside`` or 1.
    """
    result = np.ones((plates.count, *shape), np.float32)
    if layer == 0 or beside == 1:
        return result
    cells = np.zeros((shape[0] * cell, shape[1] * cell), np.bool_)
    for index in range(plates.count):
        front = plates.weights[:layer, index].max(axis=0) > 127
        if not front.any():
            continue
        cells[: plates.height, : plates.width] = front
        taken: Bool = np.asarray(cells.reshape(shape[0], cell, shape[1], cell).any(axis=(1, 3)))
        reach = max(1, round(REACH * float(np.sqrt(np.count_nonzero(front))) / cell))
        result[index][_grown(taken, reach)] = beside
    return result


def _grown(taken: Bool, reach: int) -> Bool:
    """Cells [h, w] within a disc of each that is taken; a row of the disc is a run of cells."""
    height, width = taken.shape
    steps = np.arange(-reach, reach + 1)
    half = np.rint(np.sqrt(reach * reach - steps * steps)).astype(np.intp)
    sums = np.zeros((height, width + 1), np.int32)
    np.cumsum(taken, axis=1, out=sums[:, 1:])
    column = np.arange(width)
    found = np.zeros((height + 2 * reach, width), np.bool_)
    for side in np.unique(half):
        last, first = np.minimum(column + side + 1, width), np.maximum(column - side, 0)
        run = sums[:, last] > sums[:, first]
        for step in steps[half == side] + reach:
            found[step : step + height] |= run
    return found[reach : reach + height]
