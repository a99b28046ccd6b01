"""The loops of ``engine.paint.kernels`` in plain numpy, for tests and for reading."""

import numpy as np

from engine.arrays import F32, F64


def stamp(mask: F32, xs: F64, ys: F64, radii: F64, strengths: F64, hardness: float) -> None:
    """See ``kernels.stamp``; the profile is a smooth step from the hard core to the edge."""
    x = np.arange(mask.shape[1]) + 0.5
    y = np.arange(mask.shape[0])[:, None] + 0.5
    for n in range(len(xs)):
        radius, strength = radii[n], strengths[n]
        inner = min(hardness * radius, radius - 0.5)
        outer = max(radius, inner + 1)
        if inner < 0:
            inner, outer = 0.0, max(radius, 0.5) + 0.5
            strength *= min(1.0, 2 * radius)
        t = np.clip((np.hypot(x - xs[n], y - ys[n]) - inner) / (outer - inner), 0, 1)
        np.maximum(mask, (strength * (1 - t * t * (3 - 2 * t))).astype(np.float32), out=mask)


def lay_colour(
    overlay: F32, under: F32, mask: F32, opacity: float, colour: F32, blend: int
) -> None:
    """See ``kernels.lay_colour``."""
    a = (mask * opacity)[..., None]
    picture = overlay + under * (1 - overlay[..., 3:])
    back = picture[..., 3:]
    below = picture[..., :3] / np.where(back > 0, back, 1)
    light = below + colour - below * colour
    mixed = (
        np.broadcast_to(colour, below.shape),
        below * colour,
        np.where((below <= 1) & (colour <= 1), light, np.maximum(below, colour)),
        below + colour,
        np.minimum(below, colour),
        np.maximum(below, colour),
        np.abs(below - colour),
    )[blend]
    share = np.clip(back, 0, 1)
    paint = (1 - share) * colour + share * mixed
    overlay[..., :3] = a * paint + (1 - a) * overlay[..., :3]
    overlay[..., 3:] = a + (1 - a) * overlay[..., 3:]


def lay_picture(overlay: F32, source: F32, mask: F32, opacity: float) -> None:
    """See ``kernels.lay_picture``."""
    a = (mask * opacity)[..., None]
    overlay[...] = a * source + (1 - a * source[..., 3:]) * overlay


def lift(overlay: F32, mask: F32, opacity: float) -> None:
    """See ``kernels.lift``."""
    overlay *= (1 - mask * opacity)[..., None]
