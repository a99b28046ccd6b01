"""A field in pixels of another size."""

from dataclasses import replace
from typing import Any

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.errors import FieldError
from engine.fields.deformation import Deformation
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.fields.lattice import LatticeDeformation
from engine.io.picture import Window

Size = tuple[float, float]


class ResizedDeformation:
    """Any deformation, in larger or smaller pixels.

    Args:
        base: In its own pixels.
        size: New pixels for each old one, in x and in y.
        data: The frames' data window in new pixels.
    """

    kind = "resized"

    def __init__(self, base: Deformation, size: Size, data: Window) -> None:
        self.base, self.size, self.data = base, size, data

    def positions(self, index: int) -> F32:
        """Canonical point of each pixel centre of the data window, [H, W, 2]."""
        d = self.data
        y, x = np.mgrid[d.y0 : d.y1, d.x0 : d.x1] + 0.5
        points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
        return self.at(index, points).reshape(d.height, d.width, 2)

    def at(self, index: int, points: F32) -> F32:
        """Canonical points [N, 2] of any frame points [N, 2]."""
        size = np.array(self.size)
        found = self.base.at(index, (np.asarray(points, np.float64) / size).astype(np.float32))
        return np.asarray(found * size, np.float32)

    def tensors(self) -> dict[str, AnyArray]:
        """Those of the base."""
        return self.base.tensors()

    def numbers(self) -> dict[str, Any]:
        """Kind and numbers of the base, size and window."""
        d = self.data
        return {
            "base": {"kind": self.base.kind, "numbers": self.base.numbers()},
            "size": list(self.size),
            "data": [d.x0, d.y0, d.x1, d.y1],
        }

    @classmethod
    def from_tensors(
        cls, tensors: dict[str, AnyArray], numbers: dict[str, Any]
    ) -> "ResizedDeformation":
        """The deformation again from what ``tensors`` and ``numbers`` gave.

        Raises:
            FieldError: Something is absent.
        """
        from engine.fields.folder import deformation_from

        try:
            kind, own = str(numbers["base"]["kind"]), dict(numbers["base"]["numbers"])
            across, down = (float(v) for v in numbers["size"])
            window = Window(*(int(v) for v in numbers["data"]))
        except (KeyError, TypeError, ValueError) as error:
            raise FieldError(f"a resized layer of this field is damaged ({error})") from error
        return cls(deformation_from(kind, tensors, own), (across, down), window)


def resized(field: Field, display: Window, data: Window) -> Field:
    """The field for frames of another size; the residual belongs to pixels and is left out.

    Args:
        field: The field.
        display: The new display window, from the origin.
        data: The new data window.
    """
    size = display.width / field.display.width, display.height / field.display.height
    layers = [
        Layer(
            layer.name,
            _deformation(layer.deformation, size, data),
            _canonical(layer.canonical, size),
            layer.lighting,
            layer.exposure,
        )
        for layer in field.layers
    ]
    return replace(
        field,
        display=display,
        data=data,
        layers=layers,
        masks=_masks(field.masks, data),
        ignored=None if field.ignored is None else _masks(field.ignored, data),
        residual=None,
    )


def _deformation(deformation: Deformation, size: Size, data: Window) -> Deformation:
    even = abs(size[0] / size[1] - 1) < 2e-3
    if not isinstance(deformation, LatticeDeformation) or not even:
        return ResizedDeformation(deformation, size, data)
    from engine.kernels.lattice import grid_shape

    scale = np.diag([*size, 1.0])
    spacing = deformation.spacing * size[0]
    lattices = deformation.lattices * np.array(size, np.float32)
    # The last row or column falls away, or is held, where the sizes are not quite even.
    for axis, wanted in enumerate(grid_shape(data.height, data.width, spacing), 1):
        there = lattices.shape[axis]
        if there < wanted:
            room = [(0, 0)] * 4
            room[axis] = (0, wanted - there)
            lattices = np.pad(lattices, room, mode="edge")
        lattices = np.take(lattices, range(wanted), axis=axis)
    return LatticeDeformation(
        scale @ deformation.matrices @ np.linalg.inv(scale),
        np.ascontiguousarray(lattices, np.float32),
        spacing,
        data,
    )


def _canonical(canonical: Canonical, size: Size) -> Canonical:
    from engine.warp.sheet import sheet_of

    old = canonical.data
    window = Window(
        int(np.floor(old.x0 * size[0])),
        int(np.floor(old.y0 * size[1])),
        int(np.ceil(old.x1 * size[0])),
        int(np.ceil(old.y1 * size[1])),
    )
    finer = canonical.scale
    x = (np.arange(window.x0 * finer, window.x1 * finer) + 0.5) / (size[0] * finer)
    y = (np.arange(window.y0 * finer, window.y1 * finer) + 0.5) / (size[1] * finer)
    points = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
    read = sheet_of(canonical).read(points, filter="cubic")
    # A still is there or is not: its rim is no mixture.
    there = read[..., 3:] > 0.5
    colour = read[..., :3] / np.where(read[..., 3:] > 0, read[..., 3:], 1)
    pixels = np.concatenate([colour * there, there], axis=2).astype(np.float16)
    return Canonical(pixels.astype(np.float32), window, finer)


def _masks(masks: Masks, data: Window) -> Masks:
    import cv2

    def fit(mask: U8) -> bytes:
        smaller = data.width < masks.width
        kind = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        return Masks.pack(
            np.asarray(cv2.resize(mask, (data.width, data.height), interpolation=kind), np.uint8)
        )

    streams = [
        [fit(masks.mask(group, index)) for index in range(len(stream))]
        for group, stream in enumerate(masks.streams)
    ]
    return Masks(data.height, data.width, streams)
