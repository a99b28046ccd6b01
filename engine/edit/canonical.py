"""The canonical image as it leaves the program: windows, scale and what its header says."""

from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.errors import UsageError
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.warp.sheet import sheet_of

#: Version of the sidecar file ``NAME.codef.json``.
SIDECAR_SCHEMA = 1


def canonical_windows(field: Field, k: int, scale: float = 1.0) -> tuple[Window, Window]:
    """Display and data window of a layer's canonical image at a scale.

    Convention: canvas pixel (x, y) is centred on the canonical point ((x + 0.5) / S, ...); the
    display window is (0, 0, W * S, H * S), the data window may be larger and negative.

    Raises:
        UsageError: The scale is no positive number.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise UsageError(f"the scale of a canonical image must be above 0, not {scale}")
    data, display = field.layers[k].canonical.data, field.display
    outer = Window(
        int(np.floor(data.x0 * scale)),
        int(np.floor(data.y0 * scale)),
        int(np.ceil(data.x1 * scale)),
        int(np.ceil(data.y1 * scale)),
    )
    return Window.of_size(round(display.width * scale), round(display.height * scale)), outer


def window_points(window: Window, scale: float = 1.0) -> F32:
    """Canonical points of a window's pixel centres, [h, w, 2]."""
    x = (np.arange(window.x0, window.x1, dtype=np.float64) + 0.5) / scale
    y = (np.arange(window.y0, window.y1, dtype=np.float64) + 0.5) / scale
    return np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)


def canonical_pixels(field: Field, k: int, scale: float = 1.0) -> F32:
    """A layer's canonical image at a scale, [h, w, 4], scene-linear, premultiplied."""
    if scale == field.layers[k].canonical.scale:
        return field.layers[k].canonical.pixels
    _, data = canonical_windows(field, k, scale)
    return sheet_of(field.layers[k].canonical).read(window_points(data, scale), filter="cubic")


def own_scale(field: Field, k: int, scale: float | None = None) -> float:
    """The scale that is asked for; None: that of the layer's own pixels."""
    return float(field.layers[k].canonical.scale) if scale is None else float(scale)


def canonical_picture(field: Field, k: int, *, scale: float | None = None) -> Picture:
    """A layer's canonical image as ``codef canonical`` writes it and the graph shows it.

    Args:
        field: The field.
        k: Layer, front to back.
        scale: Canvas pixels per canonical pixel; other than its own it is resampled (cubic). None:
            its own, which is finer than 1 where frames saw the layer closer.

    Raises:
        UsageError: The scale is no positive number.
    """
    scale = own_scale(field, k, scale)
    display, data = canonical_windows(field, k, scale)
    note = sidecar(field, k, scale)
    return Picture(
        canonical_pixels(field, k, scale),
        display=display,
        data=data,
        pixel_aspect=field.pixel_aspect,
        metadata={
            "codef/layer": field.layers[k].name,
            "codef/field": note["field"],
            "codef/scale": scale,
            "codef/data": " ".join(str(v) for v in note["data"]),
        },
    )


def sidecar(field: Field, k: int, scale: float | None = None) -> dict[str, Any]:
    """What ``NAME.codef.json`` beside a PNG or TIFF canonical says, to place its return."""
    from engine.fields.folder import field_identity

    scale = own_scale(field, k, scale)
    display, data = canonical_windows(field, k, scale)
    return {
        "codef": SIDECAR_SCHEMA,
        "field": field_identity(field),
        "layer": field.layers[k].name,
        "scale": scale,
        "display": [display.x0, display.y0, display.x1, display.y1],
        "data": [data.x0, data.y0, data.x1, data.y1],
    }


def sidecar_path(picture: Path) -> Path:
    """Where the sidecar of a picture file lies: ``canonical.png`` has ``canonical.codef.json``."""
    return picture.with_name(f"{picture.stem}.codef.json")
