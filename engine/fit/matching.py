"""What the matching sees of a clip: each layer small, cut to where it is, without what is behind.

Optical flow costs by the pixel and the passes refine what it finds, so a layer is matched on a
picture of at most ``LONG`` pixels. A small group keeps its own resolution: the picture is cut to
where the group ever is. What lies behind a group is painted over with one flat grey. Flow then
follows the group's outline instead of sticking to the ground that a leg or a tail passes over.

Convention: small pixels, x right, y down, origin at the corner of the whole frame, centres at +0.5;
``scale`` small pixels make a working pixel, and ``step`` of them a cell of the seed's lattice.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, U8, AnyArray, Bool
from engine.fit.canvas import fill_holes
from engine.fit.plates import Plates, rolled_off
from engine.flow.confidence import confidence_of
from engine.flow.dis import dis_flow

#: Longest side of the pictures that are matched, in pixels.
LONG = 400
#: Cells of the lattice around a group that its picture shows besides.
MARGIN = 2
#: Grey levels between a group's mean and what is painted behind it.
CONTRAST = 64.0
#: Frames that a group's mean is taken from.
TASTED = 5

#: Two grey pictures to the flow from the first to the second, and how far to trust it.
Matcher = Callable[[U8, U8], tuple[F32, F32]]


@dataclass(frozen=True)
class Look:
    """A frame as one layer's matching sees it.

    Attributes:
        grey: uint8 [h, w], what lies behind and in front of the layer painted over.
        weight: float32 [h, w]: visible share of the layer, 0 to 1.
        covered: bool [h, w]: something in front shows here; None: nothing ever is.
    """

    grey: U8
    weight: F32
    covered: Bool | None


class View:
    """The small pictures of one layer.

    Args:
        plates: The frames.
        layer: Which layer; the last one has nothing behind it.
        spacing: Working pixels between the control points of the seed's lattice.
        link: What finds flow between two small pictures, and how far to trust it; None: OpenCV.
    """

    def __init__(
        self, plates: Plates, layer: int, spacing: int, link: Matcher | None = None
    ) -> None:
        self._plates, self._layer, self._spacing = plates, layer, spacing
        self._link = link
        height, width = plates.height, plates.width
        #: Cells of the whole frame's lattice, (rows, columns).
        self.cells = (-(-height // spacing), -(-width // spacing))
        ever = plates.weights[layer].max(axis=0) > 0
        #: Range of cells [top, bottom) and [left, right) that the pictures show.
        self.rows = _range(ever.any(axis=1), spacing, self.cells[0])
        self.columns = _range(ever.any(axis=0), spacing, self.cells[1])
        tall, wide = self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]
        self.step = min(spacing, max(2, LONG // max(tall, wide)))
        self.scale = self.step / spacing
        self.shape = (tall * self.step, wide * self.step)
        self.corner = np.array([self.columns[0], self.rows[0]], np.float32) * self.step
        self.grid = pixel_centres(*self.shape) + self.corner
        #: Grey level painted behind the layer; None: nothing is behind it.
        self.behind = self._flat_grey() if layer < len(plates.weights) - 1 else None

    def look(self, index: int) -> Look:
        """A frame of the layer."""
        import cv2

        plates = self._plates
        weight = self._small(plates.weights[self._layer, index], edge=False)
        weight = np.asarray(weight.astype(np.float32) / 255, np.float32)
        grey = self._grey(index)
        if self.behind is not None:
            behind = plates.weights[self._layer + 1 :, index].max(axis=0)
            flat = self._small(behind, edge=False).astype(np.float32) / 255
            grey = grey + flat * (self.behind - grey)
        covered: Bool | None = None
        if self._layer > 0:
            front = plates.weights[: self._layer, index].max(axis=0)
            covered = self._small(front, edge=False) > 0
            covered = cv2.dilate(covered.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            grey = fill_holes(grey[..., None], ~covered)[..., 0]
        return Look(np.asarray(np.rint(grey), np.uint8), weight, covered)

    def read(self, picture: F32 | U8, places: F32) -> F32:
        """Bilinear reading of a small picture at places [h, w, 2]; the border is repeated."""
        import cv2

        at = places - (self.corner + np.float32(0.5))
        read: F32 = cv2.remap(picture, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return read

    def reduced(self, picture: F32) -> F32:
        """A float picture [H, W(, C)] of the whole working frame as this view shows it."""
        return np.asarray(self._small(picture, edge=True), np.float32)

    def link(self, first: U8, second: U8, presets: tuple[str, str]) -> tuple[F32, F32]:
        """Flow from one picture to another, and how far the way back confirms it.

        Args:
            first: uint8 [h, w].
            second: Same shape.
            presets: Of the way there and of the way back.
        """
        if self._link is not None:
            return self._link(first, second)
        there = dis_flow(first, second, presets[0])
        return there, confidence_of(there, dis_flow(second, first, presets[1]))

    def _grey(self, index: int) -> F32:
        """Luma 0 to 255, [h, w]."""
        plates = self._plates
        codes = self._small(plates.codes[index], edge=True).astype(np.float32)
        luma = codes @ np.array([0.299, 0.587, 0.114], np.float32)
        luma = luma * np.float32(plates.scale) + np.float32(plates.offset)
        if plates.codes.dtype != np.uint8:
            luma = rolled_off(luma)
        return np.asarray(np.clip(luma, 0, 1) * 255, np.float32)

    def _flat_grey(self) -> np.float32:
        """What to paint behind the layer: clearly apart from its mean."""
        plates = self._plates
        sums = np.zeros(2)
        shown = np.flatnonzero(plates.weights[self._layer].any(axis=(1, 2)))
        for index in np.unique(shown[np.linspace(0, len(shown) - 1, TASTED).astype(np.intp)]):
            weight = self._small(plates.weights[self._layer, index], edge=False)
            sums += float((self._grey(int(index)) * weight).sum()), float(weight.sum(dtype=float))
        mean = sums[0] / max(sums[1], 1.0)
        return np.float32(mean + CONTRAST if mean < 128 else mean - CONTRAST)

    def _small(self, picture: AnyArray, *, edge: bool) -> AnyArray:
        """The view's cut of a working picture [H, W(, C)], reduced; beyond the frame edge or 0."""
        import cv2

        spacing = self._spacing
        top, bottom = self.rows[0] * spacing, self.rows[1] * spacing
        left, right = self.columns[0] * spacing, self.columns[1] * spacing
        cut = picture[top:bottom, left:right]
        below, beside = bottom - top - cut.shape[0], right - left - cut.shape[1]
        if below or beside:
            kind = cv2.BORDER_REPLICATE if edge else cv2.BORDER_CONSTANT
            cut = cv2.copyMakeBorder(cut, 0, below, 0, beside, kind)
        if self.step == spacing:
            return cut
        small: AnyArray = cv2.resize(cut, self.shape[::-1], interpolation=cv2.INTER_AREA)
        return small


def pixel_centres(height: int, width: int) -> F32:
    """Points [H, W, 2] of the pixel centres, (x, y), at +0.5."""
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(width, dtype=np.float32)[None, :] + 0.5
    grid[..., 1] = np.arange(height, dtype=np.float32)[:, None] + 0.5
    return grid


def _range(used: AnyArray, spacing: int, cells: int) -> tuple[int, int]:
    """Cells from the first to the last pixel that is used, and the margin around."""
    places = np.flatnonzero(used)
    if not len(places):
        return 0, cells
    first, last = int(places[0]) // spacing, int(places[-1]) // spacing
    return max(first - MARGIN, 0), min(last + 1 + MARGIN, cells)
