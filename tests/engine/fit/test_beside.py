"""What passes in front leaves no shadow in the still behind it."""

import cv2
import numpy as np
import pytest

from engine.fit.beside import _grown, say_of
from engine.fit.plates import Plates, eroded
from engine.fit.recipes import load_recipe
from engine.fit.seeded import one_pass, start_layer
from engine.fit.seeds import Seed
from engine.io.picture import Window
from engine.kernels.lattice import grid_shape
from engine.progress import silent
from tests.engine.fit.clips import texture

COUNT, HEIGHT, WIDTH, REFERENCE = 12, 80, 160, 6
SHADOW = np.s_[48:56]


def shot():
    """A block that slides over a still ground, with a dark shadow below it; plates and ground."""
    ground = texture(HEIGHT, WIDTH, 4) * 0.5 + 0.4
    codes = np.empty((COUNT, HEIGHT, WIDTH, 3), np.uint8)
    front = np.zeros((COUNT, HEIGHT, WIDTH), np.uint8)
    for t in range(COUNT):
        left = 10 + 10 * t
        frame = ground.copy()
        frame[SHADOW, left : left + 24] *= 0.3
        frame[24:48, left : left + 24] = 0.9
        front[t, 24:48, left : left + 24] = 255
        codes[t] = np.rint(frame * 255)
    weights = np.stack([front, 255 - front])
    firm = np.stack([[eroded(mask) for mask in layer] for layer in weights])
    window = Window.of_size(WIDTH, HEIGHT)
    return Plates(codes, 1 / 255, 0.0, weights, firm, 1, window, window, 1.0, 0), ground


def still(beside):
    """The ground's still after a few passes that move nothing, where the shadow ever was."""
    plates, ground = shot()
    shape = grid_shape(HEIGHT, WIDTH, 16)
    seeds = [
        Seed(np.tile(np.eye(3), (COUNT, 1, 1)), np.zeros((COUNT, *shape, 2), "f4"), 16, "flow", {})
        for _ in range(2)
    ]
    states = [start_layer(plates, k, REFERENCE, seed) for k, seed in enumerate(seeds)]
    recipe = load_recipe("seeded") | {"beside": beside}
    for _ in range(12):
        one_pass(plates, states, REFERENCE, recipe, silent(), move=False)
    canvas, picture = states[1].canvas, states[1].picture
    shown = picture[-canvas.y0 :, -canvas.x0 :][:HEIGHT, :WIDTH]
    return (shown - ground)[SHADOW, 30:130]


def test_a_shadow_that_moves_along_stays_out_of_the_still():
    with_it, without = still(1.0), still(0.1)
    assert with_it.min() < -0.25, "the reference frame's shadow counts as much as it may"
    assert np.abs(without).max() < 0.06


def test_places_beside_the_front_count_less_and_the_front_itself_always():
    plates, _ = shot()
    said = say_of(plates, 1, 16, (5, 10), 0.2)
    assert said.shape == (COUNT, 5, 10) and set(np.unique(said)) == {np.float32(0.2), 1}
    # Frame 0: the block at columns 10 to 34 is in cells 0 to 2, and reaches one further.
    assert (said[0, 1:4, :3] == np.float32(0.2)).all() and (said[0, :, 5:] == 1).all()
    assert (say_of(plates, 0, 16, (5, 10), 0.2) == 1).all()
    assert (say_of(plates, 1, 16, (5, 10), 1.0) == 1).all()


@pytest.mark.parametrize("reach", [1, 2, 3, 7, 40])
def test_cells_grow_by_the_disc_of_opencv(reach):
    taken = np.random.default_rng(reach).random((23, 37)) > 0.99
    taken[0, 5] = taken[-1, -1] = True
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    assert np.array_equal(_grown(taken, reach), cv2.dilate(taken.astype(np.uint8), brush) > 0)


@pytest.mark.parametrize("cell", [16, 8])
def test_cells_hold_the_last_pixels_too(cell):
    plates, _ = shot()
    plates.weights[0, -1, -1, -1] = 255
    shape = (-(-HEIGHT // cell), -(-WIDTH // cell))
    assert say_of(plates, 1, cell, shape, 0.5)[-1, -1, -1] == 0.5
