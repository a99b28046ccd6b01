"""The pictures of a QC sheet, uint8 sRGB [H, W, 3]."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engine.arrays import F32, U8
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.metrics.review import CELL, Review

#: Widest and highest picture that is kept.
SIZE = 960
#: Squares of the checker along the frame's shorter side.
SQUARES = 14
#: Size of the number of a pin, as OpenCV counts it.
_NUMBER = 1.4
#: How much the checker covers of the picture.
CHECKER = 0.6
_DARK, _LIGHT = 0.02, 0.75
#: Scene-linear tints of the layers' light squares, front to back.
_TINTS = ((1.0, 0.62, 0.25), (0.35, 0.7, 1.0), (0.5, 1.0, 0.5), (1.0, 0.5, 0.9))
#: Colours from 0 to 1 of a map, sRGB.
_RAMP = np.array(
    [(30, 30, 34), (44, 62, 82), (62, 104, 128), (98, 148, 160), (164, 194, 192)], np.float32
)


def display8(pixels: F32, working: str) -> U8:
    """Scene-linear colours [H, W, 3] as an sRGB display shows them, no larger than ``SIZE``."""
    import cv2

    from engine.colour import ocio

    finite = np.nan_to_num(pixels[..., :3], nan=0.0, posinf=1.0, neginf=0.0)
    small = smaller(np.ascontiguousarray(finite, np.float32), cv2.INTER_AREA)
    encoded = ocio.from_working(small, ocio.SRGB, working)
    return np.asarray(np.rint(np.clip(encoded, 0, 1) * 255), np.uint8)


def smaller(picture: F32, how: int) -> F32:
    """The picture at ``SIZE`` at most."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(1.0, SIZE / max(width, height))
    if scale == 1:
        return picture
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small: F32 = cv2.resize(picture, size, interpolation=how)
    return small


def ramp(values: F32) -> U8:
    """Figures from 0 to 1 in colours that rise evenly in brightness, [H, W, 3]."""
    place = np.clip(np.nan_to_num(values), 0, 1) * (len(_RAMP) - 1)
    low = np.minimum(place.astype(np.intp), len(_RAMP) - 2)
    part = (place - low)[..., None]
    return np.asarray(np.rint(_RAMP[low] * (1 - part) + _RAMP[low + 1] * part), np.uint8)


def checkers(field: Field) -> list[Picture]:
    """A checker over the canonical image of each layer, as an edit with its own alpha."""
    from engine.edit.canonical import canonical_picture

    square = max(min(field.display.width, field.display.height) / SQUARES, 2.0)
    found = []
    for k in range(len(field.layers)):
        picture = canonical_picture(field, k, scale=1.0)
        x = np.arange(picture.data.x0, picture.data.x1) + 0.5
        y = np.arange(picture.data.y0, picture.data.y1) + 0.5
        odd = (np.floor(x / square)[None] + np.floor(y / square)[:, None]) % 2 > 0
        light = np.float32(_LIGHT) * np.array(_TINTS[k % len(_TINTS)], np.float32)
        colour = np.where(odd[..., None], light, np.float32(_DARK))
        matte = (picture.alpha > 0)[..., None] * np.float32(CHECKER)
        overlay = np.concatenate([colour * matte, matte], axis=2).astype(np.float32)
        pixels = overlay + picture.pixels * (1 - overlay[..., 3:])
        found.append(replace(picture, pixels=pixels, under=picture.pixels, overlay=overlay))
    return found


def with_checker(
    field: Field,
    frames: Sequence[int],
    read_plate: Callable[[int], Picture],
    working: str,
) -> list[tuple[int, U8]]:
    """Frames with the checker carried into them."""
    from engine.edit.edits import EditSource, prepare_edits
    from engine.edit.propagate import propagate_frame

    edits = prepare_edits(
        field, [EditSource(each, layer=k) for k, each in enumerate(checkers(field))]
    )
    shown = []
    for frame in frames:
        carried = propagate_frame(field, edits, read_plate(frame), field.index(frame))
        shown.append((frame, display8(carried.rgb, working)))
    return shown


