"""The compiled compositing against plain numpy."""

import numpy as np

from engine.colour.encoding import decode
from engine.kernels.blend import add_layer, put_paint, tame


def test_a_layer_is_decoded_weighted_and_carried_as_numpy_says():
    rng = np.random.default_rng(0)
    seen = rng.random((40, 50, 4), dtype=np.float32)
    seen[..., :3] = (rng.random((40, 50, 3)) * 4 - 1).astype(np.float32)
    seen[..., :3] *= rng.choice([0.01, 0.1, 1.0], (40, 50, 1)).astype(np.float32)
    seen[..., 3] = np.where(rng.random((40, 50)) < 0.3, 0.0, seen[..., 3])
    seen[..., :3] *= seen[..., 3:]
    share = rng.random((40, 50), dtype=np.float32)
    share[:5] = 0
    gain = rng.random((40, 50, 3), dtype=np.float32)
    colour = np.zeros((40, 50, 3), np.float32)
    weight, carry = np.zeros((40, 50), np.float32), np.ones((40, 50), np.float32)
    add_layer(seen, share, gain, 0.01, colour, weight, carry)
    taken = share * np.clip((seen[..., 3] - 0.01) / 0.03, 0, 1)
    plain = decode(seen[..., :3] / np.where(taken > 0, seen[..., 3], 1)[..., None])
    np.testing.assert_allclose(colour, plain * gain * taken[..., None], rtol=2e-5, atol=1e-7)
    np.testing.assert_allclose(weight, taken, rtol=1e-5)
    np.testing.assert_allclose(carry, share - taken, atol=1e-6)


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
