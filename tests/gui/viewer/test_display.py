import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.colour.ocio import DEFAULT_WORKING, SRGB, codes_to_working
from engine.errors import UsageError
from gui.viewer.display import CHANNELS, Look, difference, show, show_parallel
from gui.viewer.views import View, default_view, transform, views

PLAIN = Look(View("sRGB - Display", "Un-tone-mapped"))
ACES = Look(View("sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)"))


@pytest.fixture(autouse=True)
def built_in_configuration(monkeypatch):
    monkeypatch.delenv("OCIO", raising=False)


def split(codes):
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=-1).astype(int)


def noise(shape=(40, 60, 4), seed=1, high=1.2):
    return (np.random.default_rng(seed).random(shape) * high - 0.1).astype(np.float32)


def test_an_unedited_8_bit_picture_looks_as_its_codes_say_by_default():
    codes = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    codes[0, :256] = np.arange(256)[:, None]
    linear = codes_to_working(codes, SRGB, DEFAULT_WORKING)
    assert np.array_equal(split(show(linear, Look(default_view()))), codes)


def test_the_picture_of_an_sdr_view_is_opaque():
    assert np.all(show(noise(), PLAIN) >> 24 == 255)


@pytest.mark.parametrize("working", [DEFAULT_WORKING, "ACEScg"])
def test_the_plain_view_is_the_exact_one_to_a_code(working):
    look = replace(PLAIN, working=working)
    pixels = noise((100, 100, 3))
    error = np.abs(split(show(pixels, look)) - split(show(pixels, look, exact=True)))
    assert error.max() <= 1
    assert error.mean() < 0.03  # only what lies at the border of two codes


def test_the_table_of_a_tone_mapped_view_is_close_to_the_exact_transform():
    rng = np.random.default_rng(2)
    ordinary = rng.random((120, 120, 3)).astype(np.float32) ** 2
    error = np.abs(split(show(ordinary, ACES)) - split(show(ordinary, ACES, exact=True)))
    assert error.max() <= 2
    assert error.mean() < 0.08
    bright = ordinary * 8  # saturated lights far above white
    error = np.abs(split(show(bright, ACES)) - split(show(bright, ACES, exact=True)))
    assert error.mean() < 0.15
    assert error.max() <= 16


def test_a_tone_mapped_view_is_another_picture_than_the_plain_one():
    assert np.abs(split(show(noise(), ACES)) - split(show(noise(), PLAIN))).mean() > 5


@given(
    st.sampled_from(CHANNELS),
    st.sampled_from([PLAIN, ACES]),
    st.sampled_from([1.0, 0.5, 3.0]),
    st.sampled_from([1.0, 2.2]),
    st.booleans(),
    st.tuples(st.integers(0, 50), st.integers(0, 90), st.integers(1, 40), st.integers(1, 40)),
)
@settings(max_examples=40, deadline=None)
def test_a_part_looks_as_it_does_in_the_whole(channels, base, gain, gamma, warn, box):
    look = replace(base, channels=channels, gain=gain, gamma=gamma, warn=warn)
    pixels = noise((90, 130, 4), high=2.0)
    pixels[10:12, 10:12] = np.nan
    top, left, height, width = box
    part = pixels[top : top + height, left : left + width]
    whole = show(pixels, look)[top : top + height, left : left + width]
    assert np.array_equal(show(part, look, origin=(left, top)), whole)


def test_threads_make_the_same_picture():
    pixels = noise((203, 70, 4), high=2.0)
    look = replace(PLAIN, warn=True, gain=1.7)
    with ThreadPoolExecutor(2) as pool:
        assert np.array_equal(show_parallel(pixels, look, pool, parts=2), show(pixels, look))


def test_gain_is_a_factor_in_linear_light():
    pixels = noise(high=0.5)
    assert np.array_equal(show(pixels, replace(PLAIN, gain=2.0)), show(pixels * 2, PLAIN))


def test_gamma_bends_after_the_view_and_keeps_black_and_white():
    pixels = np.array([[[0, 0, 0], [0.2, 0.2, 0.2], [1, 1, 1]]], np.float32)
    plain, bent = (split(show(pixels, replace(PLAIN, gamma=g)))[0, :, 0] for g in (1.0, 2.0))
    assert (bent[0], bent[2]) == (0, 255)
    assert abs(bent[1] - 255 * (plain[1] / 255) ** 0.5) <= 1


