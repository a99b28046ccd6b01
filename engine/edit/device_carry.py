"""How edits meet a frame on a device, in tensors; the frame's place in a picture is not known here.

Everything is asked of the device in one go: no result of it is waited for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from engine.edit.device_frame import DeviceFrame, Part
from engine.edit.editlayer import EditLayer
from engine.edit.finish import Finish
from engine.fields.field import Field
from engine.kernels.device.curve import decode
from engine.kernels.footprint import LONGEST, REACH
from engine.kernels.mergekinds import EMPTY
from engine.warp.sheet import HOLE, Sheet, sheet_of


@dataclass(frozen=True, eq=False)
class Wanted:
    """Changes that are put into frames.

    Attributes:
        changes: Layer number to change.
        finish: How they meet the plate; of it merge and light alone.
        plain: Paint is laid over the plate, as ``engine.edit.paintover.put_over`` does.
        mix: How much of the edit.
        filter: ``bilinear`` or ``cubic``.
    """

    changes: Mapping[int, EditLayer]
    finish: Finish
    plain: bool = False
    mix: float = 1.0
    filter: str = "cubic"

    def sheets(self, field: Field) -> list[Sheet]:
        """All stills that are read."""
        found = [each.sheet for each in self.changes.values()]
        found += [each.below for each in self.changes.values() if each.below is not None]
        return found + [sheet_of(field.layers[k].canonical) for k in self.changes]


def reach(change: EditLayer, points: torch.Tensor) -> torch.Tensor:
    """Where a frame sees a change at all, [h, w] bool, rather too much than too little.

    Args:
        change: The change.
        points: Canonical points of the pixels, [h, w, 2].
    """
    scale, (x0, y0, x1, y1) = change.density, change.box
    most = points.new_zeros(())
    for axis in (0, 1):
        if points.shape[axis] > 1:
            squares = points.diff(dim=axis).square().sum(-1)
            most = most + torch.where(squares.isfinite(), squares, 0).amax()
    size = (most.sqrt() * scale).clamp(max=LONGEST * 2)
    more = ((REACH["cubic"] * size - 2) / scale).clamp(min=0)
    x, y = points.unbind(-1)
    return (x > x0 - more) & (x < x1 + more) & (y > y0 - more) & (y < y1 + more)


def carried(
    frame: DeviceFrame,
    wanted: Wanted,
    points: Mapping[int, torch.Tensor],
    part: Part,
    plate: torch.Tensor,
    strength: torch.Tensor | None = None,
) -> torch.Tensor:
    """Changes put into a part of a frame.

    Args:
        frame: The frame.
        wanted: The changes.
        points: Layer number to canonical points of the part's pixels, [h, w, 2].
        part: The part.
        plate: Its scene-linear colours, [h, w, 3], 0 where they are no numbers.
        strength: Factor on the changes, [h, w], or None.

    Returns:
        float32 [h, w, 4]: the colours, and how much of each pixel is edited.
    """
    if wanted.plain:
        return _painted(frame, wanted, points, part, plate, strength)
    stills, filter, kind = frame.stills, wanted.filter, wanted.finish.merge
    result, covered = plate.clone(), plate.new_zeros(part[2:])
    for k, change in sorted(wanted.changes.items()):
        where, share, gain = points[k], frame.share(k, part), frame.gain(k, part)
        made_on = change.below or sheet_of(frame.field.layers[k].canonical)
        lit = change.lit, change.lit or change.below is None
        paint, below = (stills.read(each, where, filter) for each in (change.sheet, made_on))
        stills.kernels.merge(
            result,
            covered,
            paint,
            below,
            plate,
            share,
            strength,
            gain,
            stills.graded(change, where) if kind == "auto" else None,
            kind=kind,
            mix=wanted.mix,
            lit=lit,
        )
    return torch.cat([result, covered[..., None]], -1)


def _painted(
    frame: DeviceFrame,
    wanted: Wanted,
    points: Mapping[int, torch.Tensor],
    part: Part,
    plate: torch.Tensor,
    strength: torch.Tensor | None,
) -> torch.Tensor:
    """Paint over the plate, as ``engine.edit.paintover.put_over`` lays it."""
    total = plate.new_zeros(*part[2:], 4)
    for k, change in sorted(wanted.changes.items()):
        paint = frame.stills.read(change.sheet, points[k], wanted.filter)
        share, light = frame.share(k, part), frame.light(k, part) if change.lit else None
        if share is not None:
            paint = paint * share[..., None]
        if light is not None:
            paint[..., :3] *= light
        if share is not None and len(frame.field.layers) > 1:
            _unmix(frame, k, points, part, share, paint)
        total += paint
    total *= wanted.mix
    if strength is not None:
        total *= strength[..., None]
    matte = total[..., 3:].clamp(0, 1)
    shown = torch.where(matte > 0, plate * (1 - matte) + total[..., :3], plate)
    return torch.cat([shown, matte], -1)


def _unmix(
    frame: DeviceFrame,
    k: int,
    points: Mapping[int, torch.Tensor],
    part: Part,
    share: torch.Tensor,
    paint: torch.Tensor,
) -> None:
    """Takes out of paint what mixed pixels show of other layers; see ``engine.edit.mixed``."""
    mixed = (share > 0) & (share < 1) & (paint[..., 3] > 0)
    own, known = frame.colours(k, points[k], part)
    for j in range(len(frame.field.layers)):
        beside = frame.share(j, part)
        if j == k or beside is None:
            continue
        where = points[j] if j in points else frame.positions(j, part)
        other, there = frame.colours(j, where, part)
        sure = mixed[..., None] & (known > 0.5) & (there > 0.5)
        apart = torch.where(sure, other - own, 0)
        paint[..., :3] += (paint[..., 3] * beside)[..., None] * apart


def drawn(
    frame: DeviceFrame,
    pictures: Mapping[int, Sheet],
    coverage: torch.Tensor,
    part: Part,
    filter: str,
) -> torch.Tensor:
    """All layers of a part of a frame, as ``engine.warp.render.composite`` draws them.

    Args:
        frame: The frame.
        pictures: Layer number to what is read in place of its canonical image.
        coverage: Visible share of each layer, [K, h, w].
        part: The part.
        filter: ``bilinear`` or ``cubic``.

    Returns:
        float32 [h, w, 4]: the colours, and 0 where no layer has any.
    """
    colour = coverage.new_zeros(*part[2:], 3)
    weight, carry = coverage.new_zeros(part[2:]), coverage.new_zeros(part[2:])
    for k, layer in enumerate(frame.field.layers):
        sheet = pictures.get(k) or sheet_of(layer.canonical)
        points = frame.positions(k, part)
        seen = frame.stills.read(sheet, points, filter, encoded=True)
        alpha, whole = seen[..., 3], coverage[k] + carry
        taken = whole * ((alpha - HOLE) / (3 * HOLE)).clamp(0, 1)
        plain = decode(seen[..., :3] / torch.where(taken > 0, alpha, 1)[..., None])
        colour += taken[..., None] * plain
        weight += taken
        carry = whole - taken
    thin = (weight > EMPTY) & (weight < 1 - EMPTY)
    colour = torch.where(thin[..., None], colour / weight.clamp(min=EMPTY)[..., None], colour)
    return torch.cat([colour, (weight > EMPTY)[..., None].float()], -1)
