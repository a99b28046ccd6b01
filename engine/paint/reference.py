"""The loops of ``engine.paint.kernels`` in plain numpy, for tests and for reading."""

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.paint.blurring import blur_reach
from engine.paint.kernels import SMEAR_FADE, SMEAR_STEP


def _cover(
    shape: tuple[int, ...],
    corner: tuple[float, float],
    centre: tuple[float, float],
    radius: float,
    strength: float,
    hardness: float,
) -> F32:
    """One stamp: a smooth step from the hard core to the edge."""
    x = corner[0] + np.arange(shape[1]) + 0.5
    y = corner[1] + np.arange(shape[0])[:, None] + 0.5
    inner = min(hardness * radius, radius - 0.5)
    outer = max(radius, inner + 1)
    if inner < 0:
        inner, outer = 0.0, max(radius, 0.5) + 0.5
        strength *= min(1.0, 2 * radius)
    t = np.clip((np.hypot(x - centre[0], y - centre[1]) - inner) / (outer - inner), 0, 1)
    return np.asarray(strength * (1 - t * t * (3 - 2 * t)), np.float32)


def stamp(
    mask: F32,
    left: int,
    top: int,
    xs: F64,
    ys: F64,
    radii: F64,
    strengths: F64,
    hardness: F64,
    flow: float,
    times: float,
) -> None:
    """See ``kernels.stamp``."""
    for x, y, radius, strength, hard in zip(xs, ys, radii, strengths, hardness, strict=True):
        value = _cover(mask.shape, (left, top), (x, y), radius, strength, hard)
        if times > 0:
            mask[...] = 1 - (1 - mask) * (1 - flow * value) ** times
        else:
            np.maximum(mask, value, out=mask)


def lay_colour(
    overlay: F32, under: F32, mask: F32, opacity: float, colour: F32, blend: int
) -> None:
    """See ``kernels.lay_colour``."""
    a = (mask * opacity)[..., None]
    picture = overlay + under * (1 - overlay[..., 3:])
    back = picture[..., 3:]
    below = picture[..., :3] / np.where(back > 0, back, 1)
    light = below + colour - below * colour
    mixed = (
        np.broadcast_to(colour, below.shape),
        below * colour,
        np.where((below <= 1) & (colour <= 1), light, np.maximum(below, colour)),
        below + colour,
        np.minimum(below, colour),
        np.maximum(below, colour),
        np.abs(below - colour),
    )[blend]
    share = np.clip(back, 0, 1)
    paint = (1 - share) * colour + share * mixed
    overlay[..., :3] = a * paint + (1 - a) * overlay[..., :3]
    overlay[..., 3:] = a + (1 - a) * overlay[..., 3:]


def lay_picture(overlay: F32, source: F32, mask: F32, opacity: float) -> None:
    """See ``kernels.lay_picture``."""
    a = (mask * opacity)[..., None]
    overlay[...] = a * source + (1 - a * source[..., 3:]) * overlay


def lift(overlay: F32, mask: F32, opacity: float) -> None:
    """See ``kernels.lift``."""
    overlay *= (1 - mask * opacity)[..., None]


def lay_tone(overlay: F32, under: F32, mask: F32, opacity: float, gain: float, tones: int) -> None:
    """See ``kernels.lay_tone``."""
    picture = overlay + under * (1 - overlay[..., 3:])
    back = picture[..., 3:]
    colour = picture[..., :3]
    luma = colour @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    t = np.sqrt(np.clip(luma[..., None] / np.where(back > 0, back, 1), 0, 1))
    weight = (np.ones_like(t), (1 - t) ** 2, 4 * t * (1 - t), t * t)[tones]
    toned = picture.copy()
    toned[..., :3] = np.where(colour > 0, colour * (1 + (gain - 1) * weight), colour)
    lay_picture(overlay, np.where(back > 0, toned, np.float32(0)), mask, opacity)


