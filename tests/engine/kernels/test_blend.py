"""The compiled compositing against plain numpy."""

import numpy as np

from engine.kernels.blend import put_paint, tame


def test_paint_goes_over_as_premultiplied_colours_do():
    rng = np.random.default_rng(1)
    pixels = rng.random((20, 30, 4), dtype=np.float32)
    paint = rng.random((20, 30, 4), dtype=np.float32)
    paint[:10] = 0
    before = pixels.copy()
    touched = np.zeros((20, 30), np.uint8)
    put_paint(pixels, paint, touched)
    np.testing.assert_array_equal(pixels[:10], before[:10])
    np.testing.assert_array_equal(pixels[..., 3], before[..., 3])
    expected = before[10:, :, :3] * (1 - paint[10:, :, 3:]) + paint[10:, :, :3]
    np.testing.assert_allclose(pixels[10:, :, :3], expected, rtol=1e-5)
    np.testing.assert_array_equal(touched.any(axis=1), np.arange(20) >= 10)


def test_taming_clamps_to_the_highest_alpha_and_drops_what_rings():
    paint = np.float32([[[1, 1, 1, 1.25], [-0.1, 0, 0, -0.05], [0.2, 0.2, 0.2, 0.5]]])
    tame(paint, None)
    np.testing.assert_allclose(
        paint[0], [[0.8, 0.8, 0.8, 1], [0, 0, 0, 0], [0.2, 0.2, 0.2, 0.5]], rtol=1e-6
    )
    points = np.float32([[0.5, 0.5, 0.5, 1.0]])
    tame(points, np.float32([[0.5]]))
    np.testing.assert_allclose(points, [[0.25, 0.25, 0.25, 0.5]])
