"""Compiled loops of the brush (numba); ``reference`` says the same in plain numpy.

Both work on a small rectangle of the canvas. Blend numbers are positions in ``stroke.BLENDS``.
"""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True, inline="always")
def _profile(radius, strength, hardness):  # type: ignore[no-untyped-def]
    """Radius of the hard core, radius of the edge, and strength of one stamp."""
    inner = min(hardness * radius, radius - 0.5)
    outer = max(radius, inner + 1.0)
    if inner < 0.0:
        # Narrower than a pixel: it keeps its width and gets fainter with its area.
        inner = 0.0
        outer = max(radius, 0.5) + 0.5
        strength = strength * min(1.0, 2.0 * radius)
    return inner, outer, strength


@numba.njit(cache=True, nogil=True, inline="always")
def _cover(dx, dy, inner, outer, strength):  # type: ignore[no-untyped-def]
    """Value of a stamp at a distance from its centre."""
    squared = dx * dx + dy * dy
    if squared >= outer * outer:
        return np.float32(0.0)
    t = max(0.0, (np.sqrt(squared) - inner) / (outer - inner))
    return np.float32(strength * (1.0 - t * t * (3.0 - 2.0 * t)))


@numba.njit(cache=True, nogil=True)
def stamp(mask, left, top, xs, ys, radii, strengths, hardness, flow, times):  # type: ignore[no-untyped-def]
    """Draws round stamps into a mask, keeping the largest value or gathering all, in place.

    A pixel's value does not depend on where the mask is cut: parts of a stroke make its whole.

    Args:
        mask: float32 [h, w]; pixel (j, i) is centred on (left + j + 0.5, top + i + 0.5).
        left: Column of the mask's corner on the canvas.
        top: Row of it.
        xs: float64 [N], centres on the canvas.
        ys: float64 [N].
        radii: float64 [N].
        strengths: float64 [N], value in the middle of a stamp.
        hardness: float64 [N], share of the radius that is fully covered.
        flow: Factor on what each stamp adds where they gather.
        times: How often each is laid then; 0: the largest value counts.
    """
    one = np.float32(1.0)
    height, width = mask.shape
    for n in range(xs.shape[0]):
        x, y = xs[n], ys[n]
        inner, outer, strength = _profile(radii[n], strengths[n], hardness[n])
        first_row = max(0, int(np.floor(y - outer - 0.5)) - top)
        last_row = min(height, int(np.floor(y + outer + 1.5)) - top)
        first = max(0, int(np.floor(x - outer - 0.5)) - left)
        last = min(width, int(np.floor(x + outer + 1.5)) - left)
        for i in range(first_row, last_row):
            dy = top + i + 0.5 - y
            for j in range(first, last):
                value = _cover(left + j + 0.5 - x, dy, inner, outer, strength)
                if times > 0.0:
                    if value > 0:
                        open_ = (1.0 - flow * value) ** times
                        mask[i, j] = one - (one - mask[i, j]) * np.float32(open_)
                elif value > mask[i, j]:
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


@numba.njit(cache=True, nogil=True)
def lay_tone(overlay, under, mask, opacity, gain, tones):  # type: ignore[no-untyped-def]
    """Brightens or darkens the picture through a mask, in place; empty places stay empty.

    Args:
        overlay: float32 [h, w, 4] premultiplied, changed.
        under: float32 [h, w, 4] premultiplied picture below the overlay, finite.
        mask: float32 [h, w].
        opacity: float32.
        gain: float32 factor of linear light; values below 0 stay.
        tones: Number of the range in ``stroke.RANGES``; 0 is all.
    """
    one = np.float32(1.0)
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            a = mask[i, j] * opacity
            if a <= 0:
                continue
            keep = one - overlay[i, j, 3]
            back = overlay[i, j, 3] + under[i, j, 3] * keep
            if back <= 0:
                continue
            r = overlay[i, j, 0] + under[i, j, 0] * keep
            g = overlay[i, j, 1] + under[i, j, 1] * keep
            b = overlay[i, j, 2] + under[i, j, 2] * keep
            factor = gain
            if tones > 0:
                luma = (
                    np.float32(0.2126) * r + np.float32(0.7152) * g + np.float32(0.0722) * b
                ) / back
                # A square root is near enough to how light tones look apart.
                t = np.sqrt(min(max(luma, np.float32(0.0)), one))
                if tones == 1:
                    weight = (one - t) * (one - t)
                elif tones == 2:
                    weight = np.float32(4.0) * t * (one - t)
                else:
                    weight = t * t
                factor = one + (gain - one) * weight
            left = one - a * back
            for c in range(3):
                value = r if c == 0 else (g if c == 1 else b)
                if value > 0:
                    value *= factor
                overlay[i, j, c] = a * value + left * overlay[i, j, c]
            overlay[i, j, 3] = a * back + left * overlay[i, j, 3]


#: Distance between stamps, as a share of the size, at which each smears with the brush's own mask.
SMEAR_STEP = 0.05
#: Distance, as a share of the size, after which ``keep`` is left of what a smear carries.
SMEAR_FADE = 0.05


