"""The motion of one frame towards its neighbours."""

from dataclasses import dataclass

from engine.arrays import F32


@dataclass(frozen=True)
class FlowPair:
    """Flow of one frame to the next and to the previous frame of the clip.

    Convention: ``forward[i, j] = (dx, dy)`` in pixels of the data window, x right, y down: the
    content of pixel (j, i) is at (j + dx, i + dy) in the next frame. None at the clip's ends.

    Attributes:
        frame: Frame number of the files.
        forward: float32 [H, W, 2] towards the next frame, or None.
        forward_confidence: float32 [H, W], 0 (occluded, wrong) to 1 (agrees forward and backward).
        backward: float32 [H, W, 2] towards the previous frame, or None.
        backward_confidence: As ``forward_confidence``.
    """

    frame: int
    forward: F32 | None
    forward_confidence: F32 | None
    backward: F32 | None
    backward_confidence: F32 | None
