"""Filling holes smoothly: weighted pyramid, then a harmonic membrane."""

import numpy as np

from engine.arrays import F32, Bool
from engine.progress import Task


def _halved(colour: F32, weight: F32) -> tuple[F32, F32]:
    """Weighted mean of 2 x 2 blocks, and how much of each block is known."""
    height, width = weight.shape
    pad = ((0, height % 2), (0, width % 2))
    w = np.pad(weight, pad)
    c = np.pad(colour * weight[..., None], (*pad, (0, 0)))
    total = w[::2, ::2] + w[1::2, ::2] + w[::2, 1::2] + w[1::2, 1::2]
    sums = c[::2, ::2] + c[1::2, ::2] + c[::2, 1::2] + c[1::2, 1::2]
    small = sums / np.maximum(total, 1e-6)[..., None]
    return small.astype(np.float32), np.minimum(total, 1).astype(np.float32)


def _doubled(small: F32, height: int, width: int) -> F32:
    import cv2

    size = (small.shape[1] * 2, small.shape[0] * 2)
    large = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32).reshape(size[1], size[0], -1)[:height, :width]


def pull_push(colour: F32, weight: F32) -> F32:
    """Fills from known pixels by a pyramid of weighted means.

    Args:
        colour: [H, W, C], C from 1 to 4.
        weight: [H, W], 0 (unknown) to 1 (kept as it is).

    Returns:
        float32 [H, W, C].
    """
    height, width = weight.shape
    if bool((weight >= 1).all()) or min(height, width) < 2:
        return colour
    small, small_weight = _halved(colour, weight)
    filled = _doubled(pull_push(small, small_weight), height, width)
    share = np.minimum(weight, 1)[..., None]
    return np.asarray(colour * share + filled * (1 - share), np.float32)


def harmonic_fill(colour: F32, hole: Bool, task: Task, rounds: int = 60) -> F32:
    """Replaces a hole by the smoothest surface through its rim (Laplace's equation).

    Coarse to fine: each level starts from the level below and is relaxed with over-relaxation, so
    that large holes cost little.

    Args:
        colour: [H, W, C], C from 1 to 4.
        hole: [H, W], pixels to replace.
        task: Cancels between rounds.
        rounds: Relaxations on each level.

    Returns:
        float32 [H, W, C]; outside the hole it is the input exactly.
    """
    if not hole.any() or hole.all():
        return colour
    known = (~hole).astype(np.float32)
    levels = [(colour, known)]
    while min(levels[-1][1].shape) > 8 and not (levels[-1][1] > 0).all():
        levels.append(_halved(*levels[-1]))
    small, weight = levels[-1]
    result = pull_push(small, (weight > 0).astype(np.float32))
    for level, (given, weight) in enumerate(reversed(levels)):
        task.check()
        unknown = weight <= 0
        if level:
            start = _doubled(result, *weight.shape)
            result = np.where(unknown[..., None], start, given)
        result = _relaxed(result.astype(np.float32), unknown, rounds, task)
    result[~hole] = colour[~hole]
    return result


def _relaxed(colour: F32, unknown: Bool, rounds: int, task: Task) -> F32:
    """Red-black over-relaxation inside the hole's bounding box."""
    rows, columns = np.flatnonzero(unknown.any(axis=1)), np.flatnonzero(unknown.any(axis=0))
    if not rows.size:
        return colour
    y0, y1 = max(rows[0] - 1, 0), rows[-1] + 2
    x0, x1 = max(columns[0] - 1, 0), columns[-1] + 2
    part, free = (
        np.pad(colour[y0:y1, x0:x1], ((1, 1), (1, 1), (0, 0)), "edge"),
        unknown[y0:y1, x0:x1],
    )
    y, x = np.nonzero(free)
    colours = [((y + x) % 2 == k).nonzero()[0] for k in (0, 1)]
    for turn in range(rounds):
        if turn % 8 == 0:
            task.check()
        # The frame of the rectangle has no flow across it.
        part[0], part[-1], part[:, 0], part[:, -1] = part[1], part[-2], part[:, 1], part[:, -2]
        for half in colours:
            i, j = y[half] + 1, x[half] + 1
            mean = (part[i - 1, j] + part[i + 1, j] + part[i, j - 1] + part[i, j + 1]) / 4
            part[i, j] += 1.6 * (mean - part[i, j])
    colour[y0:y1, x0:x1] = part[1:-1, 1:-1]
    return colour
