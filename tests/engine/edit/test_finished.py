"""Holdout, grain, highlights, motion blur and focus, each on a frame where the truth is known."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.edit.editlayer import EditLayer
from engine.edit.finish import FULL_FINISH, Finish
from engine.edit.finished import finish_frame
from engine.edit.frameview import FrameView
from engine.edit.grain import measure_grain
from engine.edit.grainsize import REACH, TILE, autocorrelation, flattened, with_planes
from engine.edit.regrain import synthesise
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.io.picture import Picture, Window
from engine.warp.render import composite
from engine.warp.sheet import Sheet
from tests.engine.warp.analytic import Analytic, shift

WIDTH, HEIGHT = 320, 180
RED = np.float32([0.8, 0.06, 0.04])


def panned(step=(0.0, 0.0), frames=3):
    """A stony ground that moves by ``step`` pixels a frame."""
    data, canvas = Window.of_size(WIDTH, HEIGHT), Window(-60, -60, WIDTH + 60, HEIGHT + 60)
    rng = np.random.default_rng(7)
    shape = (canvas.height, canvas.width, 3)
    noise = [
        cv2.GaussianBlur(rng.normal(size=shape).astype(np.float32), (0, 0), s) * s * w
        for s, w in ((1.2, 0.05), (5.0, 0.16), (18.0, 0.25))
    ]
    pixels = np.ones((canvas.height, canvas.width, 4), np.float32)
    pixels[..., :3] = decode(np.clip(0.45 + sum(noise), 0.1, 0.9))
    matrices = np.stack([shift(-step[0] * t, -step[1] * t) for t in range(frames)])
    layer = Layer("ground", Analytic(matrices, data), Canonical(pixels, canvas))
    masks = Masks(HEIGHT, WIDTH, [])
    return Field(tuple(range(1, frames + 1)), data, data, [layer], masks, 1, "test")


def square(x0, y0, x1, y1, colour=RED):
    """An opaque square of paint on the canonical image."""
    rgba = np.ones((y1 - y0, x1 - x0, 4), np.float32)
    rgba[..., :3] = colour
    return {0: EditLayer(Sheet.of(np.pad(rgba, ((1, 1), (1, 1), (0, 0))), (x0 - 1, y0 - 1)))}


def grain_like(shape, seed, sigma=0.7, strength=0.03):
    """Correlated grain of a known size and strength."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(shape[0], shape[1], 3)) * 0.6 + rng.normal(size=(*shape, 1)) * 0.8
    soft = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), sigma)
    return np.asarray(soft / soft.std() * strength, np.float32)


def grained(clean, seed=0, strength=0.03):
    noise = grain_like(clean.shape[:2], seed, strength=strength)
    return decode(encode(clean) + noise)


def strands(clean):
    """Thin lines of another colour across the picture, and their share."""
    share = np.zeros(clean.shape[:2], np.uint8)
    for x, thick in ((90, 1), (130, 2), (170, 3)):
        cv2.line(share, (x, 0), (x + 40, HEIGHT), 255, thick, cv2.LINE_AA)
    matte = (share.astype(np.float32) / 255)[..., None]
    return clean * (1 - matte) + np.float32([0.1, 0.35, 0.05]) * matte, matte[..., 0]


# Holdout


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_paint_goes_behind_strands_that_no_mask_knows(noise):
    field = panned()
    clean = composite(field, 1)
    frame, share = strands(clean)
    plate = Picture.of(grained(frame, strength=noise) if noise else frame)
    edits = square(60, 40, 260, 140)
    open_ = finish_frame(field, edits, plate, 1, Finish(detail=0.0))
    done = finish_frame(field, edits, plate, 1, Finish(holdout=True))
    solid = (share > 0.95)[done.box]
    free = (cv2.dilate(share, np.ones((9, 9))) == 0)[done.box]
    assert open_.alpha[solid].mean() > 0.9
    assert done.alpha[solid & (open_.alpha > 0.9)].mean() < 0.05
    assert done.alpha[free & (open_.alpha > 0.9)].mean() > 0.985
    # Half-covered pixels are held out in part.
    half = ((share > 0.4) & (share < 0.6))[done.box]
    assert 0.25 < done.holdout[half].mean() < 0.9


