"""From what each pixel says for itself to a mask that follows the edges of the picture.

A random walk with priors (Grady, *Multilabel random walker image segmentation using prior models*,
CVPR 2005): convex, soft by nature, and it repeats exactly.
"""

from typing import TypeVar

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.masks import kernels

#: How many sweeps bring a wish across a picture, and their over-relaxation.
ROUNDS, OMEGA = 50, 1.6
#: Least strength of a wish, and what a sure one has more.
IDLE, SURE = 0.02, 0.6
#: How much further apart colours are in a and b than in L.
CHROMA = 1.5
#: What links two pixels across a strong edge.
LEAST = 0.005
#: How clearly a mask decides: slope of the curve that sharpens it.
SHARP = 6.0
#: Largest log odds that one source of evidence may claim.
LIMIT = 4.0

_Any = TypeVar("_Any", bound=AnyArray)


def sigmoid(odds: F32) -> F32:
    """Log odds to a share."""
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def log_odds(share: F32) -> F32:
    """A share to log odds, at most ``LIMIT`` either way."""
    safe = np.clip(share, 1e-3, 1 - 1e-3)
    return np.asarray(np.clip(np.log(safe / (1 - safe)), -LIMIT, LIMIT), np.float32)


def signed_distance(inside: AnyArray) -> F32:
    """Pixels to the edge of a mask [H, W]: negative inside."""
    import cv2

    mask = np.asarray(inside, np.uint8)
    outer = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_5)
    inner = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(outer - inner, np.float32)


def links(lab: U8) -> tuple[F32, F32, F32, F32]:
    """How far neighbouring pixels belong together: right, down, falling, rising, [h, w] each."""
    value = lab.astype(np.float32) * np.array([1, CHROMA, CHROMA], np.float32)

    def apart(first: AnyArray, second: AnyArray) -> F32:
        gap = first - second
        return np.asarray(gap[..., 0] ** 2 + gap[..., 1] ** 2 + gap[..., 2] ** 2, np.float32)

    pairs = (
        (apart(value[:, 1:], value[:, :-1]), np.s_[:, :-1], 1.0),
        (apart(value[1:], value[:-1]), np.s_[:-1, :], 1.0),
        (apart(value[1:, 1:], value[:-1, :-1]), np.s_[:-1, :-1], 0.7),
        (apart(value[1:, :-1], value[:-1, 1:]), np.s_[:-1, 1:], 0.7),
    )
    means = [float(gap.mean()) for gap, _, _ in pairs[:2] if gap.size]
    usual = max(float(np.mean(means)) if means else 0.0, 4.0)
    found = []
    for gap, where, reach in pairs:
        link = np.zeros(lab.shape[:2], np.float32)
        link[where] = reach * (np.exp(-gap / (2 * usual)) + LEAST)
        found.append(link)
    return found[0], found[1], found[2], found[3]


def solve(
    odds: F32,
    lab: U8,
    start: F32 | None = None,
    fixed: tuple[AnyArray, F32] | None = None,
    rounds: int = ROUNDS,
) -> F32:
    """The mask that meets the evidence and bends at the picture's edges.

    Args:
        odds: Log odds of each pixel, [h, w].
        lab: The picture, uint8 [h, w, 3].
        start: Where to start from; None: from the evidence.
        fixed: Where the answer is known [h, w], and what it is there [h, w].
        rounds: Sweeps.

    Returns:
        float32 [h, w], 0 to 1, decided but for the edge.
    """
    wish = sigmoid(odds)
    strength = np.asarray(IDLE + SURE * (2 * wish - 1) ** 2, np.float32)
    if fixed is not None:
        where, value = fixed
        wish = np.where(where, value, wish).astype(np.float32)
        strength = np.where(where, np.float32(5), strength)
    p = np.ascontiguousarray(wish if start is None else start, np.float32).copy()
    kernels.relax(p, wish, strength, *links(lab), rounds, OMEGA)
    return sigmoid(np.asarray(SHARP * (p - 0.5), np.float32))


def box_of(mask: AnyArray, margin: int) -> tuple[slice, slice]:
    """Rows and columns of what a mask shows, and a margin around; the whole when it is empty."""
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, height), slice(0, width)
    return (
        slice(max(int(rows[0]) - margin, 0), min(int(rows[-1]) + margin + 1, height)),
        slice(max(int(columns[0]) - margin, 0), min(int(columns[-1]) + margin + 1, width)),
    )