def smear(
    overlay: F32,
    under: F32,
    left: int,
    top: int,
    xs: F64,
    ys: F64,
    radii: F64,
    strengths: F64,
    hardness: F64,
    size: float,
    keep: float,
    carried: F32,
    last: F64,
) -> None:
    """See ``kernels.smear``; the canvas is grown so that the brush never leaves it."""
    n = len(carried)
    height, width = overlay.shape[:2]
    for x, y, radius, strength, hard in zip(xs, ys, radii, strengths, hardness, strict=True):
        column, row = int(np.floor(x)) - n // 2, int(np.floor(y)) - n // 2
        i, j = row - top + np.arange(n), column - left + np.arange(n)
        rows, columns = np.clip(i, 0, height - 1), np.clip(j, 0, width - 1)
        inside = ((i == rows)[:, None] & (j == columns))[..., None]
        place = np.ix_(rows, columns)
        picture = (overlay + under * (1 - overlay[..., 3:]))[place] * inside
        started = bool(np.isfinite(last[0]))
        step = float(np.hypot(x - last[0], y - last[1])) / size if started else 0.0
        last[:] = x, y
        if not started:
            carried[...] = picture
            continue
        if step <= 0:
            continue
        mask = _cover((n, n), (column, row), (x, y), radius, strength, hard)
        a = (1 - (1 - mask) ** (step / SMEAR_STEP))[..., None]
        laid = a * carried + (1 - a * carried[..., 3:]) * overlay[place]
        left_over = keep ** (step / SMEAR_FADE)
        carried[...] = left_over * carried + (1 - left_over) * picture
        p, q = np.nonzero(inside[..., 0])
        overlay[i[p], j[q]] = laid[p, q]


def cover(result: F32, overlay: F32, under: F32, opacity: float) -> None:
    """See ``kernels.cover``."""
    top = overlay * np.float32(opacity)
    keep = 1 - top[..., 3:]
    channels = under.shape[2]
    painted = top[..., :channels] + np.where(keep > 0, under, np.float32(0)) * keep
    result[...] = np.where(top.any(axis=2, keepdims=True), painted, under)


def gaussian(picture: F32, sigma: float) -> F32:
    """See ``blurring.gaussian``: every pixel a weighted sum over all of the picture."""
    reach = blur_reach(sigma)
    at = np.arange(-reach, reach + 1)
    taps = np.exp(-(at.astype(np.float64) ** 2) / (2 * sigma * sigma))
    taps /= taps.sum()
    for axis in (0, 1):
        size = picture.shape[axis]
        apart = np.arange(size)[:, None] - np.arange(size)
        weight = np.where(np.abs(apart) <= reach, taps[np.clip(apart + reach, 0, 2 * reach)], 0)
        picture = np.moveaxis(np.tensordot(weight, picture, (1, axis)), 0, axis)
    return np.asarray(picture, np.float32)


def membrane(difference: F32, inside: Bool, known: Bool) -> F32:
    """See ``poisson.membrane``: the same equations, solved all at once."""
    numbers = np.full(inside.shape, -1)
    rows, columns = np.nonzero(inside)
    numbers[rows, columns] = np.arange(len(rows))
    matrix = np.zeros((len(rows), len(rows)))
    right = np.zeros((len(rows), difference.shape[2]))
    for n, (i, j) in enumerate(zip(rows, columns, strict=True)):
        for y, x in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            if not (0 <= y < inside.shape[0] and 0 <= x < inside.shape[1]):
                continue
            if inside[y, x]:
                matrix[n, n] += 1
                matrix[n, numbers[y, x]] -= 1
            elif known[y, x]:
                matrix[n, n] += 1
                right[n] += difference[y, x]
    result = np.where(known[..., None], difference, np.float32(0))
    result[rows, columns] = np.linalg.lstsq(matrix, right, rcond=None)[0]
    return np.asarray(result, np.float32)
