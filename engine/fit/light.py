"""Exposure and lighting of a layer: how each frame's light differs from the canonical image.

Both are found in closed form from sums over blocks of pixels that one visit of each frame gives.

* Exposure: gain and offset per frame and channel, scene-linear, since that is where a stop, a
  flicker (a factor) and glare or lifted blacks (an addition) are what they are; an affine change
  of encoded colours is none of them. Differences count by the slope of the encoding, so what is
  minimised are encoded errors, as everywhere in the fit. It is free from frame to frame: a flash
  lasts one.
* Lighting: factors on a coarse grid (Hashing-NVD's multiplicative layer), positive, drawn to 1
  where there is little to go by, and smooth in time by a penalty on second differences: what comes
  and goes within a frame or two is grain or a highlight, and paint must not flicker with it.
"""

import numpy as np

from engine.arrays import F32, F64
from engine.fit.plates import Plates
from engine.fit.seeded import LayerState

#: Full-size pixels between control points, about.
SPACING = 64
#: Weight of one pixel at mid grey: its square, times the squared slope of the encoding there.
GREY = 0.18**2 * 1.43
#: Pull of the lighting towards 1, as a share of a control point's pixels at mid grey.
PULL = 0.1
#: Pixels at mid grey that the exposure's pull towards 1 is worth, whatever the size of the layer.
FEW = 50
#: Pull of gain to 1 and of offset to 0, as shares of the sums: gain explains what both could.
NO_GAIN, NO_OFFSET = 0.0001, 0.02
#: Light is kept within these factors, and offsets within this.
DARKEST, BRIGHTEST, FARTHEST = 0.25, 4.0, 0.25
#: Pixels of the blocks that are summed, and of a frame from which every second row and column do.
BLOCK, MANY = 16, 200_000
#: Every how many pixels the rough tone of a frame is read.
FEW_EVERY = 8


def grid_shape(height: int, width: int) -> tuple[int, int]:
    """Control points (rows, columns) of the light of a frame."""
    return max(2, round(height / SPACING) + 1), max(2, round(width / SPACING) + 1)


def light_of_layer(
    plates: Plates,
    layer: int,
    state: LayerState,
    *,
    exposure: bool,
    lighting: bool,
    smooth: float,
    robust: float,
) -> tuple[F32 | None, F32 | None]:
    """Exposure and lighting of a layer in all frames.

    Args:
        plates: The frames at the working resolution.
        layer: Which layer.
        state: The layer as it was fitted, at that resolution.
        exposure: Whether it has an exposure.
        lighting: Whether it has lighting.
        smooth: See ``solve_lighting``.
        robust: Encoded difference at which a pixel's weight halves.

    Returns:
        float32 [T, 2, 3] as ``Layer.exposure`` and [T, gy, gx, 3] as ``Layer.lighting``; None for
        what it has not.
    """
    from engine.kernels.light import light_sums

    if not exposure and not lighting:
        return None, None
    shape = grid_shape(plates.data.height, plates.data.width)
    rows, columns = _hats(plates.height, shape[0]), _hats(plates.width, shape[1])
    step = 2 if plates.height * plates.width > MANY else 1
    sums = np.empty((plates.count, *shape, 3, 5))
    for t in range(plates.count):
        weights = plates.weights[layer, t]
        if not weights.any():
            sums[t] = 0
            continue
        positions = state.positions(plates, t)
        corner = (float(state.canvas.x0), float(state.canvas.y0))
        blocks = light_sums(
            plates.codes[t],
            plates.scale,
            plates.offset,
            weights,
            positions,
            state.picture,
            corner,
            rough_tone(plates, layer, t, positions, state),
            step=step,
            block=BLOCK,
            robust=robust,
        )
        part = np.tensordot(rows, _products(blocks), (1, 0))
        sums[t] = np.moveaxis(np.tensordot(columns, part, (1, 1)), 0, 1)
    affine = solve_exposure(sums.sum(axis=(1, 2))) if exposure else None
    if not lighting:
        return affine, None
    pixels = plates.height * plates.width / step**2
    share = np.outer(rows.sum(1) / rows.sum(), columns.sum(1) / columns.sum())
    return affine, solve_lighting(sums, affine, PULL * GREY * pixels * share, smooth)


