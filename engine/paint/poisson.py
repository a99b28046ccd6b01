"""The healing brush: gradients of the source, colours of what surrounds the stroke.

The healed picture is the source plus the smoothest surface (a membrane, Laplace's equation) that
has the difference of destination and source on the rim of the stroke, after Perez, Gangnet and
Blake, "Poisson image editing" (2003). Colours are compared as the eye does, in the perceptual
encoding, so that a bright source does not glow in a dark place.
"""

import numba
import numpy as np

from engine.arrays import F32, U8, Bool
from engine.colour.encoding import decode, encode

#: Coverage that a pixel needs to be part of a rim.
SOLID = 0.05
#: Relaxations on the finest level; coarser levels cost little and get ``_COARSER`` times as many.
ROUNDS = 40
_COARSER = 3
_OVER = 1.75


def healed(source: F32, code: F32, surface: F32) -> F32:
    """The source with a surface added, premultiplied.

    Args:
        source: float32 [h, w, 4], premultiplied, finite.
        code: ``encoded(source)``.
        surface: float32 [h, w, 3], the membrane over it.
    """
    result = np.empty_like(source)
    result[..., 3:] = source[..., 3:]
    np.multiply(decode(code + surface), source[..., 3:], out=result[..., :3])
    return result


def difference(source: F32, code: F32, picture: F32) -> tuple[F32, Bool]:
    """What is to be added to the source to get the picture, encoded, and where that is known.

    Args:
        source: float32 [h, w, 4], premultiplied, finite.
        code: ``encoded(source)``.
        picture: float32 [h, w, 4], premultiplied, finite.

    Returns:
        float32 [h, w, 3] and [h, w].
    """
    solid = (source[..., 3] > SOLID) & (picture[..., 3] > SOLID)
    apart = encoded(picture) - code
    apart[~solid] = 0
    return apart, np.asarray(solid, np.bool_)


def encoded(rgba: F32) -> F32:
    """Perceptual colours of a premultiplied picture, [h, w, 3]."""
    alpha = rgba[..., 3:]
    return encode(rgba[..., :3] / np.where(alpha > 0, alpha, np.float32(1)))


def membrane(difference: F32, inside: Bool, known: Bool, rounds: int = ROUNDS) -> F32:
    """The smoothest surface over a region with given values around it.

    Coarse to fine: each level starts from the one below, and is relaxed (red-black, over-relaxed).
    No flow crosses what is neither inside nor known. The result repeats bit for bit.

    Args:
        difference: float32 [h, w, C].
        inside: [h, w], where the surface is wanted.
        known: [h, w], where ``difference`` holds; none of ``inside``.
        rounds: Relaxations on the finest level.

    Returns:
        float32 [h, w, C]: ``difference`` where known, 0 where nothing reaches.
    """
    levels = [(np.ascontiguousarray(difference, np.float32), _kinds(inside, known))]
    while (levels[-1][1] == _INSIDE).any() and min(levels[-1][1].shape) > 2:
        levels.append(_coarser(*levels[-1]))
    result = np.zeros_like(levels[-1][0])
    for depth, (given, kinds) in zip(range(len(levels) - 1, -1, -1), reversed(levels), strict=True):
        start = result
        result = np.zeros_like(given)
        _start(given, kinds, start, depth == len(levels) - 1, result)
        _relax(result, kinds, rounds if depth == 0 else _COARSER * rounds, _OVER)
    return result


_OUTSIDE, _INSIDE, _KNOWN = 0, 1, 2


def _kinds(inside: Bool, known: Bool) -> U8:
    kinds = np.zeros(inside.shape, np.uint8)
    kinds[known] = _KNOWN
    kinds[inside] = _INSIDE
    return kinds


@numba.njit(cache=True, nogil=True)
def _coarser(given, kinds):  # type: ignore[no-untyped-def]
    """Blocks of 2 x 2: known where any pixel is, else inside where any is."""
    h, w = kinds.shape
    rows, columns = (h + 1) // 2, (w + 1) // 2
    small = np.zeros((rows, columns, given.shape[2]), np.float32)
    kind = np.zeros((rows, columns), np.uint8)
    for i in range(rows):
        for j in range(columns):
            count = 0
            for y in range(2 * i, min(2 * i + 2, h)):
                for x in range(2 * j, min(2 * j + 2, w)):
                    kind[i, j] = max(kind[i, j], kinds[y, x])
                    if kinds[y, x] == 2:
                        count += 1
                        for c in range(given.shape[2]):
                            small[i, j, c] += given[y, x, c]
            for c in range(given.shape[2]):
                small[i, j, c] /= max(count, 1)
    return small, kind


@numba.njit(cache=True, nogil=True)
def _start(given, kinds, coarse, lowest, result):  # type: ignore[no-untyped-def]
    """Known values as given; the others between the four nearest blocks of the level below."""
    h, w = kinds.shape
    for i in range(h):
        for j in range(w):
            if kinds[i, j] == 2:
                result[i, j] = given[i, j]
            elif kinds[i, j] == 1 and not lowest:
                a, b = i // 2, j // 2
                y = min(max(a + (1 if i % 2 else -1), 0), coarse.shape[0] - 1)
                x = min(max(b + (1 if j % 2 else -1), 0), coarse.shape[1] - 1)
                for c in range(given.shape[2]):
                    result[i, j, c] = (
                        np.float32(9) * coarse[a, b, c]
                        + np.float32(3) * (coarse[y, b, c] + coarse[a, x, c])
                        + coarse[y, x, c]
                    ) / np.float32(16)


@numba.njit(cache=True, nogil=True)
def _relax(surface, kinds, rounds, over):  # type: ignore[no-untyped-def]
    h, w = kinds.shape
    count = 0
    for i in range(h):
        for j in range(w):
            count += kinds[i, j] == 1
    places = np.empty((count, 2), np.int32)
    first = 0
    middle = 0
    for colour in range(2):
        if colour == 1:
            middle = first
        for i in range(h):
            for j in range((i + colour) % 2, w, 2):
                if kinds[i, j] == 1:
                    places[first, 0] = i
                    places[first, 1] = j
                    first += 1
    channels = surface.shape[2]
    for turn in range(2 * rounds):
        start = middle if turn % 2 else 0
        stop = count if turn % 2 else middle
        for n in range(start, stop):
            i = places[n, 0]
            j = places[n, 1]
            up = i > 0 and kinds[i - 1, j] > 0
            down = i < h - 1 and kinds[i + 1, j] > 0
            left = j > 0 and kinds[i, j - 1] > 0
            right = j < w - 1 and kinds[i, j + 1] > 0
            near = int(up) + int(down) + int(left) + int(right)
            if near == 0:
                continue
            for c in range(channels):
                total = np.float32(0)
                if up:
                    total += surface[i - 1, j, c]
                if down:
                    total += surface[i + 1, j, c]
                if left:
                    total += surface[i, j - 1, c]
                if right:
                    total += surface[i, j + 1, c]
                here = surface[i, j, c]
                surface[i, j, c] = here + np.float32(over) * (total / np.float32(near) - here)
