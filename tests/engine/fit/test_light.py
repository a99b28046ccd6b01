"""Light in closed form."""

import numpy as np

from engine.fit.light import grid_shape, light_of
from tests.engine.fit.clips import texture


def test_a_smooth_change_of_light_is_found():
    base = texture(128, 192) ** 2
    gain = np.linspace(0.7, 1.4, 192, dtype=np.float32)[None, :, None]
    light = light_of(base * gain, base, np.ones((128, 192), np.float32))
    assert light.shape == (*grid_shape(128, 192), 3)
    np.testing.assert_allclose(light[:, 0], 0.78, atol=0.08)
    np.testing.assert_allclose(light[:, -1], 1.32, atol=0.08)


def test_light_is_one_where_the_layer_is_not_seen():
    base = texture(128, 192)
    weight = np.zeros((128, 192), np.float32)
    np.testing.assert_array_equal(light_of(base * 2, base, weight), 1)


def test_pixels_that_are_not_finite_do_not_count():
    base = texture(128, 192)
    frame = base.copy()
    frame[:40, :40] = np.nan
    light = light_of(frame, base, np.ones((128, 192), np.float32))
    np.testing.assert_allclose(light, 1, atol=1e-3)
