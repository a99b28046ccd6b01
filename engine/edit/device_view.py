"""A frame whose stills are read on a device, while what it looks like is measured elsewhere."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.arrays import F32, Bool
from engine.edit.device_frame import DeviceFrame, fetched
from engine.edit.device_frame import Part as Rectangle
from engine.edit.editlayer import EditLayer
from engine.edit.frameview import FrameView, Part
from engine.edit.patch import Reading, Source
from engine.fields.field import Field
from engine.warp.sheet import HOLE, Sheet, sheet_of

if TYPE_CHECKING:
    from engine.edit.carrier import Carrier


class DeviceView(FrameView):
    """A ``FrameView`` that reads stills on a device, and on the processor what that cannot.

    Points that it gives are still on the device when they are asked for again.

    Args:
        carrier: What reads.
        field: The field.
        index: Position of the frame in the field.
        strength: Of the light on edits, 0 for none.
    """

    def __init__(self, carrier: "Carrier", field: Field, index: int, strength: float = 1.0) -> None:
        super().__init__(field, index, strength)
        self._carrier = carrier
        self._frame = DeviceFrame(carrier.stills, field, index, strength)
        self._placed: dict[int, tuple[F32, torch.Tensor]] = {}

    def positions_at(self, k: int, part: Part) -> F32:
        """See ``FrameView``."""
        there = None if k in self._positions else self._rectangle(part)
        if there is None:
            return super().positions_at(k, part)

        def place() -> F32:
            tensor = self._frame.positions(k, there)
            found = fetched(tensor)
            self._placed[id(found)] = found, tensor
            return found

        placed = self._carrier.try_reading(self.field, [], place)
        return super().positions_at(k, part) if placed is None else placed

    def read_linear(self, sheet: Sheet, points: F32, filter: str) -> F32:
        """See ``FrameView``."""

        def read() -> F32:
            return fetched(self._carrier.stills.read(sheet, self._points(points), filter))

        done = self._carrier.try_reading(self.field, [sheet], read)
        return super().read_linear(sheet, points, filter) if done is None else done

    def at(self, source: Source, points: F32, filter: str) -> Reading:
        """See ``FrameView``; what was painted on frames is read on the processor."""
        if not isinstance(source, EditLayer):
            return super().at(source, points, filter)

        def read() -> Reading:
            stills, where = self._carrier.stills, self._points(points)
            paint, grade = stills.read(source.sheet, where, filter), stills.graded(source, where)
            below = None if source.below is None else stills.read(source.below, where, filter)
            return Reading(
                fetched(paint),
                None if below is None else fetched(below),
                None if grade is None else fetched(grade),
            )

        sheets = [each for each in (source.sheet, source.below) if each is not None]
        done = self._carrier.try_reading(self.field, sheets, read)
        return super().at(source, points, filter) if done is None else done

    def drawn(self, part: Part) -> tuple[F32, Bool]:
        """See ``FrameView``."""
        there = self._rectangle(part)
        if there is None:
            return super().drawn(part)
        sheets = [sheet_of(layer.canonical) for layer in self.field.layers]
        done = self._carrier.try_reading(self.field, sheets, lambda: self._drawn(there))
        return super().drawn(part) if done is None else done

    def _drawn(self, part: Rectangle) -> tuple[F32, Bool]:
        frame = self._frame
        total = torch.zeros(*part[2:], 4, device=frame.device)
        for k, layer in enumerate(self.field.layers):
            share = frame.share(k, part)
            points = frame.positions(k, part)
            rgba = frame.drawn(sheet_of(layer.canonical), points, frame.filter)
            light, offset = frame.light(k, part), self.offset(k)
            if light is not None:
                rgba[..., :3] *= light
            if offset is not None:
                rgba[..., :3] += frame.send(offset) * rgba[..., 3:]
            total += rgba if share is None else rgba * share[..., None]
        total[..., :3] /= total[..., 3:].clamp(min=HOLE)
        found = fetched(total)
        return np.ascontiguousarray(found[..., :3]), np.asarray(found[..., 3] > 0.5, np.bool_)

    def _points(self, points: F32) -> torch.Tensor:
        """Points as the device has them."""
        known = self._placed.get(id(points))
        return self._frame.send(points) if known is None else known[1]

    def _rectangle(self, part: Part) -> Rectangle | None:
        """A part of which all is wanted, with whole numbers; None for other parts."""
        if not all(isinstance(side, slice) for side in part):
            return None
        shape = self.field.height, self.field.width
        sides = [side.indices(most) for side, most in zip(part, shape, strict=True)]
        if any(step != 1 for _, _, step in sides):
            return None
        (top, low, _), (left, right, _) = sides
        return top, left, low - top, right - left
