"""Smooth bends of a lattice through points, and the simplest motion that several points share."""

import numpy as np

from engine.arrays import F32, F64

#: A track reaches this many times as far as its neighbour track is away.
REACH = 3.0


def bend(
    here: F64, left: F64, shape: tuple[int, int], spacing: float, size: tuple[int, int]
) -> F32:
    """The smooth lattice that moves points by given steps and fades away from them.

    A sum of bumps around the points, solved for so that all land at once.

    Args:
        here: Points [N, 2], pixels from the corner of the picture, centres at +0.5.
        left: Steps [N, 2] in pixels.
        shape: Rows and columns of control points.
        spacing: Pixels between them.
        size: (height, width) of the picture.

    Returns:
        Control points [gy, gx, 2].
    """
    from engine.kernels.lattice import evaluate_points

    height, width = size
    rows, columns = shape
    reach = track_reach(here, spacing, float(np.hypot(height, width)))
    i, j = np.mgrid[0:rows, 0:columns]
    stand = np.stack([(j - 1) * spacing, (i - 1) * spacing], axis=-1)
    lift = _bump(np.linalg.norm(stand[None] - here[:, None, None], axis=-1) / reach)
    mixed = np.empty((len(here), len(here)))
    for n in range(0, len(here), 2):
        pair = lift[n : n + 2]
        lattice = np.zeros((rows, columns, 2), np.float32)
        lattice[..., : len(pair)] = np.moveaxis(pair, 0, -1)
        values = evaluate_points(lattice, float(spacing), height, width, here)
        mixed[:, n : n + 2] = values[:, : len(pair)]
    # Two tracks at one place that disagree meet in the middle.
    normal = mixed.T @ mixed + 1e-4 * np.eye(len(here))
    amounts = np.linalg.solve(normal, mixed.T @ left)
    return np.asarray(np.einsum("nij,nc->ijc", lift, amounts), np.float32)


def track_reach(points: F64, spacing: float, diagonal: float) -> float:
    """How far tracks reach, in pixels: across the gaps between them, not over the whole frame.

    Args:
        points: The tracked points of a frame, [N, 2].
        spacing: Of the lattice.
        diagonal: Of the frame.
    """
    most = 0.25 * diagonal
    if len(points) < 2:
        return max(0.5 * most, 4 * spacing)
    apart = np.linalg.norm(points[None] - points[:, None], axis=-1)
    apart[np.diag_indices(len(points))] = np.inf
    return float(np.clip(REACH * np.median(apart.min(axis=1)), 4 * spacing, max(most, 4 * spacing)))


def _bump(distance: F64) -> F64:
    """Wendland's C2 function of a distance in units of its reach: 1 at 0, 0 from 1 on."""
    near = np.clip(1 - distance, 0, 1)
    return np.asarray(near**4 * (4 * distance + 1), np.float64)


def common_motion(here: F64, there: F64, tolerance: float) -> F64:
    """The simplest affine motion that explains how points move.

    A translation, else (from two points on) a similarity, else (from four) an affine map: the
    first that leaves no more than the tolerance, else the one that leaves least for its freedom.

    Args:
        here: Points [N, 2].
        there: Where they go, [N, 2].
        tolerance: Root mean square distance in pixels that is good enough.

    Returns:
        float64 [3, 3].
    """
    centre, goal = here.mean(axis=0), there.mean(axis=0)
    p, q = here - centre, there - goal
    candidates = [np.eye(2)]
    spread = float((p * p).sum())
    if len(here) >= 2 and spread > 1:
        cosine = float((p * q).sum()) / spread
        sine = float((p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum()) / spread
        candidates.append(np.array([[cosine, -sine], [sine, cosine]]))
    if len(here) >= 4 and np.linalg.svd(p, compute_uv=False)[1] > 8:
        candidates.append(np.linalg.lstsq(p, q, rcond=None)[0].T)
    best, least = candidates[0], np.inf
    for freedom, linear in zip((1, 2, 3), candidates, strict=False):
        error = float(np.sqrt(np.square(p @ linear.T - q).sum(axis=1).mean()))
        if 0.25 < np.linalg.det(linear) < 4 and error * (1 + 0.1 * freedom) < least:
            best, least = linear, error * (1 + 0.1 * freedom)
        if error <= tolerance:
            break
    matrix = np.eye(3)
    matrix[:2, :2] = best
    matrix[:2, 2] = goal - best @ centre
    return matrix
