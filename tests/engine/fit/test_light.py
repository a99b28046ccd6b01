"""Exposure and lighting in closed form."""

import numpy as np
import pytest

from engine.colour.encoding import encode
from engine.fit.light import (
    DARKEST,
    grid_shape,
    light_of_layer,
    smoothed,
    solve_exposure,
)
from engine.fit.plates import Plates
from engine.fit.seeded import LayerState
from engine.io.picture import Window
from tests.engine.fit.clips import texture

HEIGHT, WIDTH = 128, 192


def plates_of(frames, weights=None):
    """Frames [T, H, W, 3], scene-linear, as a fit holds those of a float clip."""
    frames = np.asarray(frames, np.float32)
    count, height, width = frames.shape[:3]
    codes = np.rint((encode(frames) + 1) * (65535 / 8)).clip(0, 65535).astype(np.uint16)
    if weights is None:
        weights = np.full((1, count, height, width), 255, np.uint8)
    window = Window.of_size(width, height)
    return Plates(codes, 8 / 65535, -1.0, weights, weights, 1, window, window, 1.0, 0)


def still_state(picture, count):
    """A layer that does not move: the canonical image lies on every frame."""
    height, width = picture.shape[:2]
    grid = (-(-height // 16) + 3, -(-width // 16) + 3)
    zero = np.zeros((count, *grid, 2), np.float32)
    # A border, so that every pixel centre has four pixels around it.
    padded = np.pad(encode(picture), ((1, 1), (1, 1), (0, 0)), mode="edge")
    return LayerState(
        matrices=np.tile(np.eye(3), (count, 1, 1)),
        lattices=zero,
        home=zero,
        shade=np.zeros((count, 1, 1, 3), np.float32),
        spacing=16.0,
        canvas=Window(-1, -1, width + 1, height + 1),
        picture=padded,
        speed=np.zeros_like(padded),
        weight=np.ones(padded.shape[:2], np.float32),
    )


def light(plates, state, *, exposure=True, lighting=True, smooth=4.0):
    return light_of_layer(
        plates, 0, state, exposure=exposure, lighting=lighting, smooth=smooth, robust=0.15
    )


@pytest.fixture(scope="module")
def base():
    return (0.1 + 0.6 * texture(HEIGHT, WIDTH)).astype(np.float32)


def test_gain_and_offset_of_each_frame_are_found(base):
    gains = np.array([1.0, 0.8, 1.25, 1.1], np.float32)
    offsets = np.array([0.0, 0.02, 0.0, -0.01], np.float32)
    frames = base * gains[:, None, None, None] + offsets[:, None, None, None]
    exposure, lighting = light(plates_of(frames), still_state(base, 4), lighting=False)
    assert lighting is None
    error = exposure[:, 0, None, None] * base + exposure[:, 1, None, None] - frames
    assert np.abs(error).max() < 0.02
    np.testing.assert_allclose(exposure[:, 0], np.repeat(gains[:, None], 3, 1), atol=0.05)


def test_a_flash_of_one_frame_belongs_to_that_frame_alone(base):
    frames = np.repeat(base[None], 9, axis=0)
    frames[4] *= 1.3
    exposure, lighting = light(plates_of(frames), still_state(base, 9))
    np.testing.assert_allclose(exposure[4, 0], 1.3, atol=0.05)
    np.testing.assert_allclose(np.delete(exposure[:, 0], 4, axis=0), 1, atol=0.01)
    np.testing.assert_allclose(lighting, 1, atol=0.02)


def test_gain_explains_what_gain_and_offset_both_could():
    flat = np.full((HEIGHT, WIDTH, 3), 0.3, np.float32)
    exposure, _ = light(plates_of([flat, flat * 0.8]), still_state(flat, 2), lighting=False)
    assert abs(exposure[1, 0, 0] - 0.8) < abs(exposure[1, 1, 0]) + 0.2
    np.testing.assert_allclose(exposure[1, 0] * 0.3 + exposure[1, 1], 0.24, atol=0.01)
    assert np.abs(exposure[1, 1]).max() < 0.03


def test_a_smooth_change_of_light_across_the_frame_is_found(base):
    gain = np.linspace(0.7, 1.4, WIDTH, dtype=np.float32)[None, :, None]
    plates = plates_of([base * gain, base * gain, base * gain])
    exposure, lighting = light(plates, still_state(base, 3), exposure=False)
    assert exposure is None
    assert lighting.shape == (3, *grid_shape(HEIGHT, WIDTH), 3)
    np.testing.assert_allclose(lighting[:, :, 0], 0.78, atol=0.08)
    np.testing.assert_allclose(lighting[:, :, -1], 1.32, atol=0.08)


def test_lighting_follows_a_slow_change_and_not_the_grain(base):
    rng = np.random.default_rng(3)
    count = 24
    slow = 1 + 0.2 * np.sin(np.linspace(0, np.pi, count))
    # Noise that is the same all over a control point's reach: the worst grain can do.
    noise = 1 + 0.05 * rng.choice([-1.0, 1.0], count)
    frames = base * (slow * noise)[:, None, None, None].astype(np.float32)
    plates, state = plates_of(frames), still_state(base, count)
    _, rough = light(plates, state, exposure=False, smooth=0.0)
    _, lighting = light(plates, state, exposure=False)
    found = lighting.mean(axis=(1, 2, 3))
    assert np.abs(found - slow).mean() < 0.03

    def flicker(values):
        return float(np.sqrt(np.mean(np.diff(values, n=2, axis=0) ** 2)))

    assert flicker(lighting) < flicker(rough) / 8


def test_light_is_one_where_the_layer_is_not_seen(base):
    weights = np.zeros((1, 3, HEIGHT, WIDTH), np.uint8)
    exposure, lighting = light(plates_of([base * 2] * 3, weights), still_state(base, 3))
    np.testing.assert_allclose(exposure[:, 0], 1)
    np.testing.assert_array_equal(exposure[:, 1], 0)
    np.testing.assert_allclose(lighting, 1)


def test_what_has_nothing_to_do_with_the_picture_hardly_counts(base):
    frames = np.repeat(base[None], 3, axis=0)
    frames[:, 40:80, 40:120] = (0.9, 0.0, 0.0)
    exposure, _ = light(plates_of(frames), still_state(base, 3))
    np.testing.assert_allclose(exposure[:, 0], 1, atol=0.06)


def test_light_stays_within_its_bounds(base):
    exposure, lighting = light(plates_of([base * 0.001] * 3), still_state(base, 3))
    assert exposure[:, 0].min() >= DARKEST
    assert lighting.min() >= DARKEST


def test_the_smooth_solution_is_that_of_the_full_matrix():
    rng = np.random.default_rng(0)
    for count in (1, 2, 3, 4, 9):
        weights, above = rng.random((2, count, 5)) + 0.1
        stiff = rng.random(5) * 5
        second = np.diff(np.eye(count), n=2, axis=0) if count > 2 else np.zeros((0, count))
        found = smoothed(above, weights, stiff)
        for i in range(5):
            matrix = np.diag(weights[:, i]) + stiff[i] * second.T @ second
            np.testing.assert_allclose(matrix @ found[:, i], above[:, i], rtol=1e-9)


def test_an_empty_layer_has_the_exposure_of_the_still():
    exposure = solve_exposure(np.zeros((2, 3, 5)))
    np.testing.assert_array_equal(exposure[:, 0], 1)
    np.testing.assert_array_equal(exposure[:, 1], 0)
