"""Fitting the colour residual: much of what is smooth, never too much of all."""

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.fields.residual import Residual
from engine.fit.residual import coarser, fit_frame
from engine.kernels.curve import display8, display_error
from engine.kernels.residual_reference import collect
from tests.engine.fit.clips import texture

HEIGHT, WIDTH = 96, 128


def smooth(amplitude):
    """An encoded difference that changes over many pixels, of its own in each channel."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] / 20
    wave = np.stack([np.sin(x + y), np.sin(x - y), np.cos(x)], axis=2)
    return (amplitude * wave).astype(np.float32)


@pytest.fixture(scope="module")
def drawn():
    return decode(0.25 + 0.5 * texture(HEIGHT, WIDTH))


def fitted(truth, drawn, most, cell=4, kept=None, edit_path=None):
    """All the figures of a frame: residual, before, after."""
    residual = Residual.empty(HEIGHT, WIDTH, cell, 1)
    codes = display8(truth)
    before = display_error(drawn, codes, kept)
    edit_path = before if edit_path is None else edit_path
    after = fit_frame(residual, 0, truth, drawn, codes, kept, edit_path, most)
    return residual, before, after


def gain(before, after):
    return 10 * np.log10(before / after)


def test_a_smooth_difference_is_explained(drawn):
    truth = decode(encode(drawn) + smooth(0.05))
    residual, before, after = fitted(truth, drawn, 60.0)
    assert gain(before, after) > 20
    result = drawn.copy()
    residual.add_to(0, result)
    assert display_error(result, display8(truth)) == after


def test_fine_texture_cannot_hide_in_it(drawn):
    rng = np.random.default_rng(0)
    noise = 0.05 * rng.standard_normal((HEIGHT, WIDTH, 1))
    truth = decode(encode(drawn) + noise)
    _, before, after = fitted(truth, drawn, 60.0)
    assert gain(before, after) < 0.6


@pytest.mark.parametrize("most", [0.5, 2.0, 4.2])
@pytest.mark.parametrize("amplitude", [0.004, 0.05, 0.3])
@pytest.mark.parametrize("brightness", [1.0, 9.0])
def test_it_never_gains_more_than_it_may(drawn, most, amplitude, brightness):
    bright = (drawn * brightness).astype(np.float32)
    truth = decode(encode(bright) + smooth(amplitude))
    _, before, after = fitted(truth, bright, most)
    assert after <= before
    assert gain(before, after) <= most + 1e-9
    if amplitude == 0.05 and brightness == 1:
        assert gain(before, after) > most - 0.3


def test_what_the_light_gained_already_counts(drawn):
    truth = decode(encode(drawn) + smooth(0.05))
    _, before, _ = fitted(truth, drawn, 60.0)
    residual, _, after = fitted(truth, drawn, 3.0, edit_path=before * 10**0.2)
    assert 0.6 < gain(before, after) <= 1.0
    residual, _, after = fitted(truth, drawn, 3.0, edit_path=before * 10**0.4)
    assert after == before
    assert residual.planes(0) is None


def test_a_frame_that_is_right_gets_none(drawn):
    residual, before, after = fitted(drawn, drawn, 4.2)
    assert before == after == 0
    assert residual.planes(0) is None


def test_what_does_not_count_has_no_part_in_it(drawn):
    truth = decode(encode(drawn) + smooth(0.05))
    kept = np.ones((HEIGHT, WIDTH), np.bool_)
    kept[:40, :60] = False
    truth[:40, :60] = 5
    truth[50, 50] = np.nan
    residual, before, after = fitted(truth, drawn, 60.0, kept=kept)
    assert gain(before, after) > 12
    luma, _ = residual.planes(0)
    assert np.abs(luma[:8, :12]).max() < 0.02
    nothing = np.zeros_like(kept)
    residual, _, after = fitted(truth, drawn, 4.2, kept=nothing, edit_path=float("nan"))
    assert np.isnan(after)
    assert residual.planes(0) is None


@pytest.mark.parametrize("cell", [1, 3, 4])
@pytest.mark.parametrize("size", [(17, 20), (16, 31), (1, 2)])
def test_sums_of_wide_hats_follow_from_those_of_narrow_ones(cell, size):
    rng = np.random.default_rng(cell)
    truth, picture = rng.random((2, *size, 3), dtype=np.float32)
    narrow, _ = collect(truth, picture, cell)
    wide, _ = collect(truth, picture, 2 * cell)
    np.testing.assert_allclose(coarser(narrow, wide.shape[:2]), wide, atol=1e-4)


def test_a_frame_takes_little_room(drawn):
    truth = decode(encode(drawn) + smooth(0.05))
    residual, _, _ = fitted(truth, drawn, 4.2)
    assert len(residual.streams[0]) < HEIGHT * WIDTH * 3 / 20
