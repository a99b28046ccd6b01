"""Pictures for the tests of operations."""

import numpy as np
import pytest

from engine.io.picture import Native, Picture, Window


def make_picture(height=48, width=64, channels=4, seed=2):
    """HDR, some negatives, soft coverage with a hole; windows off the origin."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    colour = np.stack(
        [0.5 + 0.5 * np.sin(x / 5), 0.3 + 0.3 * np.cos(y / 4), 0.4 + 0.2 * np.sin((x + y) / 9)], 2
    )
    colour += random.normal(0, 0.02, colour.shape)
    colour[5:9, 5:9] = 12.0
    colour[20:22, 20:22] = -0.1
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = colour
    if channels == 4:
        alpha = np.clip((x - 6) / 10, 0, 1)
        alpha[30:38, 40:50] = 0
        alpha[5:9, 5:9] = 1
        pixels[..., 3] = alpha
        pixels[..., :3] *= alpha[..., None]
    data = Window(-3, 2, width - 3, height + 2)
    codes = np.ascontiguousarray(pixels[..., :channels], np.float16)
    native = Native(codes, tuple("RGBA"[:channels]), "linear", 16)
    pixels = np.ascontiguousarray(pixels[..., :channels], np.float32)
    return Picture(pixels, Window.of_size(width, height), data, native=native)


@pytest.fixture
def picture():
    return make_picture()


@pytest.fixture(name="make_picture")
def make_picture_fixture():
    return make_picture
