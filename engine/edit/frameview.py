"""One frame of a field, asked about in parts: where it reads, how it is lit, what it looks like."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import F32, Bool
from engine.fields.field import Field
from engine.fields.lattice import LatticeDeformation
from engine.pins.deformation import PinnedDeformation
from engine.warp.render import field_filter, light
from engine.warp.sheet import HOLE, Sheet, sheet_of

if TYPE_CHECKING:
    from engine.edit.patch import Reading, Source

#: Rows and columns of the field's data window, or two arrays of them.
Part = Any


class FrameView:
    """What is asked more than once of a frame while an edit is put into it.

    Args:
        field: The field.
        index: Position of the frame.
        strength: Of the light on edits, 0 for none.
    """

    def __init__(self, field: Field, index: int, strength: float = 1.0) -> None:
        self.field, self.index, self.strength = field, index, strength
        self._positions: dict[int, F32] = {}
        self._lights: dict[int, F32 | None] = {}

    def lit(self, strength: float) -> "FrameView":
        """The same frame with another strength of the light; what is known of it stays known."""
        if strength == self.strength:
            return self
        other = FrameView(self.field, self.index, strength)
        other._positions, other._lights = self._positions, self._lights
        return other

    def positions(self, k: int) -> F32:
        """Canonical points of the frame's pixels, [H, W, 2]."""
        if k not in self._positions:
            self._positions[k] = self.field.layers[k].deformation.positions(self.index)
        return self._positions[k]

    def positions_at(self, k: int, part: Part) -> F32:
        """Canonical points of some pixels, [..., 2]; the whole frame is not computed for them."""
        deformation = self.field.layers[k].deformation
        if k in self._positions or not isinstance(
            deformation, LatticeDeformation | PinnedDeformation
        ):
            return np.ascontiguousarray(self.positions(k)[part])
        if isinstance(part[0], slice):
            return deformation.positions(self.index, part)
        y, x = np.broadcast_arrays(*part)
        points = np.stack([x + self.field.data.x0, y + self.field.data.y0], axis=-1) + 0.5
        found = deformation.at(self.index, points.reshape(-1, 2).astype(np.float32))
        return found.reshape(points.shape)

    def read_linear(self, sheet: Sheet, points: F32, filter: str) -> F32:
        """See ``Sheet.read_linear``."""
        return sheet.read_linear(points, filter=filter)

    def at(self, source: "Source", points: F32, filter: str) -> "Reading":
        """A change at canonical points [h, w, 2]."""
        return source.at(points, filter)

    def light_at(self, k: int, part: Part) -> F32 | None:
        """Factors of light on a layer in some pixels, [..., 3], or None."""
        if k in self._lights:
            known = self._lights[k]
            return None if known is None else known[part]
        if isinstance(part[0], slice):
            return light(self.field, k, self.index, part=part)
        rows, down = np.unique(part[0], return_inverse=True)
        columns, along = np.unique(part[1], return_inverse=True)
        found = light(self.field, k, self.index, part=(rows, columns))
        if found is None:
            return None
        shape = np.shape(part[0]), np.shape(part[1])
        return found[down.reshape(shape[0]), along.reshape(shape[1])]

    @cached_property
    def seen(self) -> F32:
        """Visible share of each layer, [K, H, W]."""
        return self.field.seen(self.index)

    def shares(self, part: Part) -> F32:
        """Visible share of each layer in some pixels, [K, ...]."""
        if self.field.masks.count or self.field.ignored is not None:
            return self.seen[(slice(None), *part)]
        # Without masks all of the frame shows the last layer; no need to draw that.
        shape = self._shape(part)
        found = np.zeros((len(self.field.layers), *shape), np.float32)
        found[-1] = 1
        return found

    def _shape(self, part: Part) -> tuple[int, ...]:
        if isinstance(part[0], slice):
            size = self.field.height, self.field.width
            return tuple(
                len(range(*side.indices(most))) for side, most in zip(part, size, strict=True)
            )
        return np.broadcast_shapes(*(np.shape(each) for each in part))

    def light(self, k: int) -> F32 | None:
        """Factors of light on a layer, [H, W, 3], or None."""
        if k not in self._lights:
            self._lights[k] = light(self.field, k, self.index)
        return self._lights[k]

    def gain(self, k: int, part: Part) -> F32 | None:
        """Factors of light on edits of a layer, at the strength that was asked for."""
        found = None if self.strength == 0 else self.light_at(k, part)
        if found is None or self.strength == 1:
            return found
        # A power, so that twice half the strength is the whole.
        power = np.power(np.maximum(found, 1e-6), np.float32(self.strength))
        return np.asarray(power, np.float32)

    def offset(self, k: int) -> F32 | None:
        """What the exposure of a layer adds to the whole frame, [3], or None."""
        exposure = self.field.layers[k].exposure
        return None if exposure is None else exposure[self.index][1]

    def drawn(self, part: Part) -> tuple[F32, Bool]:
        """The frame as the field explains it with light, in some of its pixels.

        Args:
            part: An index of the data window's first two axes.

        Returns:
            Scene-linear colours [..., 3], and where the canonical images know them [...].
        """
        shares = self.shares(part)
        colour = np.zeros((*shares.shape[1:], 3), np.float32)
        weight = np.zeros(shares.shape[1:], np.float32)
        for k, layer in enumerate(self.field.layers):
            share = shares[k]
            if not share.any():
                continue
            # All of it mostly; choosing pixels would cost more than reading them.
            here = ... if share.all() else share > 0
            places = self.positions_at(k, part)[here]
            points = np.ascontiguousarray(places.reshape(-1, 2))
            rgba = sheet_of(layer.canonical).read(points, filter=field_filter(self.field))
            rgba = rgba.reshape(*places.shape[:-1], 4)
            gain = self.light_at(k, part)
            if gain is not None:
                rgba[..., :3] *= gain[here]
            offset = self.offset(k)
            if offset is not None:
                rgba[..., :3] += offset * rgba[..., 3:]
            colour[here] += rgba[..., :3] * share[here][..., None]
            weight[here] += rgba[..., 3] * share[here]
        known = np.asarray(weight > 0.5, np.bool_)
        return np.asarray(colour / np.maximum(weight, HOLE)[..., None], np.float32), known
