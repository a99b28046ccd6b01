"""The field that a perfect fit would give: the synthetic clip's own motion."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.synthetic.motion import Motion, lattice_of_pixels
from benchmarks.synthetic.scene import Scene
from engine.arrays import F32, AnyArray
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.io.picture import Window


@dataclass
class Exact:
    """Canonical points are texture points, moved so that the frame's middle stays about there.

    ``noise`` adds an error that is new in each frame, ``offset`` one that is the same in all but
    the first.
    """

    motion: Motion
    data: Window
    noise: float = 0.0
    offset: float = 0.0
    kind: str = "exact"

    def at(self, index: int, points: F32) -> F32:
        middle = np.array([self.data.width / 2, self.data.height / 2])
        moved = self.motion.to_texture(float(index), np.asarray(points, np.float64)) + middle
        if self.noise:
            moved = moved + np.random.default_rng(index).normal(0, self.noise, 2)
        if self.offset and index:
            moved = moved + np.array([self.offset, 0])
        return moved.astype(np.float32)

    def positions(self, index: int) -> F32:
        grid = lattice_of_pixels(self.data.width, self.data.height, 1)
        return self.at(index, grid.astype(np.float32)).reshape(self.data.height, -1, 2)

    def tensors(self) -> dict[str, AnyArray]:
        return {}

    def numbers(self) -> dict[str, Any]:
        return {}


def lighting(scene: Scene, spacing: int = 64) -> F32:
    """The scene's light as a field keeps it: [T, gy, gx, 3], about 64 pixels apart."""
    spec = scene.spec
    rows, columns = round(spec.height / spacing) + 1, round(spec.width / spacing) + 1
    y = np.linspace(0, spec.height - 1, rows).round().astype(int)
    x = np.linspace(0, spec.width - 1, columns).round().astype(int)
    factors = [scene.light(t)[0][y][:, x] for t in range(spec.frames)]
    return np.repeat(np.stack(factors), 3, axis=3).astype(np.float32)


def oracle(scene: Scene, **errors: float) -> Field:
    """The perfect field of a scene, or one with known errors. It holds no canonical images."""
    spec = scene.spec
    data = Window.of_size(spec.width, spec.height)
    canvas = Window(-60, -60, spec.width + 60, spec.height + 60)
    empty = np.zeros((canvas.height, canvas.width, 4), np.float32)
    light = lighting(scene)
    layers = [
        Layer(name, Exact(sheet.motion, data, **errors), Canonical(empty.copy(), canvas), light)
        for name, sheet in zip(("masks_0", "background"), scene.layers(), strict=True)
    ]
    masks = []
    for t in range(spec.frames):
        share = scene.shot(t).masks[0]
        masks.append(Masks.pack(np.round(share * 255).astype(np.uint8)))
    return Field(
        tuple(range(spec.frames)),
        data,
        data,
        layers,
        Masks(spec.height, spec.width, [masks]),
        spec.frames // 2,
        "oracle",
    )
