"""Every frame of a long shot onto one of its stills."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.errors import FieldError
from engine.fields.deformation import Deformation
from engine.fields.field import WHOLE, Field, Layer, Part
from engine.linked.segments import Segments, Share

#: A frame that has no place on the still lies here: outside any canvas.
NOWHERE = -1e5


class LinkedDeformation:
    """A layer of a linked field as one of its stills has it.

    A frame goes through its own segment's deformation to the segment's still, and from there
    through the links to the still that is asked for; a frame that two segments share goes both
    ways, and the places are blended, so that nothing jumps from segment to segment.

    Args:
        segments: The segments and their links.
        name: The layer's name.
        anchor: The segment whose still the frames are mapped to.
    """

    kind = "linked"

    def __init__(self, segments: Segments, name: str, anchor: int) -> None:
        self.segments, self.name, self.anchor = segments, name, anchor
        self._last: tuple[int, F32, F32] | None = None

    def positions(self, index: int, part: Part | None = None) -> F32:
        """Canonical point of each pixel centre of the frame's data window, [H, W, 2].

        Args:
            index: Position of the frame among all.
            part: Rows and columns of the data window that are wanted; None: all.
        """
        return self._placed(index)[0][part or WHOLE]

    def known(self, index: int, part: Part | None = None) -> F32 | None:
        """How surely each pixel's place is known, [H, W]; None: wholly, everywhere."""
        if self.alone(index) is not None:
            return None
        return self._placed(index)[1][part or WHOLE]

    def at(self, index: int, points: F32) -> F32:
        """Canonical points [N, 2] of any frame points [N, 2], also outside the frame."""
        return self._joined(index, lambda own, i: own.at(i, points), np.shape(points))[0]

    def alone(self, index: int) -> tuple[Deformation, int] | None:
        """The one deformation that maps a frame, and the frame's position in it.

        None where links take part.
        """
        shares = self.segments.shares(index)
        if len(shares) != 1 or shares[0].segment != self.anchor:
            return None
        layer = self._layer(self.anchor)
        return None if layer is None else (layer.deformation, shares[0].index)

    def reaches(self, index: int) -> bool:
        """Whether the still has anything at all to do with a frame."""
        return bool(self._ways(self.segments.shares(index)))

    def _placed(self, index: int) -> tuple[F32, F32]:
        """Positions and how surely they are known, kept for the frame that was asked last."""
        last = self._last
        if last is None or last[0] != index:
            data = self.segments.field(self.segments.shares(index)[0].segment).data
            size = data.height, data.width, 2
            places, known = self._joined(index, lambda own, i: own.positions(i), size)
            last = index, places, known
            self._last = last
        return last[1], last[2]

    def _joined(self, index: int, read: Any, size: tuple[int, ...]) -> tuple[F32, F32]:
        """Places [..., 2] through all segments that hold the frame, and how sure they are."""
        places, sure = np.zeros(size, np.float32), np.zeros(size[:-1], np.float32)
        weight = np.zeros(size[:-1], np.float32)
        for share in self._ways(self.segments.shares(index)):
            layer = self._layer(share.segment)
            if layer is None:
                continue
            own = read(layer.deformation, share.index)
            known = np.ones(size[:-1], np.float32)
            if share.segment != self.anchor:
                way = self.segments.way(self.name, share.segment, self.anchor)
                if way is None:
                    continue
                known, own = way.known_at(own), way.at(own)
            # What is hardly known must not pull; alone it is as good a guess as any.
            mine = np.float32(share.weight) * np.maximum(known, np.float32(1e-4))
            places += mine[..., None] * own
            weight += mine
            sure += np.float32(share.weight) * known
        found = (weight > 0)[..., None]
        mean = places / np.where(found, weight[..., None], np.float32(1))
        return np.where(found, mean, np.float32(NOWHERE)).astype(np.float32), sure

    def _ways(self, shares: Sequence[Share]) -> list[Share]:
        """The segments of a frame from which a way leads to the still."""
        return [
            share
            for share in shares
            if share.segment == self.anchor
            or self.segments.way(self.name, share.segment, self.anchor) is not None
        ]

    def _layer(self, segment: int) -> Layer | None:
        return layer_named(self.segments.field(segment), self.name)

    def tensors(self) -> dict[str, AnyArray]:
        """Never stored by itself.

        Raises:
            FieldError: Always; the segments are what is stored.
        """
        raise FieldError(
            "this field is linked of several segments and cannot be stored as one; store it as it "
            "was fitted, or fit the frames anew with --split none"
        )

    def numbers(self) -> dict[str, Any]:
        """As ``tensors``."""
        return dict(self.tensors())


def layer_number(field: Field, name: str) -> int | None:
    """The number of the layer of a name, or None."""
    return next((k for k, layer in enumerate(field.layers) if layer.name == name), None)


def layer_named(field: Field, name: str) -> Layer | None:
    """The layer of a name, or None."""
    return next((layer for layer in field.layers if layer.name == name), None)
