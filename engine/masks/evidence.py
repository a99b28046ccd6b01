"""What a number per pixel says about the mask, learned from a mask that is known.

Each cue is a level 0 to ``LEVELS - 1``. How often a level occurs inside and outside a known mask
gives the odds of that level. So a cue that tells nothing in this shot (motion of something that
stands still) gives odds of one and is silent, and no threshold needs to be set.
"""

import numpy as np

from engine.arrays import F32, U8, AnyArray

#: Levels of a cue, and the level of a pixel that has none.
LEVELS, UNKNOWN = 24, 255
#: Largest log odds that a level may claim.
MOST = 3.0
#: How often a level occurs at least: a level that was never seen says nothing.
RARE = 0.01


def levels(value: F32) -> U8:
    """A cue as levels; NaN is unknown."""
    known = np.isfinite(value)
    level = np.clip(np.where(known, value, 0), 0, LEVELS - 1).astype(np.uint8)
    return np.where(known, level, np.uint8(UNKNOWN))


def learn(cue: U8, mask: F32, where: AnyArray) -> F32:
    """Log odds of each level.

    Args:
        cue: uint8 [H, W].
        mask: float32 [H, W], 0 to 1.
        where: bool [H, W], the pixels to learn from.

    Returns:
        float32 [256]; 0 for ``UNKNOWN``.
    """
    odds = np.zeros(256, np.float32)
    use = where & (cue < LEVELS)
    level, share = cue[use], mask[use]
    soft = np.array([0.1, 0.2, 0.4, 0.2, 0.1])
    inside = np.convolve(np.bincount(level, share, LEVELS), soft, "same")
    outside = np.convolve(np.bincount(level, 1 - share, LEVELS), soft, "same")
    if inside.sum() < 1 or outside.sum() < 1:
        return odds
    ratio = (inside / inside.sum() + RARE) / (outside / outside.sum() + RARE)
    odds[:LEVELS] = np.clip(np.log(ratio), -MOST, MOST)
    return odds


def told(odds: F32, cue: U8) -> F32:
    """Log odds of each pixel, float32 [H, W]."""
    return np.asarray(odds[cue], np.float32)
