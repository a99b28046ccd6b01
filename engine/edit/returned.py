"""A canonical image that comes back from a paint program, as paint over the canonical image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.arrays import F32
from engine.colour.ocio import DEFAULT_WORKING
from engine.edit.canonical import window_points
from engine.edit.editlayer import EditLayer
from engine.edit.edits import EditSource, prepare_edits
from engine.errors import EditError
from engine.fields.field import Field
from engine.io.picture import Picture, Window

REGISTERED = "registered"
"""First word of ``Returned.how`` when nothing but its likeness said where the picture belongs."""


@dataclass(frozen=True, eq=False)
class Returned:
    """What was changed outside.

    Attributes:
        change: Paint on the canonical canvas, or None when nothing was changed.
        how: How the picture was placed, for a person.
    """

    change: EditLayer | None
    how: str

    @property
    def guessed(self) -> bool:
        """Whether its place was found by likeness alone, so that a person should look."""
        return self.how.startswith(REGISTERED)

    @property
    def confidence(self) -> float:
        """1 where the place is known, else the share of the features that agree."""
        if not self.guessed:
            return 1.0
        words = self.how.rsplit("confidence ", 1)
        return float(words[1]) if len(words) == 2 else 0.0

    def over(self, window: Window, scale: float = 1.0) -> F32:
        """The paint on a part of the canvas, float32 [h, w, 4] premultiplied.

        Args:
            window: The part, in pixels that are ``scale`` times as fine as the canonical.
            scale: As for ``canonical_windows``.
        """
        paint: F32 = np.zeros((window.height, window.width, 4), np.float32)
        if self.change is None:
            return paint
        sheet = self.change.sheet
        x0, y0, x1, y1 = self.change.box
        left = max(int(np.floor(x0 * scale)), window.x0)
        top = max(int(np.floor(y0 * scale)), window.y0)
        right = min(int(np.ceil(x1 * scale)), window.x1)
        bottom = min(int(np.ceil(y1 * scale)), window.y1)
        if left >= right or top >= bottom:
            return paint
        part = Window(left, top, right, bottom)
        rows = slice(top - window.y0, bottom - window.y0)
        columns = slice(left - window.x0, right - window.x0)
        # On the same grid the filter reads exactly one pixel, so that nothing is softened.
        paint[rows, columns] = sheet.read_linear(window_points(part, scale), filter="cubic")
        return paint


def returned_edit(
    field: Field, k: int, picture: Picture, path: Path, working: str = DEFAULT_WORKING
) -> Returned:
    """Finds what a returned picture changes on the canonical image of a layer.

    Args:
        field: The field.
        k: The layer that was exported.
        picture: What came back.
        path: Its file; a sidecar beside it helps to place it.
        working: The working space.

    Raises:
        EditError: It cannot be placed, or is a JPEG, whose every pixel differs.
    """
    if path.suffix.lower() in (".jpg", ".jpeg"):
        raise EditError(
            f"{path} is a JPEG: its compression changes every pixel; save it as PNG, TIFF or EXR",
            file=path,
        )
    edit = prepare_edits(field, [EditSource(picture, path=path, layer=k)], working=working)[k]
    return Returned(edit.change, edit.how)
