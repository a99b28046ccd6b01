"""A field judged for dailies: what to look at, and where a little work pays most."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import field as made

import numpy as np

from engine.arrays import F32, F64
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.metrics.folding import determinants
from engine.metrics.jitter import Jitter, JitterMeter
from engine.metrics.psnr import counted, psnr_linear
from engine.metrics.trust import trust
from engine.progress import Task

#: Canvas pixels that a review looks at; a larger canvas is looked at smaller.
_CANVAS = 200_000
#: Canonical pixels of a cell that is ranked.
CELL = 32
#: Stretches of a shot of which only one frame is among its worst: neighbours fail alike.
_STRETCHES = 20
#: Share of a cell's pixels that a frame must show to have a say in it.
_ENOUGH = 0.25


@dataclass(frozen=True)
class FrameReview:
    """One frame.

    Attributes:
        frame: Its number.
        psnr: Of canonical image, deformation and all other terms, in dB.
        psnr_edit_path: Of canonical image and deformation alone.
        confidence: Mean of ``engine.metrics.trust``.
        fold_share: Share of the visible pixels where the map is folded.
    """

    frame: int
    psnr: float
    psnr_edit_path: float
    confidence: float
    fold_share: float


@dataclass(frozen=True)
class Spot:
    """A place where a pin would help most.

    Attributes:
        layer: Its layer.
        canonical: Centre of the cell in canonical pixels, x right, y down.
        frame: Number of the frame that has it worst.
        point: Where it is in that frame, x right, y down, pixel centres at +0.5.
        confidence: Of the cell in that frame.
        frames: In how many frames the cell is seen.
        worth: Lost confidence summed over the shot, as a share of the worst cell's.
    """

    layer: int
    canonical: tuple[float, float]
    frame: int
    point: tuple[float, float]
    confidence: float
    frames: int
    worth: float


@dataclass(frozen=True, eq=False)
class LayerReview:
    """One layer.

    Attributes:
        jitter: Of its stabilised plate, in canonical pixels.
        coverage: Share of the frames that show each canvas pixel, [h, w].
        doubt: Mean lost confidence of each canvas pixel times its coverage, [h, w].
        scale: Canvas pixels of these pictures per canonical pixel.
    """

    jitter: Jitter
    coverage: F32
    doubt: F32
    scale: float


@dataclass(frozen=True, eq=False)
class Review:
    """A field, judged.

    Attributes:
        frames: Frame by frame.
        layers: Layer by layer, front to back.
        spots: Where the next pin pays most, best first.
    """

    frames: list[FrameReview]
    layers: list[LayerReview]
    spots: list[Spot]

    def worst(self, count: int = 5) -> list[FrameReview]:
        """The frames of lowest confidence, worst first, each in a stretch of its own."""
        known = [each for each in self.frames if not np.isnan(each.confidence)]
        apart = (self.frames[-1].frame - self.frames[0].frame) / _STRETCHES if known else 0
        chosen: list[FrameReview] = []
        for each in sorted(known, key=lambda each: (each.confidence, each.frame)):
            if len(chosen) < count and all(abs(each.frame - c.frame) >= apart for c in chosen):
                chosen.append(each)
        return chosen


@dataclass(eq=False)
class _LayerSums:
    scale: float
    meter: JitterMeter
    shown: F32
    lost: F32
    cells: list[F32] = made(default_factory=list)
    weights: list[F32] = made(default_factory=list)


def review(field: Field, read_plate: Callable[[int], Picture], task: Task) -> Review:
    """Judges a field on its clip.

    Args:
        field: The field.
        read_plate: Frame number to source picture.
        task: Progress and cancel.

    Raises:
        EditError: The clip's size is not that of the field.
        InputError: A source frame cannot be read.
        Cancelled: The person stopped the work.
    """
    from engine.edit.propagate import check_plate
    from engine.edit.stabilise import stabilised_pixels, stable_places
    from engine.warp.render import composite_pair

    sums = [_begun(field, k) for k in range(len(field.layers))]
    frames = []
    for index, frame in enumerate(field.frames):
        task.report(index / len(field.frames), "review")
        plate = read_plate(frame)
        check_plate(field, plate, frame)
        rgb = _over_field(plate, field)
        plain, lit = composite_pair(field, index)
        kept = counted(field, index, rgb)
        whole = lit
        if field.residual is not None:
            whole = lit.copy()
            field.residual.add_to(index, whole)
        believed = trust(field, index, rgb, lit)
        frames.append(
            FrameReview(
                frame,
                psnr_linear(whole, rgb, kept),
                psnr_linear(plain, rgb, kept),
                believed.mean,
                _folded(field, index),
            )
        )
        for k, layer in enumerate(sums):
            task.check()
            places = stable_places(field, k, index, layer.scale)
            stable = stabilised_pixels(field, k, index, plate, layer.scale, places=places)
            layer.meter.add(stable)
            share = stable[..., 3]
            known = np.stack([believed.confidence, np.ones_like(believed.confidence)], axis=2)
            sampled = places.read(known, field)
            doubt = np.maximum(sampled[..., 1] - sampled[..., 0], 0) * share
            layer.shown += share
            layer.lost += doubt
            layer.cells.append(_cells(doubt, layer.scale))
            layer.weights.append(_cells(share, layer.scale))
    task.report(1.0, "review")
    count = len(field.frames)
    layers = [_finished(each, count) for each in sums]
    return Review(frames, layers, _spots(field, sums))


def _begun(field: Field, k: int) -> _LayerSums:
    from engine.edit.canonical import canonical_pixels

    data = field.layers[k].canonical.data
    scale = float(min(1.0, np.sqrt(_CANVAS / max(data.width * data.height, 1))))
    still = canonical_pixels(field, k, scale)
    empty = np.zeros(still.shape[:2], np.float32)
    return _LayerSums(scale, JitterMeter(still), empty, empty.copy())


def _over_field(plate: Picture, field: Field) -> F32:
    """The plate's colours over the field's data window; NaN where it has none."""
    own = plate.data.moved(-plate.display.x0, -plate.display.y0)
    if own == field.data:
        return plate.rgb
    result = np.full((field.height, field.width, 3), np.nan, np.float32)
    x0, y0 = max(own.x0, field.data.x0), max(own.y0, field.data.y0)
    x1, y1 = min(own.x1, field.data.x1), min(own.y1, field.data.y1)
    if x0 < x1 and y0 < y1:
        result[y0 - field.data.y0 : y1 - field.data.y0, x0 - field.data.x0 : x1 - field.data.x0] = (
            plate.rgb[y0 - own.y0 : y1 - own.y0, x0 - own.x0 : x1 - own.x0]
        )
    return result


def _folded(field: Field, index: int) -> float:
    seen = field.seen(index)
    bad = total = 0
    for k, layer in enumerate(field.layers):
        where = seen[k] > 0.5
        if not where.any():
            continue
        inside = where[:-1, :-1] & where[:-1, 1:] & where[1:, :-1]
        bad += int((determinants(layer.deformation.positions(index))[inside] <= 0).sum())
        total += int(inside.sum())
    return bad / total if total else 0.0


def _cells(values: F32, scale: float) -> F32:
    """Sums over square cells of ``CELL`` canonical pixels, [gy, gx]."""
    size = max(round(CELL * scale), 1)
    h, w = values.shape
    padded = np.pad(values, ((0, -h % size), (0, -w % size)))
    rows, columns = padded.shape[0] // size, padded.shape[1] // size
    found: F32 = padded.reshape(rows, size, columns, size).sum(axis=(1, 3))
    return found


def _finished(sums: _LayerSums, count: int) -> LayerReview:
    found = sums.meter.result()
    scale = sums.scale
    jitter = Jitter(
        found.variance,
        found.deviation,
        found.pixels,
        np.asarray(found.displacement / scale, np.float64),
        found.jitter / scale,
        found.drift / scale,
    )
    part = np.float32(1 / count)
    return LayerReview(jitter, sums.shown * part, sums.lost * part, scale)


def _spots(field: Field, sums: Sequence[_LayerSums], count: int = 5) -> list[Spot]:
    """The cells that lose most, each away from the others."""
    from engine.edit.canonical import canonical_windows
    from engine.warp.inverse import FrameInverse

    ranked: list[tuple[float, int, int, int]] = []
    for k, layer in enumerate(sums):
        total = np.sum(layer.cells, axis=0) / layer.scale**2
        for row, column in np.argwhere(total > 0):
            ranked.append((float(total[row, column]), k, int(row), int(column)))
    ranked.sort(key=lambda each: (-each[0], each[1:]))
    spots: list[Spot] = []
    taken: list[tuple[int, int, int]] = []
    for worth, k, row, column in ranked:
        if len(spots) == count:
            break
        if any(k == a and abs(row - b) < 3 and abs(column - c) < 3 for a, b, c in taken):
            continue  # one pin corrects its surroundings too
        layer = sums[k]
        size = max(round(CELL * layer.scale), 1)
        weight: F64 = np.array([each[row, column] for each in layer.weights], np.float64)
        lost: F64 = np.array([each[row, column] for each in layer.cells], np.float64)
        seen = weight > _ENOUGH * size * size
        if not seen.any():
            continue
        confidence = np.where(seen, 1 - lost / np.maximum(weight, 1e-6), np.inf)
        index = int(confidence.argmin())
        _, data = canonical_windows(field, k, layer.scale)
        centre = (
            (data.x0 + (column + 0.5) * size) / layer.scale,
            (data.y0 + (row + 0.5) * size) / layer.scale,
        )
        place = FrameInverse(field, k, index).find(np.array([centre], np.float32))
        x, y = (float(v) for v in place.points[0])
        spots.append(
            Spot(
                k,
                centre,
                field.frames[index],
                (x, y),
                float(confidence[index]),
                int(seen.sum()),
                worth / ranked[0][0],
            )
        )
        taken.append((k, row, column))
    return spots
