"""ST maps: a field as pictures that every compositor can read."""

from typing import Any

import numpy as np

from engine.arrays import F32
from engine.errors import InputError, UsageError
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.warp.inverse import to_frame_map
from engine.warp.sheet import HOLE

DIRECTIONS = ("to-canonical", "to-frame")
DISPLAYS = ("format", "canvas")


def _sampled(field: Field, k: int, direction: str, display: str) -> Window:
    """The window that 0..1 spans in the picture being sampled."""
    if direction not in DIRECTIONS:
        raise UsageError(
            f"unknown ST map direction {direction!r}; use one of {', '.join(DIRECTIONS)}"
        )
    if display not in DISPLAYS:
        raise UsageError(f"unknown ST map display {display!r}; use one of {', '.join(DISPLAYS)}")
    if display == "format":
        return field.display
    return field.layers[k].canonical.data if direction == "to-canonical" else field.data


def st_map(
    field: Field, k: int, index: int, direction: str = "to-canonical", *, display: str = "format"
) -> F32:
    """One ST map.

    Convention: R = (x + 0.5) / W and G = (y_up + 0.5) / H of the picture being sampled, where
    (x, y_up) counts its pixels from the bottom left; in points with pixel centres at +0.5 that is
    R = p_x / W, G = 1 - p_y / H. B = 0. A = 1 where the sampled picture has the content: where the
    canonical image is covered (``to-canonical``), where the frame shows the layer (``to-frame``).

    Args:
        field: The field.
        k: Layer, front to back.
        index: Position of the frame in the field.
        direction: ``to-canonical`` (a picture over the frame, samples the canonical image) or
            ``to-frame`` (a picture over the canonical canvas, samples the plate).
        display: ``format``: 0..1 spans the display window of the sampled picture; ``canvas``:
            its data window, for hosts that clip outside 0..1.

    Returns:
        float32 [H, W, 4] over the frame's data window or the canonical image's.

    Raises:
        UsageError: An unknown direction or display.
    """
    span = _sampled(field, k, direction, display)
    if direction == "to-canonical":
        points = field.layers[k].deformation.positions(index)
        valid = field.layers[k].canonical.alpha_at(points) > HOLE
    else:
        places, window = to_frame_map(field, k, index)
        points = places.points.reshape(window.height, window.width, 2)
        valid = places.visible.reshape(window.height, window.width)
    result = np.zeros((*points.shape[:2], 4), np.float32)
    result[..., 0] = (points[..., 0] - span.x0) / span.width
    result[..., 1] = 1 - (points[..., 1] - span.y0) / span.height
    result[..., 3] = valid
    return np.nan_to_num(result)


def st_metadata(field: Field, k: int, direction: str, display: str = "format") -> dict[str, Any]:
    """What an ST map's header says about it.

    Raises:
        UsageError: An unknown direction or display.
    """
    span = _sampled(field, k, direction, display)
    return {
        "codef/layer": field.layers[k].name,
        "codef/stmap": direction,
        "codef/stmap/display": display,
        "codef/stmap/window": f"{span.x0} {span.y0} {span.x1} {span.y1}",
        "codef/stmap/convention": (
            "R=(x+0.5)/W G=(y_up+0.5)/H of the sampled picture, origin bottom-left, "
            "B=0, A=valid, float32"
        ),
    }


def st_picture(
    field: Field, k: int, index: int, direction: str = "to-canonical", *, display: str = "format"
) -> Picture:
    """An ST map as a picture with its windows and metadata; its pixels are data, not colour.

    Raises:
        UsageError: An unknown direction or display.
    """
    data = field.data if direction == "to-canonical" else field.layers[k].canonical.data
    return Picture(
        st_map(field, k, index, direction, display=display),
        display=data if display == "canvas" else field.display,
        data=data,
        pixel_aspect=field.pixel_aspect,
        metadata=st_metadata(field, k, direction, display),
    )


def st_steps(picture: Picture, display: Window, data: Window, name: str) -> F32:
    """Steps to the reference frame out of an ST map, the reverse of ``st_map``.

    Args:
        picture: The map, its values as the file has them: R and G by the convention of ``st_map``,
            alpha (where there is one) 0 where the map is not valid. ``codef/stmap/window`` in its
            metadata says what 0..1 spans; without it, the display window.
        display: The frame's display window, at the origin.
        data: The frame's data window relative to it.
        name: For messages.

    Returns:
        float32 [H, W, 2] over ``data``, pixels from each pixel's centre to its place in the
        reference frame; NaN where the map says nothing.

    Raises:
        InputError: Another size than the frame, 8-bit values, or a map of the other direction.
    """
    if picture.native is not None and picture.native.bits == 8:
        raise InputError(
            f"{name} has 8-bit values, too coarse for an ST map; write it as 32-bit float EXR"
        )
    direction = str(picture.metadata.get("codef/stmap", "to-canonical"))
    if direction != "to-canonical":
        raise InputError(
            f"{name} is an ST map {direction}; give maps over the frames, that sample the "
            "reference frame"
        )
    span, size = _said_window(picture) or display, (picture.display.width, picture.display.height)
    # With ``display = canvas`` the map's display window is the frame's data window.
    if size not in ((display.width, display.height), (data.width, data.height)):
        raise InputError(
            f"{name} is {size[0]}x{size[1]}, the frames are {display.width}x{display.height}; "
            "make the ST maps at the frames' size"
        )
    own = picture.data
    if size == (display.width, display.height):
        own = own.moved(-picture.display.x0, -picture.display.y0)
    else:
        own = own.moved(data.x0 - picture.display.x0, data.y0 - picture.display.y0)
    steps = np.full((data.height, data.width, 2), np.nan, np.float32)
    both = own.common(data)
    if both is None:
        return steps
    values, part = picture.pixels[both.part_of(own)], steps[both.part_of(data)]
    x = np.arange(both.x0, both.x1, dtype=np.float32) + np.float32(0.5)
    y = np.arange(both.y0, both.y1, dtype=np.float32)[:, None] + np.float32(0.5)
    part[..., 0] = values[..., 0] * span.width + (span.x0 - x)
    part[..., 1] = (1 - values[..., 1]) * span.height + (span.y0 - y)
    if values.shape[2] > 3:
        part[values[..., 3] <= 0.5] = np.nan
    part[~np.isfinite(part).all(axis=2)] = np.nan
    return steps


def _said_window(picture: Picture) -> Window | None:
    """The window that a map's metadata says that 0..1 spans."""
    words = str(picture.metadata.get("codef/stmap/window", "")).split()
    try:
        x0, y0, x1, y1 = (int(word) for word in words)
    except ValueError:
        return None
    return Window(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None
