"""One frame on a device: where it reads the stills, what it shows of each layer, how it is lit.

What is here needs numpy and torch alone, so that a bare machine with a card can use it.
"""

import numpy as np
import torch

from engine.arrays import F32, F64, AnyArray
from engine.edit.device_stills import Stills
from engine.fields.field import Field
from engine.fields.lattice import LatticeDeformation
from engine.kernels.device.curve import decode
from engine.kernels.mergekinds import WHOLE
from engine.warp.sheet import HOLE, Sheet, sheet_of

#: First row, first column, rows and columns of the field's data window.
Part = tuple[int, int, int, int]


class DeviceFrame:
    """What is asked of a frame while edits are put into it; what ``FrameView`` is elsewhere.

    Args:
        stills: The stills that are on the device, and what computes there.
        field: The field.
        index: Position of the frame in the field.
        strength: Of the light on edits, 0 for none.
    """

    def __init__(self, stills: Stills, field: Field, index: int, strength: float = 1.0) -> None:
        self.stills, self.field, self.index, self.strength = stills, field, index, strength
        self.device = stills.device
        self._placed: dict[int, torch.Tensor] = {}
        self._shares: F32 | None = None

    def positions(self, k: int, part: Part) -> torch.Tensor:
        """Canonical points [h, w, 2] of a layer.

        Homographies with lattices are evaluated on the device; what else there is (pins, links,
        networks, lenses) where it always is, once, and sent.
        """
        deformation, data = self.field.layers[k].deformation, self.field.data
        if isinstance(deformation, LatticeDeformation):
            corner = np.array([[1, 0, data.x0], [0, 1, data.y0], [0, 0, 1]], np.float64)
            matrix: F64 = deformation.matrices[self.index] @ corner
            lattice = np.ascontiguousarray(deformation.lattices[self.index], np.float32)
            return self.stills.kernels.place(
                sent(matrix, self.device),
                sent(lattice, self.device),
                float(deformation.spacing),
                part,
            )
        if k not in self._placed:
            self._placed[k] = self.send(deformation.positions(self.index))
        return cut(self._placed[k], part)

    def share(self, k: int, part: Part) -> torch.Tensor | None:
        """Visible share of a layer, [h, w]; None where all of it is seen."""
        field = self.field
        if not field.masks.count and field.ignored is None:
            last = k == len(field.layers) - 1
            return None if last else torch.zeros(part[2:], device=self.device)
        return self.send(self._seen(k, part))

    def shared(self, k: int, part: Part) -> bool:
        """Whether a layer shares any pixel of a part with others."""
        if not self.field.masks.count and self.field.ignored is None:
            return False
        seen = self._seen(k, part)
        return bool(((seen > 0) & (seen < WHOLE)).any())

    def _seen(self, k: int, part: Part) -> F32:
        if self._shares is None:
            self._shares = self.field.seen(self.index)
        top, left, height, width = part
        return self._shares[k, top : top + height, left : left + width]

    def gain(self, k: int, part: Part) -> torch.Tensor | None:
        """Factors of light on edits of a layer, [h, w, 3], at the strength that was asked for."""
        found = None if self.strength == 0 else self.light(k, part)
        if found is None or self.strength == 1:
            return found
        return found.clamp(min=1e-6).pow(self.strength)

    def light(self, k: int, part: Part) -> torch.Tensor | None:
        """Factors of light of a layer, [h, w, 3], as ``engine.warp.render.light``."""
        layer, index = self.field.layers[k], self.index
        exposure = None if layer.exposure is None else self.send(layer.exposure[index][0])
        if layer.lighting is None:
            return None if exposure is None else exposure.expand(*part[2:], 3)
        control = self.send(layer.lighting[index])
        if exposure is not None:
            control = control * exposure
        top, left, height, width = part
        for axis, (first, count, size) in enumerate(
            ((top, height, self.field.height), (left, width, self.field.width))
        ):
            control = _spread(control, axis, first, count, size)
        return control

    def colours(
        self, k: int, points: torch.Tensor, part: Part
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What a layer's own still shows at points of a part with its light, and its alpha."""
        layer = self.field.layers[k]
        rgba = self.drawn(sheet_of(layer.canonical), points, self.filter)
        colour, alpha = rgba[..., :3] / rgba[..., 3:].clamp(min=HOLE), rgba[..., 3:]
        light = self.light(k, part)
        if light is not None:
            colour = colour * light
        if layer.exposure is not None:
            colour = colour + self.send(layer.exposure[self.index][1])
        return colour, alpha

    def drawn(
        self, sheet: Sheet, points: torch.Tensor, filter: str, *, footprint: bool = False
    ) -> torch.Tensor:
        """As ``Sheet.read``: interpolated as the fit models colours, [h, w, 4]."""
        seen = self.stills.read(sheet, points, filter, encoded=True, footprint=footprint)
        weight = seen[..., 3:]
        held = weight > HOLE / 16
        alpha = torch.where(held, weight.clamp(0, 1), 0)
        colour = decode(seen[..., :3] / torch.where(held, weight, 1)) * alpha
        return torch.cat([colour, alpha], -1)

    @property
    def filter(self) -> str:
        """The interpolation that the field was fitted with."""
        return str(self.field.report.get("filter", "bilinear"))

    def send(self, values: F32) -> torch.Tensor:
        """An array on the device."""
        return sent(np.ascontiguousarray(values, np.float32), self.device)


def sent(values: AnyArray, device: torch.device) -> torch.Tensor:
    """An array on a device; a card takes it from memory that cannot move, and nobody waits."""
    there = torch.from_numpy(values)
    if device.type == "cuda":
        return there.pin_memory().to(device, non_blocking=True)
    return there.to(device)


def fetched(values: torch.Tensor) -> F32:
    """An array of our own memory; waits until a device has it."""
    here = values.contiguous().to("cpu", non_blocking=True)
    if values.device.type == "cuda":
        torch.cuda.current_stream(values.device).synchronize()
    found: F32 = here.numpy()
    return found


def cut(values: torch.Tensor, part: Part) -> torch.Tensor:
    """A part of what lies on a device, in memory of its own."""
    top, left, height, width = part
    return values[top : top + height, left : left + width].contiguous()


def _spread(control: torch.Tensor, axis: int, first: int, count: int, size: int) -> torch.Tensor:
    """Control points along an axis at some pixels' centres; the corners are control points."""
    points = control.shape[axis]
    place = torch.arange(first, first + count, dtype=torch.float32, device=control.device) + 0.5
    place = place / size * max(points - 1, 0)
    before = place.long().clamp(max=max(points - 2, 0))
    shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)
    low = control.index_select(axis, before)
    high = control.index_select(axis, (before + 1).clamp(max=points - 1))
    return low + (place - before).view(shape) * (high - low)
