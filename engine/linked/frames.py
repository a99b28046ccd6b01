"""Painted frames of a shot, carried through the stills of the segments that they are in."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.frame_edit import FrameEdit, frame_edit, propagate_frame_edits
from engine.edit.outputs import frame_edit_matte
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.linked.carry import reaches
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
    result = plate
    for view, edits in painted:
        if reaches(view, index):
            result = propagate_frame_edits(view, edits, result, index, **asked)
    return result


def frames_matte(field: Field, painted: Painted, plate: Picture, index: int, **asked: Any) -> F32:
    """Share of each pixel that painted frames cover, [H, W] over the plate's data window."""
    clear = np.ones(plate.pixels.shape[:2], np.float32)
    for view, edits in painted:
        if reaches(view, index):
            clear *= 1 - frame_edit_matte(view, edits, plate, index, **asked)
    return np.asarray(1 - clear, np.float32)
