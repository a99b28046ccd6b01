"""A field relinked: checked against the other plate, resized, and its stills made of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.errors import MissingFrameError, UsageError
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.progress import Task
from engine.relink.registration import Agreement, compared, likeness
from engine.relink.resized import resized

CHECKED = 7
"""Frames that are compared."""
_ASPECT = 0.005
_SEARCH = 3
_BETTER, _WORSE = 0.1, 0.05
"""Correlation by which another frame must be better than its own, and may be worse than its own
once that is shifted back, to be taken for the one that is meant."""


@dataclass(frozen=True)
class Report:
    """What was found out about the other plate.

    Attributes:
        size: Its width and height.
        scale: New pixels for each old one.
        agreements: The frames that were compared.
        handles: Its frames that the field does not hold.
        likely_offset: Frames by which the plate seems to be shifted, 0 for none.
        offset: What was added to the field's frame numbers already.
    """

    size: tuple[int, int]
    scale: float
    agreements: tuple[Agreement, ...]
    handles: tuple[int, ...]
    likely_offset: int = 0
    offset: int = 0

    @property
    def good(self) -> bool:
        """Every frame that was compared agrees."""
        return all(each.good for each in self.agreements)

    def sentences(self) -> list[str]:
        """What a person should know, the verdict first."""
        from engine.io.frames import format_frames

        like = [each.like for each in self.agreements]
        far = [float(np.hypot(*each.shift)) for each in self.agreements]
        found = [
            f"the plate {'agrees' if self.good else 'does NOT agree'} with the field in "
            f"{sum(each.good for each in self.agreements)} of {len(self.agreements)} frames "
            f"compared: correlation {min(like):.2f} to {max(like):.2f}, shifted by at most "
            f"{max(far):.2f} px"
        ]
        if self.likely_offset:
            found.append(
                f"its frames look like those {self.likely_offset:+d} further on; try an offset of "
                f"{self.offset - self.likely_offset:+d}"
            )
        if abs(self.scale - 1) > 1e-6:
            found.append(
                f"the plate is {self.size[0]}x{self.size[1]}, {self.scale:g} times as wide"
            )
        for each in self.agreements:
            if each.good:
                continue
            why = f"correlation {each.like:.2f}"
            if np.hypot(*each.shift) > 0.5:
                why = f"it lies {each.shift[0]:+.1f}, {-each.shift[1]:+.1f} px (right, up) away"
            elif each.apart > 1:
                why = f"parts of it are shifted apart by {each.apart:.1f} px: a crop or a zoom"
            found.append(f"frame {each.frame}: {why}")
        if self.handles:
            found.append(
                f"frames {format_frames(self.handles)} of the plate are not in the field: nothing "
                "moves there and no edit reaches them"
            )
        return found

    def figures(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "agrees": self.good,
            "size": list(self.size),
            "scale": self.scale,
            "handles": list(self.handles),
            "likely_offset": self.likely_offset,
            "compared": [
                {
                    "frame": each.frame,
                    "correlation": round(each.like, 4),
                    "shift": [round(v, 3) for v in each.shift],
                    "apart": round(each.apart, 3),
                    "good": each.good,
                }
                for each in self.agreements
            ],
        }


def examined(
    field: Field,
    plate: Callable[[int], Picture],
    frames: Sequence[int],
    known: Callable[[int], F32],
    task: Task,
    *,
    offset: int = 0,
) -> Report:
    """Compares another version of the plate with a field.

    Args:
        field: The field, also a long shot of several segments.
        plate: Frame number to picture of the other version.
        frames: Its frames.
        known: Frame number to what the field was fitted on, or draws, [H, W, 3] over its data.
        task: Progress and cancel.
        offset: What was added to the field's frame numbers already, for the report.

    Raises:
        UsageError: Its shape is another one.
        MissingFrameError: It lacks frames of the field.
    """
    there = set(frames)
    absent = [frame for frame in field.frames if frame not in there]
    if absent:
        raise MissingFrameError(
            f"the plate has no frame {absent[0]} of the field ({len(absent)} are missing; it holds "
            f"{min(frames)}-{max(frames)}, the field {field.frames[0]}-{field.frames[-1]}); supply "
            "them, or give the offset of its numbers",
            frame=absent[0],
        )
    first = plate(field.frames[0])
    size = first.display.width, first.display.height
    wide, high = size[0] / field.display.width, size[1] / field.display.height
    if abs(wide / high - 1) > _ASPECT:
        raise UsageError(
            f"the plate is {size[0]}x{size[1]} and the field {field.display.width}x"
            f"{field.display.height}: that is another shape; relink a plate that is not cropped or "
            "squeezed"
        )
    places = np.unique(np.linspace(0, len(field.frames) - 1, CHECKED).astype(int)).tolist()
    agreements = []
    likely = 0
    for n, index in enumerate(places):
        task.report(n / len(places), "compare")
        frame = field.frames[index]
        drawn = known(frame)
        shown = _over(plate(frame), field)
        agreement = compared(frame, drawn, shown)
        agreements.append(agreement)
        if not agreement.good and not likely:
            # A plate that only lies elsewhere looks like itself once it is put back.
            least = max(likeness(drawn, shown) + _BETTER, agreement.like - _WORSE)
            likely = _likely_offset(field, index, shown, known, least)
    handles = tuple(sorted(there - set(field.frames)))
    return Report(size, wide, tuple(agreements), handles, likely, offset)


def relinked(
    field: Field,
    report: Report,
    plate: Callable[[int], Picture],
    task: Task,
    *,
    stills: bool = True,
) -> Field:
    """The field on the other plate.

    Args:
        field: The field; of a long shot one of its segments.
        report: Of ``examined``.
        plate: Frame number to picture of the other version.
        task: Progress and cancel.
        stills: Make the stills of the plate's colours and detail; else they stay as they are.

    Raises:
        UsageError: The plate's data window is none that the field can have.
        Cancelled: The person stopped the work.
    """
    from engine.relink.stills import laid_again

    first = plate(field.frames[0])
    display = Window.of_size(*report.size)
    data = first.data.moved(-first.display.x0, -first.display.y0)
    wide, high = display.width / field.display.width, display.height / field.display.height
    old = field.data
    meant = (old.x0 * wide, old.y0 * high, old.x1 * wide, old.y1 * high)
    if (
        max(abs(a - b) for a, b in zip((data.x0, data.y0, data.x1, data.y1), meant, strict=True))
        > 1
    ):
        raise UsageError(
            f"the plate's data window is {data.x0}, {data.y0} to {data.x1}, {data.y1}, the field "
            f"needs {', '.join(f'{v:g}' for v in meant)}; write the plate with the data window of "
            "the fitted one"
        )
    made = (
        field if (display, data) == (field.display, field.data) else resized(field, display, data)
    )
    made = replace(made, pixel_aspect=first.pixel_aspect, residual=None)
    if stills:
        made = laid_again(made, plate, task)
    return made


def renumbered(field: Field, offset: int) -> Field:
    """The field with other frame numbers."""
    if not offset:
        return field
    frames = tuple(frame + offset for frame in field.frames)
    return replace(field, frames=frames, reference=field.reference + offset)


def _over(picture: Picture, field: Field) -> F32:
    """A picture of the plate at the field's size, over its data window, [H, W, 3]."""
    import cv2

    wide = field.display.width / picture.display.width
    shown = picture.rgb
    if abs(wide - 1) > 1e-9:
        target = (round(picture.data.width * wide), round(picture.data.height * wide))
        kind = cv2.INTER_AREA if wide < 1 else cv2.INTER_CUBIC
        shown = cv2.resize(np.ascontiguousarray(shown), target, interpolation=kind)
    if shown.shape[:2] != (field.height, field.width):
        shown = cv2.resize(np.ascontiguousarray(shown), (field.width, field.height))
    return np.asarray(shown, np.float32)


def _likely_offset(
    field: Field, index: int, shown: F32, known: Callable[[int], F32], least: float
) -> int:
    """Which frame of the field a picture looks like, as steps from its own; 0 where none is."""
    best, found = max(least, _BETTER), 0
    for step in range(-_SEARCH, _SEARCH + 1):
        other = index + step
        if step and 0 <= other < len(field.frames):
            like = likeness(known(field.frames[other]), shown)
            if like > best:
                best, found = like, step
    return found
