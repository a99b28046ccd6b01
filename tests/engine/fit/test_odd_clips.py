"""Odd clips end well: a finite field, a finite figure, no warning of our own."""

import warnings
from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.colour.encoding import decode
from engine.fit.plates import read_plates
from engine.fit.run import fit
from engine.io.picture import Native, Picture
from engine.progress import silent
from engine.warp.inverse import FrameInverse
from engine.warp.render import reconstruct
from tests.engine.fit.clips import Pan, picture, request

FAST = {"coarse_passes": 3, "medium_passes": 2, "fine_passes": 2, "full_passes": 3}
COUNT = 5


@pytest.fixture(scope="module")
def frames():
    pan = Pan(count=COUNT)
    return [pan.frame(t) for t in range(COUNT)]


def fitted(clip, masks=None, steps=4, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        field = fit(request(clip, masks, steps=steps, overrides=FAST, **options), silent())
    for layer in field.layers:
        assert np.isfinite(layer.canonical.pixels).all()
        assert layer.lighting is None or np.isfinite(layer.lighting).all()
        for index in range(len(clip)):
            assert np.isfinite(layer.deformation.positions(index)).all()
    for index in range(len(clip)):
        assert np.isfinite(reconstruct(field, index, edit_path=False)).all()
    assert np.isfinite([field.report["psnr_edit_path"], field.report["psnr"]]).all()
    return field


def moved(field, index):
    """Longest way that a pixel of a frame lies from its place in the reference frame."""
    layer = field.layers[0].deformation
    home = layer.positions(field.index(field.reference))
    return np.abs(layer.positions(index) - home).max()


def test_a_still_camera_moves_nothing(frames):
    field = fitted([picture(frames[0])] * COUNT)
    assert field.report["psnr_edit_path"] == 100.0  # equal frames count as 100 dB
    assert max(moved(field, t) for t in range(COUNT)) < 1e-3


def test_grain_over_a_still_camera_moves_next_to_nothing(frames):
    rng = np.random.default_rng(1)
    grain = [frames[0] + rng.normal(0, 0.02, frames[0].shape) for _ in range(COUNT)]
    field = fitted([picture(f) for f in grain])
    home = field.layers[0].deformation.positions(field.index(field.reference))
    away = [np.abs(field.layers[0].deformation.positions(t) - home) for t in range(COUNT)]
    assert np.median(away) < 0.2
    assert field.report["cuts"] == []


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_frames_of_one_colour(level):
    field = fitted([picture(np.full((60, 80, 3), level, np.float32))] * COUNT)
    assert field.report["psnr_edit_path"] == 100.0
    assert max(moved(field, t) for t in range(COUNT)) < 1e-3


def test_one_colour_that_changes_from_frame_to_frame():
    clip = [picture(np.full((60, 80, 3), 0.2 + 0.1 * t, np.float32)) for t in range(COUNT)]
    assert max(moved(fitted(clip), t) for t in range(COUNT)) < 1e-3


@pytest.mark.parametrize("black", [0, 1, 4])
def test_a_black_frame_spoils_no_other(frames, black):
    field = fitted([picture(f * (t != black)) for t, f in enumerate(frames)], steps=8)
    drawn = reconstruct(field, field.index(field.reference), edit_path=True)
    truth = picture(frames[2]).rgb
    assert np.abs(drawn - truth).mean() < 0.01


def test_two_frames(frames):
    field = fitted([picture(f) for f in frames[:2]], steps=8)
    assert field.report["psnr_edit_path"] > 35


@pytest.mark.parametrize(
    "size", [(16, 16), (1, 1), (1, 40), (40, 1), (2, 3), (3, 150), (61, 47)], ids=str
)
def test_small_and_odd_sizes(frames, size):
    clip = [picture(cv2.resize(f, size, interpolation=cv2.INTER_AREA)) for f in frames]
    field = fitted([replace(p, pixels=p.pixels.reshape(size[1], size[0], 3)) for p in clip])
    assert (field.width, field.height) == size


def test_the_pixel_aspect_is_kept(frames):
    field = fitted([replace(picture(f), pixel_aspect=2.0) for f in frames])
    assert field.pixel_aspect == 2.0


def of_depth(frame, depth):
    if depth in ("half", "float"):
        kind = np.float16 if depth == "half" else np.float32
        codes = decode(frame).astype(kind)
        native = Native(codes, ("R", "G", "B"), "Linear Rec.709 (sRGB)", 8 * codes.itemsize)
        return Picture.of(codes, native=native)
    bits = int(depth)
    share = np.rint(np.clip(frame, 0, 1) * (2**bits - 1)) / (2**bits - 1)
    most = 255 if bits == 8 else 65535
    codes = np.rint(share * most).astype(np.uint8 if bits == 8 else np.uint16)
    native = Native(codes, ("R", "G", "B"), "sRGB Encoded Rec.709 (sRGB)", bits)
    return Picture.of(decode((codes / most).astype(np.float32)), native=native)


@pytest.mark.parametrize("depth", ["8", "10", "16", "half", "float"])
def test_every_depth_fits_equally_well(frames, depth):
    field = fitted([of_depth(f, depth) for f in frames], steps=8)
    assert field.report["psnr_edit_path"] > 38


def test_nan_and_inf_are_left_out_and_do_not_count(frames):
    clean = fitted([picture(f, eight_bit=False) for f in frames], steps=8)
    bad = []
    for f in frames:
        linear = decode(f)
        linear[10:20, 30:40] = np.nan
        linear[50, 60], linear[51, 60] = np.inf, -np.inf
        bad.append(Picture.of(linear))
    field = fitted(bad, steps=8)
    assert field.report["bad_pixels"] == COUNT * 102
    assert field.report["psnr_edit_path"] > clean.report["psnr_edit_path"] - 3


def test_frames_without_a_single_number_are_left_out(frames):
    linear = [decode(f) for f in frames]
    linear[2][:] = np.nan  # the middle one, which would be the reference
    assert fitted([Picture.of(f) for f in linear]).reference != 2


EMPTY = np.zeros((132, 160), np.uint8)
PART = EMPTY.copy()
PART[30:80, 40:90] = 255


@pytest.mark.parametrize(
    "masks",
    [
        [EMPTY, EMPTY, EMPTY, EMPTY, PART],
        [PART, PART, EMPTY, EMPTY, PART],
        [EMPTY + np.uint8(255)] * COUNT,
        [PART // 3] * COUNT,
    ],
    ids=["empty in most frames", "not in the reference frame", "covers all", "soft all over"],
)
def test_odd_groups(frames, masks):
    field = fitted([picture(f) for f in frames], [("actor", masks)], steps=8)
    assert field.report["psnr_edit_path"] > 30
    at = FrameInverse(field, 0, 4).find(np.array([[60.5, 50.5]], np.float32))
    assert np.isfinite(at.points).all()


def test_a_group_behind_one_that_covers_all_is_never_seen(frames):
    groups = [("front", [EMPTY + np.uint8(255)] * COUNT), ("hidden", [PART] * COUNT)]
    field = fitted([picture(f) for f in frames], groups)
    assert not field.layers[1].canonical.pixels[..., 3].any()


def test_a_thousand_frames():
    """The further from the reference frame, the further the world has moved."""
    pan = Pan(count=1000, height=36, width=64, step=(0.02, 0.01))
    field = fitted([picture(pan.frame(t)) for t in range(1000)], steps=1)
    assert field.report["psnr_edit_path"] > 30
    assert moved(field, 0) == pytest.approx(10, abs=3)


# --- values far above 1 and below 0 -----------------------------------------------------------


def lit_clip(peak, count=7):
    """Scene-linear: a pan from -0.1 up with highlights that wander over it, and where they are."""
    pan = Pan(count=count)
    clip, places = [], []
    for t in range(count):
        linear = decode(pan.frame(t)).astype(np.float64) - 0.1
        world = pan.to_world(t)
        bright = np.zeros(linear.shape[:2], bool)
        for i in range(7):
            x, y = 90 + 17 * i + 0.8 * t, 85 + 23 * i % 80
            spot = np.exp(-((world[..., 0] - x) ** 2 + (world[..., 1] - y) ** 2) / 12.5)
            linear += peak * (0.25 + 0.25 * (i % 4)) * spot[..., None]
            bright |= spot > 0.5
        clip.append(Picture.of(linear.astype(np.float32)))
        places.append(bright)
    return clip, places


@pytest.mark.parametrize("peak", [80, 500, 5000])
def test_highlights_far_above_1_and_values_below_0_come_back(peak):
    clip, places = lit_clip(peak)
    field = fitted(clip, steps=12)
    errors, dark = [], []
    for index, (shot, bright) in enumerate(zip(clip, places, strict=True)):
        drawn = reconstruct(field, index, edit_path=True)
        errors.append((np.abs(drawn - shot.rgb) / np.abs(shot.rgb))[bright])
        below = shot.rgb < -0.02
        dark.append(np.abs(drawn - shot.rgb)[below])
    assert np.median(np.concatenate(errors)) < 0.02
    assert np.percentile(np.concatenate(errors), 95) < 0.06
    assert np.median(np.concatenate(dark)) < 0.005


def test_the_range_of_the_codes_grows_where_it_is_exceeded_and_keeps_what_was_read():
    one = np.full((4, 5, 3), 0.5, np.float32)
    clip = [one, one * 1000, -one * 40, one * 60000]
    whole = [np.full((4, 5), 255, np.uint8)]
    plates = read_plates(range(4), lambda t: Picture.of(clip[t]), lambda _: whole, 1, silent())
    for index, linear in enumerate(clip):
        back = decode(plates.encoded(index))
        np.testing.assert_allclose(back, linear, rtol=0.01, atol=2e-3)


def test_the_range_of_the_codes_stays_fine_for_plain_clips():
    one = Picture.of(np.full((4, 5, 3), 0.5, np.float32))
    plates = read_plates(
        range(2), lambda _: one, lambda _: [np.full((4, 5), 255, np.uint8)], 1, silent()
    )
    assert plates.scale < 1.3e-4
