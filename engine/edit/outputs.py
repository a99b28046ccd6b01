"""What a compositor wants beside the result: the edit alone, and figures as pictures."""

from dataclasses import replace

import numpy as np

from engine.arrays import F32
from engine.fields.field import Field
from engine.io.picture import Picture


def grey_picture(field: Field, values: F32, name: str) -> Picture:
    """A figure for each pixel of a frame as RGBA, the same in every channel.

    So it is a matte wherever it is wired, and can be looked at.

    Args:
        field: The field, for the windows.
        values: [H, W] over its data window.
        name: What it is; kept in the metadata as ``codef/pass``.
    """
    pixels = np.repeat(np.asarray(values, np.float32)[..., None], 4, axis=2)
    return Picture(
        np.ascontiguousarray(pixels),
        display=field.display,
        data=field.data,
        pixel_aspect=field.pixel_aspect,
        metadata={"codef/pass": name},
    )


def edit_alone(result: Picture, plate: Picture, matte: F32) -> Picture:
    """The edit as premultiplied RGBA such that, put over the plate, it gives the result.

    Where the result is the plate it is empty. Where the edit lets the plate's own light or grain
    through, colour may be there (and be negative) with a matte below 1, as ``over`` needs it.

    Args:
        result: The plate with the edit in it.
        plate: The plate.
        matte: The edit's share of each pixel, [H, W] over the plate's data window.
    """
    alpha = np.clip(matte, 0, 1).astype(np.float32)
    same = (result.rgb == plate.rgb).all(axis=2)
    below = np.where(np.isfinite(plate.rgb), plate.rgb, 0)
    alpha = np.where(np.isfinite(plate.rgb).all(axis=2), alpha, 1)
    alpha = np.where(same | ~np.isfinite(result.rgb).all(axis=2), 0, alpha)
    pixels = np.zeros((*alpha.shape, 4), np.float32)
    pixels[..., :3] = np.nan_to_num(result.rgb) - below * (1 - alpha[..., None])
    pixels[..., 3] = alpha
    pixels[same] = 0
    empty = replace(plate.with_pixels(pixels), metadata=dict(plate.metadata))
    return replace(empty, metadata={**empty.metadata, "codef/pass": "edit"})
