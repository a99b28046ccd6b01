"""The grain of a plate: how strong it is, how coarse, and more of the same.

Grain is what a frame has beyond what the field explains. Measured on flat tiles, in perceptually
encoded colours, where its strength changes least with brightness.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.edit.frameview import FrameView
from engine.edit.grainsize import REACH, TILE, autocorrelation, flattened, kernel, with_planes
from engine.edit.windows import plate_points
from engine.io.picture import Picture

#: Most tiles of a frame, and how many are needed to say anything.
MOST, NEEDED = 500, 24
#: Share of the tiles, the flattest, that is measured.
FLAT = 0.3
#: Standard deviations by which a tile may be above what grain explains, and how often it is asked.
SPREAD, ROUNDS = 1.0, 2
#: Encoded levels that strength is kept at, and the pixels that a level needs.
LEVELS, FEW = 11, 600
#: Correlation of neighbours from which it is no grain but texture out of focus.
COARSEST = 0.88
#: Share of the variance that is left at black and white where nothing was measured there.
UNSEEN = 0.25
#: Median of the square of a normal number of variance 1.
MEDIAN = 0.4549
#: Weakest grain, in encoded colour, that is worth putting back.
FAINT = 0.6 / 255


@dataclass(frozen=True, eq=False)
class Grain:
    """Strength and size of grain.

    Attributes:
        strength: Standard deviation of encoded colour at evenly spaced levels 0 to 1 of the
            channel itself, [LEVELS, 3].
        mixing: [3, 3]; times three independent channels gives the plate's correlated ones.
        kernel: [2 REACH + 1, 2 REACH + 1]; white noise filtered with it is as coarse as the
            plate's, of the same variance.
        likeness: The autocorrelation that was measured, likewise.
    """

    strength: F32
    mixing: F32
    kernel: F32
    likeness: F32

    def at(self, encoded: F32) -> F32:
        """Standard deviation at encoded colours, of the same shape [..., 3]."""
        return _between(self.strength, encoded)

    def smoothed(self, sigma: float) -> float:
        """Factor on the standard deviation when grain is blurred by a Gaussian."""
        import cv2

        size = 2 * int(np.ceil(3 * sigma)) + 1
        row = cv2.getGaussianKernel(size, sigma)
        energy = cv2.filter2D(self.kernel, cv2.CV_32F, row @ row.T, borderType=cv2.BORDER_CONSTANT)
        return float(np.sqrt(np.square(energy).sum()))


def measure_grain(view: FrameView, plate: Picture) -> Grain | None:
    """The grain of a frame; None when there is none, or too little that is flat to tell.

    A tile's variance is that of ``plate - reconstruction`` or of the plate itself, whichever is
    less (the first holds errors of the fit, the second texture), without its plane. Of the flattest
    tiles those that stand out are left away. Strength by level is that of the flattest pixels.
    """
    found = _tiles(view, plate)
    if found is None:
        return None
    apart, alone, every, level, slope = found
    likeness, left = with_planes(autocorrelation(apart))
    area = float(np.clip(likeness.sum(), 1, 30))
    if (likeness[REACH, REACH + 1] + likeness[REACH + 1, REACH]) / 2 > COARSEST:
        return None
    squares = np.asarray(np.square(every) / left, np.float32)
    strength = _strength(squares, level, slope, area)
    strength = strength * np.sqrt(min(1.0, _confirmed(apart, alone, likeness)))
    if plate.native is not None and plate.native.bits == 8:
        # Rounding to codes is no grain; the result is rounded again when it is written.
        strength = np.sqrt(np.maximum(strength**2 - 1 / 12 / 255**2, 0))
    if float(strength.mean()) < FAINT:
        return None
    flat = apart.reshape(-1, 3).astype(np.float64)
    together = flat.T @ flat
    scale = np.sqrt(np.diag(together))
    if not (scale > 0).all():
        return None
    correlation = together / np.outer(scale, scale)
    mixing = np.linalg.cholesky(0.999 * correlation + 0.001 * np.eye(3))
    return Grain(strength.astype(np.float32), mixing.astype(np.float32), kernel(likeness), likeness)


def _tiles(view: FrameView, plate: Picture) -> tuple[F32, F32, F32, F32, F32] | None:
    """Tiles of what the field does not explain, without their planes.

    Returns:
        The flat ones [N, TILE, TILE, 3]; the plate itself in those; all tiles [M, TILE, TILE, 3];
        their encoded levels without grain, likewise; how steep the reconstruction is there,
        [M, TILE, TILE].
    """
    from engine.colour.encoding import encode

    height, width = view.field.height, view.field.width
    if min(height, width) < TILE:
        return None
    step = max(TILE, int(np.sqrt(height * width / MOST)))
    top = np.arange((height - TILE) % step // 2, height - TILE + 1, step)
    left = np.arange((width - TILE) % step // 2, width - TILE + 1, step)
    corner = np.stack(np.meshgrid(top, left, indexing="ij"), axis=-1).reshape(-1, 2)
    inner = np.arange(TILE)
    rows = corner[:, 0, None, None] + inner[:, None]
    columns = corner[:, 1, None, None] + inner
    rows, columns = np.broadcast_arrays(rows, columns)
    colours, held = plate_points(plate, view.field, rows, columns)
    drawn, known = view.drawn((rows, columns))
    good = (known & held).all(axis=(1, 2))
    # A mask's edge is no flat place, whatever lies on both sides.
    single = view.shares((rows, columns)).max(axis=0).min(axis=(1, 2)) > 0.999
    good &= single
    if good.sum() < NEEDED:
        return None
    seen = encode(colours[good])
    still = encode(drawn[good])
    own, apart = flattened(seen), flattened(seen - still)
    # Clipped colours have lost their grain.
    clipped = (seen.max(axis=(1, 2)) >= 1).any(axis=1) | (seen.min(axis=(1, 2)) <= 0).any(axis=1)
    texture = np.square(flattened(still)).mean(axis=(1, 2, 3)) + 1.0 * clipped
    flat = np.argsort(texture, kind="stable")[: max(NEEDED, int(FLAT * len(texture)))]
    slope = _slope(still) + 1.0 * clipped[:, None, None]
    calmer = np.square(own).mean(axis=(1, 2, 3)) < np.square(apart).mean(axis=(1, 2, 3))
    apart = np.where(calmer[:, None, None, None], own, apart)
    # Light that the field does not know makes a place brighter than it is drawn.
    level = seen - apart
    plain = apart[flat]
    # What still stands out is no grain but something that the field does not know.
    variance = np.square(plain).mean(axis=(1, 2, 3))
    calm = flat[variance < 1.8 * np.median(variance)]
    return apart[calm], own[calm], apart, level, slope


def _confirmed(apart: F32, alone: F32, likeness: F32) -> float:
    """Share of the fine detail that this grain would have which the plate itself really has.

    A plate that is out of focus differs from a sharp still by detail that it has lost.
    """
    rough = np.zeros(())
    fine = _second(_second(alone, 1), 2)
    taps = np.outer([1, -2, 1], [1, -2, 1]).astype(np.float64)
    reach = np.arange(3)
    for i, j in np.ndindex(3, 3):
        near = likeness[np.ix_(REACH + reach - i, REACH + reach - j)]
        rough = rough + taps[i, j] * float((taps * near).sum())
    predicted = float(np.square(apart).mean()) * max(float(rough), 1e-6)
    return float(np.square(fine).mean()) / max(predicted, 1e-12)


def _second(tiles: F32, axis: int) -> F32:
    """Second difference along rows or columns of tiles."""
    return np.asarray(np.diff(tiles, 2, axis=axis), np.float32)


def _slope(tiles: F32) -> F32:
    """Range of the neighbours' grey, [N, h, w]."""
    grey = np.pad(tiles.mean(axis=3), ((0, 0), (1, 1), (1, 1)), mode="edge")
    size = tiles.shape[1:3]
    views = [grey[:, y : y + size[0], x : x + size[1]] for y in range(3) for x in range(3)]
    return np.asarray(np.max(views, axis=0) - np.min(views, axis=0), np.float32)


