"""Masks of the groups that a clip's motion suggests: what ``codef fit --propose-groups`` writes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import U8
from engine.io.picture import Picture
from engine.progress import Task

#: Name of the group, which its folder and its layer have.
NAME = "moving"


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
    from engine.colour.encoding import to_display8
    from engine.fit.propose import propose_group, small_frames

    def codes(frame: int) -> U8:
        return to_display8(np.nan_to_num(read(frame).rgb))

    small = small_frames(codes, frames, task.part(0, 0.4))
    found = propose_group(small, task.part(0.4, 0.9))
    if found is None:
        return []
    first = read(frames[0])
    size = first.data.height, first.data.width
    for index, frame in enumerate(frames):
        task.part(0.9, 1.0).report(index / len(frames), "writing masks")
        _write(folder / NAME / f"mask.{frame:04d}.png", found.full(index, size))
    return [
        {
            "name": NAME,
            "masks": str(folder / NAME),
            "sentence": found.sentence(frames, size),
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
