"""Warping error along the source's motion."""

import numpy as np
import pytest

from engine.errors import UsageError
from engine.io.picture import Window
from engine.metrics.warping import reliable, warped, warping_errors
from tests.engine.warp.analytic import smooth_canvas

WIDTH, HEIGHT, STEP = 96, 64, 2


def panorama() -> np.ndarray:
    return np.clip(smooth_canvas(Window.of_size(WIDTH + 40, HEIGHT))[..., :3], 0, 1)


def pan(t: int) -> np.ndarray:
    """The content moves 2 pixels to the left in each frame."""
    return panorama()[:, STEP * t : STEP * t + WIDTH].copy()


def steady(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """No motion at all, whatever the pictures are."""
    return np.zeros((*a.shape, 2), np.float32)


def test_a_picture_is_read_where_the_flow_leads():
    picture = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    flow = np.zeros((3, 4, 2), np.float32)
    flow[..., 0] = 0.5
    assert np.allclose(warped(picture, flow)[0, :3], [0.5, 1.5, 2.5])


def test_what_does_not_lead_back_and_what_crosses_an_edge_does_not_count():
    forward = np.zeros((8, 10, 2), np.float32)
    forward[..., 0] = 3
    assert reliable(forward, -forward).all()
    assert not reliable(forward, forward).any()
    forward[:, 5:, 0] = 9
    edge = reliable(forward, -forward)
    assert not edge[:, 4:6].any()
    assert edge[:, 0].all()


def test_one_code_between_neighbours_is_its_square():
    # Brightness alternates by 0.1 and the motion is none: short 0.01; long 0.01 in every other.
    def blinking(t: int) -> np.ndarray:
        return np.full((16, 20, 3), 0.4 + 0.1 * (t % 2), np.float32)

    (found,) = warping_errors(blinking, [blinking], 5, flow=steady)
    assert found.short == pytest.approx(0.01, rel=1e-4)
    assert found.long == pytest.approx(0.005, rel=1e-4)


def test_a_pan_is_steady_and_noise_on_it_is_not():
    noise = np.random.default_rng(0).normal(0, 0.05, (5, HEIGHT, WIDTH, 3)).astype(np.float32)
    source, boiling = warping_errors(pan, [pan, lambda t: pan(t) + noise[t]], 5)
    assert source.short < 1e-4
    assert source.long < 2e-3
    # Two independent noises, the one read between its pixels: between 1 and 2 variances.
    assert 0.0025 < boiling.short - source.short < 0.0051


def test_one_frame_is_refused():
    with pytest.raises(UsageError, match="two frames"):
        warping_errors(pan, [pan], 1)