def _strength(squares: F32, level: F32, slope: F32, area: float) -> F64:
    """Standard deviation at even levels, [LEVELS, 3], from squares and levels of pixels.

    At each level the flattest pixels count, and of their squares the median, which few that are
    wrong do not move. What passes in front spoils whole tiles: those with more than grain of this
    strength explains are left away, and the rest is measured again.

    Args:
        squares: Of what is not explained, [N, h, w, 3].
        level: Encoded colours, likewise.
        slope: How steep the picture is, [N, h, w].
        area: Pixels that one independent value of the grain covers.
    """
    result, flat = _by_level(squares, level, slope)
    for _ in range(ROUNDS):
        tile, count = np.nonzero(flat)[0], flat.sum(axis=(1, 2))
        expected, there = (
            np.bincount(tile, values.sum(axis=1), len(count))
            for values in (np.square(_between(result, level[flat])), squares[flat])
        )
        ratio = there / np.maximum(expected, 1e-12)
        calm = (count > 0) & (ratio < 1 + SPREAD * np.sqrt(2 * area / np.maximum(count, 1)))
        if calm.all() or calm.sum() < NEEDED:
            break
        squares, level, slope = squares[calm], level[calm], slope[calm]
        result, flat = _by_level(squares, level, slope)
    return result


