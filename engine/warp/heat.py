"""Heat maps of how far a fit can be trusted: coverage, confidence, folds.

Each is a map [h, w] from 0 to 1 of cells of ``step`` pixels over a window, a part at its right and
lower edge included.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import F32, U8
from engine.fields.field import Field
from engine.io.picture import Window
from engine.progress import Task
from engine.warp.lookup import FrameLookup
from engine.warp.render import bounds, composite

#: Frames that sums over a clip look at, evenly spread.
MOST_FRAMES = 48
#: Cells across, about: what a heat map can show.
_ACROSS = 480
#: Determinant below which a place is nearly folded: a pixel squeezed to a twentieth.
_SQUEEZED = 0.05
#: Round trip error in pixels at which confidence is down to a third.
_ASTRAY = 0.5
#: Difference in encoded colour at which agreement is down to a third: plainly another thing.
_UNLIKE = 0.15


@dataclass(frozen=True)
class HeatMap:
    """A map of cells.

    Attributes:
        values: float32 [h, w], 0 to 1.
        window: What it lies over; its first cell begins at the top left corner.
        step: Pixels per side of a cell.
    """

    values: F32
    window: Window
    step: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """What the cells cover, (x0, y0, x1, y1)."""
        height, width = self.values.shape
        x0, y0 = self.window.x0, self.window.y0
        return x0, y0, x0 + width * self.step, y0 + height * self.step

    def read(self, points: F32) -> F32:
        """Values at points [..., 2]; 0 outside."""
        with np.errstate(invalid="ignore"):
            column = np.floor((points[..., 0] - self.window.x0) / self.step)
            row = np.floor((points[..., 1] - self.window.y0) / self.step)
            height, width = self.values.shape
            inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
        safe = np.where(inside, row, 0).astype(np.intp), np.where(inside, column, 0).astype(np.intp)
        return np.asarray(self.values[safe] * inside, np.float32)


def step_of(window: Window) -> int:
    """Pixels per cell for a window."""
    return max(1, round(max(window.width, window.height) / _ACROSS))


def chosen_frames(count: int) -> list[int]:
    """Positions of the frames that a sum looks at."""
    if count <= MOST_FRAMES:
        return list(range(count))
    return sorted({round(i) for i in np.linspace(0, count - 1, MOST_FRAMES)})


def coverage_of(field: Field, k: int, task: Task) -> HeatMap:
    """In how many frames each place of a layer's canonical image is seen: a share of the frames.

    Args:
        field: The field.
        k: Layer, front to back.
        task: Progress and cancel.
    """
    canvas = field.layers[k].canonical.data
    # Half a cell apart is near enough: gaps are closed.
    every = slice(None, None, max(1, step_of(canvas) // 2))

    def seen(index: int, positions: F32) -> F32:
        shown = field.seen(index)[k][every, every] > 0.5
        return np.asarray(positions[every, every][shown], np.float32)

    return _summed(field, k, task, seen, mean=True)


def folds_of(field: Field, k: int, task: Task) -> HeatMap:
    """Where a layer's canonical image is folded, or nearly so, in some frame: 1.

    Args:
        field: The field.
        k: Layer, front to back.
        task: Progress and cancel.
    """

    def folded(index: int, positions: F32) -> F32:
        folds = _folding(positions) > 0
        if folds.any():
            folds &= field.seen(index)[k] > 0.5
        return np.asarray(positions[folds], np.float32)

    return _summed(field, k, task, folded, mean=False)


def folds_in(lookup: FrameLookup, layer: int | None) -> HeatMap:
    """Where the map of a frame is folded (1) or nearly so (less), for what the frame shows.

    A cell shows the worst of its pixels.
    """
    field = lookup.field
    step = step_of(field.data)
    values = np.zeros((-(-field.height // step), -(-field.width // step)), np.float32)
    for k in _layers(field, layer):
        shown = lookup.seen[k] > 0.5
        part = bounds(shown)
        if part is not None:
            positions = field.layers[k].deformation.positions(lookup.index)[part]
            folded = np.zeros((field.height, field.width), np.float32)
            folded[part] = _folding(positions) * shown[part]
            values = np.maximum(values, _worst(folded, step))
    return HeatMap(values, field.data, step)


def coverage_in(lookup: FrameLookup, maps: dict[int, HeatMap]) -> HeatMap:
    """The coverage of what each pixel of a frame shows.

    Args:
        lookup: The frame.
        maps: ``coverage_of`` by layer, for the layers to show.
    """
    field = lookup.field
    step = step_of(field.data)
    values = np.zeros((-(-field.height // step), -(-field.width // step)), np.float32)
    rows, columns = _middles(field.height, step), _middles(field.width, step)
    for k, held in maps.items():
        shown = lookup.seen[k][np.ix_(rows, columns)] > 0.5
        points = field.layers[k].deformation.positions(lookup.index)[np.ix_(rows, columns)]
        values[shown] = held.read(points)[shown]
    return HeatMap(values, field.data, step)


def agreement(lookup: FrameLookup, plate: F32) -> HeatMap:
    """How well the canonical images explain a frame: 1 where they look as the plate does.

    Compared in the perceptual encoding that fits work in, light included, cell by cell: grain and
    sharpness count little, what was not understood counts.

    Args:
        lookup: The frame.
        plate: Scene-linear pixels [H, W, 3 or more] over the field's data window.
    """
    import cv2

    from engine.colour.encoding import encode

    field = lookup.field
    step = step_of(field.data)
    rebuilt = composite(field, lookup.index, lit=True)
    size = (-(-field.width // step), -(-field.height // step))
    shrunk = [
        cv2.GaussianBlur(
            cv2.resize(encode(each[..., :3]), size, interpolation=cv2.INTER_AREA), (3, 3), 0
        )
        for each in (rebuilt, plate)
    ]
    off = np.abs(shrunk[0] - shrunk[1]).max(axis=2)
    values = np.exp(-np.square(np.nan_to_num(off, nan=1.0) / _UNLIKE))
    return HeatMap(np.asarray(values, np.float32), field.data, step)


def confidence_in(lookup: FrameLookup, layer: int | None, agreed: HeatMap | None = None) -> HeatMap:
    """How well a frame is known: the map there and back leads to the same place.

    Scaled by the layer's share of the pixel and, where the plate is known, by how well the fit
    explains it.

    Args:
        lookup: The frame.
        layer: The layer, or None: for each pixel what it shows.
        agreed: ``agreement`` of the frame, or None.
    """
    field = lookup.field
    step = step_of(field.data)
    rows, columns = _middles(field.height, step), _middles(field.width, step)
    values = np.zeros((len(rows), len(columns)), np.float32)
    x, y = np.meshgrid(columns + field.data.x0 + 0.5, rows + field.data.y0 + 0.5)
    points = np.stack([x, y], axis=-1).astype(np.float32)
    for k in _layers(field, layer):
        share = lookup.seen[k][np.ix_(rows, columns)]
        shown = share > 0
        if not shown.any():
            continue
        there = field.layers[k].deformation.at(lookup.index, points[shown])
        back = lookup.inverse(k).find(there, beyond=False)
        off = np.linalg.norm(back.points - points[shown], axis=1)
        values[shown] += np.exp(-np.square(off / _ASTRAY)) * share[shown]
    if agreed is not None:
        values *= agreed.values
    return HeatMap(np.clip(values, 0, 1), field.data, step)


def confidence_on(lookup: FrameLookup, k: int, agreed: HeatMap | None = None) -> HeatMap:
    """How well each place of a layer's canonical image is known in one frame; 0 where unseen.

    Args:
        lookup: The frame.
        k: Layer, front to back.
        agreed: ``agreement`` of the frame, or None.
    """
    canvas = lookup.field.layers[k].canonical.data
    step = step_of(canvas)
    x = canvas.x0 + np.arange(0, canvas.width, step) + step / 2
    y = canvas.y0 + np.arange(0, canvas.height, step) + step / 2
    points = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
    found = lookup.to_frame(points.reshape(-1, 2), k)
    values = np.where(found.visible, found.confidence, 0)
    if agreed is not None:
        values = values * agreed.read(found.points)
    return HeatMap(values.reshape(points.shape[:2]).astype(np.float32), canvas, step)


def _summed(
    field: Field, k: int, task: Task, which: Callable[[int, F32], F32], mean: bool
) -> HeatMap:
    """Pixels of frames marked on a canonical canvas: the mean over frames, or where any is."""
    import cv2

    canvas = field.layers[k].canonical.data
    step = step_of(canvas)
    shape = (-(-canvas.height // step), -(-canvas.width // step))
    total = np.zeros(shape, np.float32)
    chosen = chosen_frames(len(field.frames))
    deformation = field.layers[k].deformation
    for n, index in enumerate(chosen):
        task.report(n / len(chosen), "overlay")
        points = which(index, deformation.positions(index))
        with np.errstate(invalid="ignore"):
            column = np.floor((points[:, 0] - canvas.x0) / step)
            row = np.floor((points[:, 1] - canvas.y0) / step)
            inside = (column >= 0) & (row >= 0) & (column < shape[1]) & (row < shape[0])
        marks: U8 = np.zeros(shape, np.uint8)
        marks[row[inside].astype(np.intp), column[inside].astype(np.intp)] = 1
        if mean:
            # Where the canonical is larger than the frame, pixels leave gaps between them.
            padded = cv2.copyMakeBorder(marks, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0)
            closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
            total += closed[2:-2, 2:-2]
        else:
            total = np.maximum(total, marks)
    values = total / max(len(chosen), 1) if mean else total
    return HeatMap(np.asarray(values, np.float32), canvas, step)


def _folding(positions: F32) -> F32:
    """1 where the Jacobian's determinant is 0 or less, falling to 0 at ``_SQUEEZED``, [H, W].

    By forward differences, as ``engine.metrics.folding`` counts them, in single precision.
    """
    values = np.zeros(positions.shape[:2], np.float32)
    # Small numbers first: single precision holds differences, not places, to the last digit.
    corner = positions[:-1, :-1]
    along, down = positions[:-1, 1:] - corner, positions[1:, :-1] - corner
    det = along[..., 0] * down[..., 1]
    det -= along[..., 1] * down[..., 0]
    np.maximum(det, 0, out=det)
    det *= np.float32(-1 / _SQUEEZED)
    det += 1
    np.clip(det, 0, 1, out=values[:-1, :-1])
    return np.nan_to_num(values, copy=False)


def _worst(values: F32, step: int) -> F32:
    """The largest value of each cell."""
    if step == 1:
        return values
    height, width = values.shape
    padded = np.pad(values, ((0, -height % step), (0, -width % step)))
    cells = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step)
    return np.asarray(cells.max(axis=3).max(axis=1), np.float32)


def _layers(field: Field, layer: int | None) -> list[int]:
    return list(range(len(field.layers))) if layer is None else [layer]


def _middles(length: int, step: int) -> NDArray[np.intp]:
    """The pixel in the middle of each cell."""
    return np.minimum(np.arange(0, length, step) + step // 2, length - 1)
