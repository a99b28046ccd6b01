"""Robust global motion between two frames from their flow: homography, else simpler."""

import numpy as np

from engine.arrays import F32, F64

#: Pixels of disagreement at which a flow sample no longer supports a motion.
TOLERANCE = 0.5
#: Most samples that the estimators see.
SAMPLES = 2000
#: A richer model must explain this many times the samples of a simpler one.
GAIN = 1.05


def global_motion(flow: F32, weight: F32, *, simple: bool = False) -> F64:
    """The matrix that explains most of a flow.

    A translation is preferred to a similarity, that to an affine map and that to a homography,
    unless the richer model explains clearly more: small groups give poor perspective.

    Args:
        flow: [H, W, 2] in pixels, x right, y down.
        weight: [H, W], confidence inside the group; only samples above 0.5 count.
        simple: No more than a similarity.

    Returns:
        float64 [3, 3]: a pixel (centres at +0.5) to where the flow sends it.
    """
    import cv2

    rows, columns = np.nonzero(weight > 0.5)
    if len(rows) < 16:
        return np.eye(3)
    if len(rows) > SAMPLES:
        # Evenly spread, not random: the fit repeats without a seed.
        pick = np.linspace(0, len(rows) - 1, SAMPLES).astype(np.int64)
        rows, columns = rows[pick], columns[pick]
    here = np.stack([columns + 0.5, rows + 0.5], axis=1).astype(np.float64)
    there = here + flow[rows, columns]

    best = np.eye(3)
    best[:2, 2] = np.median(there - here, axis=0)
    support = _support(best, here, there)
    affine = (cv2.estimateAffinePartial2D, cv2.estimateAffine2D)
    for estimate in affine[:1] if simple else affine:
        found, _ = estimate(here, there, method=cv2.RANSAC, ransacReprojThreshold=TOLERANCE)
        if found is not None:
            candidate = np.vstack([found, [0, 0, 1]])
            best, support = _better(candidate, best, support, here, there)
    if simple:
        return best
    homography, _ = cv2.findHomography(here, there, cv2.USAC_MAGSAC, TOLERANCE, maxIters=1000)
    if homography is not None:
        best, support = _better(homography, best, support, here, there)
    return best


def _support(matrix: F64, here: F64, there: F64) -> int:
    w = here @ matrix[2, :2] + matrix[2, 2]
    if w.min() <= 0.2 or w.max() >= 5:
        return 0
    moved = (here @ matrix[:2, :2].T + matrix[:2, 2]) / w[:, None]
    return int((((moved - there) ** 2).sum(axis=1) < TOLERANCE**2).sum())


def _better(candidate: F64, best: F64, support: int, here: F64, there: F64) -> tuple[F64, int]:
    determinant = np.linalg.det(candidate[:2, :2])
    if not np.isfinite(candidate).all() or not 0.25 < determinant < 4:
        return best, support
    count = _support(candidate, here, there)
    if count > GAIN * support:
        return np.asarray(candidate / candidate[2, 2], np.float64), count
    return best, support


def displacement(matrix: F64, columns: F64, rows: F64) -> F32:
    """Where a matrix moves every pixel, relative to where it was, [h, w, 2]."""
    w = matrix[2, 0] * columns + matrix[2, 1] * rows + matrix[2, 2]
    w = np.where(np.abs(w) > 1e-6, w, 1e-6)
    x = (matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2]) / w
    y = (matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2]) / w
    moved = np.stack([x - columns, y - rows], axis=-1)
    return np.asarray(np.clip(moved, -1e4, 1e4), np.float32)
