"""Where an edit is a grade of what was there, and where it is paint that covers it."""

import numpy as np

from engine.arrays import F32, Bool

#: Canonical pixels to each side that are compared.
RADIUS = 7
#: Least squared correlation of a grade, and where it surely is one.
LIKE = (0.7, 0.9)
#: Texture (standard deviation of encoded colour) that is needed to tell.
TEXTURE = 2 / 255
#: Least slope: a veil thinner than this has covered what was there.
SLOPE = 0.15


def grade_share(new: F32, old: F32, changed: Bool, scale: float = 1.0) -> F32:
    """How surely each changed pixel is a grade: the old picture's texture is still in the new one.

    Over a small neighbourhood the new colours are regressed on the old ones, within the edit only.
    Where the old picture has no texture nothing can be told; there the nearest places of the
    same edit decide, and paint is what it is if they cannot tell either.

    Args:
        new: Encoded colours after the edit, [h, w, 3].
        old: Before it.
        changed: Where they differ, [h, w].
        scale: Pixels per canonical pixel.

    Returns:
        [h, w], 0 paint to 1 grade; 0 where nothing changed.
    """
    import cv2

    size = 2 * max(2, round(RADIUS * scale)) + 1
    inside = changed.astype(np.float32)

    def mean(values: F32) -> F32:
        found: F32 = cv2.blur(values, (size, size), borderType=cv2.BORDER_CONSTANT)
        return found

    count = np.maximum(mean(inside), 1e-6)[..., None]
    held = inside[..., None]
    new, old = np.clip(new, -1, 8) * held, np.clip(old, -1, 8) * held
    mean_new, mean_old = mean(new) / count, mean(old) / count
    spread_old = np.maximum(mean(old * old) / count - mean_old**2, 0).sum(axis=2)
    spread_new = np.maximum(mean(new * new) / count - mean_new**2, 0).sum(axis=2)
    together = (mean(new * old) / count - mean_new * mean_old).sum(axis=2)
    likeness = together**2 / np.maximum(spread_old * spread_new, 1e-10)
    slope = together / np.maximum(spread_old, 1e-10)
    low, high = LIKE
    grade = np.clip((likeness - low) / (high - low), 0, 1) * (slope > SLOPE)
    # How much is there to tell by, and what the neighbours say where there is little.
    known = inside * np.clip(np.sqrt(spread_old) / TEXTURE - 0.5, 0, 1)
    wide = (4 * size + 1, 4 * size + 1)
    told = cv2.blur(known * grade, wide, borderType=cv2.BORDER_CONSTANT)
    base = cv2.blur(known, wide, borderType=cv2.BORDER_CONSTANT)
    total = float(known.sum())
    whole = float((known * grade).sum()) / total if total > 0 else 0.0
    around = (told + 1e-4 * whole) / (base + 1e-4)
    share = known * grade + (1 - known) * around
    return np.asarray(np.clip(share, 0, 1) * inside, np.float32)
