"""The colour residual of a field."""

import zlib

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.errors import FieldError
from engine.fields.residual import Residual, grid_shapes


def counts(height, width, cell, seed=0):
    rng = np.random.default_rng(seed)
    luma, chroma = grid_shapes(height, width, cell)
    fine = rng.integers(-100, 101, luma).astype(np.int8)
    return fine, rng.integers(-50, 51, (*chroma, 2)).astype(np.int8)


def test_planes_come_back_as_they_were_put():
    residual = Residual.empty(37, 53, 4, 3)
    luma, chroma = counts(37, 53, 4)
    residual.put(1, luma, chroma, 0.01)
    found = residual.planes(1)
    np.testing.assert_allclose(found[0], luma * 0.01, rtol=1e-6)
    np.testing.assert_allclose(found[1], chroma * 0.01, rtol=1e-6)
    assert residual.planes(0) is None
    residual.clear(1)
    assert residual.planes(1) is None


def test_a_residual_of_zeros_takes_no_room():
    residual = Residual.empty(37, 53, 4, 1)
    luma, chroma = counts(37, 53, 4)
    residual.put(0, luma * 0, chroma * 0, 0.01)
    assert residual.streams == [b""]


def test_a_grey_residual_adds_the_same_to_all_encoded_channels():
    residual = Residual.empty(20, 30, 5, 1)
    luma, chroma = counts(20, 30, 5)
    residual.put(0, np.full_like(luma, 10), chroma * 0, 0.01)
    base = np.full((20, 30, 3), (0.1, 0.4, 2.5), np.float32)
    pixels = base.copy()
    residual.add_to(0, pixels)
    np.testing.assert_allclose(pixels, decode(encode(base) + 0.1), rtol=1e-5)


@pytest.mark.parametrize(
    "stream",
    [
        b"no zlib at all",
        zlib.compress(b"too short"),
        zlib.compress(bytes(50_000_000)),
        zlib.compress(bytes(100))[:-3] + b"xyz",
    ],
    ids=["noise", "short", "bomb", "cut"],
)
def test_damaged_data_is_told_with_its_frame(stream):
    residual = Residual.empty(37, 53, 4, 3)
    residual.streams[2] = stream
    with pytest.raises(FieldError, match="frame number 3"):
        residual.add_to(2, np.zeros((37, 53, 3), np.float32))
