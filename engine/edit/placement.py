"""Where a returned picture lies on the canonical canvas."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32
from engine.edit.canonical import canonical_pixels, canonical_windows, sidecar_path
from engine.errors import EditError
from engine.fields.field import Field
from engine.io.picture import Picture, Window
from engine.warp.sheet import Sheet

_SCALES = (1.0, 2.0, 4.0, 3.0, 8.0, 0.5, 0.25)


@dataclass(frozen=True)
class Placed:
    """A picture placed on the canonical canvas.

    Attributes:
        pixels: float32 [h, w, 3 or 4]; the picture's own, or resampled when it was registered.
        origin: Upper left pixel on the canvas that is ``scale`` times as fine as the canonical.
        scale: Picture pixels per canonical pixel, in x and y.
        exact: The grid is one that ``codef canonical`` writes, so that pixels compare one to one.
        how: What was decided, for a person.
    """

    pixels: F32
    origin: tuple[float, float]
    scale: tuple[float, float]
    exact: bool
    how: str

    def sheet(self) -> Sheet:
        """The placed picture, ready to be read by frames."""
        return Sheet.of(self.pixels, self.origin, self.scale)


def read_sidecar(picture: Path) -> dict[str, Any] | None:
    """The sidecar of a picture file, or None when there is none.

    Raises:
        EditError: It is there but is no sidecar.
    """
    path = sidecar_path(picture)
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        scale = float(content["scale"])
        window = [int(v) for v in content["data"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EditError(
            f"{path} is no valid sidecar of a canonical image; delete it or export again",
            file=path,
        ) from error
    if len(window) != 4 or scale <= 0:
        raise EditError(
            f"{path} is no valid sidecar of a canonical image; delete it or export again",
            file=path,
        )
    return dict(content)


def _size(window: Window) -> tuple[int, int]:
    return window.width, window.height


def place_edit(
    picture: Picture, field: Field, k: int, sidecar: Mapping[str, Any] | None = None
) -> Placed:
    """Finds where an edited picture belongs on the canvas of layer ``k``.

    In this order: the size of the canvas (at the scale its header tells, or 1, 2, 4, 3, 8, 1/2,
    1/4); windows that name the canonical's format; the sidecar; the same aspect; registration by
    features. A finer picture stays finer.

    Args:
        picture: The edit, scene-linear, premultiplied.
        field: The field.
        k: Layer, front to back.
        sidecar: What ``NAME.codef.json`` beside the edit says, if any.

    Raises:
        EditError: The picture cannot be placed; the message names both sizes.
    """
    own = (picture.pixels.shape[1], picture.pixels.shape[0])
    return (
        _by_size(picture, field, k, own)
        or _by_windows(picture, field)
        or _by_sidecar(picture, sidecar, own)
        or _by_aspect(picture, field, k, own)
        or _by_features(picture, field, k, own)
    )


def _by_size(picture: Picture, field: Field, k: int, own: tuple[int, int]) -> Placed | None:
    told = picture.metadata.get("codef/scale")
    scales = list(_SCALES)
    try:
        if told is not None and float(told) > 0:
            scales.insert(0, float(told))
    except (TypeError, ValueError):
        told = None
    for scale in scales:
        _, data = canonical_windows(field, k, scale)
        if _size(data) == own:
            how = "canvas" if scale == 1 else f"canvas x {scale:g}"
            return Placed(picture.pixels, (data.x0, data.y0), (scale, scale), True, how)
    return None


def _by_windows(picture: Picture, field: Field) -> Placed | None:
    display = picture.display
    scale = display.width / field.display.width
    if round(field.display.height * scale) != display.height:
        return None
    # A plain file says nothing by its windows, unless it is cropped to exactly the format.
    plain = picture.data == display and (display.x0, display.y0) == (0, 0)
    if plain and _size(display) != _size(field.display):
        return None
    data = picture.data.moved(-display.x0, -display.y0)
    return Placed(
        picture.pixels, (data.x0, data.y0), (scale, scale), float(scale) in _SCALES, "windows"
    )


def _by_sidecar(
    picture: Picture, sidecar: Mapping[str, Any] | None, own: tuple[int, int]
) -> Placed | None:
    if sidecar is None:
        return None
    scale = float(sidecar["scale"])
    window = Window(*(int(v) for v in sidecar["data"]))
    if _size(window) == own:
        origin = (window.x0, window.y0)
        return Placed(picture.pixels, origin, (scale, scale), True, "sidecar")
    if not _same_aspect(own, _size(window)):
        return None
    return _stretched(picture, window, scale, own, "sidecar, scaled")


def _by_aspect(picture: Picture, field: Field, k: int, own: tuple[int, int]) -> Placed | None:
    data = field.layers[k].canonical.data
    if not _same_aspect(own, _size(data)):
        return None
    return _stretched(picture, data, 1.0, own, "same aspect, scaled")


def _same_aspect(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether one size is the other scaled and rounded to whole pixels."""
    scale = np.sqrt(a[0] * a[1] / (b[0] * b[1]))
    return bool(abs(b[0] * scale - a[0]) <= 1 and abs(b[1] * scale - a[1]) <= 1)


def _stretched(
    picture: Picture, window: Window, scale: float, own: tuple[int, int], how: str
) -> Placed:
    across, down = own[0] / window.width, own[1] / window.height
    return Placed(
        picture.pixels,
        (window.x0 * across, window.y0 * down),
        (scale * across, scale * down),
        False,
        f"{how} x {across:.3g}",
    )


def _by_features(picture: Picture, field: Field, k: int, own: tuple[int, int]) -> Placed:
    from engine.edit.registration import register, resample

    canonical = field.layers[k].canonical
    found = register(picture.pixels, canonical_pixels(field, k))
    if found is None:
        raise EditError(
            f"the edit is {own[0]}x{own[1]}, the canonical image of {field.layers[k].name} is "
            f"{canonical.data.width}x{canonical.data.height} and the edit was not found on it; "
            "return it at the canvas' size or with its aspect"
        )
    finer = float(np.sqrt(abs(np.linalg.det(found.matrix[:2, :2]))))
    fine = int(np.clip(np.ceil(finer - 0.25), 1, 4))
    rgba = Sheet.of(picture.pixels).pixels
    pixels = resample(rgba, found, (canonical.data.height, canonical.data.width), fine)
    return Placed(
        pixels,
        (canonical.data.x0 * fine, canonical.data.y0 * fine),
        (float(fine), float(fine)),
        False,
        f"registered by {found.matches} features, confidence {found.confidence:.2f}",
    )
