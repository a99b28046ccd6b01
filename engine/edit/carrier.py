"""Edits carried into frames by a card: what it does itself, and who does the rest.

What a card does wholly is the common case of the merge kinds with the field's light, paint laid
plainly, and mode ``replace``. What is measured on the plate (holdout, grain, shadows, softness, the
light of pixels that groups share) is found on the processor; the card then reads the stills, which
is what is left. A card that is full takes a frame in bands; one that fails is said once, and the
processor goes on (``engine.edit.device_room``).
"""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from engine.arrays import F32
from engine.edit.device_carry import Wanted, carried, drawn, reach
from engine.edit.device_frame import DeviceFrame, Part, cut, fetched
from engine.edit.device_room import RIM, DeviceRoom
from engine.edit.editlayer import EditLayer
from engine.edit.finish import Finish
from engine.edit.windows import Box, mask_part, plate_part, put_back
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.warp.sheet import Sheet, sheet_of

if TYPE_CHECKING:
    from engine.edit.frameview import FrameView

log = logging.getLogger(__name__)
T = TypeVar("T")


class SharedPixelsError(Exception):
    """Groups share pixels of an edit, whose light is compared there on the processor."""


class Carrier:
    """Carries the edits of one job on a device; each sentence for the person is told once.

    Args:
        room: The device, which jobs share.
        tell: Called with sentences for the person.
        explains: Also tells what the processor does by its nature.
    """

    def __init__(
        self, room: DeviceRoom, tell: Callable[[str], None] | None = None, *, explains: bool = False
    ) -> None:
        self.stills, self.device = room.stills, room.stills.device
        self._room, self._tell, self._explains = room, tell, explains
        self._said: set[str] = set()

    def carry(
        self,
        field: Field,
        wanted: Wanted,
        plate: Picture,
        index: int,
        mask: F32 | None = None,
    ) -> Picture | None:
        """Puts changes into a frame.

        Args:
            field: The field.
            wanted: The changes.
            plate: The frame.
            index: Position of the frame in the field.
            mask: [H, W] over the plate's data window, or None.

        Returns:
            The frame, the very ``plate`` when nothing reaches it; None where the processor must do
            it, which is said where that was asked for.
        """
        if not all(isinstance(each, EditLayer) for each in wanted.changes.values()):
            self._leave("painted frames are looked up through the inverse, which")
            return None
        if measured(wanted.finish):
            self._leave("the finish measures the plate, which")
            return None
        frame = DeviceFrame(self.stills, field, index, wanted.finish.light)

        def put(rows: int) -> Picture:
            pieces = [self._band(frame, wanted, band, plate, mask) for band in _bands(field, rows)]
            return put_back(plate, field, [each for each in pieces if each is not None])

        try:
            return self._tried(field, wanted.sheets(field), put)
        except SharedPixelsError:
            self._leave("groups share pixels of the edit, whose merge")
            return None

    def _band(
        self,
        frame: DeviceFrame,
        wanted: Wanted,
        band: tuple[Part, Part],
        plate: Picture,
        mask: F32 | None,
    ) -> tuple[Box, F32] | None:
        """A band of a frame, of which the inner part is wanted.

        Raises:
            SharedPixelsError: See there.
        """
        inner, outer = band
        points = {k: frame.positions(k, outer) for k in wanted.changes}
        hit = torch.zeros(outer[2:], dtype=torch.bool, device=self.device)
        for k, change in wanted.changes.items():
            share, seen = frame.share(k, outer), reach(change, points[k])
            hit |= seen if share is None else seen & (share > 0)
        part = _around(hit, outer)
        if part is None:
            return None
        if not wanted.plain and any(frame.shared(k, part) for k in wanted.changes):
            raise SharedPixelsError
        within = part[0] - outer[0], part[1] - outer[1], part[2], part[3]
        points = {k: cut(each, within) for k, each in points.items()}
        box = slice(part[0], part[0] + part[2]), slice(part[1], part[1] + part[3])
        own = plate_part(plate, frame.field, box, alone=wanted.plain)[0]
        strength = None
        if mask is not None:
            strength = frame.send(mask_part(mask, plate, frame.field, box))
        result = carried(frame, wanted, points, part, frame.send(own), strength)
        top, last = max(part[0], inner[0]), min(part[0] + part[2], inner[0] + inner[2])
        if top >= last:
            return None
        return (slice(top, last), box[1]), fetched(result[top - part[0] : last - part[0]])

    def composite(
        self, field: Field, index: int, pictures: Sequence[Sheet | None], filter: str | None
    ) -> F32 | None:
        """As ``engine.warp.render.composite``; None where the processor must do it."""
        from engine.warp.render import nearest_colours

        sheets = [
            each or sheet_of(layer.canonical)
            for each, layer in zip(pictures, field.layers, strict=True)
        ]
        frame = DeviceFrame(self.stills, field, index)

        def draw(rows: int) -> F32:
            coverage = field.coverage(index)
            total = np.empty((field.height, field.width, 4), np.float32)
            for inner, outer in _bands(field, rows):
                top, last = outer[0], outer[0] + outer[2]
                shares = frame.send(coverage[:, top:last])
                shown = drawn(frame, dict(enumerate(sheets)), shares, outer, filter or frame.filter)
                first = inner[0] - top
                total[inner[0] : inner[0] + inner[2]] = fetched(shown[first : first + inner[2]])
            colour, empty = np.ascontiguousarray(total[..., :3]), total[..., 3] <= 0
            if empty.any():
                colour[empty] = nearest_colours(field, index, sheets, coverage, empty)
            return colour

        return self._tried(field, sheets, draw)

    def view(self, field: Field, index: int, strength: float) -> "FrameView":
        """A frame whose stills are read on the device, for what is measured on the processor."""
        from engine.edit.device_view import DeviceView

        return DeviceView(self, field, index, strength)

    def close(self) -> None:
        """Gives the device's memory back, whoever used it."""
        self._room.clear()

    def try_reading(self, field: Field, sheets: list[Sheet], work: Callable[[], T]) -> T | None:
        """Does some work that reads stills; None where the processor must do it."""
        return self._tried(field, sheets, lambda rows: work() if rows >= field.height else None)

    def _tried(
        self, field: Field, sheets: list[Sheet], work: Callable[[int], T | None]
    ) -> T | None:
        return self._room.try_in(field, sheets, work, self._say)

    def _leave(self, why: str) -> None:
        """Tells, where a card was asked for by name, what it does not do by itself."""
        if self._explains:
            self._say(f"{why} the processor does; {self.device} reads the stills")

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            log.info("%s", sentence)
            if self._tell is not None:
                self._tell(sentence)


