"""The tables of the curve against the curve."""

import numba
import numpy as np
import pytest

from engine.colour.encoding import decode, encode, to_display8
from engine.kernels import curve


@numba.njit
def through(values, back):  # type: ignore[no-untyped-def]
    result = np.empty_like(values)
    for i in range(values.size):
        result[i] = curve.decoded(values[i]) if back else curve.encoded(values[i])
    return result


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(0)
    dark, wide = rng.random(50_000) ** 6, rng.standard_normal(50_000) * 3
    edges = np.array([0, -0.0, 1, -1, 0.0031, 0.0393, 1.5624, 1.5626, 100, -100])
    return np.concatenate([dark, rng.random(50_000), wide, edges]).astype(np.float32)


def test_both_tables_are_the_curve_and_hold_beyond_one_and_below_zero(values):
    np.testing.assert_allclose(through(values, True), decode(values), rtol=4e-6, atol=1e-9)
    np.testing.assert_allclose(through(values, False), encode(values), rtol=2e-6, atol=2e-7)


def test_what_is_no_number_stays_so():
    assert np.isnan(through(np.array([np.nan], np.float32), False)).all()
    assert np.isinf(through(np.array([np.inf], np.float32), False)).all()


def test_display_codes_are_those_of_the_figures_exactly(values):
    # The values at which a code begins, and their neighbours, are where a guess would show.
    first = curve._FIRST[1:256].view(np.float32)
    odd = np.array([np.nan, np.inf, -np.inf, 0, -1, 1], np.float32)
    every = np.concatenate([values, first, np.nextafter(first, 0), np.nextafter(first, 2), odd])
    picture = np.resize(every, (40, 100, 3)), np.resize(every[::-1], (301, 200, 3))
    for part in picture:
        np.testing.assert_array_equal(curve.display8(part), to_display8(part))


def test_the_error_of_display_codes_counts_only_what_is_kept():
    rng = np.random.default_rng(1)
    linear = rng.random((20, 30, 3), dtype=np.float32)
    codes = rng.integers(0, 256, (20, 30, 3), np.uint8)
    square = np.square(to_display8(linear).astype(int) - codes)
    assert curve.display_error(linear, codes) == pytest.approx(square.mean())
    kept = rng.random((20, 30)) < 0.5
    assert curve.display_error(linear, codes, kept) == pytest.approx(square[kept].mean())
    assert np.isnan(curve.display_error(linear, codes, np.zeros((20, 30), bool)))
