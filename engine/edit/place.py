"""What is known of a frame around the edits that are put into it."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32
from engine.edit.broad import Broad, Samples, broad_samples
from engine.edit.finish import Finish
from engine.edit.frameview import FrameView
from engine.edit.grain import Grain, measure_grain
from engine.edit.holdout import MARGIN as HOLDOUT_MARGIN
from engine.edit.holdout import belief, holdout_matte
from engine.edit.usual import usual_error
from engine.edit.windows import Box, grown, inside, plate_part, size
from engine.io.picture import Picture
from engine.once import Once


@dataclass(frozen=True, eq=False)
class Place:
    """A box of a frame, looked at once for all edits in it.

    Attributes:
        view: The frame.
        finish: What is wanted.
        box: Rows and columns of the field's data window.
        plate: Scene-linear colours, [h, w, 3].
        encoded: The same encoded, where the finish needs it.
        held: How surely something without a mask is in front, [h, w].
        grain: The plate's, or None.
        broad: Shadows and highlights that the field does not know, or None.
        firm: How far the fit is believed about them, [h, w]; None: wholly.
    """

    view: FrameView
    finish: Finish
    box: Box
    plate: F32
    encoded: F32
    held: F32
    grain: Grain | None
    broad: Broad | None
    firm: F32 | None

    def lit(self, k: int, box: Box) -> F32 | None:
        """Factors of light on a layer in a part: the field's and of shadows unknown to it."""
        gain = self.view.gain(k, box)
        if self.broad is None or self.finish.shade <= 0:
            return gain
        shade = self.broad.part(box).shade(k)
        strength = np.full_like(shade, self.finish.shade)
        if self.firm is not None:
            strength *= self.firm[inside(box, self.box)]
        power = np.power(shade, strength)[..., None]
        return np.repeat(power, 3, axis=2) if gain is None else gain * power


class Surroundings:
    """What is measured of a frame around edits, whatever they are.

    Args:
        view: The frame.
        plate: The frame's picture.
        finish: What is wanted.
        box: Rows and columns of the field's data window in which edits may lie.
    """

    def __init__(self, view: FrameView, plate: Picture, finish: Finish, box: Box) -> None:
        self.view, self.plate, self.finish = view, plate, finish
        self._all = box
        self._samples: Samples | None = None

    def place(self, box: Box) -> Place:
        """What a finish needs to know of a box."""
        from engine.colour.encoding import encode

        finish = self.finish
        own, _ = plate_part(self.plate, self.view.field, box)
        held = self.held(box) if finish.holdout else np.zeros(size(box), np.float32)
        broad, firm = None, None
        if self.looks_broadly:
            broad = self.samples.over(box)
            usual = _usual(self.view, box)
            # Where a fit is wrong in most frames, what differs is no shadow and nothing in front.
            firm = None if usual is None else belief(usual)
        encoded = encode(own) if finish.focus > 0 or finish.holdout else own
        return Place(self.view, finish, box, own, encoded, held, self.grain, broad, firm)

    @property
    def grain(self) -> Grain | None:
        """The plate's grain, where the finish asks for it."""
        finish = self.finish
        if not (self.looks_broadly or finish.regrain > 0 or finish.focus > 0):
            return None
        return grain_of(self.view, self.plate)

    @property
    def samples(self) -> Samples:
        """The broad light around all edits."""
        if self._samples is None:
            around = HOLDOUT_MARGIN if self.finish.holdout else 0
            wide = grown(self._all, around, (self.view.field.height, self.view.field.width))
            self._samples = broad_samples(self.view, self.plate, wide, self.grain)
        return self._samples

    def held(self, box: Box) -> F32:
        """How surely something without a mask is in front, [h, w]."""
        from engine.colour.encoding import encode

        view, finish, field = self.view, self.finish, self.view.field
        wide = grown(box, HOLDOUT_MARGIN, (field.height, field.width))
        broad = self.samples.over(wide)
        seen, finite = plate_part(self.plate, field, wide)
        drawn, known = view.drawn(wide)
        return holdout_matte(
            encode(seen),
            encode(drawn * broad.shadow[..., None]) + broad.encoded,
            known & finite,
            self.grain,
            finish.holdout_gain,
            finish.holdout_clip,
            _usual(view, wide),
            broad.shadow,
        )[inside(box, wide)]

    @property
    def looks_broadly(self) -> bool:
        """Whether the finish asks for more of the frame than its grain."""
        finish = self.finish
        return finish.highlight > 0 or finish.shade > 0 or finish.holdout


def look_at(view: FrameView, plate: Picture, box: Box, finish: Finish) -> Place:
    """Measures what a finish needs to know of one box; see ``Surroundings``."""
    return Surroundings(view, plate, finish, box).place(box)


_GRAINS: Once[Grain | None] = Once()


def grain_of(view: FrameView, plate: Picture) -> Grain | None:
    """The grain of a frame, measured once however many edits are put into it.

    Args:
        view: The frame.
        plate: The frame's picture; its pixels must not change.
    """
    bits = None if plate.native is None else plate.native.bits
    return _GRAINS.get(
        (view.field, plate.pixels), (view.index, bits), lambda: measure_grain(view, plate)
    )


def _usual(view: FrameView, box: Box) -> F32 | None:
    """Error that the layers usually have at the places that a box shows."""
    found: F32 | None = None
    shares = view.shares(box)
    for k in range(len(view.field.layers)):
        share = shares[k]
        if share.any():
            error = usual_error(view.field, k, view.positions_at(k, box))
            if error is not None:
                part = np.asarray(error * share, np.float32)
                found = part if found is None else found + part
    return found