def measured(finish: Finish) -> bool:
    """Whether a finish asks for what is found on the processor."""
    looked = finish.holdout or finish.detail is not None
    strengths = (finish.regrain, finish.shade, finish.highlight, finish.focus, finish.shutter)
    return looked or max(strengths) > 0


def _bands(field: Field, rows: int) -> "list[tuple[Part, Part]]":
    """Parts of a frame of so many rows, each with some more around it."""
    height, width, found = field.height, field.width, []
    for top in range(0, height, rows):
        last = min(top + rows, height)
        low, high = max(top - RIM, 0), min(last + RIM, height)
        found.append(((top, 0, last - top, width), (low, 0, high - low, width)))
    return found


def _around(hit: torch.Tensor, outer: Part) -> Part | None:
    """The rectangle of a part that holds every True, and some more; waits for the device."""
    both = torch.cat([hit.any(1), hit.any(0)]).cpu().numpy()
    rows, columns = (np.flatnonzero(each) for each in (both[: outer[2]], both[outer[2] :]))
    if not len(rows):
        return None
    top, left = max(int(rows[0]) - RIM, 0), max(int(columns[0]) - RIM, 0)
    low = min(int(rows[-1]) + 1 + RIM, outer[2])
    right = min(int(columns[-1]) + 1 + RIM, outer[3])
    return outer[0] + top, outer[1] + left, low - top, right - left
