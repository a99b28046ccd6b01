"""The parts of a clip that a pass visits one after the other: some frames, and where a layer is.

A group in front covers little of the picture. Only the points of its lattices that its pixels ask,
and some beside them, are worth a step: the rest would cost more than the group itself.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import U8, AnyArray
from engine.fit.plates import Plates

#: Pixels of one part: between parts the work can be cancelled.
PIXELS = 8_000_000
#: Frames of one part where a layer moves about in the picture.
FRAMES = 8
#: Pixels around a layer, and cells of its lattices, within which they move too.
MARGIN, CELLS = 16.0, 4


@dataclass(frozen=True)
class Part:
    """Some frames, and the control points of their lattices that matter.

    Attributes:
        frames: Range of frames.
        rows: Range of control points down.
        columns: Range of control points across.
    """

    frames: slice
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, and rows and columns of control points."""
        counts = (part.stop - part.start for part in (self.frames, self.rows, self.columns))
        return (next(counts), next(counts), next(counts))

    def of(self, values: AnyArray) -> AnyArray:
        """These control points of values [T, gy, gx, ...], as one block; itself where it is one."""
        return np.ascontiguousarray(values[self.frames, self.rows, self.columns])

    def put(self, values: AnyArray, block: AnyArray) -> None:
        """Writes back what ``of`` gave, unless it is the values themselves."""
        if not np.may_share_memory(values, block):
            values[self.frames, self.rows, self.columns] = block


def boxes_of(weights: U8) -> AnyArray:
    """Where a layer is: int [T, 4] of top, bottom, left, right in pixels; all 0: nowhere.

    Args:
        weights: [T, H, W].
    """
    boxes = np.zeros((len(weights), 4), np.intp)
    for index, frame in enumerate(weights):
        rows = np.flatnonzero(frame.any(axis=1))
        if len(rows):
            columns = np.flatnonzero(frame[rows[0] : rows[-1] + 1].any(axis=0))
            boxes[index] = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    return boxes


def parts_of(plates: Plates, boxes: AnyArray, spacing: float) -> list[Part]:
    """Cuts the frames of a layer into parts; frames that show nothing of it may be left out.

    Args:
        plates: The frames.
        boxes: See ``boxes_of``.
        spacing: Pixels between control points.
    """
    count, size = plates.count, max(1, PIXELS // (plates.height * plates.width))
    cells = [int(np.ceil(n / spacing)) for n in (plates.height, plates.width)]
    areas = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
    if 2 * areas.max(initial=0) < plates.height * plates.width:
        size = min(size, FRAMES)
    margin = max(MARGIN, CELLS * spacing)
    parts = []
    for low in range(0, count, size):
        frames = slice(low, min(low + size, count))
        here = boxes[frames][areas[frames] > 0]
        if not len(here):
            continue
        ranges = []
        for axis, most in enumerate(cells):
            first = int((here[:, 2 * axis].min() - margin) // spacing)
            last = -int(-(here[:, 2 * axis + 1].max() + margin) // spacing)
            ranges.append(slice(max(first, 0), min(last, most) + 3))
        parts.append(Part(frames, *ranges))
    return parts