def rough_tone(plates: Plates, layer: int, index: int, positions: F32, state: LayerState) -> F32:
    """Median ratio [3] of frame to still over a few thousand pixels, both ``encoded + 0.055``."""
    some = np.s_[FEW_EVERY // 2 :: FEW_EVERY, FEW_EVERY // 2 :: FEW_EVERY]
    place = np.floor(positions[some] - (state.canvas.x0, state.canvas.y0))
    height, width = state.picture.shape[:2]
    inside = (place >= 0).all(axis=2) & (place < (width, height)).all(axis=2)
    inside &= plates.weights[layer, index][some] > 127
    if not inside.any():
        return np.ones(3, np.float32)
    x, y = place[inside].astype(np.intp).T
    still = state.picture[y, x] + 0.055
    codes = plates.codes[index][some][inside].astype(np.float32)
    frame = codes * np.float32(plates.scale) + np.float32(plates.offset + 0.055)
    bright = (still > 0.1) & (frame > 0.1)
    ratios = [frame[b, c] / still[b, c] for c, b in enumerate(bright.T)]
    medians = [float(np.median(r)) if len(r) else 1.0 for r in ratios]
    return np.clip(np.asarray(medians, np.float32), DARKEST, BRIGHTEST)


def _products(blocks: F32) -> F64:
    """Sums of 1, still, still squared, frame, still times frame, of the means of blocks.

    Of the means, since a still that lies a pixel beside the frame is unlike it pixel by pixel:
    least squares over pixels would take that for a gain below 1 and darken the paint.
    """
    one, still, frame = np.moveaxis(np.asarray(blocks, np.float64), 3, 0)
    mean = still / np.maximum(one, 1e-9)
    return np.stack([one, still, still * mean, frame, frame * mean], axis=3)


def _hats(pixels: int, count: int) -> F64:
    """Linear interpolation weights [count, blocks] of evenly spread control points."""
    edges = np.minimum(np.arange(-(-pixels // BLOCK) + 1) * BLOCK, pixels)
    place = (edges[:-1] + edges[1:]) / (2 * pixels) * (count - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(place[None, :] - np.arange(count)[:, None])))


def solve_exposure(sums: F64) -> F32:
    """Gain and offset of each frame and channel.

    Args:
        sums: [T, 3, 5]: weighted sums of 1, still, still squared, frame, still times frame.

    Returns:
        float32 [T, 2, 3]: the least-squares ``frame = gain * still + offset``, drawn to 1 and 0.
    """
    one, still, square, frame, cross = np.moveaxis(sums, 2, 0)
    pull = NO_GAIN * square + FEW * GREY
    a, b, c = square + pull, still, (1 + NO_OFFSET) * one + FEW * GREY
    x, y = cross + pull, frame
    determinant = a * c - b * b
    gain = (c * x - b * y) / determinant
    offset = (a * y - b * x) / determinant
    gain, offset = np.clip(gain, DARKEST, BRIGHTEST), np.clip(offset, -FARTHEST, FARTHEST)
    return np.stack([gain, offset], axis=1).astype(np.float32)


def solve_lighting(sums: F64, exposure: F32 | None, pull: F64, smooth: float) -> F32:
    """Factors of light, smooth in time.

    Minimises per control point ``sum_t w_t (g_t - r_t)^2 + pull (g_t - 1)^2 + stiff * (second
    difference of g)^2`` with r the least-squares ratio of frame to exposed still and w its weight.

    Args:
        sums: [T, gy, gx, 3, 5] as for ``solve_exposure``.
        exposure: [T, 2, 3], or None.
        pull: [gy, gx].
        smooth: ``stiff`` over the mean weight; a change of p frames is halved at about
            p = 6.3 * smooth ** (1 / 4).

    Returns:
        float32 [T, gy, gx, 3], from ``DARKEST`` to ``BRIGHTEST``.
    """
    one, still, square, frame, cross = np.moveaxis(sums, 4, 0)
    if exposure is None:
        above, below = cross, square
    else:
        a, b = (exposure[:, i, None, None].astype(np.float64) for i in (0, 1))
        above = a * cross + b * frame
        below = a * a * square + 2 * a * b * still + b * b * one
    held = pull[None, :, :, None]
    above, below = above + held, np.maximum(below, 0) + held
    factors = smoothed(above, below, smooth * below.mean(axis=0))
    return np.clip(factors, DARKEST, BRIGHTEST).astype(np.float32)


def smoothed(above: F64, weights: F64, stiff: F64) -> F64:
    """Solves ``(diag(weights) + stiff D'D) x = above`` along the first axis, D second differences.

    Args:
        above: [T, ...].
        weights: [T, ...], above 0.
        stiff: [...].

    Returns:
        float64 [T, ...].
    """
    count = len(above)
    if count < 3:
        return np.asarray(above / weights)
    # The bands of D'D: 1 -2 1 and its shifts, multiplied out.
    main, near, far = np.zeros(count), np.zeros(count), np.zeros(count)
    for t in range(count - 2):
        main[t : t + 3] += (1, 4, 1)
        near[t : t + 2] += -2
        far[t] += 1
    # L D L' of a matrix with two bands below the diagonal; every control point at once.
    pivots, first, second = (np.zeros_like(above) for _ in range(3))
    result = np.empty_like(above)
    for t in range(count):
        pivot = weights[t] + main[t] * stiff
        value = above[t].copy()
        next_to = near[t] * stiff
        if t > 0:
            pivot -= first[t - 1] ** 2 * pivots[t - 1]
            next_to = next_to - first[t - 1] * second[t - 1] * pivots[t - 1]
            value -= first[t - 1] * result[t - 1]
        if t > 1:
            pivot -= second[t - 2] ** 2 * pivots[t - 2]
            value -= second[t - 2] * result[t - 2]
        pivots[t], result[t] = pivot, value
        first[t], second[t] = next_to / pivot, far[t] * stiff / pivot
    result /= pivots
    for t in range(count - 2, -1, -1):
        result[t] -= first[t] * result[t + 1]
        if t + 2 < count:
            result[t] -= second[t] * result[t + 2]
    return result