@pytest.mark.parametrize(("channel", "at"), [("r", 0), ("g", 1), ("b", 2)])
def test_one_channel_is_shown_as_grey(channel, at):
    pixels = noise((20, 20, 3))
    single = split(show(pixels, replace(PLAIN, channels=channel)))
    assert np.array_equal(single, np.repeat(split(show(pixels, PLAIN))[..., at : at + 1], 3, 2))


def test_alpha_is_data_and_goes_through_no_view():
    pixels = np.zeros((1, 3, 4), np.float32)
    pixels[0, :, 3] = 0, 0.5, 1
    for base in (PLAIN, ACES):
        assert split(show(pixels, replace(base, channels="a")))[0, :, 0].tolist() == [0, 128, 255]


def test_the_matte_is_a_red_veil():
    pixels = np.zeros((1, 2, 4), np.float32)
    pixels[0, 1, 3] = 1
    assert split(show(pixels, replace(PLAIN, channels="m"))).tolist() == [[[0, 0, 0], [128, 0, 0]]]


def test_luminance_of_the_working_space():
    green = np.array([[[0, 1, 0]]], np.float32)
    grey = np.full((1, 1, 3), 0.7152, np.float32)
    look = replace(PLAIN, channels="y")
    assert abs(int(split(show(green, look))[0, 0, 0]) - split(show(grey, PLAIN))[0, 0, 0]) <= 1


def test_what_is_no_number_is_black_or_told_never_an_error():
    pixels = np.full((16, 16, 3), 0.5, np.float32)
    pixels[0, 0], pixels[1, 1], pixels[2, 2] = np.nan, np.inf, -np.inf
    for base in (PLAIN, ACES):
        shown = split(show(pixels, base))
        assert shown[0, 0].tolist() == [0, 0, 0] or base is ACES
        told = show(pixels, replace(base, warn=True))
        assert told[0, 0] == told[1, 1] == told[2, 2] != told[5, 5]


def test_clipped_pixels_are_striped():
    pixels = np.full((32, 32, 3), 0.5, np.float32)
    pixels[:, 16:] = 1.5
    plain, told = show(pixels, PLAIN), show(pixels, replace(PLAIN, warn=True))
    assert np.array_equal(plain[:, :16], told[:, :16])
    share = (plain[:, 16:] != told[:, 16:]).mean()
    assert 0.1 < share < 0.6


def test_pictures_of_one_and_two_channels_are_grey():
    one = np.full((2, 2, 1), 0.5, np.float32)
    two = np.concatenate([one, np.full_like(one, 0.25)], axis=2)
    three = np.repeat(one, 3, axis=2)
    assert np.array_equal(show(one, PLAIN), show(three, PLAIN))
    assert np.array_equal(show(two, PLAIN), show(three, PLAIN))
    assert split(show(two, replace(PLAIN, channels="a")))[0, 0, 0] == 64


def test_the_difference_is_that_of_the_colours():
    a, b = noise((4, 4, 4), 1), noise((4, 4, 3), 2)
    assert np.allclose(difference(a, b), np.abs(a[..., :3] - b))


def test_the_menu_has_the_aces_views_and_raw():
    names = {(view.display, view.view) for view in views()}
    assert ("sRGB - Display", "Un-tone-mapped") in names
    assert ("sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)") in names
    assert ("sRGB - Display", "Raw") in names


def test_the_default_of_ones_own_configuration_is_what_it_says(tmp_path, monkeypatch):
    import PyOpenColorIO

    file = tmp_path / "studio.ocio"
    file.write_text(PyOpenColorIO.Config.CreateFromFile("ocio://cg-config-latest").serialize())
    monkeypatch.setenv("OCIO", str(file))
    assert default_view().view.startswith("ACES 2.0 - SDR")
    assert default_view("", "Raw").view == "Raw"
    assert default_view("no such display", "no such view").view.startswith("ACES 2.0 - SDR")


def test_a_preferred_view_that_is_not_there_is_not_taken():
    assert default_view("", "Vivid") == PLAIN.view
    assert default_view("Display P3 - Display").view == "Un-tone-mapped"


def test_a_view_that_is_not_there_is_told():
    with pytest.raises(UsageError, match="choose another view"):
        transform(DEFAULT_WORKING, View("sRGB - Display", "Vivid"))


def test_viewers_and_timeline_import_nothing_heavy():
    code = (
        "import sys, gui.viewer.pane, gui.timeline.bar\n"
        "heavy = {'torch', 'numba', 'cv2', 'av', 'OpenImageIO'} & set(sys.modules)\n"
        "print(*sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