def _between(strength: F32 | F64, encoded: F32) -> F32:
    """Strength at even levels [LEVELS, 3], read at encoded colours [..., 3]."""
    # NaN counts as 0.
    place = np.fmin(np.fmax(encoded, 0), 1) * np.float32(len(strength) - 1)
    below = np.minimum(place.astype(np.intp), len(strength) - 2)
    part = place - below
    below = below * 3 + np.arange(3)
    flat = strength.ravel()
    low, high = flat.take(below), flat.take(below + 3)
    return np.asarray(low + part * (high - low), np.float32)


def _by_level(squares: F32, level: F32, slope: F32) -> tuple[F64, Bool]:
    """Strength at even levels, [LEVELS, 3], and the pixels [N, h, w] that it was read from."""
    nodes = np.linspace(0, 1, LEVELS)
    result = np.zeros((LEVELS, 3))
    used = np.zeros(slope.shape, np.bool_)
    steep, taken = slope.ravel(), used.reshape(-1)
    for c in range(3):
        values, square = level[..., c].ravel(), squares[..., c].ravel()
        place = np.rint(np.clip(values, -1, 2) * (LEVELS - 1)).astype(np.int8)
        place[steep >= 1] = -1
        # Sorted by level once: looking through all pixels for each level takes much longer.
        order = np.argsort(place, kind="stable")
        ends = np.searchsorted(place[order], np.arange(LEVELS + 1))
        there, found = [], []
        for first, last in pairwise(ends):
            near = order[first:last]
            if len(near) >= FEW:
                slopes = steep[near]
                flat = near[slopes <= np.quantile(slopes, FLAT)]
                there.append(float(values[flat].mean()))
                found.append(float(np.median(square[flat])) / MEDIAN)
                taken[flat] = True
        if not found:
            there, found = [0.5], [float(np.median(square)) / MEDIAN]
        # Towards levels that no flat place has: too much grain is seen sooner than too little.
        there, found = [0.0, *there, 1.0], [found[0] * UNSEEN, *found, found[-1] * UNSEEN]
        result[:, c] = np.sqrt(np.interp(nodes, there, found))
    return result, used
