"""Wide pans: the plane of the reference frame rolled onto a cylinder.

A homography lays a frame into the plane of the reference frame. The farther the camera turns, the
more that plane stretches (without end at 90 degrees), and a canonical image cannot be painted on
there. So where a clip turns far, the plane is kept as it is around the reference frame and rolled
onto a cylinder beyond it: scale stays near that of the frames, and turning past 90 degrees has a
place too. A cylinder is no homography of a frame, but nearly an affine map and a smooth lattice.
"""

from collections.abc import Callable

import numpy as np

from engine.arrays import F32, F64
from engine.fit.closest import fit_lattice
from engine.fit.plates import Plates
from engine.fit.seeds import Seed, pixel_centres
from engine.kernels import lattice as lattice_kernels
from engine.kernels import threads

#: Linear stretch of a frame's border in the plane from which a pan counts as wide.
WIDE = 1.6
#: Focal lengths that are tried, in widths of the frame.
FOCAL = np.geomspace(0.5, 4.0, 25)


def roll(seed: Seed, plates: Plates) -> bool:
    """Rolls a layer's seed onto a cylinder if its homographies stretch far, in place.

    Args:
        seed: Of kind ``homography``; others are left alone. Its reference frame keeps its place.
        plates: The frames.

    Returns:
        Whether it was rolled.
    """
    if seed.kind != "homography" or max(map(_stretch(plates), seed.matrices)) < WIDE:
        return False
    size = np.array([plates.width, plates.height], np.float64)
    middles = np.array([_homogeneous(m, size[None] / 2)[0] for m in seed.matrices])
    away = np.abs(middles[:, :2] / np.maximum(middles[:, 2:], 0.1) - size / 2).max(axis=0)
    axis = int(away[1] / size[1] > away[0] / size[0])
    focal = _focal(seed.matrices, size)
    grid = pixel_centres(plates.height, plates.width)
    sure = np.ones((plates.height, plates.width), np.float32)
    for index, matrix in enumerate(seed.matrices):
        if np.allclose(matrix, np.eye(3)):
            continue
        places = on_cylinder(matrix, grid, size, axis, focal)
        affine = _affine(places, grid)
        base = lattice_kernels.apply_matrix(affine, grid.reshape(-1, 2).astype(np.float64))
        rest = places - base.reshape(places.shape)
        with threads.guard():
            seed.lattices[index] = fit_lattice(rest.astype(np.float32), sure, seed.spacing, 1e-4)
        seed.matrices[index] = affine
    return True


def on_cylinder(matrix: F64, grid: F32, size: F64, axis: int, focal: float) -> F64:
    """Canonical points [H, W, 2] of frame points, the plane rolled up beyond the reference frame.

    With the plane's coordinate X along ``axis`` from the frame's middle, a half of the frame's size
    and Y across: identity for |X| <= a; beyond, ``X' = a + f theta`` and ``Y' = Y cos theta`` with
    ``tan theta = (|X| - a) / f``, which goes on smoothly past 90 degrees.

    Args:
        matrix: [3, 3], frame to the plane of the reference frame.
        grid: Frame points [H, W, 2].
        size: Width and height of the frames.
        axis: 0: the camera turns sideways; 1: up and down.
        focal: f, in pixels.
    """
    points = _homogeneous(matrix, grid.reshape(-1, 2).astype(np.float64))
    w = points[:, 2]
    along = points[:, axis] - w * size[axis] / 2
    across = points[:, 1 - axis] - w * size[1 - axis] / 2
    half = size[axis] / 2
    beyond = np.abs(along) - half * w
    inside = (beyond <= 0) & (w > 0)
    safe = np.where(inside, w, 1.0)
    turned = np.arctan2(beyond, focal * w)
    shrink = np.sqrt((beyond / focal) ** 2 + w**2)
    x = np.where(inside, along / safe, np.sign(along) * (half + focal * turned))
    y = np.where(inside, across / safe, across / np.maximum(shrink, 1e-9))
    result: F64 = np.empty((len(points), 2))
    result[:, axis] = x + size[axis] / 2
    result[:, 1 - axis] = y + size[1 - axis] / 2
    return result.reshape(grid.shape)


def _homogeneous(matrix: F64, points: F64) -> F64:
    """Points [N, 3] of the plane, w positive before the camera."""
    sign = np.sign(np.linalg.det(matrix)) or 1.0
    found: F64 = sign * (points @ matrix[:, :2].T + matrix[:, 2])
    return found


def _stretch(plates: Plates) -> Callable[[F64], float]:
    """Matrix to its largest linear stretch along the frame's border; infinite past the horizon."""
    x, y = (np.linspace(0, side, 5) for side in (plates.width, plates.height))
    border = np.array([(a, b) for a in x for b in y if a in x[[0, -1]] or b in y[[0, -1]]])

    def stretch(matrix: F64) -> float:
        w = _homogeneous(matrix, border)[:, 2]
        if w.min() <= 1e-3:
            return float("inf")
        # The Jacobian of a homography has the determinant det(M) / w^3.
        return float(np.sqrt(abs(np.linalg.det(matrix)) / w.min() ** 3))

    return stretch


def _focal(matrices: F64, size: F64) -> float:
    """The focal length, in pixels, with which the homographies are most nearly rotations."""
    turned = [m for m in matrices if not np.allclose(m, np.eye(3))]
    errors = []
    for focal in FOCAL * size[0]:
        camera = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1.0]])
        total = 0.0
        for matrix in turned:
            rotation = np.linalg.inv(camera) @ matrix @ camera
            rotation /= np.cbrt(np.linalg.det(rotation))
            total += float(np.abs(rotation @ rotation.T - np.eye(3)).sum())
        errors.append(total)
    return float(FOCAL[int(np.argmin(errors))] * size[0])


def _affine(places: F64, grid: F32) -> F64:
    """The affine matrix [3, 3] closest to a map."""
    sample = (slice(None, None, 8), slice(None, None, 8))
    here = grid[sample].reshape(-1, 2).astype(np.float64)
    basis = np.concatenate([here, np.ones((len(here), 1))], axis=1)
    rows = np.linalg.lstsq(basis, places[sample].reshape(-1, 2), rcond=None)[0].T
    return np.vstack([rows, [0.0, 0.0, 1.0]])
