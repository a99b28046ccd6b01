"""From any frame to any other, through the canonical image."""

from typing import Any

import numpy as np

from engine.arrays import F32, Bool
from engine.fields.field import Field
from engine.io.picture import Picture
from engine.warp.inverse import FrameInverse


def places_between(field: Field, there: int, here: int, k: int | None = None) -> tuple[F32, Bool]:
    """Where each pixel of one frame lies in another.

    Args:
        field: The field.
        there: Position of the frame that is sampled.
        here: Position of the frame whose pixels are asked for.
        k: Follow this layer only; None: for each pixel the layer that owns it.

    Returns:
        Frame points of ``there`` [H, W, 2] for the pixel centres of ``here`` over the field's data
        window, always finite, and where both frames show the same thing, [H, W].
    """
    seen = field.seen(here)
    owner = seen.argmax(axis=0)
    points = np.zeros((field.height, field.width, 2), np.float32)
    valid = np.zeros((field.height, field.width), np.bool_)
    for layer in range(len(field.layers)) if k is None else (k,):
        mine = np.ones(owner.shape, np.bool_) if k is not None else owner == layer
        if not mine.any():
            continue
        canonical = field.layers[layer].deformation.positions(here)[mine]
        found = FrameInverse(field, layer, there).find(canonical, beyond=False)
        points[mine] = found.points
        valid[mine] = found.visible & (seen[layer][mine] > 0.5)
    return points, valid


def st_between(field: Field, there: int, here: int, k: int | None = None) -> F32:
    """The ST map that is drawn over frame ``here`` and samples frame ``there``.

    Convention: as ``engine.warp.stmap.st_map``, over the plate's format. float32 [H, W, 4].

    Args:
        field: The field.
        there: Position of the frame that is sampled.
        here: Position of the frame that the map is drawn over.
        k: Follow this layer only, or None.
    """
    points, valid = places_between(field, there, here, k)
    result = np.zeros((*valid.shape, 4), np.float32)
    result[..., 0] = points[..., 0] / field.display.width
    result[..., 1] = 1 - points[..., 1] / field.display.height
    result[..., 3] = valid
    return result


def st_between_picture(field: Field, there: int, here: int, k: int | None = None) -> Picture:
    """``st_between`` with its windows and metadata; its pixels are data, not colour."""
    span = field.display
    note: dict[str, Any] = {
        "codef/stmap": "frame-to-frame",
        "codef/stmap/from": field.frames[there],
        "codef/stmap/to": field.frames[here],
        "codef/stmap/display": "format",
        "codef/stmap/window": f"{span.x0} {span.y0} {span.x1} {span.y1}",
        "codef/stmap/convention": (
            "R=(x+0.5)/W G=(y_up+0.5)/H of the sampled frame, origin bottom-left, B=0, A=valid, "
            "float32"
        ),
    }
    if k is not None:
        note["codef/layer"] = field.layers[k].name
    return Picture(
        st_between(field, there, here, k),
        display=field.display,
        data=field.data,
        pixel_aspect=field.pixel_aspect,
        metadata=note,
    )
