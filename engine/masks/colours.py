"""Which colours are inside a mask, near a place: a grid over place and colour.

The grid of Maerki et al., *Bilateral Space Video Segmentation* (CVPR 2016), used as a local colour
model: samples of known frames are laid where the motion brings them, and the frame in question
asks at its own places and colours. Colours are CIE Lab of the 8-bit codes.
"""

import numpy as np

from engine.arrays import F32, U8
from engine.masks import kernels

#: Size of a cell in L and in a and b, in 8-bit codes; and the cells along L, a, b.
LIGHT_CELL, CHROMA_CELL = 16.0, 8.0
LIGHTS, CHROMAS = 17, 15
#: Cell of a model that does not look at the place, in pixels.
ANYWHERE = 1e6


def lab8(rgb: U8) -> U8:
    """CIE Lab of 8-bit RGB codes, uint8 [H, W, 3]."""
    import cv2

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.uint8)


class ColourGrid:
    """Mass inside and outside a mask over (row, column, L, a, b).

    Args:
        shape: (height, width) of the largest picture that is laid in or asked about.
        cell: Side of a cell in pixels; ``ANYWHERE`` for one that does not look at the place.
    """

    def __init__(self, shape: tuple[int, int], cell: float) -> None:
        height, width = shape
        self._cell = np.float32(cell)
        size = (int(height / cell) + 2, int(width / cell) + 2)
        self.grid = np.zeros((*size, LIGHTS, CHROMAS, CHROMAS, 2), np.float32)

    def add(self, lab: U8, share: F32, weight: F32) -> None:
        """Lays a picture in.

        Args:
            lab: uint8 [H, W, 3].
            share: float32 [H, W]: how far a pixel is inside.
            weight: float32 [H, W].
        """
        kernels.scatter(
            self.grid,
            self._places(lab),
            np.ascontiguousarray(share, np.float32).reshape(-1),
            np.ascontiguousarray(weight, np.float32).reshape(-1),
        )

    def smooth(self, places: int, colours: int) -> None:
        """Blurs over neighbouring places and colours, so many times each."""
        shape = self.grid.shape
        for axis, times in enumerate((places, places, colours, colours, colours)):
            outer = int(np.prod(shape[:axis], dtype=np.int64))
            inner = int(np.prod(shape[axis + 1 :], dtype=np.int64))
            for _ in range(times):
                kernels.smooth_along(self.grid.reshape(outer, shape[axis], inner))

    def ask(self, lab: U8) -> tuple[F32, F32]:
        """Mass inside and outside at the places and colours of a picture, [H, W] each."""
        found = np.empty((lab.shape[0] * lab.shape[1], 2), np.float32)
        kernels.gather(self.grid, self._places(lab), found)
        answer = found.reshape(*lab.shape[:2], 2)
        return answer[..., 0], answer[..., 1]

    def _places(self, lab: U8) -> F32:
        places = np.empty((*lab.shape[:2], 5), np.float32)
        places[..., 0] = (np.arange(lab.shape[0], dtype=np.float32) / self._cell)[:, None]
        places[..., 1] = (np.arange(lab.shape[1], dtype=np.float32) / self._cell)[None, :]
        places[..., 2] = lab[..., 0] / np.float32(LIGHT_CELL)
        middle = CHROMAS // 2
        chroma = (lab[..., 1:].astype(np.float32) - 128) / np.float32(CHROMA_CELL) + middle
        places[..., 3:] = np.clip(chroma, 0, CHROMAS - 1)
        return places.reshape(-1, 5)
