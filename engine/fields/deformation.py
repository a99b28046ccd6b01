"""What every deformation field can do, whatever it is made of."""

from typing import Any, Protocol

from engine.arrays import F32, AnyArray


class Deformation(Protocol):
    """Maps frame pixels to the canonical image, frame by frame.

    Convention: frame and canonical points are (x, y) in pixels of the frame's display window,
    origin top-left, x right, y down, pixel centres at +0.5. ``index`` counts the field's frames
    from 0; the frame numbers of the files are ``Field.frames[index]``.
    """

    kind: str

    def positions(self, index: int) -> F32:
        """Canonical point of each pixel centre of the frame's data window, [H, W, 2]."""
        ...

    def at(self, index: int, points: F32) -> F32:
        """Canonical points [N, 2] of any frame points [N, 2], also outside the frame."""
        ...

    def tensors(self) -> dict[str, AnyArray]:
        """What ``layer_K.safetensors`` holds."""
        ...

    def numbers(self) -> dict[str, Any]:
        """The JSON-able rest, enough to build the field again together with ``tensors``."""
        ...
