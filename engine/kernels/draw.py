"""Compiled drawing of one layer into a frame: read, lit and added in one visit of each pixel.

``draw_reference.py`` states the same in plain numpy; the tests hold both together.
"""

import numpy as np
from numba import njit, prange

from engine.arrays import F32, Bool
from engine.kernels import threads
from engine.kernels.curve import decoded
from engine.kernels.footprint import FAR
from engine.kernels.mergekinds import EMPTY
from engine.kernels.sample import (
    _add_bilinear,
    _add_cubic,
    _add_footprint,
    _steps,
    _wide,
    reductions,
)

threads.prepare()

_NONE = np.zeros((0, 0, 3), np.float32)


@njit(cache=True, inline="always")
def _blend_row(control, place, row):  # type: ignore[no-untyped-def]
    """Control rows around ``place``, blended into ``row`` [gx, 3]."""
    last = control.shape[0] - 1
    top = min(int(place), last)
    below = min(top + 1, last)
    between = np.float32(place - top)
    for c in range(control.shape[1]):
        for k in range(3):
            a = control[top, c, k]
            row[c, k] = a + between * (control[below, c, k] - a)


@njit(cache=True, inline="always")
def _bilinear(picture, a, b, below, right, fx, fy, c):  # type: ignore[no-untyped-def]
    top = picture[a, b, c] + fx * (picture[a, right, c] - picture[a, b, c])
    low = picture[below, b, c] + fx * (picture[below, right, c] - picture[below, b, c])
    return top + fy * (low - top)


@njit(cache=True, inline="always")
def _lit(light, affine, first, second, between, value, c):  # type: ignore[no-untyped-def]
    gain = light[first, c] + between * (light[second, c] - light[first, c])
    return gain * affine[0, c] * value + affine[1, c]


@njit(cache=True, parallel=True, error_model="numpy")
def _draw(  # type: ignore[no-untyped-def]
    picture, reduced, tops, x0, y0, sx, sy, cubic, positions, share, control, affine, hole,
    colour, lit, weight, carry,
):  # fmt: skip
    rows, columns = share.shape
    h, w = picture.shape[:2]
    half, one, none = np.float32(0.5), np.float32(1), np.float32(0)
    ramp = one / (np.float32(3) * hole)
    wanted = lit.size > 0
    last = np.uint32(max(control.shape[1] - 1, 0))
    across = np.float32(max(control.shape[1] - 1, 0)) / np.float32(columns)
    # All in float32: with an integer in it numba would compute in float64.
    right_edge, low_edge = np.float32(w - 1), np.float32(h - 1)
    reach = np.float32(FAR) * np.float32(2 ** (len(tops) - 1))
    for i in prange(rows):
        light = np.ones((max(control.shape[1], 1), 3), np.float32)
        if control.shape[1]:
            _blend_row(control, (i + 0.5) / rows * (control.shape[0] - 1), light)
        seen = np.zeros(4, np.float32)
        for j in range(columns):
            whole = share[i, j] + carry[i, j]
            carry[i, j] = 0
            if whole <= none:
                continue
            u = positions[i, j, 0] * sx - x0 - half
            v = positions[i, j, 1] * sy - y0 - half
            carry[i, j] = whole
            # Written so that NaN and Inf positions fail it too: they read nothing.
            if not (u > -reach and v > -reach and u < right_edge + reach and v < low_edge + reach):
                continue
            axx, axy, ayx, ayy = _steps(positions, i, j, sx, sy)
            large = _wide(axx, axy, ayx, ayy)
            inner = u >= none and v >= none and u < right_edge and v < low_edge
            if inner and not large and not cubic:
                a = np.uint32(v)
                b = np.uint32(u)
                fx = u - np.float32(b)
                fy = v - np.float32(a)
                below = a + np.uint32(1)
                right = b + np.uint32(1)
                # Held in registers: an array would be written and read back for every pixel.
                red = _bilinear(picture, a, b, below, right, fx, fy, 0)
                green = _bilinear(picture, a, b, below, right, fx, fy, 1)
                blue = _bilinear(picture, a, b, below, right, fx, fy, 2)
                alpha = _bilinear(picture, a, b, below, right, fx, fy, 3)
            else:
                seen[:] = 0
                if large:
                    _add_footprint(
                        picture, reduced, tops, u, v, axx, axy, ayx, ayy, cubic, one, seen
                    )
                elif cubic:
                    _add_cubic(picture, u, v, one, seen)
                else:
                    _add_bilinear(picture, u, v, one, seen)
                red, green, blue, alpha = seen[0], seen[1], seen[2], seen[3]
            # A ramp of a few codes instead of a step: no speckle along the edge of a hole.
            taken = whole * min(max((alpha - hole) * ramp, none), one)
            carry[i, j] = whole - taken
            if taken <= none:
                continue
            weight[i, j] += taken
            inverse = one if alpha == one else one / alpha
            red, green, blue = (
                decoded(red * inverse),
                decoded(green * inverse),
                decoded(blue * inverse),
            )
            colour[i, j, 0] += taken * red
            colour[i, j, 1] += taken * green
            colour[i, j, 2] += taken * blue
            if not wanted:
                continue
            place = (np.float32(j) + half) * across
            first = min(np.uint32(place), last)
            second = min(first + np.uint32(1), last)
            between = place - np.float32(first)
            lit[i, j, 0] += taken * _lit(light, affine, first, second, between, red, 0)
            lit[i, j, 1] += taken * _lit(light, affine, first, second, between, green, 1)
            lit[i, j, 2] += taken * _lit(light, affine, first, second, between, blue, 2)


