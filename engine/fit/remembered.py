"""What a chain of frames has seen so far, as one small still that grows.

A look straight at the reference frame takes the drift out of what that frame shows. What it does
not show (the far side of a pan, ground that something uncovers) would drift on from frame to frame,
and a place that was hidden for a while would start anew. So each place is remembered as it was seen
first, and later frames look at that, over however many frames lie between. Only the layer behind
all others is: what an object shows outside its first outline may as well be a limb in the wrong
place, and remembering it would keep it there.
"""

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.fit.canvas import SEEN, WHOLE, fill_holes
from engine.fit.matching import Look, View
from engine.kernels import threads
from engine.kernels.mosaic import keep_first, lay_frame

#: Share of a pixel from which it is remembered: mixed ones show nothing.
CLEAR = 0.9
#: The still holds at most this many widths and heights of the view.
MOST = 4.0
#: Small pixels by which the still grows at least.
STRIDE = 64


class Remembered:
    """The still of one chain, in the small pixels of the layer's view.

    Attributes:
        grey: uint8 [h, w], without holes.
        seen: float32 [h, w]: 1 where the layer was seen, else 0.
        hidden: float32 [h, w]: 1 where nothing can be compared, else 0.
        trust: float32 [h, w]: how far the place of what was seen can be trusted; 1 elsewhere.
    """

    def __init__(self, view: View, reference: Look) -> None:
        self._view = view
        self._corner = view.corner.copy()
        self.grey = reference.grey
        self.seen = (reference.weight > 0.5).astype(np.float32)
        self.trust = np.ones(view.shape, np.float32)
        covered = reference.covered
        self.hidden = np.zeros(view.shape, np.float32)
        if covered is not None:
            self.hidden = covered.astype(np.float32)
        self._sums = np.zeros((*view.shape, 4), np.float32)
        self._lay(reference, view.grid, np.ones(view.shape, np.float32))

    def add(self, look: Look, places: F32, trust: F32) -> None:
        """Remembers what is new in a frame.

        Args:
            look: The frame.
            places: Where its pixels lie in the reference frame, [h, w, 2].
            trust: How far to trust each, [h, w].
        """
        if self._view.behind is not None:
            return
        self._grow(places[look.weight > CLEAR])
        if not self._lay(look, places, trust):
            return
        weight = self._sums[..., 3]
        seen = weight >= SEEN
        values = (self._sums / np.maximum(weight, 1e-9)[..., None]).astype(np.float32)
        self.grey = np.rint(fill_holes(values[..., :1], seen)[..., 0]).astype(np.uint8)
        self.seen = seen.astype(np.float32)
        self.hidden = np.asarray(1 - self.seen, np.float32)
        self.trust = np.where(seen, values[..., 1] / 255, 1).astype(np.float32)

    def read(self, picture: F32 | U8, places: F32, beyond: float | None = None) -> AnyArray:
        """Bilinear reading of what belongs to the still.

        Args:
            picture: One of the attributes.
            places: Points [h, w, 2] of the reference frame.
            beyond: What lies outside the still; None: its border goes on.
        """
        import cv2

        at = places - (self._corner + np.float32(0.5))
        border = cv2.BORDER_REPLICATE if beyond is None else cv2.BORDER_CONSTANT
        found: AnyArray = cv2.remap(
            picture, at, None, cv2.INTER_LINEAR, borderMode=border, borderValue=[beyond or 0.0]
        )
        return found

    def _lay(self, look: Look, places: F32, trust: F32) -> bool:
        """Adds a frame to the sums; returns whether it showed anything new."""
        shown = np.where(look.weight > CLEAR, 255, 0).astype(np.uint8)
        codes = np.zeros((*shown.shape, 3), np.uint8)
        codes[..., 0] = look.grey
        codes[..., 1] = np.rint(np.clip(trust, 0, 1) * 255)
        laid = np.zeros_like(self._sums)
        with threads.guard():
            lay_frame(
                codes, np.float32(1), np.float32(0), shown, places, *self._corner.tolist(), laid
            )
            fresh = (laid[..., 3] > WHOLE) & (self._sums[..., 3] < SEEN)
            keep_first(self._sums, laid[None], 0, 0, np.float32(SEEN), np.float32(WHOLE))
        return bool(fresh.any())

    def _grow(self, places: F32) -> None:
        """Makes room for places [n, 2], within reason."""
        if not len(places):
            return
        height, width = self._sums.shape[:2]
        tall, wide = self._view.shape
        most = (np.array([wide, tall]) * (MOST - 1) / 2).astype(int)
        start = (self._view.corner - self._corner).astype(int)
        room = most - ((width, height) - start - (wide, tall))
        low = np.floor(places.min(axis=0) - self._corner).astype(int)
        high = np.ceil(places.max(axis=0) - self._corner).astype(int) - (width, height)
        before = np.where(low < 0, np.clip(STRIDE - low, 0, np.maximum(most - start, 0)), 0)
        after = np.where(high > 0, np.clip(STRIDE + high, 0, np.maximum(room, 0)), 0)
        if before.any() or after.any():
            pad = ((before[1], after[1]), (before[0], after[0]), (0, 0))
            self._sums = np.pad(self._sums, pad)
            self._corner = self._corner - before.astype(np.float32)
