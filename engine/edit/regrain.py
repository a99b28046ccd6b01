"""Grain put back where an edit covers it, and the grain that an edit has already."""

import numpy as np
from numpy.typing import NDArray

from engine.arrays import F32, Bool
from engine.edit.finish import Finish
from engine.edit.grain import FLAT, Grain
from engine.edit.grainsize import REACH, TILE
from engine.edit.windows import Box

U64 = NDArray[np.uint64]


def regrained(
    result: F32, kept: F32, touched: Bool, grain: Grain, box: Box, frame: int, finish: Finish
) -> F32:
    """A result with as much new grain as the edit took from the plate.

    Args:
        result: Scene-linear, [h, w, 3].
        kept: Factor on the plate's own grain that is still in it, [h, w, 3].
        touched: Where it may change, [h, w].
        grain: The plate's.
        box: Where in the data window.
        frame: Frame number: the seed.
        finish: Its ``regrain``.
    """
    from engine.colour.encoding import decode, encode

    lost = 1 - np.square(np.clip(kept, 0, 1))
    if not (touched & (lost.max(axis=2) > 1e-4)).any():
        return result
    encoded = encode(result)
    # Grain of different origin adds by variance.
    more = grain.at(encoded) * np.sqrt(lost) * np.float32(finish.regrain)
    fresh = decode(encoded + more * synthesise(grain, box, frame))
    return np.where((touched & (more.max(axis=2) > 0))[..., None], fresh, result)


def grain_share(grain: Grain, picture: F32, inside: Bool) -> float:
    """Share of a plate's grain, 0 to 1 by variance, that a picture has in its flattest places.

    Args:
        grain: The plate's.
        picture: Encoded colours, [h, w, 3].
        inside: Where it counts, [h, w].
    """
    import cv2

    size = (2 * REACH - 1, 2 * REACH - 1)
    taps = np.full(size, -1 / (size[0] * size[1]), np.float32)
    taps[REACH - 1, REACH - 1] += 1
    fine = cv2.filter2D(picture, cv2.CV_32F, taps, borderType=cv2.BORDER_REFLECT)
    kernel = np.pad(grain.kernel, REACH)
    left = cv2.filter2D(kernel, cv2.CV_32F, taps, borderType=cv2.BORDER_CONSTANT)
    expected = np.square(grain.at(picture)) * np.float32(np.square(left).sum())
    whole = cv2.erode(inside.astype(np.uint8), np.ones(size, np.uint8)) > 0
    if not whole.any():
        return 0.0
    had, wanted = (
        cv2.blur(np.ascontiguousarray(each.mean(axis=2) * whole, np.float32), (TILE, TILE))[whole]
        for each in (np.square(fine), expected)
    )
    ratio = had / np.maximum(wanted, 1e-12)
    flat = ratio[ratio <= np.quantile(ratio, FLAT)]
    return float(np.clip(np.median(flat), 0, 1))


def synthesise(grain: Grain, box: Box, frame: int) -> F32:
    """Grain of variance 1 for a box of the frame, [h, w, 3]; the same for every box and run.

    Args:
        grain: What it is to be like.
        box: Rows and columns of the data window.
        frame: Frame number: the seed.
    """
    import cv2

    rows = np.arange(box[0].start - REACH, box[0].stop + REACH, dtype=np.int64)
    columns = np.arange(box[1].start - REACH, box[1].stop + REACH, dtype=np.int64)
    white = np.stack([_normal(rows, columns, frame, channel) for channel in range(3)], axis=2)
    mixed = np.ascontiguousarray(white @ grain.mixing.T, np.float32)
    soft = cv2.filter2D(mixed, cv2.CV_32F, grain.kernel[::-1, ::-1])
    return np.ascontiguousarray(soft[REACH:-REACH, REACH:-REACH], np.float32)


def _normal(rows: NDArray[np.int64], columns: NDArray[np.int64], frame: int, channel: int) -> F32:
    """Normal numbers [h, w] that depend on the place and the seed alone (Box-Muller)."""
    seed = np.uint64((frame * 1_000_003 + channel * 7_919 + 12_345) % 2**63)
    down = _scrambled(rows.astype(np.uint64) + seed * np.uint64(0x9E3779B1))
    key = _scrambled(down[:, None] ^ (columns.astype(np.uint64) * np.uint64(0x85EBCA77C2B2AE63)))
    high = (key >> np.uint64(40)).astype(np.float32)
    low = (key & np.uint64(0xFFFFFF)).astype(np.float32)
    radius = np.sqrt(-2 * np.log((high + 1) / np.float32(2**24)))
    return np.asarray(radius * np.cos(low * np.float32(2 * np.pi / 2**24)), np.float32)


def _scrambled(key: U64) -> U64:
    """A mixing of 64 bits (splitmix64's constants)."""
    with np.errstate(over="ignore"):
        key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))
