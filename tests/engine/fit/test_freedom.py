"""Stiffness, noise and the say of neighbouring frames."""

import numpy as np
import pytest

from engine.fit.freedom import bond_of, grain_of, noise_of, stiffness_of, without_trend
from engine.fit.plates import Plates
from engine.io.picture import Window

RECIPE = {"stiffness": 0.01, "visible": 0.02, "softest": 0.003, "temporal": 1.0, "bond": 0.02}


def plates_of(frames):
    codes = np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
    count, height, width = codes.shape[:3]
    weights = np.full((1, count, height, width), 255, np.uint8)
    window = Window.of_size(width, height)
    return Plates(codes, 1 / 255, 0.0, weights, weights, 1, window, window, 1.0, 0)


def slope(noise, seed=0):
    rng = np.random.default_rng(seed)
    frames = np.linspace(0.2, 0.7, 96)[None, None, :, None] * np.ones((3, 64, 96, 3))
    return frames + rng.normal(scale=noise, size=frames.shape)


def test_grain_bounds_the_noise_of_a_smooth_picture():
    clean, grainy = (grain_of(plates_of(slope(noise))) for noise in (0.0, 0.03))
    assert clean < 0.012**2
    assert grainy > 0.03**2
    assert grainy < 20 * 0.03**2


def cells(error, where=None, rms=0.0):
    """Misfit of a lattice with 8-pixel cells: mean error per channel, ``rms`` in some cells."""
    misfit = np.zeros((1, 12, 16, 2), np.float32)
    misfit[..., 1] = 64
    misfit[..., 0] = 64 * 3 * error**2
    if where is not None:
        misfit[0, where[0], where[1], 0] = 64 * 3 * rms**2
    return misfit


def test_noise_is_what_most_cells_have_but_no_more_than_the_grain():
    misfit = cells(0.01, (slice(0, 5), slice(None)), 0.1)
    assert noise_of(misfit, 1.0) == pytest.approx(0.01**2, rel=1e-3)
    assert noise_of(misfit, 0.005**2) == pytest.approx(0.005**2, rel=1e-3)
    assert noise_of(np.zeros((1, 3, 3, 2), np.float32), 1.0) == 0.0


def test_only_what_is_visibly_wrong_may_bend():
    stiff = stiffness_of(cells(0.005, (slice(4, 8), slice(8, 12)), 0.15), 0.005**2, 0.0, RECIPE)[0]
    assert stiff.shape == (15, 19)
    row, column = np.unravel_index(stiff.argmin(), stiff.shape)
    assert 5 <= row <= 10 and 9 <= column <= 14
    assert stiff.min() < 0.02 * RECIPE["stiffness"]
    assert stiff[0, 0] > 0.9 * RECIPE["stiffness"]


def test_a_layer_that_is_wrong_as_a_whole_bends_at_smaller_errors():
    misfit = cells(0.01)
    right, wrong = (stiffness_of(misfit, 0.0, excess, RECIPE).mean() for excess in (1e-5, 1e-3))
    assert right > 0.9 * RECIPE["stiffness"]
    assert wrong < 0.5 * right


def test_a_rim_with_few_firm_pixels_bends_no_more_than_what_is_right():
    misfit = cells(0.005)
    misfit[0, :, 8:] = 0  # another group
    misfit[0, :, 7, 1] = 4
    misfit[0, :, 7, 0] = 4 * 3 * 0.15**2
    stiff = stiffness_of(misfit, 0.005**2, 0.0, RECIPE)[0]
    assert stiff.min() > 0.9 * RECIPE["stiffness"]


def test_grain_makes_everything_stiffer():
    clean, grainy = (stiffness_of(cells(n), n * n, 0.0, RECIPE).mean() for n in (0.005, 0.03))
    assert grainy > 2 * clean


def test_clean_frames_owe_their_neighbours_nothing():
    known = np.ones((1, 4, 4), np.float32)
    known[0, 0] = 0
    assert not bond_of(known, 0.01**2, RECIPE).any()
    grainy = bond_of(known, 0.03**2, RECIPE)
    assert not grainy[0, 0].any() and (grainy[0, 1:] > 0).all()
    assert not bond_of(known, 0.03**2, {**RECIPE, "temporal": 0.0}).any()
    assert (bond_of(known, 0.01**2, {**RECIPE, "temporal": 2.0})[0, 1:] > 0).all()


def test_the_shake_of_the_camera_is_no_noise():
    rows, columns = np.mgrid[0:9, 0:11].astype(np.float32)
    shake = np.stack([1 + 0.1 * columns, 2 - 0.2 * rows + 0.1 * columns], axis=-1)[None]
    bump = np.zeros_like(shake)
    bump[0, 4, 5] = 1
    pull = (shake + bump).astype(np.float32)
    without_trend(pull, np.ones((1, 9, 11), np.float32))
    np.testing.assert_allclose(pull, bump, atol=0.03)
