"""Rectangles of a field's data window, and a plate seen through them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.arrays import F32, Bool
from engine.fields.field import Field
from engine.io.picture import Picture, Window

Box = tuple[slice, slice]


def grown(box: Box, by: int, shape: tuple[int, int]) -> Box:
    """A box with more around it, cut to [H, W]."""
    rows, columns = box
    return (
        slice(max(rows.start - by, 0), min(rows.stop + by, shape[0])),
        slice(max(columns.start - by, 0), min(columns.stop + by, shape[1])),
    )


def union(boxes: list[Box]) -> Box:
    """The smallest box that holds all of them."""
    return (
        slice(min(b[0].start for b in boxes), max(b[0].stop for b in boxes)),
        slice(min(b[1].start for b in boxes), max(b[1].stop for b in boxes)),
    )


def inside(box: Box, outer: Box) -> Box:
    """A box counted from the corner of another that holds it."""
    top, left = outer[0].start, outer[1].start
    return (
        slice(box[0].start - top, box[0].stop - top),
        slice(box[1].start - left, box[1].stop - left),
    )


def size(box: Box) -> tuple[int, int]:
    """Height and width."""
    return box[0].stop - box[0].start, box[1].stop - box[1].start


def window_of(box: Box, field: Field) -> Window:
    """A box of the field's data window in pixels of the display window, its origin at 0."""
    window = Window(box[1].start, box[0].start, box[1].stop, box[0].stop)
    return window.moved(field.data.x0, field.data.y0)


def plate_part(
    plate: Picture, field: Field, box: Box, step: int = 1, *, alone: bool = False
) -> tuple[F32, Bool]:
    """A plate's colours in a box of the field's data window.

    Args:
        plate: The frame.
        field: The field.
        box: Rows and columns of the field's data window.
        step: Every how many pixels, from the box's corner.
        alone: A channel that is no number leaves the others of its pixel as they are.

    Returns:
        [h, w, 3] finite, 0 where the plate has no numbers, and where it has, [h, w].
    """
    rows = np.arange(box[0].start, box[0].stop, step) + (
        field.data.y0 + plate.display.y0 - plate.data.y0
    )
    columns = np.arange(box[1].start, box[1].stop, step) + (
        field.data.x0 + plate.display.x0 - plate.data.x0
    )
    height, width = plate.pixels.shape[:2]
    down = (rows >= 0) & (rows < height)
    along = (columns >= 0) & (columns < width)
    colours = np.zeros((len(rows), len(columns), 3), np.float32)
    held = np.zeros(colours.shape[:2], np.bool_)
    if down.any() and along.any():
        tall, wide = _run(down), _run(along)
        plate.need(int(rows[tall][0]), int(rows[tall][-1]) + 1, step)
        seen = plate.pixels[
            rows[tall][0] : rows[tall][-1] + 1 : step,
            columns[wide][0] : columns[wide][-1] + 1 : step,
            :3,
        ]
        known = np.isfinite(seen)
        finite: Bool = np.asarray(known[..., 0] & known[..., 1] & known[..., 2], np.bool_)
        if finite.all():
            colours[tall, wide] = seen
        else:
            np.copyto(colours[tall, wide], seen, where=known if alone else finite[..., None])
        held[tall, wide] = finite
    return colours, held


def mask_part(mask: F32, plate: Picture, field: Field, box: Box) -> F32:
    """A mask over a plate's data window, [H, W], in a box of the field's."""
    grey = replace(plate, pixels=np.repeat(mask[..., None], 3, axis=2), rows=None)
    return plate_part(grey, field, box)[0][..., 0]


def _run(true: NDArray[np.bool_]) -> slice:
    """The run of True in a row that has one."""
    return slice(int(true.argmax()), len(true) - int(true[::-1].argmax()))


def plate_points(
    plate: Picture, field: Field, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[F32, Bool]:
    """A plate's colours at some pixels of the field's data window, as ``plate_part``."""
    rows = rows + (field.data.y0 + plate.display.y0 - plate.data.y0)
    columns = columns + (field.data.x0 + plate.display.x0 - plate.data.x0)
    height, width = plate.pixels.shape[:2]
    there = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    if plate.rows is not None:
        wanted = np.zeros(height, np.bool_)
        wanted[np.unique(np.clip(rows, 0, height - 1))] = True
        plate.rows.need_all(wanted)
    seen = plate.pixels[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1), :3]
    held: Bool = np.asarray(there & np.isfinite(seen).all(axis=-1), np.bool_)
    return np.where(held[..., None], seen, 0).astype(np.float32), held


def put_back(plate: Picture, field: Field, pieces: list[tuple[Box, F32]]) -> Picture:
    """A plate with new colours where it was touched; everywhere else bit for bit what it was.

    Args:
        plate: The frame.
        field: The field.
        pieces: Boxes of the field's data window, and what is there: scene-linear colours and how
            much of each pixel was touched, [h, w, 4].

    Returns:
        The plate with ``changed`` marked; the very ``plate`` when nothing was touched.
    """
    placed = []
    for box, values in pieces:
        found = _on_plate(plate, field, box)
        if found is not None:
            there, own = found
            touched = values[own][..., 3] > 0
            if touched.any():
                placed.append((there, values[own][..., :3], touched))
    if not placed:
        return plate
    first = min(there[0].start for there, _, _ in placed)
    result = plate.writable(first, max(there[0].stop for there, _, _ in placed))
    changed = np.zeros(plate.pixels.shape[:2], np.bool_)
    if plate.changed is not None:
        changed |= plate.changed
    for there, colours, touched in placed:
        if touched.all():
            result.pixels[there][..., :3] = colours
        else:
            np.copyto(result.pixels[there][..., :3], colours, where=touched[..., None])
        changed[there] |= touched
    return replace(result, changed=changed, under=None, overlay=None)


def _on_plate(plate: Picture, field: Field, box: Box) -> tuple[Box, Box] | None:
    """The pixels of a plate that a box covers, and which of the box's own those are."""
    top = field.data.y0 + plate.display.y0 - plate.data.y0 + box[0].start
    left = field.data.x0 + plate.display.x0 - plate.data.x0 + box[1].start
    (tall, wide), (height, width) = size(box), plate.pixels.shape[:2]
    rows = slice(max(top, 0), min(top + tall, height))
    columns = slice(max(left, 0), min(left + wide, width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    own = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    return (rows, columns), own