def doubtful(field: Field, plate: Picture, frame: int, working: str) -> U8:
    """A frame, grey, with what is not to be believed in orange."""
    import cv2

    from engine.metrics.trust import trust

    picture = display8(plate.rgb, working).astype(np.float32)
    height, width = plate.pixels.shape[:2]
    lost: F32 = np.zeros((height, width), np.float32)
    if (height, width) == (field.height, field.width):
        found = trust(field, field.index(frame), plate.pixels)
        lost = ((1 - found.confidence) * found.counted).astype(np.float32)
    lost = smaller(np.ascontiguousarray(lost), cv2.INTER_AREA)[..., None]
    grey = picture.mean(axis=2, keepdims=True) * 0.62
    orange = np.array([255, 128, 40], np.float32)
    return np.asarray(np.rint(grey * (1 - lost) + orange * lost), np.uint8)


def coverage_map(review: Review, k: int) -> U8:
    """How many of the frames show each place of a layer's canvas; dark where none does."""
    coverage = review.layers[k].coverage
    picture = ramp(coverage)
    picture[coverage <= 0] = 19
    return picture


def still_map(field: Field, review: Review, k: int, working: str) -> U8:
    """The canonical image of a layer over a dark ground."""
    rgb, alpha = _still(field, review.layers[k].scale, k, working)
    return np.asarray(np.rint(rgb * alpha + 19 * (1 - alpha)), np.uint8)


def _still(field: Field, scale: float, k: int, working: str) -> tuple[F32, F32]:
    """Display colours [h, w, 3] and coverage [h, w, 1] of a canonical image."""
    import cv2

    from engine.edit.canonical import canonical_pixels
    from engine.edit.change import plain_colour

    still = canonical_pixels(field, k, scale)
    alpha: F32 = smaller(np.ascontiguousarray(still[..., 3]), cv2.INTER_AREA)[..., None]
    return display8(plain_colour(still), working).astype(np.float32), alpha


def pin_map(field: Field, review: Review, k: int, working: str) -> U8:
    """The canonical image of a layer, dark, with what it loses in orange and the next pins."""
    import cv2

    from engine.edit.canonical import canonical_windows

    layer = review.layers[k]
    scale = layer.scale
    rgb, alpha = _still(field, scale, k, working)
    shown = rgb.mean(axis=2, keepdims=True) * 0.5 * alpha + 19 * (1 - alpha)
    worst = max((float(each.doubt.max()) for each in review.layers), default=0.0)
    lost = cv2.resize(layer.doubt / max(worst, 1e-6), rgb.shape[1::-1])[..., None]
    orange = np.array([255, 128, 40], np.float32)
    picture: U8 = np.rint(shown * (1 - lost) + orange * lost).astype(np.uint8)
    # Marks are as large on a small canvas as on a large one.
    grow = SIZE / max(picture.shape)
    picture = cv2.resize(picture, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)
    _, data = canonical_windows(field, k, scale)
    height, width = picture.shape[:2]
    finer = width / data.width
    for number, spot in enumerate(review.spots, 1):
        if spot.layer != k:
            continue
        x = round((spot.canonical[0] * scale - data.x0) * finer)
        y = round((spot.canonical[1] * scale - data.y0) * finer)
        half = max(round(CELL * scale * finer / 2), 6)
        left, right = max(x - half, 2), min(x + half, width - 3)
        top, bottom = max(y - half, 2), min(y + half, height - 3)
        text, font = str(number), cv2.FONT_HERSHEY_SIMPLEX
        (wide, high), _ = cv2.getTextSize(text, font, _NUMBER, 3)
        beside = right + 10 if right + 12 + wide < width else left - 10 - wide
        at = (beside, max(bottom - 3, high + 6))
        for colour, thick in (((0, 0, 0), 6), ((255, 255, 255), 3)):
            cv2.rectangle(picture, (left, top), (right, bottom), colour, thick)
            cv2.putText(picture, text, at, font, _NUMBER, colour, thick, cv2.LINE_AA)
    return picture
