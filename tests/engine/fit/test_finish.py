"""The end of a fit: light and residual by recipe, and figures that an outside measurement gives."""

from dataclasses import replace

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.fields.folder import load_field, save_field
from engine.fit import finish
from engine.fit import plates as plates_module
from engine.fit.recipes import load_recipe
from engine.fit.run import fit
from engine.io.picture import Native, Picture
from engine.metrics.psnr import clip_score, psnr_field
from engine.progress import silent
from engine.warp.render import reconstruct
from tests.engine.fit.clips import Pan, request

FAST = {
    "coarse_passes": 3,
    "medium_passes": 2,
    "fine_passes": 2,
    "full_passes": 3,
    "polish_passes": 1,
}
#: Exposure of each frame, as a factor of linear light.
FLICKER = np.array([1.0, 0.9, 1.08, 1.0, 1.0, 0.85, 1.1, 1.0, 0.95])


def eight_bit(linear):
    codes = np.rint(np.clip(encode(linear), 0, 1) * 255).astype(np.uint8)
    native = Native(codes, ("R", "G", "B"), "sRGB Encoded Rec.709 (sRGB)", 8)
    return Picture.of(decode(codes.astype(np.float32) / 255), native=native)


@pytest.fixture(scope="module")
def clip():
    """A pan that flickers, with a stain on each frame that no motion explains."""
    pan, frames = Pan(), []
    for t in range(pan.count):
        linear = decode(0.9 * pan.frame(t)) * FLICKER[t]
        linear[60:90, 20 + 8 * t : 50 + 8 * t] *= (1.25, 1.1, 0.8)
        frames.append(eight_bit(linear))
    return frames


def fitted(clip, **overrides):
    return fit(request(clip, steps=9, overrides={**FAST, **overrides}), silent())


@pytest.fixture(scope="module")
def whole(clip):
    return fitted(clip)


def measured(field, clip, edit_path):
    return clip_score(psnr_field(field, clip.__getitem__, edit_path))


def test_the_figures_are_those_of_a_measurement_from_outside(clip, whole, tmp_path):
    report = whole.report
    assert measured(whole, clip, True) == pytest.approx(report["psnr_edit_path"], abs=1e-9)
    assert measured(whole, clip, False) == pytest.approx(report["psnr"], abs=1e-9)
    save_field(whole, tmp_path / "f")
    stored = load_field(tmp_path / "f")
    # The lattices are rounded when they are stored.
    assert measured(stored, clip, True) == pytest.approx(report["psnr_edit_path"], abs=0.02)
    assert measured(stored, clip, False) == pytest.approx(report["psnr"], abs=0.02)


def test_a_flicker_is_found_as_exposure(whole):
    gain = whole.layers[0].exposure[:, 0].mean(axis=1)
    reference = whole.index(whole.reference)
    relative = gain / gain[reference]
    np.testing.assert_allclose(relative, FLICKER / FLICKER[reference], atol=0.03)


def test_the_residual_never_lifts_a_frame_by_more_than_the_recipe_allows(clip):
    field = fitted(clip, exposure=False, lighting=False, residual_gain=2.0)
    plain = psnr_field(field, clip.__getitem__, True)
    everything = psnr_field(field, clip.__getitem__, False)
    gaps = np.subtract(everything, plain)
    assert gaps.max() <= 2.0 + 1e-9
    assert gaps.mean() > 1.0


def test_each_term_can_be_switched_off_in_the_recipe(clip, whole):
    layer = whole.layers[0]
    assert layer.exposure is not None
    assert layer.lighting is not None
    assert any(whole.residual.streams)
    bare = fitted(clip, exposure=False, lighting=False, residual=False)
    assert bare.layers[0].exposure is None
    assert bare.layers[0].lighting is None
    assert bare.residual is None
    assert bare.report["psnr"] == bare.report["psnr_edit_path"]
    np.testing.assert_array_equal(
        reconstruct(bare, 2, edit_path=False), reconstruct(bare, 2, edit_path=True)
    )
    # None of them moves anything: the edit path is the same.
    np.testing.assert_array_equal(
        reconstruct(bare, 2, edit_path=True), reconstruct(whole, 2, edit_path=True)
    )


def test_figures_hold_for_frames_that_are_fitted_at_half_size(clip, monkeypatch):
    monkeypatch.setattr(plates_module, "PIXEL_LIMIT", 6_000)
    field = fitted(clip)
    assert field.report["working_shrink"] == 2
    assert field.residual.cell == 6
    assert measured(field, clip, True) == pytest.approx(field.report["psnr_edit_path"], abs=1e-9)
    assert measured(field, clip, False) == pytest.approx(field.report["psnr"], abs=1e-9)


def test_colours_beyond_one_are_lit_and_completed_too():
    pan = Pan()
    frames = [Picture.of(decode(pan.frame(t)) * 6 * FLICKER[t]) for t in range(pan.count)]
    field = fitted(frames)
    assert field.report["psnr"] >= field.report["psnr_edit_path"]
    made = reconstruct(field, 5, edit_path=False)
    assert made.max() > 2
    assert np.median(np.abs(made / frames[5].rgb - 1)) < 0.05


def test_eight_bit_codes_are_the_rounded_encoding(clip):
    plates = plates_module.read_plates(
        range(3), clip.__getitem__, lambda _: [np.full((132, 160), 255, np.uint8)], 1, silent()
    )
    # Between the codes, below 0 and above 1 too: what a lens has filtered.
    wide = Picture.of(clip[1].rgb * 1.3 - 0.02)
    for shot in (clip[1], wide):
        codes, finite = plates.admitted(shot)
        slow = np.rint(np.clip(encode(shot.rgb) * np.float32(255), 0, 255)).astype(np.uint8)
        np.testing.assert_array_equal(codes, slow)
        assert finite is None
    bad = Picture.of(clip[1].rgb.copy())
    bad.pixels[3, 4, 1] = np.inf
    codes, finite = plates.coded(bad)
    np.testing.assert_array_equal(np.argwhere(~finite), [[3, 4]])
    assert not codes[3, 4].any()


def test_frames_in_memory_are_measured_as_those_that_are_read_again(clip):
    calls = []

    def reading(frame):
        calls.append(frame)
        return clip[frame]

    plain = fit(replace(request(clip, steps=1), picture=reading), silent())
    assert sorted(set(calls)) == list(range(len(clip)))
    assert len(calls) == len(clip) + 1
    assert measured(plain, clip, True) == pytest.approx(plain.report["psnr_edit_path"], abs=1e-9)
    field = fit(request(clip, steps=1), silent())
    for index, shot in enumerate(clip):
        before = field.residual.planes(index), field.residual.steps[index]
        finish.measure(field, index, shot, most=float(load_recipe("seeded")["residual_gain"]))
        again = field.residual.planes(index), field.residual.steps[index]
        assert before[1] == again[1]
        for one, other in zip(before[0] or (), again[0] or (), strict=True):
            np.testing.assert_array_equal(one, other)
    assert field.residual.steps.any()
