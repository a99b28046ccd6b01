"""What a layer gives to a pixel that others share: at most what the pixel holds.

Along soft edges and strands the plate's own difference from the still is mostly the front's, so a
change goes there on top of the plate (``engine.edit.kinds``): the still is taken out of the pixel
and the painted still put in. Where the ground is darker than its lit still, in the shadow of what
passes in front, or in a dark grain of the plate, that would leave less than nothing.
"""

import numpy as np

from engine.arrays import F32, Bool
from engine.kernels.mergekinds import FLOOR

#: Pixels of blur that take the grain before a layer's light is compared with the plate's.
QUIET = 0.8
#: Share by which a layer may give more than is held: no still is exact.
SLACK = 0.03


def dimmed(plate: F32, below: F32, share: F32, pure: F32) -> F32:
    """Factor on a layer, [h, w], with which it gives no more than the pixel holds around.

    Args:
        plate: Scene-linear, [h, w, 3].
        below: The still, lit, [h, w, 3].
        share: Visible share of the layer, [h, w].
        pure: How surely nothing else is in the pixel, [h, w]; 1 there.
    """
    import cv2

    mixed = _mixed(share, pure)
    if not mixed.any():
        return np.ones_like(share)
    floor = np.float32(FLOOR)
    given = np.maximum(below, 0) * (share * np.float32(1 - SLACK))[..., None]
    shown = np.where(np.isfinite(plate), np.maximum(plate, 0), given).astype(np.float32)
    held, most = (cv2.GaussianBlur(each, (0, 0), QUIET) for each in (shown, given))
    least = ((held + floor) / (most + floor)).min(axis=2)
    factor = 1 - (1 - pure) * np.clip(1 - least, 0, 1)
    return np.asarray(np.where(mixed & np.isfinite(factor), factor, 1), np.float32)


def lacking(plate: F32, below: F32, over: F32 | None, share: F32, pure: F32) -> F32:
    """What a pixel lacks of what the layer gives it, [h, w, 3]; 0 where nothing else is in it.

    Args:
        plate: As for ``dimmed``.
        below: The still, lit and dimmed.
        over: Light that lies over it, [h, w, 3], or None.
        share: As for ``dimmed``.
        pure: As for ``dimmed``.
    """
    mixed = _mixed(share, pure)
    if not mixed.any():
        return np.zeros_like(plate)
    lit = np.maximum(below if over is None else below + over, 0)
    given = lit * (share * np.float32(1 - SLACK))[..., None]
    short = np.maximum(given - plate, 0) * (1 - pure)[..., None]
    return np.asarray(np.where(mixed[..., None] & np.isfinite(short), short, 0), np.float32)


def _mixed(share: F32, pure: F32) -> Bool:
    return np.asarray((pure < 1) & (share > 0), np.bool_)
