"""What tracking sees of a layer: small grey pictures of it alone, and the flow between them."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.fields.field import Field
from engine.flow.dis import dis_flow, grey8
from engine.warp.track_plate import Plate, data_pixels

#: Longest side of the pictures, in pixels; a layer that is smaller keeps its own resolution.
LONG = 640
#: Pixels of the frame around the layer that its pictures show besides.
MARGIN = 32
#: Grey levels that the layer's standard deviation is stretched to: dark legs have structure too.
DEVIATION, LEAST_DEVIATION = 22.0, 4.0
#: What lies behind the layer is painted over with the grey that is far from the layer's median.
DARK, BRIGHT = 26, 230
#: Pixels around what is in front that flow mixes its motion into: a patch.
PATCH = 8
#: Frames that say where the layer is, and those that say how bright it is.
SAMPLED, TASTED = 100, 8


@dataclass(frozen=True)
class View:
    """A frame as tracking sees it, in small pixels.

    Attributes:
        grey: uint8 [h, w], what is not the layer painted over.
        own: The layer's own pixels, [h, w].
        clear: Those of them that what is in front cannot lend its motion to, [h, w].
        covered: Pixels of what is in front of it, or that were left out of the fit, [h, w].
    """

    grey: U8
    own: Bool
    clear: Bool
    covered: Bool


class Views:
    """The small pictures of one layer.

    Convention: pixels of the small pictures, x right, y down, centres at +0.5; a frame point
    ``p`` is at ``(p - corner) * scale``.

    Args:
        field: The field.
        k: Layer, front to back.
        plate: The frames.
    """

    def __init__(self, field: Field, k: int, plate: Plate) -> None:
        self._field, self._k, self._plate = field, k, plate
        self.count = len(field.frames)
        top, bottom, left, right = self._extent()
        self._rows, self._columns = slice(top, bottom), slice(left, right)
        self.scale = min(1.0, LONG / max(bottom - top, right - left))
        self._size = (
            max(8, round((right - left) * self.scale)),
            max(8, round((bottom - top) * self.scale)),
        )
        self.corner = np.array([left + field.data.x0, top + field.data.y0], np.float64)
        self._median, self._gain = self._brightness()

    def view(self, index: int) -> View:
        """A frame."""
        grey, own, covered = self._cut(index)
        stretched = (grey.astype(np.float32) - self._median) * self._gain + 128
        painted = np.where(own, np.clip(stretched, 0, 255), BRIGHT if self._median < 128 else DARK)
        return View(np.asarray(np.rint(painted), np.uint8), own, own & ~_beside(covered), covered)

    @staticmethod
    def flows(first: View, second: View) -> tuple[F32, F32]:
        """Flow [h, w, 2] from one picture to another, and back."""
        return (
            dis_flow(first.grey, second.grey, "patches"),
            dis_flow(second.grey, first.grey, "patches"),
        )

    def inward(self, points: F32) -> F32:
        """Frame points [..., 2] in the small pictures."""
        return np.asarray((points - self.corner) * self.scale, np.float32)

    def outward(self, points: F32) -> F32:
        """Points [..., 2] of the small pictures in the frames."""
        return np.asarray(points / self.scale + self.corner, np.float32)

    def _extent(self) -> tuple[int, int, int, int]:
        """Rows and columns of the data window that hold the layer in any frame."""
        field = self._field
        height, width = field.height, field.width
        if self._k == len(field.layers) - 1:
            return 0, height, 0, width
        rows, columns = np.zeros(height, np.bool_), np.zeros(width, np.bool_)
        for index in np.unique(np.linspace(0, self.count - 1, SAMPLED).astype(np.intp)):
            own = field.coverage(int(index))[self._k] > 0.5
            rows |= own.any(axis=1)
            columns |= own.any(axis=0)
        if not rows.any():
            return 0, height, 0, width
        down, across = np.flatnonzero(rows), np.flatnonzero(columns)
        return (
            max(0, int(down[0]) - MARGIN),
            min(height, int(down[-1]) + 1 + MARGIN),
            max(0, int(across[0]) - MARGIN),
            min(width, int(across[-1]) + 1 + MARGIN),
        )

    def _cut(self, index: int) -> tuple[U8, Bool, Bool]:
        """Luma, the layer's own pixels, and those that something covers."""
        import cv2

        field = self._field
        part = (self._rows, self._columns)
        pixels = data_pixels(field, self._plate(field.frames[index]))[part]
        seen = field.seen(index, part)
        share, open_ = seen[self._k], seen[self._k :].sum(axis=0)
        grey: U8 = grey8(pixels)
        if grey.shape != self._size[::-1]:
            grey = np.asarray(cv2.resize(grey, self._size, interpolation=cv2.INTER_AREA), np.uint8)
            share = cv2.resize(share, self._size, interpolation=cv2.INTER_AREA)
            open_ = cv2.resize(open_, self._size, interpolation=cv2.INTER_AREA)
        return grey, np.asarray(share > 0.5, np.bool_), np.asarray(open_ <= 0.5, np.bool_)

    def _brightness(self) -> tuple[float, float]:
        """The layer's median grey, and the gain that gives it structure."""
        seen = []
        for index in np.unique(np.linspace(0, self.count - 1, TASTED).astype(np.intp)):
            grey, own, _ = self._cut(int(index))
            seen.append(grey[own][::7])
        values = np.concatenate(seen)
        if not len(values):
            return 128.0, 1.0
        spread = max(float(values.std()), LEAST_DEVIATION)
        return float(np.median(values)), max(1.0, DEVIATION / spread)


def _beside(covered: Bool) -> Bool:
    """Pixels on what is in front, and within a patch of it."""
    import cv2

    around = np.ones((2 * PATCH + 1, 2 * PATCH + 1), np.uint8)
    return np.asarray(cv2.dilate(covered.astype(np.uint8), around) > 0, np.bool_)
