"""Groups that a clip's motion suggests: ``codef fit --propose-groups`` and the node MotionMask."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import U8
from engine.io.picture import Picture
from engine.progress import Task

if TYPE_CHECKING:
    from engine.fit.propose import Proposal

#: Name of the group, which its folder and its layer have.
NAME = "moving"


def look_for_motion(
    read: Callable[[int], Picture],
    frames: Sequence[int],
    task: Task,
    known: Callable[[int], U8] | None = None,
) -> "Proposal | None":
    """Looks for what moves apart from the camera.

    Args:
        read: Frame number to picture.
        frames: Frame numbers.
        task: Progress and cancel.
        known: Frame number to what groups cover already, uint8 [H, W]; it is not looked at.

    Raises:
        CodefError: A frame cannot be read.
        Cancelled: The person stopped the work.
    """
    from engine.fit.propose import propose_group, small_frames, small_picture

    small = small_frames(lambda frame: _codes(read(frame)), frames, task.part(0, 0.4))
    covered = None if known is None else [small_picture(known(frame)) for frame in frames]
    return propose_group(small, task.part(0.4, 1.0), covered)


def full_mask(found: "Proposal", index: int, picture: Picture) -> U8:
    """The mask of a frame on the plate itself: its edge is found again on the picture."""
    from engine.masks.edge import fine_mask

    share = found.masks[index].astype(np.float32) / np.float32(255)
    return fine_mask(share, _codes(picture))


def _codes(picture: Picture) -> U8:
    from engine.colour.encoding import to_display8

    return to_display8(np.nan_to_num(picture.rgb))


def propose_masks(
    read: Callable[[int], Picture], frames: Sequence[int], folder: Path, task: Task
) -> list[dict[str, Any]]:
    """Looks for groups and writes their masks, which ``--masks`` and MaskGroup read as they are.

    Args:
        read: Frame number to picture.
        frames: Frame numbers.
        folder: Gets a folder of masks for each group, ``GROUP/mask.0001.png``.
        task: Progress and cancel.

    Returns:
        ``{"name", "masks", "sentence", "frames", "share", "sweep"}`` of each, front to back; none
        where one still may well do.

    Raises:
        CodefError: A frame cannot be read, a mask cannot be written.
        Cancelled: The person stopped the work.
    """
    found = look_for_motion(read, frames, task.part(0, 0.8))
    if found is None:
        return []
    for index, frame in enumerate(frames):
        task.part(0.8, 1.0).report(index / len(frames), "writing masks")
        _write(folder / NAME / f"mask.{frame:04d}.png", full_mask(found, index, read(frame)))
    return [
        {
            "name": NAME,
            "masks": str(folder / NAME),
            "sentence": found.sentence(frames),
            "frames": [frames[found.frames[0]], frames[found.frames[1]]],
            "share": round(found.share, 4),
            "sweep": round(found.sweep, 2),
        }
    ]


def _write(path: Path, mask: U8) -> None:
    import cv2

    from engine.io.atomic import make_folder, replace_atomically, write_error

    make_folder(path.parent)
    _, data = cv2.imencode(".png", mask)
    try:
        with replace_atomically(path) as part:
            part.write_bytes(bytes(data.tobytes()))
    except OSError as error:
        raise write_error(path, error.strerror or str(error)) from error
