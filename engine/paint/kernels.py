"""Compiled loops of the brush (numba); ``reference`` says the same in plain numpy.

Both work on a small rectangle of the canvas. Blend numbers are positions in ``stroke.BLENDS``.
"""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def stamp(mask, xs, ys, radii, strengths, hardness):  # type: ignore[no-untyped-def]
    """Draws round stamps into a mask, keeping the largest value, in place.

    Args:
        mask: float32 [h, w]; pixel (j, i) is centred on (j + 0.5, i + 0.5).
        xs: float64 [N], centres in the mask's own pixels.
        ys: float64 [N].
        radii: float64 [N].
        strengths: float64 [N], value in the middle of a stamp.
        hardness: Share of the radius that is fully covered.
    """
    height, width = mask.shape
    for n in range(xs.shape[0]):
        radius = radii[n]
        inner = min(hardness * radius, radius - 0.5)
        outer = max(radius, inner + 1.0)
        x, y, strength = xs[n], ys[n], strengths[n]
        if inner < 0.0:
            # Narrower than a pixel: it keeps its width and gets fainter with its area.
            inner = 0.0
            outer = max(radius, 0.5) + 0.5
            strength *= min(1.0, 2.0 * radius)
        scale = 1.0 / (outer - inner)
        for i in range(max(0, int(np.floor(y - outer - 0.5))), min(height, int(y + outer + 1.5))):
            dy = i + 0.5 - y
            for j in range(
                max(0, int(np.floor(x - outer - 0.5))), min(width, int(x + outer + 1.5))
            ):
                dx = j + 0.5 - x
                squared = dx * dx + dy * dy
                if squared >= outer * outer:
                    continue
                t = max(0.0, (np.sqrt(squared) - inner) * scale)
                value = np.float32(strength * (1.0 - t * t * (3.0 - 2.0 * t)))
                if value > mask[i, j]:
                    mask[i, j] = value


@numba.njit(cache=True, nogil=True)
def lay_colour(overlay, under, mask, opacity, colour, blend):  # type: ignore[no-untyped-def]
    """Lays a colour over the overlay through a mask, in place.

    Args:
        overlay: float32 [h, w, 4] premultiplied, changed.
        under: float32 [h, w, 4] premultiplied picture below the overlay.
        mask: float32 [h, w].
        opacity: float32.
        colour: float32 [3].
        blend: Number of the blend mode; 0 is over.
    """
    one = np.float32(1.0)
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            a = mask[i, j] * opacity
            if a <= 0:
                continue
            keep = one - overlay[i, j, 3]
            back = overlay[i, j, 3] + under[i, j, 3] * keep
            for c in range(3):
                paint = colour[c]
                if blend != 0 and back > 0:
                    below = (overlay[i, j, c] + under[i, j, c] * keep) / back
                    mixed = paint
                    if blend == 1:
                        mixed = below * paint
                    elif blend == 2:
                        # Above 1 a screen would darken, so the brighter of the two is kept there.
                        if below <= 1 and paint <= 1:
                            mixed = below + paint - below * paint
                        else:
                            mixed = max(below, paint)
                    elif blend == 3:
                        mixed = below + paint
                    elif blend == 4:
                        mixed = min(below, paint)
                    elif blend == 5:
                        mixed = max(below, paint)
                    elif blend == 6:
                        mixed = abs(below - paint)
                    share = min(back, one)
                    paint = (one - share) * paint + share * mixed
                overlay[i, j, c] = a * paint + (one - a) * overlay[i, j, c]
            overlay[i, j, 3] = a + (one - a) * overlay[i, j, 3]


@numba.njit(cache=True, nogil=True)
def lay_picture(overlay, source, mask, opacity):  # type: ignore[no-untyped-def]
    """Lays a premultiplied picture over the overlay through a mask, in place.

    Args:
        overlay: float32 [h, w, 4] premultiplied, changed.
        source: float32 [h, w, 4] premultiplied.
        mask: float32 [h, w].
        opacity: float32.
    """
    one = np.float32(1.0)
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            a = mask[i, j] * opacity
            if a <= 0:
                continue
            keep = one - a * source[i, j, 3]
            for c in range(4):
                overlay[i, j, c] = a * source[i, j, c] + keep * overlay[i, j, c]


@numba.njit(cache=True, nogil=True)
def lift(overlay, mask, opacity):  # type: ignore[no-untyped-def]
    """Takes paint away through a mask, in place.

    Args:
        overlay: float32 [h, w, 4] premultiplied, changed.
        mask: float32 [h, w].
        opacity: float32.
    """
    one = np.float32(1.0)
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            keep = one - mask[i, j] * opacity
            if keep < 1:
                for c in range(4):
                    overlay[i, j, c] *= keep