def test_a_frame_without_anything_in_front_is_not_held_out():
    field = panned()
    for seed in range(3):
        plate = Picture.of(grained(composite(field, 1), seed))
        done = finish_frame(field, square(60, 40, 260, 140), plate, 1, Finish(holdout=True))
        assert done.holdout.mean() < 0.002


def test_light_that_no_field_knows_is_no_occluder():
    field = panned()
    clean = composite(field, 1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    shade = 1 - 0.4 * np.exp(-(((x - 150) / 60) ** 2) - ((y - 90) / 40) ** 2)
    plate = Picture.of(clean * shade[..., None])
    done = finish_frame(field, square(60, 40, 260, 140), plate, 1, Finish(holdout=True))
    assert done.holdout.mean() < 0.01


def test_gain_and_clip_of_the_holdout():
    field = panned()
    frame, _ = strands(composite(field, 1))
    edits, plate = square(60, 40, 260, 140), Picture.of(frame)

    def held(**knobs):
        return finish_frame(field, edits, plate, 1, Finish(holdout=True, **knobs)).holdout

    assert held(holdout_gain=0.0).max() == 0
    soft, hard = held(holdout_clip=0.0), held(holdout_clip=0.45)
    between = [((matte > 0) & (matte < 1)).mean() for matte in (soft, hard)]
    assert between[1] < 0.5 * between[0]
    assert held(holdout_gain=2.0).sum() > held().sum() > held(holdout_gain=0.5).sum()


# Grain


def likeness(noise):
    scale = np.square(noise).mean()
    along = (noise[:, 1:] * noise[:, :-1]).mean() / scale
    return scale, (along + (noise[1:] * noise[:-1]).mean() / scale) / 2


def test_grain_is_measured_as_strong_and_as_coarse_as_it_is():
    field = panned()
    clean = composite(field, 1)
    noise = grain_like(clean.shape[:2], 3)
    plate = Picture.of(decode(encode(clean) + noise))
    grain = measure_grain(FrameView(field, 1), plate)
    levels = grain.at(np.full((1, 1, 3), 0.45, np.float32))
    np.testing.assert_allclose(levels, 0.03, rtol=0.05)
    truth = likeness(noise)[1]
    assert grain.likeness[REACH, REACH + 1] == pytest.approx(truth, abs=0.015)
    channels = grain.mixing @ grain.mixing.T
    assert channels[0, 1] == pytest.approx(0.64, abs=0.05)


@pytest.mark.parametrize("sigma", [0.5, 0.7, 1.0])
def test_a_plane_taken_away_makes_grain_neither_finer_nor_weaker(sigma):
    noise = grain_like((40 * TILE, 40 * TILE), 5, sigma)
    tiles = noise.reshape(40, TILE, 40, TILE, 3).swapaxes(1, 2).reshape(-1, TILE, TILE, 3)
    plain = flattened(tiles)
    found, left = with_planes(autocorrelation(plain))
    truth = likeness(noise)[1]
    assert found[REACH, REACH + 1] == pytest.approx(truth, abs=0.01)
    assert left == pytest.approx(np.square(plain).mean() / np.square(noise).mean(), abs=0.01)


def test_grain_belongs_to_the_brightness_of_the_plate_not_of_the_still():
    field = panned()
    clean = composite(field, 1)
    lit = encode(clean * np.linspace(0.15, 1.0, WIDTH, dtype=np.float32)[None, :, None])
    levels = np.float32([0.25, 0.35, 0.45])

    def strength(codes):
        return 0.012 + 0.10 * codes * (1 - codes)

    plate = Picture.of(decode(lit + strength(lit) * grain_like(clean.shape[:2], 3, strength=1.0)))
    grain = measure_grain(FrameView(field, 1), plate)
    found = grain.at(np.repeat(levels[:, None], 3, axis=1)).mean(axis=1)
    np.testing.assert_allclose(found, strength(levels), rtol=0.06)


def test_twigs_before_a_third_of_the_frame_are_not_taken_for_grain():
    field = panned()
    clean = encode(composite(field, 1))
    x = np.arange(WIDTH)
    twigs = ((x % 11 < 2) & (x < WIDTH // 3)).astype(np.float32)[None, :, None]
    plate = Picture.of(decode(clean + 0.06 * twigs + grain_like(clean.shape[:2], 3)))
    grain = measure_grain(FrameView(field, 1), plate)
    levels = grain.at(np.full((1, 1, 3), 0.45, np.float32))
    np.testing.assert_allclose(levels, 0.03, rtol=0.05)


def test_paint_gets_grain_like_that_of_its_surroundings():
    field = panned()
    clean = composite(field, 1)
    noise = grain_like(clean.shape[:2], 3)
    plate = Picture.of(decode(encode(clean) + noise))
    grey = decode(np.full(3, 0.45, np.float32))
    edits = square(60, 40, 260, 140, grey)
    done = finish_frame(field, edits, plate, 1, Finish(regrain=1.0)).picture.pixels
    inner = encode(done)[50:130, 70:250] - np.float32(0.45)
    here, there = likeness(inner), likeness(noise)
    assert here[0] == pytest.approx(there[0], rel=0.1)
    assert here[1] == pytest.approx(there[1], rel=0.1)
    bare = finish_frame(field, edits, plate, 1, Finish(detail=0.0)).picture.pixels
    assert np.abs(encode(bare)[50:130, 70:250] - 0.45).max() < 1e-4


def test_grain_is_the_same_in_every_run_and_another_in_every_frame():
    field = panned()
    plate = Picture.of(grained(composite(field, 1)))
    edits = square(60, 40, 260, 140)
    first, again = (
        finish_frame(field, edits, plate, 1, Finish(regrain=1.0)).picture.pixels for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
    grain = measure_grain(FrameView(field, 1), plate)
    box = (slice(10, 60), slice(20, 90))
    part = synthesise(grain, (slice(30, 50), slice(40, 70)), 1001)
    whole = synthesise(grain, box, 1001)
    np.testing.assert_allclose(part, whole[20:40, 20:50], atol=1e-6)
    other = synthesise(grain, box, 1002)
    assert abs(np.corrcoef(whole.ravel(), other.ravel())[0, 1]) < 0.06
    assert whole.std() == pytest.approx(1, abs=0.05)


def test_a_clean_plate_gets_no_grain_and_a_grade_keeps_its_own():
    field = panned()
    clean = Picture.of(composite(field, 1))
    edits = square(60, 40, 260, 140)
    done = finish_frame(field, edits, clean, 1, Finish(regrain=1.0))
    assert done.grain is None
    noisy = Picture.of(grained(composite(field, 1)))
    for kind in ("difference", "ratio"):
        with_, without = (
            finish_frame(field, edits, noisy, 1, Finish(merge=kind, regrain=r)) for r in (1.0, 0.0)
        )
        brighter = (RED > 0.3)[None, None] * np.ones((HEIGHT, WIDTH, 1), bool)
        kept = with_.picture.pixels == without.picture.pixels
        assert kept[brighter].mean() > (0.95 if kind == "difference" else 0.5)


# Highlights


def test_a_broad_highlight_lies_over_paint_too():
    field = panned()
    clean = composite(field, 1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    glint = 0.25 * np.exp(-(((x - 160) / 45) ** 2) - ((y - 90) / 35) ** 2)[..., None]
    plate = Picture.of(clean + glint)
    edits = square(60, 40, 260, 140)
    lit = finish_frame(field, edits, plate, 1, Finish(highlight=1.0))
    flat = finish_frame(field, edits, plate, 1, Finish(detail=0.0))
    inner = (slice(45, 135), slice(65, 255))
    truth = RED + glint[inner]
    before = np.abs(flat.picture.pixels[inner] - truth).mean()
    after = np.abs(lit.picture.pixels[inner] - truth).mean()
    assert after < 0.25 * before
    half = finish_frame(field, edits, plate, 1, Finish(highlight=0.5)).picture.pixels[inner]
    middle = (lit.picture.pixels[inner] + flat.picture.pixels[inner]) / 2
    np.testing.assert_allclose(half, middle, atol=1e-4)


def test_errors_of_texture_are_no_highlight():
    field = panned()
    clean = np.roll(composite(field, 1), (1, 2), (0, 1))
    done = finish_frame(
        field, square(60, 40, 260, 140), Picture.of(clean), 1, Finish(highlight=1.0)
    )
    assert done.highlight.max() < 0.01


# Shadows that pass


def shadowed(clean):
    """A picture with a soft dark patch on it, and the patch's factor [H, W, 1]."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    inner = ((np.abs(x - 150) < 40) & (np.abs(y - 90) < 30)).astype(np.float32)
    factor = 1 - 0.5 * cv2.GaussianBlur(inner, (0, 0), 6)[..., None]
    return clean * factor, factor


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_shadow_that_the_field_does_not_know_falls_on_paint_too(noise):
    field = panned()
    plate, factor = shadowed(composite(field, 1))
    seen = Picture.of(grained(plate, 3, noise))
    edits, inner = square(60, 40, 260, 140), (slice(45, 135), slice(65, 255))
    truth = encode(RED * factor[inner])
    off, half, on = (
        finish_frame(field, edits, seen, 1, Finish(shade=s, holdout=True)) for s in (0.0, 0.5, 1.0)
    )
    # A shadow is nothing in front, whether paint takes it or not.
    assert max(done.holdout.max() for done in (off, on)) < 0.1
    wrong = [np.abs(encode(done.picture.pixels[inner]) - truth).mean() for done in (off, half, on)]
    assert wrong[2] < 0.35 * wrong[0]
    assert wrong[2] < wrong[1] < wrong[0]
    assert np.abs(on.light / off.light - factor[on.box]).mean() < 0.03


def test_errors_of_texture_and_what_passes_in_front_are_no_shadow():
    field = panned()
    clean = composite(field, 1)
    edits = square(60, 40, 260, 140)
    for plate in (np.roll(clean, (1, 2), (0, 1)), strands(clean)[0]):
        done = finish_frame(field, edits, Picture.of(plate), 1, Finish(shade=1.0))
        assert np.abs(done.light - 1).mean() < 0.03
        assert np.abs(done.light - 1).max() < 0.2
    fronted = clean.copy()
    stones = composite(panned(), 1)[::-1, ::-1][60:120, 120:180]
    fronted[60:120, 120:180] = 0.4 * stones
    done = finish_frame(field, edits, Picture.of(fronted), 1, Finish(shade=1.0))
    rows, columns = done.box
    inner = done.light[
        60 - rows.start : 120 - rows.start, 120 - columns.start : 180 - columns.start
    ]
    assert np.abs(inner - 1).mean() < 0.12


# Motion blur and focus


def test_a_moving_square_is_blurred_along_its_way_as_by_a_shutter():
    field = panned((16.0, 0.0))
    plate = Picture.of(composite(field, 1))
    edits = square(100, 60, 160, 120)
    done = finish_frame(field, edits, plate, 1, Finish(shutter=0.5))
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[done.box] = done.alpha
    # In frame 1 it lies at 116..176, and goes by 8 pixels while the shutter is open.
    x = np.arange(WIDTH) + 0.5
    truth = np.clip((x - 112) / 8, 0, 1) * np.clip((180 - x) / 8, 0, 1)
    np.testing.assert_allclose(alpha[90], truth, atol=0.06)
    np.testing.assert_allclose(alpha[60:120, 140], 1, atol=1e-3)
    assert alpha[58].max() == 0
    np.testing.assert_allclose(done.motion[10, 30], [8, 0], atol=1e-3)


def test_the_offset_of_the_shutter_moves_the_blur():
    field = panned((16.0, 0.0))
    plate = Picture.of(composite(field, 1))
    edits = square(100, 60, 160, 120)

    def centre(offset):
        finish = Finish(shutter=0.5, shutter_offset=offset)
        done = finish_frame(field, edits, plate, 1, finish)
        columns = np.arange(done.box[1].start, done.box[1].stop) + 0.5
        return float((done.alpha.sum(axis=0) * columns).sum() / done.alpha.sum())

    assert centre(0.25) - centre(0.0) == pytest.approx(4, abs=0.1)


def test_a_still_shot_stays_exactly_as_it_was_with_an_open_shutter():
    field = panned()
    plate = Picture.of(composite(field, 1))
    edits = square(100, 60, 160, 120)
    open_ = finish_frame(field, edits, plate, 1, Finish(shutter=0.5)).picture.pixels
    shut = finish_frame(field, edits, plate, 1, Finish(detail=0.0)).picture.pixels
    np.testing.assert_allclose(open_, shut, atol=1e-6)


@pytest.mark.parametrize("sigma", [1.5, 3.0])
def test_an_edit_is_as_soft_as_the_plate_is_out_of_focus(sigma):
    field = panned()
    clean = composite(field, 1)
    soft = cv2.GaussianBlur(clean, (0, 0), sigma)
    edits = square(100, 60, 160, 120)
    done = finish_frame(field, edits, Picture.of(soft), 1, Finish(focus=1.0))
    assert np.median(done.focus) == pytest.approx(sigma, rel=0.3)
    sharp = finish_frame(field, edits, Picture.of(clean), 1, Finish(detail=0.0)).picture.pixels
    truth = cv2.GaussianBlur(sharp, (0, 0), sigma)
    plain = finish_frame(field, edits, Picture.of(soft), 1, Finish(detail=0.0)).picture.pixels
    edge = (slice(70, 110), slice(94, 106))
    left = np.abs(done.picture.pixels - truth)[edge].mean()
    assert left < 0.4 * np.abs(plain - truth)[edge].mean()


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_focus_does_nothing_where_the_plate_is_sharp(noise):
    field = panned()
    clean = composite(field, 1)
    plate = Picture.of(grained(clean, strength=noise) if noise else clean)
    done = finish_frame(field, square(100, 60, 160, 120), plate, 1, Finish(focus=1.0))
    assert done.focus.max() == 0


# All together


def test_everything_on_leaves_what_is_out_of_reach_bit_for_bit():
    field = panned((3.0, 1.0))
    frame, _ = strands(composite(field, 1))
    frame[5, 5], frame[90, 130] = np.nan, np.inf
    plate = Picture.of(grained(frame))
    finish = replace(FULL_FINISH, shutter=0.5)
    done = finish_frame(field, square(100, 60, 160, 120), plate, 1, finish)
    out = done.picture
    np.testing.assert_array_equal(out.pixels[~out.changed], plate.pixels[~out.changed])
    assert out.changed[65:115, 108:158].mean() > 0.8
    assert not out.changed[:45].any()
    assert np.isfinite(out.pixels[out.changed]).all()
    again = finish_frame(field, square(100, 60, 160, 120), plate, 1, finish).picture
    np.testing.assert_array_equal(out.pixels, again.pixels)


def test_an_edit_out_of_sight_returns_the_plate_itself():
    field = panned()
    plate = Picture.of(composite(field, 1))
    done = finish_frame(field, square(-50, -50, -40, -40), plate, 1, FULL_FINISH)
    assert done.picture is plate
    assert done.box is None
