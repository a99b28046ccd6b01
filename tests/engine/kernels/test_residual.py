"""The compiled residual against plain numpy."""

import numpy as np
import pytest

from engine.colour.encoding import decode
from engine.fields.residual import grid_shapes
from engine.kernels import residual_reference
from engine.kernels.curve import display8, display_error
from engine.kernels.residual import add, added_error, collect

HEIGHT, WIDTH = 37, 53


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    picture = (rng.random((HEIGHT, WIDTH, 3)) * 1.3 - 0.1).astype(np.float32)
    truth = (picture + 0.1 * rng.standard_normal(picture.shape)).astype(np.float32)
    return truth, picture


@pytest.mark.parametrize("cell", [2, 3, 4, 64])
def test_sums_are_those_of_plain_numpy(pictures, cell):
    truth, picture = pictures
    truth[5, 6, 1] = np.nan
    sums, energy, coded = collect(truth, None, picture, cell)
    expected, squares = residual_reference.collect(truth, picture, cell)
    np.testing.assert_allclose(sums, expected, atol=2e-3 * cell)
    assert energy == pytest.approx(squares, rel=1e-4)
    assert coded.shape == picture.shape


def test_codes_say_the_same_as_eight_bit_colours(pictures):
    picture = pictures[1]
    codes = np.random.default_rng(1).integers(0, 256, picture.shape, np.uint8)
    by_codes = collect(picture, codes, picture, 4)
    by_colours = collect(decode(codes / 255), None, picture, 4)
    np.testing.assert_allclose(by_codes[0], by_colours[0], atol=1e-3)
    assert by_codes[1] == pytest.approx(by_colours[1], rel=1e-5)


def planes(cell, seed=2):
    rng = np.random.default_rng(seed)
    luma, chroma = grid_shapes(HEIGHT, WIDTH, cell)
    y, c = rng.standard_normal(luma) * 0.05, rng.standard_normal((*chroma, 2)) * 0.02
    return y.astype(np.float32), c.astype(np.float32)


@pytest.mark.parametrize("cell", [2, 3, 4, 64])
def test_what_is_added_is_what_plain_numpy_adds(pictures, cell):
    picture = pictures[1]
    luma, chroma = planes(cell)
    expected = residual_reference.added(luma, chroma, cell, picture)
    found = picture.copy()
    add(luma, chroma, cell, found)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_where_the_residual_is_zero_the_picture_stays_bit_for_bit(pictures):
    picture = pictures[1]
    luma, chroma = planes(4)
    luma[:], chroma[:] = 0, 0
    luma[2, 3] = 0.1
    found = picture.copy()
    add(luma, chroma, 4, found)
    changed = (found != picture).any(axis=2)
    assert changed[4:12, 8:16].any()
    changed[4:12, 8:16] = False
    assert not changed.any()


def test_the_error_told_is_that_of_the_picture_made(pictures):
    truth, picture = pictures
    codes = display8(truth)
    luma, chroma = planes(3)
    luma[:4] = 0
    coded = collect(truth, None, picture, 3)[2]
    made = picture.copy()
    add(luma, chroma, 3, made)
    kept = np.random.default_rng(3).random((HEIGHT, WIDTH)) < 0.7
    for mask in (None, kept):
        found = added_error(luma, chroma, 3, picture, coded, codes, mask)
        assert found == display_error(made, codes, mask)
