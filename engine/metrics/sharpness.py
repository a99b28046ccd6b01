"""How sharp a canonical image is against the frame that it stands for."""

import numpy as np

from engine.arrays import F32, Bool
from engine.errors import UsageError


def laplacian_energy(encoded: F32, where: Bool | None = None) -> float:
    """Mean squared Laplacian of the luma of display-referred colours [H, W, 3].

    Args:
        encoded: Colours, cut to 0..1.
        where: [H, W], pixels that count; all when None.
    """
    import cv2

    luma = cv2.cvtColor(np.clip(encoded, 0, 1).astype(np.float32), cv2.COLOR_RGB2GRAY)
    energy = cv2.Laplacian(luma, cv2.CV_32F) ** 2
    return float((energy if where is None else energy[where]).mean())


def sharpness_ratio(canonical: F32, frame: F32, where: Bool) -> float:
    """Laplacian energy of the canonical image over its reference frame's; 1 is as sharp.

    Args:
        canonical: Display-referred [H, W, 3], cut to the frame's window.
        frame: Display-referred [H, W, 3] of the reference frame.
        where: [H, W], pixels of the layer, away from its rim.

    Raises:
        UsageError: The sizes differ.
    """
    if canonical.shape != frame.shape:
        raise UsageError(
            f"a canonical image of {canonical.shape} and a frame of {frame.shape} cannot be "
            "compared; cut the canonical image to the frame's window"
        )
    return laplacian_energy(canonical, where) / max(laplacian_energy(frame, where), 1e-12)
