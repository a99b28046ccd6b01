"""How close the frames of a fit saw each layer, and how fine a still keeps what they saw."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, AnyArray, Bool
from engine.fields.field import Canonical, Field, Layer

#: Frame pixels along a canonical pixel from which a place was seen clearly closer.
CLEARLY = 1.25
#: Share of a layer's still that must have been seen so, by at least ``AGREED`` frames.
PART, AGREED = 0.25, 3
#: The finest still, in pixels per canonical pixel; and what of a pixel may be lost.
FINEST, LOST = 4, 0.4
#: Pixels that the finer stills of a field may have together: about 2.5 GiB while they are made.
PIXELS = 24_000_000
#: Frame pixels from sample to sample of the closeness, and over which it is measured.
STEP, REACH = 24, 4.0
#: Frames that the closeness is measured in.
MEASURED = 48
#: Canonical pixels of a cell that was seen closer or not.
CELL = 24


@dataclass(frozen=True)
class Closeness:
    """How close the frames saw a layer, in frame pixels along a canonical pixel.

    Attributes:
        part: Share of the still that was seen clearly closer than in the reference frame.
        most: How close the closest frames saw it: the upper quartile of that part, and no more than
            the upper quartile of those frames.
        frames: Upper quartile of what each frame shows, [T]; 0 where it shows nothing, and between
            the frames that were measured.
    """

    part: float
    most: float
    frames: F64

    @property
    def scale(self) -> int:
        """Pixels per canonical pixel that keep what was seen."""
        if self.part < PART or self.most < CLEARLY:
            return 1
        return int(np.clip(np.ceil(self.most - LOST), 2, FINEST))


def closeness(field: Field, k: int) -> Closeness:
    """Measures how close the frames saw a layer, from the map alone."""
    layer, data = field.layers[k], field.data
    step = min(STEP, max(data.height // 4, 1), max(data.width // 4, 1))
    part = slice(step // 2, None, step), slice(step // 2, None, step)
    rows, columns = np.arange(data.height)[part[0]], np.arange(data.width)[part[1]]
    x, y = np.meshgrid(columns + data.x0 + 0.5, rows + data.y0 + 0.5)
    centre = np.stack([x, y], axis=-1).astype(np.float32)
    held = _held_cells(layer.canonical)
    corner = np.array([layer.canonical.data.x0, layer.canonical.data.y0])
    found = np.zeros((len(field.frames), *held.shape), np.float32)
    frames = np.zeros(len(field.frames))
    for index in spread_out(np.arange(len(field.frames)), MEASURED):
        seen = field.seen(index, part)[k] > 0.5
        if not seen.any():
            continue
        points = centre[seen]
        near = _closeness_at(layer, index, points)
        frames[index] = np.percentile(near, 75)
        place = (np.nan_to_num(layer.deformation.at(index, points), nan=-1e6) - corner) // CELL
        place = np.clip(place, -1, max(held.shape)).astype(np.intp)
        column, row = place[:, 0], place[:, 1]
        inside = (row >= 0) & (column >= 0) & (row < held.shape[0]) & (column < held.shape[1])
        np.maximum.at(found[index], (row[inside], column[inside]), near[inside])
    if not held.any():
        return Closeness(0.0, 0.0, frames)
    agreed = min(AGREED, len(found))
    agreeing = np.partition(found, len(found) - agreed, axis=0)[len(found) - agreed][held]
    clearly = agreeing > CLEARLY
    # Foam and leaves seem to come and go: a few places must not speak for the frames.
    most = (
        min(float(np.percentile(agreeing[clearly], 75)), float(np.sort(frames)[-agreed]))
        if (clearly.any())
        else 0.0
    )
    return Closeness(float(clearly.mean()), most, frames)


def spread_out(indices: AnyArray, most: int) -> list[int]:
    """At most so many of ascending indices, spread evenly, the ends among them."""
    if len(indices) <= most:
        return [int(index) for index in indices]
    chosen = np.unique(np.linspace(0, len(indices) - 1, most).round().astype(np.intp))
    return [int(index) for index in indices[chosen]]


def _closeness_at(layer: Layer, index: int, points: F32) -> F32:
    """Frame pixels along a canonical pixel at frame points, [N]; 0 where the map is folded."""
    apart = np.array([[REACH, 0], [-REACH, 0], [0, REACH], [0, -REACH]], np.float32)
    asked = (points[None] + apart[:, None]).reshape(-1, 2)
    at = layer.deformation.at(index, asked).reshape(4, -1, 2).astype(np.float64) / (2 * REACH)
    across, down = at[0] - at[1], at[2] - at[3]
    area = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
    sound = np.isfinite(area) & (area > 1e-3)
    return np.asarray(np.where(sound, 1 / np.sqrt(np.where(sound, area, 1)), 0), np.float32)


def _held_cells(canonical: Canonical) -> Bool:
    """Cells of the canvas that are mostly covered."""
    height, width = canonical.data.height, canonical.data.width
    y = np.minimum(np.arange(-(-height // CELL)) * CELL + CELL // 2, height - 1)
    x = np.minimum(np.arange(-(-width // CELL)) * CELL + CELL // 2, width - 1)
    points = np.stack(np.meshgrid(x, y), axis=-1) + np.array(
        [canonical.data.x0 + 0.5, canonical.data.y0 + 0.5]
    )
    return np.asarray(canonical.alpha_at(points.astype(np.float32)) > 0.5, np.bool_)


def finer_scales(field: Field, found: list[Closeness]) -> list[int]:
    """Pixels per canonical pixel of each layer; the largest stills give way where memory ends."""
    scales = [each.scale for each in found]
    areas = [each.canonical.data.width * each.canonical.data.height for each in field.layers]

    def pixels(k: int) -> int:
        return areas[k] * scales[k] ** 2 if scales[k] > 1 else 0

    while sum(map(pixels, range(len(scales)))) > PIXELS:
        largest = max(range(len(scales)), key=pixels)
        scales[largest] -= 1
    return scales


def closer_frames(seen: Closeness) -> tuple[list[int], F64]:
    """Positions of the frames that saw a layer closer, all where few did as a whole; how close."""
    measured = np.flatnonzero(seen.frames > 0)
    between = np.interp(np.arange(len(seen.frames)), measured, seen.frames[measured])
    near = np.flatnonzero(between > CLEARLY)
    return (near.tolist() if len(near) >= AGREED else list(range(len(seen.frames)))), between
