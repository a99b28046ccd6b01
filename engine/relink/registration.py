"""Whether another version of a plate shows the same picture at the same place.

A grade, a denoise or a resize changes colours and detail and moves nothing. So both pictures are
brought to one brightness and contrast around every pixel, and then compared: by how they correlate,
and by how far parts of them have to be shifted to do so best.

Source: phase correlation (Kuglin and Hines, *The phase correlation image alignment method*, 1975).
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, AnyArray

LIKE = 0.5
"""Correlation from which two pictures count as the same."""
STILL = 0.5
"""Pixels by which a part of the picture may be shifted."""
_ACROSS, _DOWN = 4, 3
_RESPONSE = 0.06
_LONG = 1280
_NEAR = 6.0


@dataclass(frozen=True)
class Agreement:
    """One frame of the plate against the same frame of the field.

    Attributes:
        frame: Frame number in the field.
        like: Correlation after the shift, -1 to 1.
        shift: Median shift of its parts (x, y), in pixels of the field.
        apart: How far parts are shifted from that, the 90th percentile: a crop or a zoom.
    """

    frame: int
    like: float
    shift: tuple[float, float]
    apart: float

    @property
    def good(self) -> bool:
        """It is the same picture at the same place."""
        far = float(np.hypot(*self.shift))
        return self.like >= LIKE and far <= STILL and self.apart <= 2 * STILL


def compared(frame: int, known: F32, plate: F32) -> Agreement:
    """Compares two pictures [H, W, 3] of one size, scene-linear.

    Args:
        frame: Frame number, for the answer.
        known: What the field was fitted on, or what it draws.
        plate: The other version.
    """
    shrink = min(1.0, _LONG / max(known.shape[:2]))
    one, other = _levelled(known, shrink), _levelled(plate, shrink)
    # All of it first: in small parts a long way comes out too short.
    whole, _ = _shift(one, other)
    near = _moved(other, whole)
    shifts = []
    for down in _parts(one.shape[0], _DOWN):
        for across in _parts(one.shape[1], _ACROSS):
            part = np.ix_(down, across)
            way, response = _shift(one[part], near[part])
            if response >= _RESPONSE:
                shifts.append(way)
    if not shifts:
        return Agreement(frame, _alike(one, other), (0.0, 0.0), 0.0)
    found = np.array(shifts)
    middle = np.median(found, axis=0)
    apart = float(np.percentile(np.hypot(*(found - middle).T), 90)) / shrink
    total = whole + middle
    like = _alike(one, _moved(other, total))
    x, y = (float(v) / shrink for v in total)
    return Agreement(frame, like, (x, y), apart)


def _shift(one: F32, other: F32) -> tuple[F64, float]:
    """How far ``other`` lies from ``one`` (x, y), and how sure that is."""
    import cv2

    rows, columns = (_parts(size, 1)[0] for size in one.shape)
    a, b = (np.ascontiguousarray(each[np.ix_(rows, columns)]) for each in (one, other))
    if min(a.std(), b.std()) < 1e-3:
        return np.zeros(2), 0.0
    window = cv2.createHanningWindow((a.shape[1], a.shape[0]), cv2.CV_32F)
    way, response = cv2.phaseCorrelate(a, b, window)
    return np.array(way, np.float64), float(response)


def _moved(picture: F32, way: F64) -> F32:
    """The picture taken back by a shift."""
    import cv2

    matrix = np.array([[1, 0, way[0]], [0, 1, way[1]]], np.float64)
    size = (picture.shape[1], picture.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.float32)


def _parts(size: int, count: int) -> list[AnyArray]:
    """Rows or columns of parts whose number the transform takes as it is.

    OpenCV pads others, and where that makes it odd the shift comes out half a pixel wrong.
    """
    import cv2

    parts: list[AnyArray] = []
    for part in np.array_split(np.arange(size), count):
        fitting = len(part)
        while fitting > 2 and (fitting % 2 or cv2.getOptimalDFTSize(fitting) != fitting):
            fitting -= 1
        parts.append(part[:fitting])
    return parts


def likeness(known: F32, plate: F32) -> float:
    """How two pictures correlate where they lie."""
    shrink = min(1.0, _LONG / 4 / max(known.shape[:2]))
    return _alike(_levelled(known, shrink), _levelled(plate, shrink))


def _alike(one: F32, other: F32) -> float:
    size = float(np.sqrt((one * one).mean() * (other * other).mean()))
    return float((one * other).mean() / size) if size > 1e-9 else 0.0


def _levelled(picture: F32, shrink: float) -> F32:
    """Luma of one brightness and contrast around every pixel, [h, w]."""
    import cv2

    from engine.colour.encoding import encode

    finite = np.nan_to_num(np.asarray(picture[..., :3], np.float32), posinf=1.0, neginf=0.0)
    grey = encode(finite) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    # Grain is not what is compared: a denoised plate has none.
    grey = cv2.GaussianBlur(grey, (0, 0), 1.2)
    apart = grey - cv2.GaussianBlur(grey, (0, 0), _NEAR)
    spread = np.sqrt(cv2.GaussianBlur(apart * apart, (0, 0), 2 * _NEAR))
    return np.asarray(apart / (spread + 0.004), np.float32)
