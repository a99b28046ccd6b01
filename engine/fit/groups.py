"""From the masks of a request to the visible share of each layer, and to what is left out."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.errors import MaskError
from engine.fields.field import IGNORED, Masks
from engine.fit.request import GroupMasks
from engine.io.picture import Picture
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
        ignore: Frame number to what is left out, uint8 [H, W], 255 = left out; or None.

    Attributes:
        names: Of the layers, front to back.
        masks: As given.

    Raises:
        MaskError: A mask of another size, or a group that is black in every frame.
    """

    def __init__(
        self,
        frames: Sequence[int],
        groups: Sequence[GroupMasks],
        size: tuple[int, int],
        task: Task,
        ignore: Callable[[int], U8] | None = None,
    ) -> None:
        height, width = self._size = size
        self._gone: dict[int, bytes] = {}
        self._clear: dict[int, bytes] = {}
        self._blank = True
        self._index = {frame: i for i, frame in enumerate(frames)}
        streams: list[list[bytes]] = [[] for _ in groups]
        most = [0] * len(groups)
        uncovered = 0
        for index, frame in enumerate(frames if groups or ignore else ()):
            task.report(index / len(frames), "reading masks")
            left = np.ones(size, np.float32)
            if ignore is not None:
                mask = ignore(frame)
                self._check(mask, "ignore mask", frame)
                self._hide(frame, mask)
                left[mask > IGNORED] = 0
            for k, group in enumerate(groups):
                mask = group.mask(frame)
                self._check(mask, f"mask of group {group.name!r}", frame)
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
        """Visible share of each layer in a frame, uint8 [H, W] each, 255 = wholly.

        0 where the frame is left out.
        """
        coverage: F32 = self.masks.coverage(self._index[frame], len(self.names))
        gone = self.left_out(frame)
        if gone is not None:
            coverage = np.where(gone, np.float32(0), coverage)
        return [np.rint(share * 255).astype(np.uint8) for share in coverage]

    def leave_out(self, frame: int, where: Bool) -> None:
        """Leaves pixels [H, W] of a frame out, besides those that are left out already."""
        self._hide(frame, where.astype(np.uint8) * np.uint8(255))

    def _hide(self, frame: int, mask: U8) -> None:
        """Adds a mask [H, W] to what is left out; below ``IGNORED`` it only holds edits back."""
        if frame in self._gone:
            mask = np.maximum(mask, self._unpacked(self._gone[frame]))
        if mask.any():
            self._gone[frame] = Masks.pack(np.ascontiguousarray(mask))

    def left_out(self, frame: int) -> Bool | None:
        """What is left out of a frame, [H, W]; None for nothing."""
        if frame not in self._gone:
            return None
        gone: Bool = self._unpacked(self._gone[frame]) > IGNORED
        return gone if gone.any() else None

    def look(self, frame: int, picture: Picture) -> None:
        """Takes note of where a picture's own alpha is 0."""
        if picture.pixels.shape[2] < 4:
            self._blank = False
            return
        clear = ~(picture.alpha > 0)
        if not clear.all():
            self._blank = False
        if clear.any():
            self._clear[frame] = Masks.pack(clear.astype(np.uint8) * 255)

    def leave_transparent_out(self) -> bool:
        """Leaves out what was seen to be transparent.

        Returns:
            Whether that is anything. An alpha of 0 all over the clip says nothing: it is the unused
            channel that many programs write.
        """
        if self._blank:
            return False
        for frame, stream in self._clear.items():
            self._hide(frame, self._unpacked(stream))
        return bool(self._clear)

    @property
    def ignored(self) -> Masks | None:
        """One mask per frame of what is left out, 255 = wholly; None when nothing is."""
        if not self._gone:
            return None
        nothing = Masks.pack(np.zeros(self._size, np.uint8))
        return Masks(*self._size, [[self._gone.get(frame, nothing) for frame in self._index]])

    def _check(self, mask: U8, what: str, frame: int) -> None:
        height, width = self._size
        if mask.shape != self._size:
            raise MaskError(
                f"the {what} in frame {frame} is {mask.shape[1]}x{mask.shape[0]}, the frame is "
                f"{width}x{height}; masks must have the frames' size",
                frame=frame,
            )

    def _unpacked(self, stream: bytes) -> U8:
        plain = np.frombuffer(zlib.decompress(stream), np.uint8)
        return np.asarray(plain.reshape(self._size), np.uint8)


def _unused(name: str, taken: Sequence[str]) -> str:
    number, free = 2, name
    while free in taken:
        free = f"{name}_{number}"
        number += 1
    return free
