"""The compiled drawing of layers against plain numpy."""

import numpy as np
import pytest

from engine.kernels import draw_reference
from engine.kernels.draw import draw_layer, settle

HEIGHT, WIDTH = 40, 50


def scene(seed):
    rng = np.random.default_rng(seed)
    picture = rng.random((60, 70, 4), dtype=np.float32)
    picture[..., :3] = picture[..., :3] * 2 - 0.5
    picture[10:25, 10:30, 3] = 0
    picture[..., :3] *= picture[..., 3:]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32) + 0.5
    positions = np.stack([x * 1.2 + 3 * np.sin(y / 9), y * 1.3 - 4], axis=2).astype(np.float32)
    positions[0, 0] = np.nan
    share = rng.random((HEIGHT, WIDTH), dtype=np.float32)
    share[:5] = 0
    control = rng.random((3, 4, 3), dtype=np.float32) + 0.5
    exposure = np.array([[1.1, 0.9, 1.0], [0.02, -0.01, 0]], np.float32)
    return picture, positions, share, control, exposure


def blank():
    colour, lit = np.zeros((2, HEIGHT, WIDTH, 3), np.float32)
    weight = np.zeros((HEIGHT, WIDTH), np.float32)
    carry = np.full((HEIGHT, WIDTH), 0.25, np.float32)
    carry[:3] = 0
    return colour, weight, carry, lit


@pytest.mark.parametrize("filter", ["bilinear", "cubic"])
@pytest.mark.parametrize("scale", [(1.0, 1.0), (2.0, 2.5)])
def test_a_layer_is_read_lit_weighted_and_carried_as_numpy_says(filter, scale):
    picture, positions, share, control, exposure = scene(0)
    results = []
    for draw in (draw_layer, draw_reference.draw_layer):
        colour, weight, carry, lit = blank()
        draw(
            picture, (-2.0, 1.0), scale, positions, share, 0.01, colour, weight, carry,
            filter=filter, lit=lit, control=control, exposure=exposure,
        )  # fmt: skip
        results.append((colour, weight, carry, lit))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=3e-4)
        assert np.median(np.abs(found - expected)) < 1e-6
    assert results[0][1].max() > 0.5


def test_without_light_wanted_the_colours_are_the_same():
    picture, positions, share, control, exposure = scene(1)
    colour, weight, carry, lit = blank()
    alone, weight_alone, carry_alone, _ = blank()
    where = (picture, (0.0, 0.0), (1.0, 1.0), positions, share, 0.01)
    draw_layer(*where, colour, weight, carry, lit=lit, control=control, exposure=exposure)
    draw_layer(*where, alone, weight_alone, carry_alone)
    np.testing.assert_array_equal(colour, alone)
    np.testing.assert_array_equal(carry, carry_alone)
    assert np.abs(lit - colour).max() > 0.1


def test_a_composite_is_divided_by_its_weight_and_tells_what_is_empty():
    colour = np.full((4, 5, 3), 0.2, np.float32)
    lit = colour * 2
    weight = np.ones((4, 5), np.float32)
    weight[1, 2], weight[3, 4] = 0.5, 0
    empty = settle(colour, lit, weight)
    assert colour[1, 2, 0] == pytest.approx(0.4)
    assert lit[1, 2, 0] == pytest.approx(0.8)
    assert colour[0, 0, 0] == np.float32(0.2)
    np.testing.assert_array_equal(np.argwhere(empty), [[3, 4]])
    assert settle(colour, None, np.ones((4, 5), np.float32)) is None
