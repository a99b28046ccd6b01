"""The small colour residual of a field: what canonical, deformation and light leave unexplained.

It belongs to the frames, not to the canonical image: ``codef reconstruct`` adds it, propagated
edits never see it. Per frame a coarse grid of luma and one of half its resolution for chroma, in
encoded colours, as int8 counts of one step per frame, compressed: about 2 % of the frame's bytes.
"""

import zlib
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, I8
from engine.errors import FieldError


def grid_shapes(height: int, width: int, cell: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Control points (rows, columns) of luma and of chroma.

    Args:
        height: Rows of a frame.
        width: Columns of a frame.
        cell: Pixels between control points of luma; chroma has twice that.
    """
    luma = -(-height // cell) + 1, -(-width // cell) + 1
    chroma = -(-height // (2 * cell)) + 1, -(-width // (2 * cell)) + 1
    return luma, chroma


@dataclass
class Residual:
    """The residual of all frames, kept compressed so that long clips fit in memory.

    Convention: control point (r, c) stands at the pixel corner (c * cell, r * cell) of the data
    window (chroma: 2 * cell); a pixel centre takes the linear blend of the four around it, times
    the frame's step: an addition to encoded luma Y, R - Y and B - Y (see
    ``engine.kernels.residual``).

    Attributes:
        height: Rows of the data window.
        width: Columns of the data window.
        cell: Pixels between control points of luma.
        steps: float32 [T], encoded colour of one count.
        streams: Per frame the zlib stream of int8 luma [gy, gx] and then chroma [hy, hx, 2];
            empty bytes where the frame has no residual.
    """

    height: int
    width: int
    cell: int
    steps: F32
    streams: list[bytes]

    @classmethod
    def empty(cls, height: int, width: int, cell: int, frames: int) -> "Residual":
        """A residual of nothing."""
        return cls(height, width, cell, np.zeros(frames, np.float32), [b""] * frames)

    def clear(self, index: int) -> None:
        """Takes the residual of a frame away."""
        self.steps[index], self.streams[index] = 0, b""

    def put(self, index: int, luma: I8, chroma: I8, step: float) -> None:
        """Sets a frame.

        Args:
            index: Position of the frame.
            luma: int8 [gy, gx].
            chroma: int8 [hy, hx, 2].
            step: Encoded colour of one count.
        """
        if not (luma.any() or chroma.any()):
            self.clear(index)
            return
        self.steps[index] = step
        self.streams[index] = zlib.compress(luma.tobytes() + chroma.tobytes(), 1)

    def planes(self, index: int) -> tuple[F32, F32] | None:
        """Luma [gy, gx] and chroma [hy, hx, 2] of a frame in encoded colours; None without any.

        Raises:
            FieldError: The stream is damaged.
        """
        stream = self.streams[index]
        if not stream:
            return None
        (gy, gx), (hy, hx) = grid_shapes(self.height, self.width, self.cell)
        wanted = gy * gx + 2 * hy * hx
        try:
            # Never more than a frame's worth, whatever the stream says.
            plain = zlib.decompressobj().decompress(stream, wanted + 1)
        except zlib.error as error:
            raise FieldError(
                f"the residual of frame number {index + 1} of the field is damaged ({error}); take "
                "the field from a backup or fit again"
            ) from error
        if len(plain) != wanted:
            raise FieldError(
                f"the residual of frame number {index + 1} of the field holds {len(plain)} values "
                f"instead of {wanted}; take the field from a backup or fit again"
            )
        counts = np.frombuffer(plain, np.int8).astype(np.float32) * self.steps[index]
        return counts[: gy * gx].reshape(gy, gx), counts[gy * gx :].reshape(hy, hx, 2)

    def add_to(self, index: int, pixels: F32) -> None:
        """Adds the residual of a frame to scene-linear ``pixels`` [H, W, 3], in place.

        Raises:
            FieldError: The stream is damaged.
        """
        planes = self.planes(index)
        if planes is None:
            return
        from engine.kernels.residual import add

        add(*planes, self.cell, pixels)
