"""A mask of one picture as the matte of every frame.

The mask was drawn or segmented on a layer's still, or painted on a frame: then it goes through the
still too, and the frame it was painted on gets it as it is.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32
from engine.errors import UsageError
from engine.fields.field import Field
from engine.warp.inverse import FrameInverse


@dataclass(frozen=True)
class Mask:
    """A mask.

    Attributes:
        values: float32 [h, w], 0 to 1.
        origin: Upper left pixel (x, y): of the canonical canvas, or of the frame's display window.
        scale: Mask pixels per canonical pixel in x and in y; 1 on a frame.
        frame: Frame number that it was painted on; None: it lies on the still.
    """

    values: F32
    origin: tuple[float, float]
    scale: tuple[float, float] = (1.0, 1.0)
    frame: int | None = None


def matte_of(field: Field, k: int, index: int, mask: Mask, mix: float = 1.0) -> F32:
    """The matte of a mask in a frame, [H, W] over the field's data window, 0 to 1.

    It ends where the frame shows something else than the layer.

    Args:
        field: The field.
        k: The layer that it belongs to.
        index: Position of the frame.
        mask: The mask.
        mix: Its share: 0 gives nothing, 1 all of it.
    """
    if mask.frame is not None and mask.frame == field.frames[index]:
        return np.asarray(_read(mask, _centres(field)) * np.float32(mix), np.float32)
    share = field.seen(index)[k]
    matte: F32 = np.zeros(share.shape, np.float32)
    here = share > 0
    if not here.any():
        return matte
    positions = field.layers[k].deformation.positions(index)
    if mask.frame is None:
        matte = _read(mask, positions)
    else:
        inverse = FrameInverse(field, k, field.index(mask.frame))
        found = inverse.find(positions[here], beyond=False)
        # What the painted frame did not show of the layer was not painted on either.
        matte[here] = np.where(found.visible, _read(mask, found.points[None])[0], 0)
    return np.asarray(np.clip(matte, 0, 1) * share * np.float32(mix), np.float32)


def check_mask(field: Field, mask: Mask) -> None:
    """Refuses a mask that lies nowhere.

    Raises:
        UsageError: It is empty.
        MissingFrameError: It was painted on a frame that the field does not hold.
    """
    if mask.frame is not None:
        field.index(mask.frame)
    if not (mask.values > 0).any():
        raise UsageError("the mask is black everywhere; paint what is to be followed white")


def _centres(field: Field) -> F32:
    d = field.data
    y, x = np.mgrid[d.y0 : d.y1, d.x0 : d.x1].astype(np.float32)
    return np.stack([x + 0.5, y + 0.5], axis=-1).astype(np.float32)


def _read(mask: Mask, points: F32) -> F32:
    """The mask at places of its picture [H, W, 2], 0 outside it."""
    from engine.kernels.sample import sample

    whole = mask.values[..., None]
    read: F32 = sample(
        np.ascontiguousarray(whole, np.float32),
        np.ascontiguousarray(points, np.float32),
        origin=mask.origin,
        scale=mask.scale,
        footprint=points.shape[0] > 1,
    )[..., 0]
    return np.nan_to_num(read)
