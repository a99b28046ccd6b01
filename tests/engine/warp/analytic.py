"""A deformation with a formula and small fields made of it, for the tests."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.arrays import F32, F64, AnyArray
from engine.colour.encoding import decode
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.io.picture import Window


@dataclass
class Analytic:
    """``c = M_t x`` (homography), plus a sine in both directions."""

    matrices: F64
    data: Window
    sine: float = 0.0
    wavelength: float = 40.0
    kind: str = field(default="analytic", init=False)

    def at(self, index: int, points: F32) -> F32:
        p = np.asarray(points, np.float64)
        h = np.concatenate([p, np.ones((len(p), 1))], axis=1) @ self.matrices[index].T
        q = h[:, :2] / h[:, 2:]
        turn = 2 * np.pi / self.wavelength
        q = q + self.sine * np.stack(
            [np.sin(p[:, 1] * turn + index), np.sin(p[:, 0] * turn + 0.5 * index)], axis=1
        )
        return q.astype(np.float32)

    def positions(self, index: int) -> F32:
        d = self.data
        y, x = np.mgrid[d.y0 : d.y1, d.x0 : d.x1] + 0.5
        return self.at(index, np.stack([x.ravel(), y.ravel()], 1)).reshape(d.height, d.width, 2)

    def tensors(self) -> dict[str, AnyArray]:
        return {"matrices": self.matrices}

    def numbers(self) -> dict[str, Any]:
        d = self.data
        return {
            "data": [d.x0, d.y0, d.x1, d.y1],
            "sine": self.sine,
            "wavelength": self.wavelength,
        }

    @classmethod
    def from_tensors(cls, tensors: dict[str, AnyArray], numbers: dict[str, Any]) -> "Analytic":
        window = Window(*numbers["data"])
        return cls(tensors["matrices"], window, numbers["sine"], numbers["wavelength"])


def shift(dx: float, dy: float) -> F64:
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], np.float64)


def smooth_canvas(window: Window, seed: int = 0) -> F32:
    """A smooth opaque picture, linear, [h, w, 4]."""
    import cv2

    rng = np.random.default_rng(seed)
    coarse = rng.random((window.height // 8 + 2, window.width // 8 + 2, 3)).astype(np.float32)
    rgb = cv2.resize(coarse, (window.width, window.height), interpolation=cv2.INTER_CUBIC)
    rgba = np.ones((window.height, window.width, 4), np.float32)
    rgba[..., :3] = decode(np.clip(rgb * 0.8 + 0.1, 0.02, 0.98))
    return rgba


def one_layer(
    width: int = 96,
    height: int = 64,
    frames: tuple[int, ...] = (10, 11, 13),
    sine: float = 0.0,
    margin: int = 16,
) -> Field:
    """A field of one layer that pans, turns and (with ``sine``) ripples."""
    data = Window.of_size(width, height)
    matrices = []
    for index in range(len(frames)):
        angle = 0.02 * (index - 1)
        turn = np.array(
            [
                [np.cos(angle), -np.sin(angle), 3.3 * (index - 1)],
                [np.sin(angle), np.cos(angle), -1.7 * (index - 1)],
                [1e-4 * (index - 1), -5e-5 * (index - 1), 1],
            ]
        )
        matrices.append(turn)
    canvas = Window(-margin, -margin, width + margin, height + margin)
    layer = Layer(
        "all", Analytic(np.stack(matrices), data, sine), Canonical(smooth_canvas(canvas), canvas)
    )
    masks = Masks(height, width, [])
    return Field(frames, data, data, [layer], masks, frames[1], "test")


def two_layers(width: int = 96, height: int = 64, count: int = 3) -> Field:
    """A square that moves 7 pixels a frame over a background that moves -2."""
    data = Window.of_size(width, height)
    canvas = Window(-16, -16, width + 16, height + 16)
    front = np.stack([shift(-7.0 * t, 0) for t in range(count)])
    back = np.stack([shift(2.0 * t, 0) for t in range(count)])
    masks = []
    for t in range(count):
        mask = np.zeros((height, width), np.uint8)
        mask[20:40, 20 + 7 * t : 40 + 7 * t] = 255
        masks.append(Masks.pack(mask))
    square = np.zeros((canvas.height, canvas.width, 4), np.float32)
    square[36:56, 36:56] = (0.6, 0.1, 0.1, 1)
    layers = [
        Layer("square", Analytic(front, data), Canonical(square, canvas)),
        Layer("back", Analytic(back, data), Canonical(smooth_canvas(canvas, 3), canvas)),
    ]
    return Field(
        tuple(range(1, count + 1)), data, data, layers, Masks(height, width, [masks]), 1, "test"
    )


def lattice_layer(
    size: tuple[int, int] = (96, 72),
    *,
    zoom: float = 1.0,
    turn: float = 0.0,
    perspective: float = 0.0,
    wild: float = 0.0,
    spacing: int = 8,
    seed: int = 0,
    origin: tuple[int, int] = (0, 0),
) -> Field:
    """One frame and the reference: a homography with zoom and a random lattice of ``wild`` pixels.

    ``wild`` above about 0.4 ``spacing`` folds.
    """
    from engine.fields.lattice import LatticeDeformation
    from engine.kernels.lattice import grid_shape

    width, height = size
    data = Window.of_size(width, height).moved(*origin)
    middle = shift(width / 2 + origin[0], height / 2 + origin[1])
    similar = np.array(
        [
            [zoom * np.cos(turn), -zoom * np.sin(turn), 0],
            [zoom * np.sin(turn), zoom * np.cos(turn), 0],
            [perspective, -perspective / 2, 1],
        ]
    )
    matrices = np.stack([middle @ similar @ np.linalg.inv(middle), np.eye(3)])
    rng = np.random.default_rng(seed)
    lattices = np.zeros((2, *grid_shape(height, width, spacing), 2), np.float32)
    lattices[0] = rng.normal(size=lattices.shape[1:]) * wild * zoom
    margin = round(max(size) * max(zoom - 1, 0.3))
    canvas = Window(data.x0 - margin, data.y0 - margin, data.x1 + margin, data.y1 + margin)
    deformation = LatticeDeformation(matrices, lattices, spacing, data)
    layer = Layer("all", deformation, Canonical(smooth_canvas(canvas), canvas))
    masks = Masks(height, width, [])
    return Field((1, 2), Window.of_size(width, height), data, [layer], masks, 2, "test")
