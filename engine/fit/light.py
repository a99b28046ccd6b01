"""The light of each frame relative to the canonical image, on a coarse grid.

A multiplicative layer (Hashing-NVD's idea) in closed form: at each control point the least-squares
ratio of frame to reconstruction around it, drawn towards 1 where there is little to go by. Edits
are multiplied by it, so they darken where the shot darkens.
"""

import numpy as np

from engine.arrays import F32, finite_pixels

#: Pixels between control points, about.
SPACING = 64
#: Pull towards 1, as a share of a control point's pixels at mid grey.
PULL = 0.25
MID_GREY = 0.18
#: Light is kept within these factors.
DARKEST, BRIGHTEST = 0.25, 4.0


def grid_shape(height: int, width: int) -> tuple[int, int]:
    """Control points (rows, columns) of the light of a frame."""
    return max(2, round(height / SPACING) + 1), max(2, round(width / SPACING) + 1)


def light_of(frame: F32, reconstruction: F32, weight: F32) -> F32:
    """Light of one layer in one frame.

    Args:
        frame: Scene-linear [H, W, 3].
        reconstruction: Scene-linear [H, W, 3], canonical through deformation.
        weight: [H, W], visible share of the layer.

    Returns:
        float32 [gy, gx, 3] at control points spread evenly over the frame, corners included;
        see ``grid_shape``.
    """
    shape = grid_shape(*weight.shape)
    finite = finite_pixels(frame) & finite_pixels(reconstruction)
    if not finite.all():
        weight = np.where(finite, weight, 0).astype(np.float32)
        frame = np.where(finite[..., None], frame, 0)
        reconstruction = np.where(finite[..., None], reconstruction, 0)
    weighted = reconstruction * weight[..., None]
    up, down = _means(frame * weighted), _means(reconstruction * weighted)
    rows, columns = _hats(up.shape[0], shape[0]), _hats(up.shape[1], shape[1])
    pull = PULL * MID_GREY**2 * rows.sum(1)[:, None, None] * columns.sum(1)[None, :, None]
    above = np.einsum("rh,hwc,kw->rkc", rows, up, columns, optimize=True) + pull
    below = np.einsum("rh,hwc,kw->rkc", rows, down, columns, optimize=True) + pull
    return np.asarray(np.clip(above / below, DARKEST, BRIGHTEST), np.float32)


def _means(products: F32) -> F32:
    """Means over blocks of about 8 x 8 pixels: light varies over many."""
    import cv2

    height, width = products.shape[:2]
    size = (max(2, width // 8), max(2, height // 8))
    return np.asarray(cv2.resize(products, size, interpolation=cv2.INTER_AREA), np.float32)


def _hats(pixels: int, count: int) -> F32:
    """Linear interpolation weights [count, pixels] of evenly spread control points."""
    place = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels * (count - 1)
    points = np.arange(count, dtype=np.float32)
    hats: F32 = np.maximum(0, 1 - np.abs(place[None, :] - points[:, None])).astype(np.float32)
    return hats