@numba.njit(cache=True, nogil=True)
def smear(  # type: ignore[no-untyped-def]
    overlay, under, left, top, xs, ys, radii, strengths, hardness, size, keep, carried, last
):
    """Carries what the first stamp lies on along the stroke, stamp by stamp, in place.

    Pixels are carried by whole steps of a pixel, so that none is resampled. How much each stamp
    leaves and takes up depends on its distance from the one before.

    Args:
        overlay: float32 [h, w, 4] premultiplied, changed.
        under: float32 [h, w, 4] premultiplied picture below the overlay, finite.
        left: Column of the arrays' corner on the canvas.
        top: Row of it.
        xs: float64 [N], centres on the canvas.
        ys: float64 [N].
        radii: float64 [N].
        strengths: float64 [N], value in the middle of a stamp.
        hardness: float64 [N], share of the radius that is fully covered.
        size: Diameter of the brush.
        keep: Share of the carried picture that is left after ``SMEAR_FADE``.
        carried: float32 [n, n, 4], the picture under the brush as it is carried; changed.
        last: float64 [2], the last stamp's centre, NaN before the first; changed.
    """
    one = np.float32(1.0)
    height, width = overlay.shape[:2]
    n = carried.shape[0]
    for k in range(xs.shape[0]):
        x, y = xs[k], ys[k]
        column = int(np.floor(x)) - n // 2
        row = int(np.floor(y)) - n // 2
        started = np.isfinite(last[0])
        step = 0.0
        if started:
            step = np.sqrt((x - last[0]) ** 2 + (y - last[1]) ** 2) / size
        last[0] = x
        last[1] = y
        if started and step <= 0:
            continue
        share = step / SMEAR_STEP
        left_over = np.float32(keep ** (step / SMEAR_FADE)) if started else np.float32(0.0)
        inner, outer, strength = _profile(radii[k], strengths[k], hardness[k])
        for p in range(n):
            i = row + p - top
            for q in range(n):
                j = column + q - left
                if i < 0 or j < 0 or i >= height or j >= width:
                    for c in range(4):
                        carried[p, q, c] *= left_over
                    continue
                open_ = one - overlay[i, j, 3]
                a = np.float32(0.0)
                if started:
                    a = _cover(column + q + 0.5 - x, row + p + 0.5 - y, inner, outer, strength)
                    if a > 0 and a < 1 and share != 1.0:
                        a = np.float32(1.0 - (1.0 - a) ** share)
                rest = one - a * carried[p, q, 3]
                for c in range(4):
                    here = overlay[i, j, c] + under[i, j, c] * open_
                    brought = carried[p, q, c]
                    carried[p, q, c] = left_over * brought + (one - left_over) * here
                    if a > 0:
                        overlay[i, j, c] = a * brought + rest * overlay[i, j, c]


@numba.njit(cache=True, nogil=True)
def cover(result, overlay, under, opacity):  # type: ignore[no-untyped-def]
    """Writes the painted picture; pixels without paint are exactly those of ``under``.

    Args:
        result: float32 [h, w, 3 or 4], written whole.
        overlay: float32 [h, w, 4] premultiplied.
        under: float32 like ``result``, premultiplied.
        opacity: float32, of the overlay.
    """
    one = np.float32(1.0)
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            keep = one - overlay[i, j, 3] * opacity
            painted = False
            for c in range(4):
                painted = painted or overlay[i, j, c] * opacity != 0
            for c in range(result.shape[2]):
                below = under[i, j, c]
                if painted:
                    # Opaque paint hides what is below even when that is NaN.
                    if keep > 0:
                        below = overlay[i, j, c] * opacity + below * keep
                    else:
                        below = overlay[i, j, c] * opacity
                result[i, j, c] = below


@numba.njit(cache=True, nogil=True)
def measure_blocks(positions, share, side, longest, low, high, step):  # type: ignore[no-untyped-def]
    """Where square blocks of a frame's pixels lie on the canonical image.

    Args:
        positions: float32 [H, W, 2], canonical point of each pixel.
        share: float32 [H, W]; pixels that do not see the layer (0) count for nothing.
        side: Pixels of a block in each direction.
        longest: Steps are cut to this.
        low: float64 [rows, columns, 2], infinite; gets the least x and y of each block.
        high: float64 [rows, columns, 2], minus infinite; gets the greatest.
        step: float64 [rows, columns], 0; gets the greatest distance in x or in y from a pixel to
            the next one.
    """
    height, width = share.shape
    for i in range(height):
        r = i // side
        for j in range(width):
            x = positions[i, j, 0]
            y = positions[i, j, 1]
            # Comparisons with what is no number are false.
            if not share[i, j] > 0 or not (abs(x) < np.inf and abs(y) < np.inf):
                continue
            c = j // side
            low[r, c, 0] = min(low[r, c, 0], x)
            low[r, c, 1] = min(low[r, c, 1], y)
            high[r, c, 0] = max(high[r, c, 0], x)
            high[r, c, 1] = max(high[r, c, 1], y)
            most = step[r, c]
            if j + 1 < width:
                across = max(abs(positions[i, j + 1, 0] - x), abs(positions[i, j + 1, 1] - y))
                if across > most:
                    most = across
            if i + 1 < height:
                down = max(abs(positions[i + 1, j, 0] - x), abs(positions[i + 1, j, 1] - y))
                if down > most:
                    most = down
            step[r, c] = min(most, longest)


@numba.njit(cache=True, nogil=True)
def all_finite(pixels):  # type: ignore[no-untyped-def]
    """Whether every value of a picture [h, w, C] is a number."""
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            for c in range(pixels.shape[2]):
                if not np.isfinite(pixels[i, j, c]):
                    return False
    return True
