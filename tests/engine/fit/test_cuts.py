"""Cuts are found; flashes, whip pans, fades and what passes the lens are none."""

import cv2
import numpy as np
import pytest

from engine.errors import UsageError
from engine.fit.cuts import advice, find_cuts, shots_of
from engine.fit.plates import Plates
from engine.fit.run import fit
from engine.io.picture import Window
from engine.metrics.psnr import psnr_field
from engine.progress import silent
from tests.engine.fit.clips import Pan, picture, request, texture

FAST = {"coarse_passes": 3, "medium_passes": 2, "fine_passes": 2, "full_passes": 3}


def shot(seed, count=12, tint=(1.0, 1.0, 1.0), **changes):
    pan = Pan(count=count, height=108, width=192, seed=seed, **changes)
    return [np.clip(pan.frame(t) * np.float32(tint), 0, 1) for t in range(count)]


def cuts_in(frames, numbers=None):
    codes = np.stack([np.rint(np.clip(f, 0, 1) * 255).astype(np.uint8) for f in frames])
    window = Window.of_size(codes.shape[2], codes.shape[1])
    weights = np.full((1, *codes.shape[:3]), 255, np.uint8)
    plates = Plates(codes, 1 / 255, 0.0, weights, weights, 1, window, window, 1.0, 0)
    return find_cuts(plates, numbers or range(1001, 1001 + len(frames)), silent())


WARM, COLD = (1.0, 0.8, 0.5), (0.5, 0.8, 1.0)


@pytest.mark.parametrize("at", [1, 2, 7, 11])
def test_a_hard_cut_is_found_wherever_it_is(at):
    frames = shot(1, tint=WARM)[:at] + shot(2, tint=COLD)[: 12 - at]
    assert cuts_in(frames) == [at]


def test_two_cuts_are_found():
    frames = shot(1, tint=WARM)[:6] + shot(2, tint=COLD)[:7] + shot(3, tint=WARM)[:6]
    assert cuts_in(frames) == [6, 13]


def test_a_cut_through_black_frames_is_found_where_the_next_shot_begins():
    black = [np.zeros((108, 192, 3), np.float32)] * 3
    assert cuts_in(shot(1, tint=WARM)[:6] + black + shot(2, tint=COLD)[:6]) == [9]


def test_across_missing_frames_nothing_is_told():
    """After a gap the same shot may show quite another place; every tenth frame is no gap."""
    frames = shot(1, tint=WARM)[:6] + shot(2, tint=COLD)[:6]
    assert cuts_in(frames, [*range(1, 7), *range(40, 46)]) == []
    assert cuts_in(frames, list(range(1, 121, 10))) == [6]


@pytest.mark.parametrize("gain", [1.5, 4.0, 40.0])
@pytest.mark.parametrize("burning", [(5,), (5, 6, 7), (0,), (11,)])
def test_a_flash_is_no_cut(gain, burning):
    frames = shot(1, tint=WARM)
    assert cuts_in([f * (gain if i in burning else 1) for i, f in enumerate(frames)]) == []


@pytest.mark.parametrize("speed", [0.2, 0.5, 0.9])
def test_a_whip_pan_is_no_cut(speed):
    world = texture(108, 192 * 8, 5) * np.float32(WARM)
    frames, x = [], 0.0
    for i in range(20):
        end = min(x + speed * 192 * np.exp(-(((i - 10) / 2.5) ** 2)), 192 * 7.0 - 1)
        blur = [world[:, int(x + (end - x) * k / 8) :][:, :192] for k in range(8)]
        frames.append(np.mean(blur, axis=0))
        x = end
    assert cuts_in(frames) == []


def test_fades_and_dissolves_are_no_cuts():
    one, two = shot(1, 16, WARM), shot(2, 16, COLD)
    fade = np.clip(np.abs(np.arange(16) - 8) / 6, 0, 1)
    assert cuts_in([f * k for f, k in zip(one, fade, strict=True)]) == []
    mix = np.clip((np.arange(16) - 4) / 8, 0, 1)
    assert cuts_in([a * (1 - k) + b * k for a, b, k in zip(one, two, mix, strict=True)]) == []


def test_something_that_passes_close_to_the_lens_is_no_cut():
    frames = shot(1, 16, WARM)
    passer = texture(108, 170, 9) * np.float32(COLD)
    for i, frame in enumerate(frames):
        left = -200 + 35 * i
        a, b = max(left, 0), min(left + 170, 192)
        if b > a:
            frame[:, a:b] = passer[:, a - left : b - left]
    assert cuts_in(frames) == []


def test_grain_flat_and_black_frames_are_no_cuts():
    rng = np.random.default_rng(3)
    assert cuts_in([f + rng.normal(0, 0.1, f.shape) for f in shot(1)]) == []
    assert cuts_in([np.full((40, 60, 3), 0.4) + rng.normal(0, 0.1, (40, 60, 3))] * 4) == []
    assert cuts_in([np.full((40, 60, 3), k / 4) for k in range(4)]) == []


@pytest.mark.parametrize("size", [(5, 3), (1, 1), (120, 2)])
def test_frames_of_a_few_pixels_have_no_cuts(size):
    frames = shot(1, tint=WARM)[:6] + shot(2, tint=COLD)[:6]
    assert cuts_in([cv2.resize(f, size) for f in frames]) == []


def test_advice_names_the_frames_of_each_shot():
    shots = shots_of(range(1001, 1101), [47])
    assert shots == [(1001, 1047), (1048, 1100)]
    assert "at frame 1048" in advice(shots)
    assert "1001-1047, 1048-1100" in advice(shots)


@pytest.fixture(scope="module")
def cut_clip():
    return [picture(f) for f in shot(1, 6, WARM) + shot(2, 4, COLD)]


def test_the_longest_shot_is_fitted_and_the_other_left_out(cut_clip):
    """Nothing of the other shot is in the still, and edits do not reach its frames."""
    field = fit(request(cut_clip, first=1001, steps=8, overrides=FAST), silent())
    assert field.report["cuts"] == [1007]
    assert field.report["shots"] == [(1001, 1006), (1007, 1010)]
    assert field.reference in range(1001, 1007)
    alone = fit(request(cut_clip[:6], first=1001, steps=8, overrides=FAST), silent())
    assert field.report["psnr_edit_path"] == pytest.approx(alone.report["psnr_edit_path"], abs=0.5)
    assert field.seen(2).all()
    assert not field.seen(8).any()
    assert np.isnan(psnr_field(field, lambda f: cut_clip[f - 1001], edit_path=True)[8])


def test_the_shot_of_the_reference_frame_is_fitted(cut_clip):
    asked = request(cut_clip, first=1001, steps=4, overrides=FAST, reference=1008)
    field = fit(asked, silent())
    assert not field.seen(2).any()
    assert field.seen(8).all()


def test_stop_refuses_before_fitting_and_ignore_fits_all(cut_clip):
    with pytest.raises(UsageError, match="at frame 1007") as caught:
        fit(request(cut_clip, first=1001, steps=4, overrides=FAST, cuts="stop"), silent())
    assert caught.value.frame == 1007
    field = fit(request(cut_clip, first=1001, steps=2, overrides=FAST, cuts="ignore"), silent())
    assert field.ignored is None
    assert field.report["cuts"] == []
