"""What is known of a frame around the edits that are put into it."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32
from engine.edit.broad import Broad, broad_light
from engine.edit.finish import Finish
from engine.edit.frameview import FrameView
from engine.edit.grain import Grain, measure_grain
from engine.edit.holdout import MARGIN as HOLDOUT_MARGIN
from engine.edit.holdout import belief, holdout_matte
from engine.edit.usual import usual_error
from engine.edit.windows import Box, grown, inside, plate_part, size
from engine.io.picture import Picture


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


def look_at(view: FrameView, plate: Picture, box: Box, finish: Finish) -> Place:
    """Measures what a finish needs to know around a box.

    Args:
        view: The frame.
        plate: The frame's picture.
        box: Rows and columns of the field's data window.
        finish: What is wanted.
    """
    from engine.colour.encoding import encode

    field = view.field
    own, _ = plate_part(plate, field, box)
    held = np.zeros(size(box), np.float32)
    measured = finish.regrain > 0 or finish.holdout or finish.focus > 0
    measured |= finish.highlight > 0 or finish.shade > 0
    grain = measure_grain(view, plate) if measured else None
    broad, firm = None, None
    if finish.highlight > 0 or finish.shade > 0 or finish.holdout:
        around = HOLDOUT_MARGIN if finish.holdout else 0
        wide = grown(box, around, (field.height, field.width))
        there = inside(box, wide)
        broad = broad_light(view, plate, wide, grain)
        usual = _usual(view, wide)
        if usual is not None:
            # Where a fit is wrong in most frames, what differs is no shadow and nothing in front.
            firm = belief(usual)[there]
        if finish.holdout:
            seen, finite = plate_part(plate, field, wide)
            drawn, known = view.drawn(wide)
            held = holdout_matte(
                encode(seen),
                encode(drawn * broad.shadow[..., None]) + broad.encoded,
                known & finite,
                grain,
                finish.holdout_gain,
                finish.holdout_clip,
                usual,
                broad.shadow,
            )[there]
        broad = broad.part(box)
    encoded = encode(own) if finish.focus > 0 or finish.holdout else own
    return Place(view, finish, box, own, encoded, held, grain, broad, firm)


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
