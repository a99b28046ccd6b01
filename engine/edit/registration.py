"""Finding a returned picture on the canonical image when nothing else says where it belongs."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, U8

_LONG_SIDE = 1200
_RATIO = 0.8
_LEAST = 12


@dataclass(frozen=True)
class Registration:
    """How a picture lies on the canonical canvas.

    Attributes:
        matrix: [3, 3]: canvas pixel (from the data window's corner, centres at +0.5) to pixel of
            the picture.
        confidence: Share of the feature matches that agree with it, 0 to 1.
        matches: How many agree.
    """

    matrix: F64
    confidence: float
    matches: int


def _grey(rgba: F32) -> tuple[U8, float]:
    import cv2

    from engine.colour.encoding import to_display8

    alpha = rgba[..., 3:] if rgba.shape[2] > 3 else np.ones((*rgba.shape[:2], 1), np.float32)
    colour = rgba[..., :3] / np.where(alpha > 0, alpha, 1)
    grey = cv2.cvtColor(np.ascontiguousarray(to_display8(colour)), cv2.COLOR_RGB2GRAY)
    shrink = min(1.0, _LONG_SIDE / max(grey.shape))
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    # The size really reached, not the one asked for, tells how points scale back.
    return np.asarray(grey, np.uint8), grey.shape[1] / rgba.shape[1]


def register(picture: F32, canonical: F32) -> Registration | None:
    """Finds a similarity, or where it explains more a homography, by features and RANSAC.

    Source: SIFT (Lowe, 2004) with the ratio test; RANSAC (Fischler and Bolles, 1981).

    Args:
        picture: [h, w, 3 or 4], scene-linear, premultiplied.
        canonical: [H, W, 4], likewise.

    Returns:
        The placement, or None when too few features agree to trust one.
    """
    import cv2

    (a, shrink_a), (b, shrink_b) = _grey(canonical), _grey(picture)
    finder = cv2.SIFT.create(nfeatures=3000)
    points_a, words_a = finder.detectAndCompute(a, None)
    points_b, words_b = finder.detectAndCompute(b, None)
    if words_a is None or words_b is None or min(len(points_a), len(points_b)) < _LEAST:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words_a, words_b, k=2)
    good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < _RATIO * p[1].distance]
    if len(good) < _LEAST:
        return None
    # OpenCV counts pixel centres from 0; the program has them at +0.5.
    source = np.array([points_a[m.queryIdx].pt for m in good], np.float64)
    target = np.array([points_b[m.trainIdx].pt for m in good], np.float64)
    source, target = (source + 0.5) / shrink_a, (target + 0.5) / shrink_b
    reach = 2.0 / shrink_b
    cv2.setRNGSeed(1)
    similarity, kept = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=reach
    )
    best: Registration | None = None
    if similarity is not None:
        best = _judge(np.vstack([similarity, [0, 0, 1]]), int(kept.sum()), len(good))
    homography, kept = cv2.findHomography(source, target, cv2.RANSAC, reach)
    if homography is not None:
        other = _judge(homography, int(kept.sum()), len(good))
        # A homography always fits a little better; it must earn its freedom.
        if best is None or other.matches > 1.15 * best.matches:
            best = other
    if best is None or best.matches < _LEAST or best.confidence < 0.3:
        return None
    return best


def _judge(matrix: F64, kept: int, total: int) -> Registration:
    return Registration(np.asarray(matrix, np.float64), kept / total, kept)


def resample(picture: F32, registration: Registration, shape: tuple[int, int], fine: int) -> F32:
    """The picture on the canvas grid, ``fine`` pixels per canonical pixel.

    Args:
        picture: [h, w, 4], premultiplied.
        registration: Where it lies.
        shape: Height and width of the canvas at scale 1.
        fine: Whole number of pixels per canonical pixel.

    Returns:
        float32 [H * fine, W * fine, 4], transparent where the picture does not reach.
    """
    from engine.warp.sheet import Sheet

    height, width = shape
    x = (np.arange(width * fine) + 0.5) / fine
    y = (np.arange(height * fine) + 0.5) / fine
    points = np.stack([*np.meshgrid(x, y), np.ones((len(y), len(x)))], axis=-1)
    mapped = points @ registration.matrix.T
    places = (mapped[..., :2] / mapped[..., 2:]).astype(np.float32)
    return Sheet.of(picture).read(places, filter="cubic")
