"""From the masks of a request to the visible share of each layer."""

from collections.abc import Sequence

import numpy as np

from engine.arrays import F32, U8
from engine.errors import MaskError
from engine.fields.field import Masks
from engine.fit.request import GroupMasks
from engine.progress import Task

#: Share of uncovered pixels from which the inverse of all masks becomes the last layer.
UNCOVERED = 0.001
#: Name of that layer.
BACKGROUND = "background"
#: Name of the only layer of a clip without masks.
WHOLE = "clip"


class Groups:
    """The layers of a fit.

    Args:
        frames: Frame numbers.
        groups: The masks, front to back; may be empty.
        size: (height, width) of the frames.
        task: Progress and cancel.

    Raises:
        MaskError: A mask of another size, or a group that is black in every frame.
    """

    def __init__(
        self,
        frames: Sequence[int],
        groups: Sequence[GroupMasks],
        size: tuple[int, int],
        task: Task,
    ) -> None:
        height, width = size
        self._index = {frame: i for i, frame in enumerate(frames)}
        streams: list[list[bytes]] = [[] for _ in groups]
        most = [0] * len(groups)
        uncovered = 0
        for index, frame in enumerate(frames if groups else ()):
            task.report(index / len(frames), "reading masks")
            left = np.ones(size, np.float32)
            for k, group in enumerate(groups):
                mask = group.mask(frame)
                if mask.shape != size:
                    raise MaskError(
                        f"the mask of group {group.name!r} in frame {frame} is "
                        f"{mask.shape[1]}x{mask.shape[0]}, the frame is {width}x{height}; "
                        "masks must have the frames' size",
                        frame=frame,
                    )
                most[k] = max(most[k], int(mask.max()))
                left *= 1 - mask.astype(np.float32) / 255
                streams[k].append(Masks.pack(mask))
            uncovered += int((left > 0.5).sum())
        for k, group in enumerate(groups):
            if most[k] == 0:
                raise MaskError(
                    f"the mask of group {group.name!r} is black in every frame; "
                    "leave it out or give masks that mark something"
                )
        self.names = [group.name for group in groups] or [WHOLE]
        if groups and uncovered > UNCOVERED * len(frames) * height * width:
            self.names.append(_unused(BACKGROUND, self.names))
        self.masks = Masks(height, width, streams)

    def shares(self, frame: int) -> list[U8]:
        """Visible share of each layer in a frame, uint8 [H, W] each, 255 = wholly."""
        coverage: F32 = self.masks.coverage(self._index[frame], len(self.names))
        return [np.rint(share * 255).astype(np.uint8) for share in coverage]


def _unused(name: str, taken: Sequence[str]) -> str:
    number, free = 2, name
    while free in taken:
        free = f"{name}_{number}"
        number += 1
    return free
