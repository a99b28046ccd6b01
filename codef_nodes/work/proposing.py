"""Groups that a clip's motion suggests: ``codef fit --propose-groups`` and the node MotionMask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import U8
from engine.errors import MaskError
from engine.io.picture import Picture
from engine.progress import Task

if TYPE_CHECKING:
    from engine.fit.moving import Start
    from engine.fit.propose import Proposal
    from engine.masks.session import Carried

#: Name of the group, which its folder and its layer have.
NAME = "moving"


@dataclass(frozen=True, eq=False)
class Moving:
    """What moves in a clip.

    Attributes:
        proposal: What is said of it.
        masks: Its mask in every frame.
    """

    proposal: "Proposal"
    masks: "Carried"


def look_for_motion(
    read: Callable[[int], Picture],
    frames: Sequence[int],
    task: Task,
    known: Callable[[int], U8] | None = None,
) -> Moving | None:
    """Looks for what moves apart from the camera, and masks it.

    Args:
        read: Frame number to picture.
        frames: Frame numbers.
        task: Progress and cancel.
        known: Frame number to what groups cover already, uint8 [H, W]; it is not looked at.

    Returns:
        None where one still may well do, or where no mask can be made of what moves.

    Raises:
        CodefError: A frame cannot be read.
        Cancelled: The person stopped the work.
    """
    from engine.colour.encoding import to_display8
    from engine.fit.propose import Search, small_frames, small_picture

    def codes(frame: int) -> U8:
        return to_display8(read(frame).rgb)

    if len(frames) < 3:
        return None
    small = small_frames(codes, frames, task.part(0, 0.1))
    covered = None if known is None else [small_picture(known(frame)) for frame in frames]
    search = Search(small, task.part(0.1, 0.3), covered)
    start = search.start(task.part(0.3, 0.4))
    if start is None:
        return None
    masks = _carried(codes, frames, start, task.part(0.4, 1.0))
    if masks is None:
        return None
    found = search.judged([small_picture(masks.mask(frame)) for frame in frames])
    return None if found is None else Moving(found, masks)


def _carried(
    codes: Callable[[int], U8], frames: Sequence[int], start: "Start", task: Task
) -> "Carried | None":
    """The masks that a start leads to; None where nothing is found there after all."""
    import cv2

    from engine.masks.rough import Rough
    from engine.masks.session import Session

    session = Session(codes, frames, task.part(0, 0.15))
    frame = frames[start.index]
    height, width = codes(frame).shape[:2]
    if start.rectangle is not None:
        x0, y0, x1, y1 = start.rectangle
        rough = Rough((x0 * width, y0 * height, x1 * width, y1 * height))
    else:
        whole = cv2.resize(start.mask, (width, height), interpolation=cv2.INTER_LINEAR)
        rough = Rough(mask=np.asarray(np.where(whole > 127, 255, 0), np.uint8))
    try:
        return session.run({frame: rough}, task.part(0.15, 1.0))
    except MaskError:
        return None


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
    found = look_for_motion(read, frames, task.part(0, 0.95))
    if found is None:
        return []
    for index, frame in enumerate(frames):
        task.part(0.95, 1.0).report(index / len(frames), "writing masks")
        _write(folder / NAME / f"mask.{frame:04d}.png", found.masks.mask(frame))
    told = found.proposal
    return [
        {
            "name": NAME,
            "masks": str(folder / NAME),
            "sentence": told.sentence(frames),
            "frames": [frames[told.frames[0]], frames[told.frames[1]]],
            "share": round(told.share, 4),
            "sweep": round(told.sweep, 2),
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
