"""One picture in a viewer: its codes for the screen, and its linear pixels where they are there."""

from typing import Any

import numpy as np
from PySide6.QtGui import QImage

from engine.arrays import F32, AnyArray
from gui.core.framecache import CachedFrame, ViewKey
from gui.viewer.display import Look, show
from gui.viewer.pixels import Pixels
from gui.viewer.viewport import Box

IntBox = tuple[int, int, int, int]


class ViewFrame:
    """A picture as a viewer holds it.

    Convention: boxes are in full-size picture pixels from the top left, y down.

    Args:
        cached: Codes and windows; the codes are copied before they are written to.
        pixels: The linear pixels, or None while only the codes are there.
        look: How the codes were made.
        node: The node that it is of.
        frame: Its frame number, None for a still.
        channels: Names of the channels.

    Attributes:
        cached: Codes, windows, scale and key.
        whole: Nothing was left out when it was asked for.
        tag: What it is the answer to.
        again: It was made of pixels that were there, for another look.
    """

    def __init__(
        self,
        cached: CachedFrame,
        pixels: AnyArray | None = None,
        look: Look | None = None,
        *,
        node: str = "",
        frame: int | None = None,
        channels: tuple[str, ...] = (),
        whole: bool = True,
    ) -> None:
        self.cached = cached
        self.pixels = None if pixels is None else Pixels(pixels)
        self.look = look
        self.node, self.frame, self.channels, self.whole = node, frame, channels, whole
        self.tag: tuple[ViewKey, int | None, tuple[int, ...]] | None = None
        self.again = False
        self._own = False
        self._image: QImage | None = None

    @property
    def data(self) -> IntBox:
        """Where its pixels are."""
        return self.cached.data

    @property
    def display(self) -> IntBox:
        """The display window."""
        return self.cached.display

    @property
    def scale(self) -> int:
        """Full-size pixels for each of its pixels."""
        return self.cached.scale

    @property
    def image(self) -> QImage:
        """The codes as Qt draws them, without a copy."""
        if self._image is None:
            codes = self.cached.codes
            height, width = codes.shape
            buffer: Any = codes.data
            self._image = QImage(buffer, width, height, width * 4, QImage.Format.Format_RGB32)
        return self._image

    @property
    def target(self) -> Box:
        """Where the image lies; at a scale the last pixels may reach over the data window."""
        height, width = self.cached.codes.shape
        x0, y0 = self.data[0], self.data[1]
        return x0, y0, x0 + width * self.scale, y0 + height * self.scale

    def index(self, x: float, y: float) -> tuple[int, int]:
        """Column and row of the pixel at a place of the picture."""
        return (
            int(np.floor((x - self.data[0]) / self.scale)),
            int(np.floor((y - self.data[1]) / self.scale)),
        )

    def at(self, x: float, y: float) -> F32 | None:
        """The linear values at a place, or None outside or while they are not there."""
        return None if self.pixels is None else self.pixels.at(*self.index(x, y))

    def box(self, box: Box) -> AnyArray | None:
        """The linear pixels whose centres lie in a box, or None where they are not all there."""
        if self.pixels is None:
            return None
        x0, y0 = self.index(box[0], box[1])
        x1, y1 = self.index(box[2] - 1e-6, box[3] - 1e-6)
        height, width, _ = self.pixels.shape
        if x0 < 0 or y0 < 0 or x1 >= width or y1 >= height or x1 < x0 or y1 < y0:
            return None
        return self.pixels.read(x0, y0, x1 + 1, y1 + 1)

    def write(self, box: Box, patch: AnyArray) -> Box | None:
        """Replaces linear pixels and their codes at once.

        Args:
            box: Where the patch lies.
            patch: [h, w, C] linear, at this frame's scale.

        Returns:
            What changed, or None.
        """
        if self.pixels is None or self.look is None:
            return None
        left, top = self.index(box[0] + 0.5, box[1] + 0.5)
        changed = self.pixels.write(left, top, patch)
        if changed is None:
            return None
        self._redo(changed)
        x0, y0, x1, y1 = changed
        ox, oy, s = self.data[0], self.data[1], self.scale
        return ox + x0 * s, oy + y0 * s, ox + x1 * s, oy + y1 * s

    def _redo(self, changed: IntBox) -> None:
        if self.pixels is None or self.look is None:
            return
        if not self._own:  # the codes may be those of the cache, which show another state
            self.cached = CachedFrame(
                self.cached.codes.copy(),
                self.cached.data,
                self.cached.display,
                self.cached.scale,
                self.cached.aspect,
                "",
                self.cached.signature,
            )
            self._image, self._own = None, True
        x0, y0, x1, y1 = changed
        part = self.pixels.read(x0, y0, x1, y1)
        self.cached.codes[y0:y1, x0:x1] = show(part, self.look, origin=(x0, y0))
