"""The plain numpy statement of ``sample``: slow, obvious, in float64."""

import numpy as np

from engine.arrays import F32, F64


def _keys(distance: F64) -> F64:
    """Cubic kernel of Keys (1981), eq. 15, with a = -1/2."""
    d = np.abs(distance)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.asarray(np.where(d <= 1, near, np.where(d < 2, far, 0.0)), np.float64)


def _tent(distance: F64) -> F64:
    return np.asarray(np.maximum(1 - np.abs(distance), 0.0), np.float64)


def sample_reference(
    picture: F32,
    positions: F32,
    *,
    origin: tuple[int, int] = (0, 0),
    scale: float = 1.0,
    filter: str = "bilinear",
) -> F64:
    """Reads a picture at any positions; every argument as in ``engine.kernels.sample.sample``.

    Convention: pixel ``picture[i, j]`` is centred on ``((x0 + j + 0.5) / scale, ...)``; taps
    outside the picture are transparent black.

    Args:
        picture: [h, w, C].
        positions: [..., 2].
        origin: Upper left pixel of the picture's data window.
        scale: Picture pixels per unit of the positions.
        filter: ``bilinear`` or ``cubic``.

    Returns:
        float64 [..., C].
    """
    h, w, channels = picture.shape
    reach, kernel = (2, _keys) if filter == "cubic" else (1, _tent)
    flat = positions.reshape(-1, 2).astype(np.float64)
    u = flat[:, 0] * scale - origin[0] - 0.5
    v = flat[:, 1] * scale - origin[1] - 0.5
    out = np.zeros((len(flat), channels))
    for a in range(1 - reach, reach + 1):
        for b in range(1 - reach, reach + 1):
            i, j = np.floor(v).astype(int) + a, np.floor(u).astype(int) + b
            inside = (i >= 0) & (i < h) & (j >= 0) & (j < w)
            weight = kernel(v - i) * kernel(u - j) * inside
            out += weight[:, None] * picture[np.clip(i, 0, h - 1), np.clip(j, 0, w - 1)]
    result: F64 = out.reshape(*positions.shape[:-1], channels)
    return result