def draw_layer(
    picture: F32,
    origin: tuple[float, float],
    scale: tuple[float, float],
    positions: F32,
    share: F32,
    hole: float,
    colour: F32,
    weight: F32,
    carry: F32,
    *,
    filter: str = "bilinear",
    lit: F32 | None = None,
    control: F32 | None = None,
    exposure: F32 | None = None,
) -> None:
    """Reads a still at a frame's positions and adds it to a composite, front to back.

    Convention: as ``engine.kernels.sample.sample`` with footprints.

    Args:
        picture: [h, w, 4]: perceptually encoded colours premultiplied in that encoding, and alpha.
        origin: See ``sample``.
        scale: See ``sample``.
        positions: [H, W, 2].
        share: [H, W], visible share of the layer.
        hole: Alpha up to which the layer has nothing to show.
        colour: [H, W, 3], sum of linear colours times weight; added to.
        weight: [H, W], sum of weights; added to.
        carry: [H, W]: what layers in front left over; set to what this layer leaves to the next.
        filter: ``bilinear`` or ``cubic``.
        lit: [H, W, 3], as ``colour`` with light and exposure; added to. None: not wanted.
        control: [gy, gx, 3], factors of the light at evenly spread points, corners included.
        exposure: [2, 3], gain and offset of linear colours.
    """
    affine = np.array([[1, 1, 1], [0, 0, 0]], np.float32) if exposure is None else exposure
    picture = np.ascontiguousarray(picture, np.float32)
    positions = np.ascontiguousarray(positions, np.float32)
    with threads.guard():
        reduced, tops = reductions(picture, positions, scale[0], scale[1])
        _draw(
            picture,
            reduced,
            tops,
            np.float32(origin[0]),
            np.float32(origin[1]),
            np.float32(scale[0]),
            np.float32(scale[1]),
            filter == "cubic",
            positions,
            np.ascontiguousarray(share, np.float32),
            _NONE if control is None else np.ascontiguousarray(control, np.float32),
            np.ascontiguousarray(affine, np.float32),
            np.float32(hole),
            colour,
            _NONE if lit is None else lit,
            weight,
            carry,
        )


@njit(cache=True, parallel=True)
def _settle(colour, lit, weight, empty, least):  # type: ignore[no-untyped-def]
    rows, columns = weight.shape
    found = 0
    for i in prange(rows):
        for j in range(columns):
            total = weight[i, j]
            if total <= least:
                empty[i, j] = True
                found += 1
            elif total < 1 - least:
                for c in range(3):
                    colour[i, j, c] /= total
                    if lit.size:
                        lit[i, j, c] /= total
    return found


def settle(colour: F32, lit: F32 | None, weight: F32) -> Bool | None:
    """Divides a composite by its weight, in place.

    Args:
        colour: [H, W, 3], as ``draw_layer`` leaves it.
        lit: The same with light, or None.
        weight: [H, W].

    Returns:
        Where there is no content, [H, W]; None when there is some everywhere.
    """
    empty = np.zeros(weight.shape, np.bool_)
    with threads.guard():
        found = _settle(colour, _NONE if lit is None else lit, weight, empty, np.float32(EMPTY))
    return empty if found else None
