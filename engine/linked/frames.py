"""Painted frames of a shot, carried through the stills of the segments that they are in."""

from collections.abc import Sequence
from typing import Any

from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.frame_edit import frame_edit, propagate_frame_edits
from engine.edit.framepaint import FrameEdit
from engine.edit.outputs import frame_edit_pass
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.linked.carry import both_over, reaches
from engine.linked.field import LinkedField

#: Views of a shot, each with the painted frames of its segment.
Painted = list[tuple[Field, list[FrameEdit]]]


def paint_of_frames(
    field: Field,
    painted: Sequence[tuple[int, Picture, Picture]],
    *,
    working: str = DEFAULT_WORKING,
) -> Painted:
    """Finds what was painted on frames, and groups them by the segment that holds each.

    Args:
        field: The field, linked or not.
        painted: Frame number, the painting, and the plate that was painted on.
        working: The working space.

    Raises:
        EditError: As ``frame_edit``.
        MissingFrameError: The field does not hold a frame.
    """
    found: dict[int, tuple[Field, list[FrameEdit]]] = {}
    for frame, picture, plate in painted:
        number, view = 0, field
        if isinstance(field, LinkedField):
            number = field.segments.of_frame(field.index(frame))
            view = field.seen_from(number)
        edit = frame_edit(view, frame, picture, plate, working=working)
        found.setdefault(number, (view, []))[1].append(edit)
    return [found[number] for number in sorted(found)]


def carry_frames(
    field: Field, painted: Painted, plate: Picture, index: int, **asked: Any
) -> Picture:
    """Carries painted frames to one frame; the rest as for ``propagate_frame_edits``.

    Those of one segment are mixed by confidence; those of several lie over one another.
    """
    there = _there(painted, index)
    if len(there) == 1:
        return propagate_frame_edits(there[0][0], there[0][1], plate, index, **asked)
    return carry_frames_alone(field, painted, plate, index, **asked)[0]


def carry_frames_alone(
    field: Field, painted: Painted, plate: Picture, index: int, **asked: Any
) -> tuple[Picture, Picture]:
    """The frame with what was painted on others, and that alone; see ``carry_frames``."""
    there = _there(painted, index)
    if len(there) <= 1:
        view, edits = there[0] if there else (field, [])
        return frame_edit_pass(view, edits, plate, index, **asked)
    alone = [frame_edit_pass(view, edits, plate, index, **asked)[1] for view, edits in there]
    return both_over(plate, alone)


def _there(painted: Painted, index: int) -> Painted:
    return [(view, edits) for view, edits in painted if reaches(view, index)]
