"""How far a field is to be believed, pixel by pixel: shown, not folded, and like the plate."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, Bool, finite_pixels
from engine.errors import UsageError
from engine.fields.field import Field
from engine.metrics.folding import determinants
from engine.warp.sheet import HOLE

#: Local encoded difference between plate and field at which the confidence has fallen to 1/e.
TOLERANCE = 0.06
#: Standard deviation in pixels of the neighbourhood in which they are compared: grain averages out.
NEAR = 2.0


def folded(positions: F32) -> Bool:
    """Where a map of pixel centres [H, W, 2] turns over, [H, W]."""
    turned = np.zeros(positions.shape[:2], np.bool_)
    bad = determinants(positions) <= 0
    turned[:-1, :-1] |= bad
    turned[:-1, 1:] |= bad
    turned[1:, :-1] |= bad
    return turned


def visibility(field: Field, k: int, index: int) -> F32:
    """Share of each pixel in which an edit of a layer can be seen, [H, W].

    The layer's matte, less what is folded and what the canonical image does not hold.
    """
    share: F32 = field.seen(index)[k]
    if not share.any():
        return np.zeros_like(share)
    positions = field.layers[k].deformation.positions(index)
    held = field.layers[k].canonical.alpha_at(positions) > HOLE
    return np.asarray(share * (held & ~folded(positions)), np.float32)


@dataclass(frozen=True)
class Trust:
    """One frame judged.

    Attributes:
        confidence: 0 to 1, [H, W]: 1 where the field shows the plate; 0 where it is folded, where
            the fit did not look and where the plate is no number.
        counted: Which pixels a mean counts, [H, W].
    """

    confidence: F32
    counted: Bool

    @property
    def mean(self) -> float:
        """Of the pixels that count; not a number when none does."""
        return float(self.confidence[self.counted].mean()) if self.counted.any() else float("nan")


def trust(field: Field, index: int, plate: F32, drawn: F32 | None = None) -> Trust:
    """How far the field is to be believed in a frame.

    Plate and field are compared in encoded colours after a small blur, with light and without the
    residual, which no edit receives: ``exp(-(difference / TOLERANCE)^2)``.

    Args:
        field: The field.
        index: Position of the frame.
        plate: The frame [H, W, 3 or 4], scene-linear.
        drawn: ``composite(field, index, lit=True)`` where the caller has it.

    Raises:
        UsageError: The plate's size is not that of the field.
    """
    import cv2

    from engine.colour.encoding import encode
    from engine.warp.render import composite

    if plate.shape[:2] != (field.height, field.width):
        raise UsageError(
            f"frame {field.frames[index]} is {plate.shape[1]}x{plate.shape[0]}, the field "
            f"{field.width}x{field.height}; use the clip that it was fitted on",
            frame=field.frames[index],
        )
    if drawn is None:
        drawn = composite(field, index, lit=True)
    finite = finite_pixels(plate[..., :3])
    kept = field.kept(index)
    counted = finite if kept is None else finite & kept
    apart = np.where(counted[..., None], encode(np.nan_to_num(plate[..., :3])) - encode(drawn), 0)
    near = cv2.GaussianBlur(apart.astype(np.float32), (0, 0), NEAR)
    confidence = np.exp(-np.square(np.abs(near).max(axis=2) / TOLERANCE))
    shown = np.zeros(confidence.shape, np.float32)
    for own, at, share in field.parts(index):
        shown += np.float32(share) * _shown(own, at)
    return Trust(
        np.asarray(confidence * shown * counted, np.float32), np.asarray(counted, np.bool_)
    )


def _shown(field: Field, index: int) -> F32:
    """Share of each pixel that some layer shows and that is not folded, [H, W]."""
    seen = field.seen(index)
    shown = np.zeros(seen.shape[1:], np.float32)
    for k, layer in enumerate(field.layers):
        if seen[k].any():
            shown += seen[k] * ~folded(layer.deformation.positions(index))
    return shown
