"""A shot-static lens as a pair of ST maps, and a deformation that looks through it.

Convention: *plate* places are pixels of the plate's display window as everywhere; *straight* places
are pixels of the undistorted picture, whose display window is the plate's (overscan lies outside
it, in the data window). An ST map says R = x / W, G = 1 - y / H of the picture being sampled, with
W x H the display window:

* ``undistort`` is drawn over the undistorted picture and samples the plate,
* ``redistort`` is drawn over the plate and samples the undistorted picture.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray, Bool
from engine.errors import FieldError, InputError
from engine.fields.deformation import Deformation
from engine.io.picture import Window

#: Pixels that a place may be off after both maps.
ROUND_TRIP = 0.05
#: Width of the rim of the maps that is not checked.
RIM = 2


@dataclass(frozen=True)
class Lens:
    """Both maps of a lens.

    Attributes:
        straight: float32 [H, W, 2]: straight place of each pixel centre of the plate; finite.
        data: The plate's data window.
        bent: float32 [h, w, 2]: plate place of each pixel centre of ``window``; NaN where the map
            says nothing.
        window: The data window of the undistorted picture.
    """

    straight: F32
    data: Window
    bent: F32
    window: Window

    def straightened(self, points: F32) -> F32:
        """Straight places [N, 2] of plate places [N, 2]; outside the plate as at its border."""
        return straightened(self.straight, self.data, points)


def straightened(straight: F32, data: Window, points: F32) -> F32:
    """Straight places of plate places, see ``Lens``.

    Args:
        straight: float32 [H, W, 2] over ``data``.
        data: The plate's data window.
        points: [N, 2].
    """
    place = np.asarray(points, np.float64).reshape(-1, 2)
    height, width = straight.shape[:2]
    u = np.clip(np.nan_to_num(place[:, 0] - data.x0 - 0.5), 0, width - 1)
    v = np.clip(np.nan_to_num(place[:, 1] - data.y0 - 0.5), 0, height - 1)
    j, i = (
        np.minimum(u.astype(np.intp), max(width - 2, 0)),
        np.minimum(v.astype(np.intp), max(height - 2, 0)),
    )
    right, below = np.minimum(j + 1, width - 1), np.minimum(i + 1, height - 1)
    fu, fv = (u - j)[:, None], (v - i)[:, None]
    upper = straight[i, j] * (1 - fu) + straight[i, right] * fu
    lower = straight[below, j] * (1 - fu) + straight[below, right] * fu
    # Beyond the border the map goes on as far as the point does.
    beyond = place - np.stack([u + data.x0 + 0.5, v + data.y0 + 0.5], axis=1)
    return np.asarray(upper * (1 - fv) + lower * fv + beyond, np.float32)


def load_lens(undistort: Path | str, redistort: Path | str, display: Window, data: Window) -> Lens:
    """Reads a pair of ST maps and makes sure that they belong together.

    Args:
        undistort: Picture file, see the module.
        redistort: Picture file.
        display: The plate's display window.
        data: The plate's data window, in the same pixels.

    Raises:
        InputError: A file cannot be read, its format is not the plate's, or one map does not undo
            the other.
    """
    bent, window = _places(undistort, display)
    straight, over = _places(redistort, display)
    own = data.moved(-display.x0, -display.y0)
    if over.x0 > own.x0 or over.y0 > own.y0 or over.x1 < own.x1 or over.y1 < own.y1:
        raise InputError(
            f"{redistort} does not cover the frames' data window; render the map over all of it",
            file=redistort,
        )
    straight = straight[own.part_of(over)]
    if not np.isfinite(straight).all():
        raise InputError(
            f"{redistort} has pixels without a place (NaN or alpha 0) inside the frame; render "
            "the map over the whole frame",
            file=redistort,
        )
    lens = Lens(np.ascontiguousarray(straight), own, bent, window)
    _check_round_trip(lens, undistort)
    return lens


def _places(file: Path | str, display: Window) -> tuple[F32, Window]:
    """The places that an ST map says, [h, w, 2] in pixels, NaN where it says nothing."""
    from engine.io.read import read_picture

    picture = read_picture(file, colour_space="raw")
    size = (picture.display.width, picture.display.height)
    if size != (display.width, display.height):
        raise InputError(
            f"{file} is {size[0]}x{size[1]}, the frames are {display.width}x{display.height}; an "
            "ST map needs their format (overscan belongs into the data window)",
            file=file,
        )
    native = picture.native
    if native is not None and native.codes.dtype.kind == "u":
        raise InputError(
            f"{file} holds whole numbers, too coarse for an ST map; save it as 32-bit float EXR",
            file=file,
        )
    places = np.empty((*picture.pixels.shape[:2], 2), np.float32)
    places[..., 0] = picture.pixels[..., 0] * display.width
    places[..., 1] = (1 - picture.pixels[..., 1].astype(np.float64)) * display.height
    lost = ~np.isfinite(places).all(axis=2)
    if picture.pixels.shape[2] > 3 and picture.alpha.any():
        lost |= picture.alpha <= 0
    places[lost] = np.nan
    return places, picture.data.moved(-picture.display.x0, -picture.display.y0)


def _check_round_trip(lens: Lens, file: Path | str) -> None:
    """Refuses maps that do not undo each other.

    Raises:
        InputError: They do not, or they have nothing in common.
    """
    gap, seen = round_trip(lens)
    if not seen.any():
        raise InputError(
            f"{file} samples nothing inside the frame; check that undistort and redistort belong "
            "to these frames",
            file=file,
        )
    worst = float(gap[seen].max())
    if worst > ROUND_TRIP:
        raise InputError(
            f"{file} and the redistort map do not undo each other: places come back up to "
            f"{worst:.2f} pixels off ({ROUND_TRIP} are allowed); export both from one lens, as "
            "32-bit float",
            file=file,
        )


def round_trip(lens: Lens) -> tuple[F32, Bool]:
    """How far each straight place comes back beside itself, and which count, [h, w] each."""
    height, width = lens.straight.shape[:2]
    bent = np.nan_to_num(lens.bent, nan=-1e9)
    x, y = bent[..., 0] - lens.data.x0, bent[..., 1] - lens.data.y0
    inside = (x > RIM) & (y > RIM) & (x < width - RIM) & (y < height - RIM)
    back = lens.straightened(bent.reshape(-1, 2)).reshape(bent.shape)
    own = np.empty_like(bent)
    own[..., 0] = np.arange(bent.shape[1]) + (lens.window.x0 + 0.5)
    own[..., 1] = (np.arange(bent.shape[0]) + (lens.window.y0 + 0.5))[:, None]
    gap = np.where(inside, np.hypot(*np.moveaxis(back - own, 2, 0)), 0)
    return np.asarray(gap, np.float32), np.asarray(inside, np.bool_)


@dataclass
class LensDeformation:
    """``canonical = D(straight(x))``: a deformation of the undistorted picture, seen on the plate.

    The two maps are joined, so that pictures are filtered once.

    Attributes:
        inner: D, over the undistorted picture.
        straight: float32 [H, W, 2], see ``Lens``.
        data: The plate's data window.
    """

    inner: Deformation
    straight: F32
    data: Window

    kind = "lens"

    def positions(self, index: int) -> F32:
        """Canonical point of each pixel centre of the plate's data window, [H, W, 2]."""
        return self.inner.at(index, self.straight.reshape(-1, 2)).reshape(self.straight.shape)

    def at(self, index: int, points: F32) -> F32:
        """Canonical points [N, 2] of any plate points [N, 2]."""
        return self.inner.at(index, straightened(self.straight, self.data, points))

    def tensors(self) -> dict[str, AnyArray]:
        """Those of the inner deformation, and the lens as 16-bit fixed-point steps."""
        steps = self.straight - _centres(self.data)
        step = max(float(np.abs(steps).max(initial=0)), 1e-6) / 32767
        fixed = np.rint(steps / step).astype(np.int16)
        inner = {f"inner.{name}": tensor for name, tensor in self.inner.tensors().items()}
        return {**inner, "lens": fixed, "lens_step": np.array([step], np.float64)}

    def numbers(self) -> dict[str, Any]:
        """The inner deformation's kind and numbers, and the plate's data window."""
        d = self.data
        inner = {"kind": self.inner.kind, "numbers": self.inner.numbers()}
        return {"inner": inner, "data": [d.x0, d.y0, d.x1, d.y1]}

    @classmethod
    def from_tensors(
        cls, tensors: dict[str, AnyArray], numbers: dict[str, Any]
    ) -> "LensDeformation":
        """The deformation again from what ``tensors`` and ``numbers`` gave.

        Raises:
            FieldError: A tensor is absent or has the wrong shape, or the kind is unknown.
        """
        from engine.fields.folder import deformation_from

        try:
            inner = deformation_from(
                str(numbers["inner"]["kind"]),
                {n[6:]: t for n, t in tensors.items() if n.startswith("inner.")},
                numbers["inner"]["numbers"],
            )
            data = Window(*(int(v) for v in numbers["data"]))
            steps = tensors["lens"].astype(np.float64) * float(tensors["lens_step"][0])
            straight = (steps + _centres(data)).astype(np.float32)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise FieldError(f"the lens of this field is damaged ({error}); fit again") from error
        return cls(inner, straight, data)


def _centres(window: Window) -> F32:
    """Pixel centres of a window, [H, W, 2]."""
    result = np.empty((window.height, window.width, 2), np.float32)
    result[..., 0] = np.arange(window.x0, window.x1) + np.float32(0.5)
    result[..., 1] = (np.arange(window.y0, window.y1) + np.float32(0.5))[:, None]
    return result
