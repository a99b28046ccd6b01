"""Shadows that pass over the ground, and no field knows: a local factor of light.

A shadow leaves the ground's texture as it is and makes it darker; what passes in front brings a
texture of its own. So the factor is believed as far as the ground explains what is left beside it.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32

#: Samples of the blur of a shadow and the least in pixels, which is more than a fit is off; the
#: blur that tells its ground's texture, as a multiple.
SOFT, LEAST, FINE = 2.5, 5.0, 1.2
#: Encoded difference beyond which a place is neither shadow nor ground, and rounds of looking.
ROBUST, ROUNDS = 0.10, 5
#: Standard errors at which half of a shadow is believed, and the samples in which errors are alike.
DOUBT, ALIKE = 1.0, 4.0
#: The darkest and the brightest shade, as factors.
DARK, BRIGHT = 0.15, 4.0
#: Weight of what is around from which a place tells by itself.
AROUND = 0.02
#: Squared correlation of textures from which the ground is seen, and from which it surely is.
SEEN = (0.35, 0.7)
#: Relative variance of a texture that is needed to tell.
TEXTURE = 0.0004


@dataclass(frozen=True, eq=False)
class Shade:
    """A factor of light around each sample.

    Attributes:
        factor: [h, w], 1 where nothing is known.
        ground: How surely the texture there is that of the ground and no other, [h, w].
    """

    factor: F32
    ground: F32


def shade_of(plate: F32, drawn: F32, alone: F32, noise: F32, step: int) -> Shade:
    """The shade on one layer, from every few pixels.

    Args:
        plate: Scene-linear colours without what lies over the scene, [h, w, 3].
        drawn: The reconstruction with the light that is known, likewise.
        alone: How surely a sample shows nothing but the layer, [h, w].
        noise: Variance of the plate's grain, [h, w, 3].
        step: Pixels between samples.
    """
    from engine.colour.encoding import encode

    soft = max(SOFT, LEAST / step)
    seen = encode(plate)
    grey, still = plate.sum(axis=2), drawn.sum(axis=2)
    weight = alone
    ground = np.zeros_like(alone)
    factor = np.ones_like(alone)
    for turn in range(ROUNDS):
        level = np.maximum(_blur(still * weight, soft), 1e-5)
        factor = np.clip(_blur(grey * weight, soft) / level, DARK, BRIGHT)
        if turn == 0:
            ground = _likeness(grey, still, alone, noise.sum(axis=2), factor, soft)
        reach = ROBUST if turn else 2 * ROBUST
        off = np.square(seen - encode(drawn * factor[..., None])).sum(axis=2)
        weight = alone / np.square(1 + off / np.float32(reach**2))
        weight = np.asarray(weight + ground * (alone - weight), np.float32)
    held = _blur(weight, soft)
    base = np.maximum(held, 1e-3)
    level = np.maximum(_blur(still * weight, soft) / base, 1e-4)
    rest = np.square(grey - still * factor) * weight
    count = np.maximum(4 * np.pi * soft**2 / ALIKE * held, 1e-3)
    error = _blur(rest, soft) / base / count / np.square(level)
    gain = np.square(factor - 1)
    sure = ground * gain / (gain + np.float32(DOUBT**2) * error + np.float32(1e-6))
    told = np.asarray(sure * np.log(factor), np.float32)
    # Behind what is in front, and where nothing is believed, it goes on as it is around.
    known = np.clip(held / np.float32(4 * AROUND), 0, 1)
    wide = _blur(told * weight, 2 * soft) / np.maximum(_blur(weight, 2 * soft), AROUND)
    factor = np.asarray(np.exp(wide + known * (told - wide)), np.float32)
    return Shade(factor, ground)


def _likeness(grey: F32, still: F32, alone: F32, noise: F32, factor: F32, soft: float) -> F32:
    """How surely the plate has the texture of the reconstruction, [h, w]."""
    base = np.maximum(_blur(alone, soft), 1e-3)
    near = np.maximum(_blur(alone, FINE * soft), 1e-3)
    fine = [v - _blur(v * alone, FINE * soft) / near for v in (grey / factor, still)]
    own, other, both = (
        _blur(np.asarray(v * alone, np.float32), soft) / base
        for v in (fine[0] ** 2, fine[1] ** 2, fine[0] * fine[1])
    )
    grain = _blur(noise / factor**2 * alone, soft) / base
    own = np.maximum(own - grain, 0.1 * own)
    like = np.square(np.maximum(both, 0)) / np.maximum(own * other, 1e-10)
    level = np.maximum(_blur(still * alone, soft) / base, 1e-4)
    enough = np.clip(other / (np.float32(TEXTURE) * np.square(level) + 0.1 * grain) - 1, 0, 1)
    low, high = SEEN
    return np.asarray(np.clip((like - low) / (high - low), 0, 1) * enough, np.float32)


def _blur(values: F32, sigma: float) -> F32:
    import cv2

    found: F32 = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return found
