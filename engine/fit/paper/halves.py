"""A clip at half its resolution, for the steps in which the deformation is smooth anyhow."""

from dataclasses import replace

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.fit.paper.clip import ClipData
from engine.flow.pair import FlowPair


class HalvedClip:
    """Means of 2 x 2 pixels; see ``ClipData``.

    The last row of an odd height and the last column of an odd width wait for the full resolution.

    Args:
        plates: The clip.
    """

    def __init__(self, plates: ClipData) -> None:
        self._plates = plates
        self.count, self.layers = plates.count, plates.layers
        self.height, self.width = plates.height // 2, plates.width // 2
        self.shrink, self.window = plates.shrink * 2, plates.window

    @property
    def extent(self) -> tuple[float, float]:
        """Rows and columns of the whole frame in pixels of this resolution."""
        return self._plates.height / 2, self._plates.width / 2

    def frame(self, index: int) -> F32:
        """See ``ClipData``; one pixel that is left out leaves out all four."""
        return np.asarray(_half(self._plates.frame(index)), np.float32)

    def masks(self, index: int) -> list[U8]:
        """See ``ClipData``."""
        return [np.rint(_half(mask)).astype(np.uint8) for mask in self._plates.masks(index)]

    def flow(self, index: int) -> FlowPair:
        """See ``ClipData``."""
        pair = self._plates.flow(index)
        return replace(
            pair,
            forward=_vectors(pair.forward),
            forward_confidence=_share(pair.forward_confidence),
            backward=_vectors(pair.backward),
            backward_confidence=_share(pair.backward_confidence),
        )


def _half(picture: AnyArray) -> AnyArray:
    """Means over 2 x 2 pixels of [H, W, ...]."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    even = picture[: 2 * rows, : 2 * columns].astype(np.float32)
    found: AnyArray = even.reshape(rows, 2, columns, 2, *picture.shape[2:]).mean(axis=(1, 3))
    return found


def _vectors(flow: F32 | None) -> F32 | None:
    return None if flow is None else np.asarray(_half(flow) / 2, np.float32)


def _share(confidence: F32 | None) -> F32 | None:
    return None if confidence is None else np.asarray(_half(confidence), np.float32)
