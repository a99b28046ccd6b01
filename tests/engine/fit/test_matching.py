"""What the matching sees, and the seeds that come of it."""

import threading

import cv2
import numpy as np
import pytest

from engine.errors import Cancelled
from engine.fit.chain import Chain
from engine.fit.matching import LONG, View
from engine.fit.plates import Plates, eroded
from engine.fit.seeds import seed_layers
from engine.flow.pair import FlowPair
from engine.io.picture import Window
from engine.kernels import lattice
from engine.progress import Task, silent


def noise(height: int, width: int, seed: int) -> np.ndarray:
    rough = np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 2.0)
    return np.clip((smooth - 127) * 5 + 127, 0, 255).astype(np.uint8)


def plates_of(codes: np.ndarray, weights: np.ndarray) -> Plates:
    height, width = codes.shape[1:3]
    firm = weights
    if len(weights) > 1:
        firm = np.stack([[eroded(mask) for mask in layer] for layer in weights])
    window = Window.of_size(width, height)
    return Plates(codes, 1 / 255, 0.0, weights, firm, 1, window, window, 1.0, 0)


def sliding(shift: int = 3, frames: int = 7, contrast: float = 1.0) -> Plates:
    """A card that slides right over a ground that slides left."""
    ground, card = noise(150, 260, 1), noise(60, 70, 2)
    ground = np.rint((ground - 127.0) * contrast + 127).astype(np.uint8)
    codes = np.empty((frames, 150, 200, 3), np.uint8)
    weights = np.zeros((2, frames, 150, 200), np.uint8)
    for t in range(frames):
        codes[t] = ground[:, t : t + 200]
        left = 40 + shift * t
        codes[t, 50:110, left : left + 70] = card
        weights[0, t, 50:110, left : left + 70] = 255
    weights[1] = 255 - weights[0]
    return plates_of(codes, weights)


def places(seed, index: int, points: np.ndarray) -> np.ndarray:
    moved = lattice.apply_matrix(seed.matrices[index], points)
    bent = lattice.evaluate_points(seed.lattices[index], seed.spacing, 150, 200, points)
    return moved + bent


def test_a_view_is_cut_to_where_the_group_ever_is():
    view = View(sliding(), 0, 16)
    top, bottom = (cells * 16 for cells in view.rows)
    left, right = (cells * 16 for cells in view.columns)
    assert 0 < top <= 50 and 110 <= bottom < 160
    assert left <= 40 and 40 + 3 * 6 + 70 <= right <= 208
    assert view.shape == (bottom - top, right - left)
    np.testing.assert_array_equal(view.grid[0, 0], [left + 0.5, top + 0.5])


def test_what_lies_behind_a_group_is_painted_over_and_what_lies_before_is_not():
    plates = sliding()
    look = View(plates, 0, 16).look(2)
    outside = look.grey[look.weight == 0]
    assert len(np.unique(outside)) == 1
    inside = look.grey[look.weight == 1].astype(float)
    assert abs(inside.mean() - float(outside[0])) > 32
    rear = View(plates, 1, 16)
    assert len(np.unique(rear.look(2).grey)) > 100


def test_a_large_frame_is_matched_small_in_whole_pixels_per_cell():
    codes = np.zeros((2, 500, 1100, 3), np.uint8)
    view = View(plates_of(codes, np.full((1, *codes.shape[:3]), 255, np.uint8)), 0, 16)
    assert max(view.shape) <= LONG
    assert view.scale == view.step / 16
    assert view.cells == (32, 69)
    assert view.look(0).weight[-1].max() < 1  # what lies below the frame weighs nothing


@pytest.mark.parametrize("index", [0, 1, 5, 6])
def test_each_layer_follows_its_own_motion(index):
    seeds = seed_layers(sliding(), 3, None, 16, silent())
    card = np.array([[60.5, 70.5], [80.5, 90.5], [95.5, 60.5]])
    card[:, 0] += 3 * index
    np.testing.assert_allclose(
        places(seeds[0], index, card) - card, [[-3 * (index - 3), 0]] * 3, atol=0.15
    )
    ground = np.array([[20.5, 20.5], [180.5, 30.5], [100.5, 140.5]])
    np.testing.assert_allclose(
        places(seeds[1], index, ground) - ground, [[index - 3, 0]] * 3, atol=0.15
    )


def test_flow_that_is_given_is_followed_where_pictures_say_nothing():
    codes = np.full((5, 150, 200, 3), 120, np.uint8)
    plates = plates_of(codes, np.full((1, *codes.shape[:3]), 255, np.uint8))
    right = np.broadcast_to(np.float32([4, 0]), (150, 200, 2)).copy()
    sure = np.ones((150, 200), np.float32)
    seeds = seed_layers(
        plates, 2, lambda index: FlowPair(index, right, sure, -right, sure), 16, silent()
    )
    middle = np.array([[100.5, 75.5]])
    for index in (1, 3):
        np.testing.assert_allclose(
            places(seeds[0], index, middle) - middle, [[-4 * (index - 2), 0]], atol=0.1
        )


def test_the_reference_frame_does_not_move():
    for seed in seed_layers(sliding(), 2, None, 16, silent()):
        np.testing.assert_array_equal(seed.matrices[2], np.eye(3))
        assert not seed.lattices[2].any()


def test_matching_repeats_bit_for_bit():
    first, second = (seed_layers(sliding(), 3, None, 16, silent()) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.matrices, other.matrices)
        np.testing.assert_array_equal(one.lattices, other.lattices)
        assert one.errors == other.errors


def test_matching_can_be_stopped():
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        seed_layers(sliding(), 3, None, 16, Task(cancelled=stop))


def test_what_passes_in_front_does_not_pull_the_ground_along():
    plates = sliding(shift=6, frames=9, contrast=0.04)
    ground = seed_layers(plates, 4, None, 16, silent())[1]
    assert ground.errors["flow"] < 0.02  # grey levels; dragged along, it is ten times that


@pytest.mark.parametrize(("shift", "kept"), [(240.0, True), (60.0, False)])
def test_a_chained_camera_gives_way_only_where_enough_of_the_reference_frame_is_seen(shift, kept):
    codes = np.full((2, 120, 250, 3), 100, np.uint8)
    codes[0, :, 120:] = 200
    chain = Chain(View(plates_of(codes, np.full((1, 2, 120, 250), 255, np.uint8)), 0, 16), 0, None)
    chained = np.array([[1.0, 0, shift], [0, 1, 0], [0, 0, 1]])
    chain.previous = chain.view.grid - np.float32(20)  # what the pictures seem to say: no shift
    matrix, _, _ = chain._straightened(chain.view.look(1), chained)
    assert np.allclose(matrix, chained) == kept
