"""The plain numpy statement of ``sample``: slow, obvious, in float64."""

import numpy as np

from engine.arrays import F32, F64
from engine.kernels.footprint import LONGEST, ONSET, WHOLE


def _keys(distance: F64, size: float) -> F64:
    """Cubic kernel of Keys (1981), eq. 15, with a = -1/2."""
    d = np.abs(distance)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.asarray(np.where(d <= 1, near, np.where(d < 2, far, 0.0)), np.float64)


def _area(distance: F64, size: float) -> F64:
    """A box of width ``size`` pixels, one pixel soft; its tent where it is a pixel wide."""
    return np.asarray(np.clip((0.5 - np.abs(distance)) * size + 0.5, 0, 1), np.float64)


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
    flat = positions.reshape(-1, 2).astype(np.float64)
    centres = flat * scale - np.asarray(origin) - 0.5
    unit = np.broadcast_to(np.eye(2), (len(flat), 2, 2))
    out = _convolved(picture, centres, unit, filter)
    return np.asarray(out.reshape(*positions.shape[:-1], picture.shape[2]), np.float64)


def footprint_reference(
    picture: F32,
    positions: F32,
    *,
    origin: tuple[int, int] = (0, 0),
    scale: float = 1.0,
    filter: str = "bilinear",
) -> F64:
    """``sample(..., footprint=True)`` over a grid [H, W, 2], without reduced pictures.

    The kernel at a pixel is ``k(e_x) k(e_y)`` with ``e = P^-1 (tap - centre)``. ``P`` is the polar
    part ``(J J^T)^(1/2)`` of the Jacobian ``J`` of the positions, with each of its singular values
    made as wide as the filter must be; the weights are divided by their sum. ``k`` is the cubic, or
    for ``bilinear`` a box of that width whose edges are one picture pixel soft.
    """
    place = positions.astype(np.float64) * scale
    jacobian = np.stack([_slope(place, 1), _slope(place, 0)], axis=-1)
    axes, sizes, _ = np.linalg.svd(jacobian)
    ramp = 1 + (sizes - ONSET) * (WHOLE - 1) / (WHOLE - ONSET)
    wide = np.where(sizes < WHOLE, ramp, np.minimum(sizes, LONGEST))
    wide = np.where(sizes <= ONSET, 1.0, wide)
    shape = (axes * wide[..., None, :]) @ np.swapaxes(axes, -1, -2)
    centres = place - np.asarray(origin) - 0.5
    out = _convolved(picture, centres.reshape(-1, 2), shape.reshape(-1, 2, 2), filter)
    return np.asarray(out.reshape(*positions.shape[:2], picture.shape[2]), np.float64)


def _slope(place: F64, axis: int) -> F64:
    """Difference to the next pixel along an axis: central, one-sided at the border."""
    return np.asarray(np.gradient(place, axis=axis), np.float64)


def _convolved(picture: F32, centres: F64, shapes: F64, filter: str) -> F64:
    """Every pixel of the picture weighted by a kernel of shape P [N, 2, 2] at centres [N, 2]."""
    h, w, channels = picture.shape
    reach, kernel = (2, _keys) if filter == "cubic" else (1, _area)
    out = np.zeros((len(centres), channels))
    for n, (centre, shape) in enumerate(zip(centres, shapes, strict=True)):
        extent = reach * np.abs(shape).sum(axis=1)
        if not np.isfinite(centre).all() or (np.abs(centre) > 1e6).any():
            continue
        low, high = np.floor(centre - extent).astype(int), np.ceil(centre + extent).astype(int)
        j, i = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
        taps = np.stack([j, i], axis=-1) - centre
        e = taps @ np.linalg.inv(shape).T
        size = 1 / np.linalg.norm(np.linalg.inv(shape), axis=1)
        weight = kernel(e[..., 0], size[0]) * kernel(e[..., 1], size[1])
        weight = weight / weight.sum()
        inside = (i >= 0) & (i < h) & (j >= 0) & (j < w)
        out[n] = (weight[inside, None] * picture[i[inside], j[inside]]).sum(axis=0)
    return out
