import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.colour import ocio
from engine.colour.encoding import decode, encode, to_display8


def codes():
    return np.arange(256, dtype=np.uint8)


def reference_linear(value):
    value = np.asarray(value, np.float64)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def test_the_curve_is_that_of_the_standard_but_for_its_tangent_toe():
    linear = reference_linear(codes() / 255).astype(np.float32)
    error = np.abs(encode(linear) - codes() / 255)
    assert error.max() < 1.1e-5
    assert error[11:].max() < 1e-6


def test_the_linear_value_that_colour_management_gives_encodes_to_the_code():
    picture = np.repeat(codes()[None, :, None], 3, axis=2)
    linear = ocio.codes_to_working(picture, ocio.SRGB, ocio.DEFAULT_WORKING)
    assert np.abs(encode(linear)[0, :, 0] - codes() / 255).max() < 1e-6
    assert np.array_equal(to_display8(linear)[0, :, 0], codes())


@given(st.floats(-64, 64, width=32))
def test_decoding_gives_back_what_was_encoded(value):
    back = float(decode(encode(np.array([value], np.float32)))[0])
    assert abs(back - value) <= 2e-6 * max(1.0, abs(value))


def test_the_curve_is_odd_and_rises_past_one():
    x = np.linspace(-20, 20, 4001, dtype=np.float32)
    y = encode(x)
    assert np.allclose(y, -y[::-1], atol=1e-6)
    assert (np.diff(y) > 0).all()
    assert y[-1] > 3


def test_nan_and_inf_stay():
    odd = np.array([np.nan, np.inf, -np.inf], np.float32)
    for curve in (encode, decode):
        assert np.isnan(curve(odd)[0]) and curve(odd)[1] == np.inf and curve(odd)[2] == -np.inf


def test_display_codes_are_cut_and_nan_is_black():
    values = np.array([-1, 0, 1, 7, np.nan, np.inf, -np.inf], np.float32)
    assert to_display8(values).tolist() == [0, 0, 255, 255, 0, 255, 0]


def test_large_and_strided_arrays_of_any_shape_are_encoded_alike():
    x = np.random.default_rng(0).standard_normal((300, 260, 4)).astype(np.float32) * 3
    part = x[::2, 1::3, :3]
    one_by_one = np.array([encode(value) for value in part[0, :, 0]])
    assert np.array_equal(encode(part)[0, :, 0], one_by_one)
    assert encode(part).shape == part.shape and encode(part).flags.c_contiguous
    assert np.array_equal(to_display8(part), np.rint(np.clip(encode(part), 0, 1) * 255))
    assert encode(np.float32(0.5)).shape == () and encode(np.zeros((0, 3))).shape == (0, 3)
    assert np.array_equal(x[::2, 1::3, :3], part)
