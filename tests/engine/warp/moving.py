"""A field of known motion that can be stored: a square over a background, both zoom and pan."""

import numpy as np

from engine.fields.field import Canonical, Field, Layer, Masks
from engine.fields.lattice import LatticeDeformation
from engine.io.picture import Window
from engine.kernels.lattice import grid_shape
from tests.engine.warp.analytic import smooth_canvas

SPACING = 8


def affine(zoom=1.0, dx=0.0, dy=0.0, turn=0.0):
    """x to zoom * turned x + (dx, dy)."""
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    return np.array([[c, -s, dx], [s, c, dy], [0, 0, 1.0]])


def front_matrix(t):
    """Frame to canonical of the square at the t-th frame."""
    return affine(1 - 0.05 * t, 2.0 - 4.0 * t, 1.0 * t, 0.03 * t)


def back_matrix(t):
    """Frame to canonical of the background."""
    return affine(1 + 0.04 * t, 1.5 * t, -0.5 * t)


def moving_field(frames=(10, 11, 12, 13), size=(96, 64), change=None, masks=True, wobble=0.0):
    """The field; ``change`` is put after every map, as another choice of canonical would be."""
    width, height = size
    data = Window.of_size(width, height)
    canvas = Window(-40, -30, width + 40, height + 30)
    change = np.eye(3) if change is None else change
    layers = []
    rng = np.random.default_rng(4)
    for name, matrix in (("square", front_matrix), ("back", back_matrix)):
        matrices = np.stack([change @ matrix(t) for t in range(len(frames))])
        shape = (len(frames), *grid_shape(height, width, SPACING), 2)
        lattices = (rng.normal(size=shape) * wobble).astype(np.float32)
        deformation = LatticeDeformation(matrices, lattices, SPACING, data)
        layers.append(Layer(name, deformation, Canonical(smooth_canvas(canvas), canvas)))
    streams = []
    for t in range(len(frames)):
        mask = np.zeros((height, width), np.uint8)
        mask[20:44, 20 + 5 * t : 44 + 5 * t] = 255
        streams.append(Masks.pack(mask))
    if not masks:
        layers = layers[:1]
    kept = Masks(height, width, [streams] if masks else [])
    return Field(frames, data, data, layers, kept, frames[0], "test")


def through(matrix, points):
    """Points through a matrix."""
    p = np.asarray(points, float)[:, :2]
    q = np.concatenate([p, np.ones((len(p), 1))], axis=1) @ matrix.T
    return q[:, :2] / q[:, 2:]
