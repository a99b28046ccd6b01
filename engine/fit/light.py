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
    # Every second pixel says as much about light: it varies over many.
    frame, reconstruction, weight = (p[::2, ::2] for p in (frame, reconstruction, weight))
    height, width = weight.shape
    rows, columns = _hats(height, shape[0]), _hats(width, shape[1])
    finite = finite_pixels(frame) & finite_pixels(reconstruction)
    w = np.where(finite, weight, 0).astype(np.float32)
    plate = np.where(finite[..., None], frame, 0)
    base = np.where(finite[..., None], reconstruction, 0)
    pull = PULL * MID_GREY**2 * (rows.sum(1)[:, None] * columns.sum(1)[None, :])
    result = np.empty((len(rows), len(columns), 3), np.float32)
    for c in range(3):
        up = rows @ (w * plate[..., c] * base[..., c]) @ columns.T
        down = rows @ (w * base[..., c] ** 2) @ columns.T
        result[..., c] = (up + pull) / (down + pull)
    return np.clip(result, DARKEST, BRIGHTEST)


def _hats(pixels: int, count: int) -> F32:
    """Linear interpolation weights [count, pixels] of evenly spread control points."""
    place = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels * (count - 1)
    points = np.arange(count, dtype=np.float32)
    hats: F32 = np.maximum(0, 1 - np.abs(place[None, :] - points[:, None])).astype(np.float32)
    return hats
