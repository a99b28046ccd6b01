"""Does the stabilised plate stand still: the jitter that no still picture shows.

What moves in the stabilised plate is what the deformation got wrong, and every edit moves by as
much the other way.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, Bool

#: Coverage from which a canvas pixel counts as shown by a frame.
SHOWN = 0.99
#: Steps of the search for a frame's displacement.
_STEPS = 6
#: Pixels of a square that must lie inside what counts, so that the filters read nothing else.
_RIM = 17
#: Frames over which slow drift is taken out of the displacements: half of them on either side.
_WINDOW = 5


@dataclass(frozen=True)
class Jitter:
    """Figures of a stabilised layer.

    Attributes:
        variance: Mean over canvas pixels of the variance over time of display-referred colours
            (0 to 1): lower is steadier. Light, grain and what passes in front count too.
        deviation: The same as a standard deviation in 8-bit steps.
        pixels: Canvas pixels that two or more frames show.
        displacement: Where the content of each frame lies against the still, in canonical pixels,
            [T, 2]; NaN for a frame that shows too little.
        jitter: Root mean square of the displacement less its mean over neighbouring frames, in
            pixels: the part that shakes.
        drift: Largest displacement of any frame in pixels: the part that slips.
    """

    variance: float
    deviation: float
    pixels: int
    displacement: F64
    jitter: float
    drift: float


class JitterMeter:
    """Takes the stabilised frames of one layer one by one; holds three pictures.

    Args:
        still: The canonical image [h, w, 4], scene-linear, premultiplied.
    """

    def __init__(self, still: F32) -> None:
        from engine.edit.change import plain_colour

        self._covered = np.asarray(still[..., 3] > SHOWN, np.bool_)
        self._still = _display(plain_colour(still))
        shape = still.shape[:2]
        self._count = np.zeros(shape, np.int32)
        self._mean = np.zeros((*shape, 3), np.float32)
        self._squares = np.zeros((*shape, 3), np.float32)
        self._places: list[tuple[float, float]] = []

    def add(self, frame: F32) -> None:
        """One stabilised frame, [h, w, 4] on the still's canvas."""
        from engine.edit.change import plain_colour

        shown: Bool = np.asarray(frame[..., 3] > SHOWN, np.bool_)
        colours = _display(plain_colour(frame))
        self._places.append(displacement(self._still, colours, shown & self._covered))
        self._count[shown] += 1
        step = (colours - self._mean) * shown[..., None]
        self._mean += step / np.maximum(self._count, 1)[..., None]
        self._squares += step * (colours - self._mean)

    def result(self) -> Jitter:
        """The figures so far."""
        several = self._count > 1
        variance = 0.0
        if several.any():
            each = self._squares[several] / self._count[several][:, None]
            variance = float(each.mean())
        places = np.array(self._places, np.float64).reshape(-1, 2)
        return Jitter(
            variance,
            float(np.sqrt(variance) * 255),
            int(several.sum()),
            places,
            shaking(places),
            _largest(places),
        )


def shaking(places: F64) -> float:
    """Root mean square in pixels of displacements [T, 2] less their running mean."""
    known = places[np.isfinite(places).all(axis=1)]
    if len(known) < 3:
        return 0.0
    width = min(_WINDOW, len(known))
    half = width // 2
    padded = np.concatenate([known[half:0:-1], known, known[-2 : -half - 2 : -1]])
    rows = np.stack([padded[n : n + len(known)] for n in range(2 * half + 1)])
    rest = known - rows.mean(axis=0)
    return float(np.sqrt(np.square(rest).sum(axis=1).mean()))


def _largest(places: F64) -> float:
    known = places[np.isfinite(places).all(axis=1)]
    return float(np.hypot(*known.T).max()) if len(known) else 0.0


def _display(linear: F32) -> F32:
    from engine.colour.encoding import encode

    return np.clip(encode(np.nan_to_num(linear)), 0, 1)


def displacement(still: F32, frame: F32, where: Bool) -> tuple[float, float]:
    """How far the content of a picture is shifted against another, (x, y) in pixels.

    Source: Lucas, Kanade, *An iterative image registration technique with an application to stereo
    vision* (IJCAI 1981), over the whole picture, with a gain and an offset of luma beside the
    shift, so that exposure is not taken for motion.

    Args:
        still: Display-referred [H, W, 3].
        frame: The same of the picture that may be shifted.
        where: Pixels that count, [H, W].

    Returns:
        NaN twice when too little of it has any detail.
    """
    import cv2

    from engine.kernels.sample import sample

    a, b = (cv2.cvtColor(np.ascontiguousarray(x), cv2.COLOR_RGB2GRAY) for x in (still, frame))
    a, b = (cv2.GaussianBlur(x, (0, 0), 1.0) for x in (a, b))
    inner = cv2.erode(where.astype(np.uint8), np.ones((_RIM, _RIM), np.uint8)) > 0
    if inner.sum() < 64:
        return float("nan"), float("nan")
    gx, gy = cv2.Scharr(a, cv2.CV_32F, 1, 0) / 32, cv2.Scharr(a, cv2.CV_32F, 0, 1) / 32
    shift = np.zeros(2)
    height, width = a.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    centres = np.stack([x, y], axis=2)[inner]
    terms = np.stack([gx[inner], gy[inner], a[inner], np.ones(int(inner.sum()))], 1)
    terms = terms.astype(np.float64)
    if np.square(terms[:, :2]).sum() < 1e-6 * len(terms):
        return float("nan"), float("nan")
    weight = np.ones(len(terms))
    for _ in range(_STEPS):
        # Not cv2.remap, which knows 32nds of a pixel only.
        moved = sample(b[..., None], centres + shift.astype(np.float32), filter="cubic")[:, 0]
        gap = (moved - a[inner]).astype(np.float64)
        normal = (terms * weight[:, None]).T @ terms + np.eye(4) * 1e-9
        found = np.linalg.solve(normal, (terms * weight[:, None]).T @ gap)
        shift -= found[:2]
        # What something in front hides is an outlier and no motion.
        rest = np.abs(gap - terms @ found)
        weight = 1 / (1 + np.square(rest / max(2.0 * float(np.median(rest)), 1e-4)))
        if np.abs(found[:2]).max() < 1e-3:
            break
    return float(shift[0]), float(shift[1])


def jitter_of(frames: "list[F32]", still: F32) -> Jitter:
    """Figures of a stabilised sequence.

    Args:
        frames: Stabilised frames [h, w, 4].
        still: The canonical image on the same canvas.
    """
    meter = JitterMeter(still)
    for frame in frames:
        meter.add(frame)
    return meter.result()
