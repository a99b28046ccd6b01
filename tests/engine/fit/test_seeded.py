"""The seeded recipe on clips with known motion."""

import threading
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.errors import Cancelled, DeviceError, InputError, MaskError, UsageError
from engine.fit import checkpoint as checkpoint_module
from engine.fit import plates as plates_module
from engine.fit.run import fit
from engine.metrics.psnr import psnr_field
from engine.progress import Task, silent
from engine.warp.inverse import FrameInverse
from tests.engine.fit.clips import Pan, picture, request, texture

FAST = {"coarse_passes": 3, "medium_passes": 2, "fine_passes": 2, "full_passes": 3}


@pytest.fixture(scope="module")
def pan():
    return Pan()


@pytest.fixture(scope="module")
def pan_field(pan):
    return fit(request(pan.clip(), steps=14, overrides=FAST), silent())


def transfer_error(field, pan, a, b, margin=24):
    """Distance in the world between a point of frame a and where the field says it is in b.

    Both frames look up the canonical image: places of b whose canonical point is closest to that
    of a's pixel must show the same world point. Gauge-free.
    """
    centre = slice(margin, -margin)
    points = field.layers[0].deformation.positions(a)[centre, centre].reshape(-1, 2)
    places = FrameInverse(field, 0, b).find(points)
    found, valid = places.points, places.valid
    world_a = pan.to_world(a)[centre, centre].reshape(-1, 2)
    places = (found - 0.5)[valid]
    world_b = cv2.remap(
        pan.to_world(b), places[:, 0].copy(), places[:, 1].copy(), cv2.INTER_LINEAR
    ).reshape(-1, 2)
    return np.linalg.norm(world_b - world_a[valid], axis=1), valid.mean()


def test_reconstructs_a_textured_pan_sharply(pan_field):
    assert pan_field.report["psnr_edit_path"] > 36
    assert pan_field.report["steps"] == 14


def test_points_stay_on_what_they_were_placed_on(pan, pan_field):
    error, seen = transfer_error(pan_field, pan, 1, 7)
    assert seen > 0.8
    assert np.median(error) < 0.15
    assert np.percentile(error, 95) < 0.6


def test_reference_frame_is_the_canonical_image(pan, pan_field):
    """The gauge: at the reference frame the canonical image is that frame, in place."""
    centres = np.stack(np.meshgrid(np.arange(160) + 0.5, np.arange(132) + 0.5), axis=-1)
    places = pan_field.layers[0].deformation.positions(pan_field.index(pan_field.reference))
    np.testing.assert_allclose(places, centres, atol=1e-4)


def test_reported_psnr_is_that_of_the_field(pan, pan_field):
    clip = pan.clip()
    values = psnr_field(pan_field, lambda f: clip[f], edit_path=True)
    assert np.mean(values) == pytest.approx(pan_field.report["psnr_edit_path"], abs=0.02)
    values = psnr_field(pan_field, lambda f: clip[f], edit_path=False)
    assert np.mean(values) == pytest.approx(pan_field.report["psnr"], abs=0.05)


def test_same_steps_and_seed_give_the_same_field(pan):
    small = request(pan.clip()[:4], steps=7, overrides=FAST)
    one, two = fit(small, silent()), fit(small, silent())
    np.testing.assert_array_equal(
        one.layers[0].deformation.lattices, two.layers[0].deformation.lattices
    )
    np.testing.assert_array_equal(one.layers[0].canonical.pixels, two.layers[0].canonical.pixels)


def test_a_timed_fit_is_repeated_by_its_steps(pan):
    clip = pan.clip()[:4]
    timed = request(clip, seconds=4.0, overrides=FAST)
    first = fit(replace(timed, started=time.monotonic()), silent())
    again = fit(request(clip, steps=first.report["steps"], overrides=FAST), silent())
    assert first.report["steps"] > 3
    np.testing.assert_array_equal(
        first.layers[0].deformation.lattices, again.layers[0].deformation.lattices
    )


def test_too_short_a_budget_returns_the_seed(pan):
    field = fit(request(pan.clip(), seconds=0.001), silent())
    assert field.report["steps"] == 0
    assert field.report["psnr_edit_path"] > 28


def two_layers(count=8, height=132, width=160):
    """A disc of one texture moving left over another moving right; masks of the disc."""
    back, front = Pan(count, height, width, (-1.5, 0.0), 0.0, 1), texture(height, width, 2)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    clip, masks = [], []
    for t in range(count):
        shift = -3 * t + 12
        disc = (x - width / 2 - shift) ** 2 + (y - height / 2) ** 2 < 34**2
        moved = np.roll(front, shift, axis=1)
        clip.append(picture(np.where(disc[..., None], moved, back.frame(t))))
        masks.append(np.where(disc, 255, 0).astype(np.uint8))
    return clip, masks


def test_groups_are_fitted_apart():
    clip, masks = two_layers()
    apart = fit(request(clip, [("disc", masks)], steps=12, overrides=FAST), silent())
    assert [layer.name for layer in apart.layers] == ["disc", "background"]
    # The disc's canonical image holds the disc, and the few pixels that soft edges read.
    alpha = apart.layers[0].canonical.pixels[..., 3]
    assert np.pi * 34**2 < alpha.sum() < np.pi * 40**2
    # The background is seen behind the disc wherever some frame shows it.
    disc_now = masks[apart.index(apart.reference)] > 0
    back = apart.layers[1].canonical
    rows, columns = np.nonzero(disc_now)
    seen = back.pixels[rows - back.data.y0, columns - back.data.x0, 3]
    assert seen.mean() > 0.25
    together = fit(request(clip, steps=12, overrides=FAST), silent())
    gain = apart.report["psnr_edit_path"] - together.report["psnr_edit_path"]
    assert gain > 2


def test_cancel_is_answered_within_two_seconds(pan):
    cancelled = threading.Event()
    asked = []

    def listen(report):
        if report.label == "fit" and not asked:
            asked.append(time.monotonic())
            cancelled.set()

    with pytest.raises(Cancelled):
        fit(request(pan.clip(), steps=10_000, overrides=FAST), Task(listen, cancelled))
    assert time.monotonic() - asked[0] < 2


def test_resume_goes_on_from_the_checkpoint(pan, tmp_path):
    clip = pan.clip()[:5]
    cancelled = threading.Event()

    def listen(report):
        if report.figures.get("step", 0) >= 8:
            cancelled.set()

    whole = request(clip, steps=12, overrides=FAST)
    with pytest.raises(Cancelled):
        fit(replace(whole, checkpoint=tmp_path / "c"), Task(listen, cancelled))
    assert list((tmp_path / "c").iterdir())
    steps = []
    resumed = fit(
        replace(whole, checkpoint=tmp_path / "c", resume=True),
        Task(lambda r: steps.append(r.figures["step"]) if "step" in r.figures else None),
    )
    assert min(steps) > 7
    assert resumed.report["resumed_at"] > 7
    # The field is not saved yet: until it is, the checkpoint stays.
    assert list((tmp_path / "c").iterdir())
    straight = fit(whole, silent())
    assert resumed.report["psnr_edit_path"] == pytest.approx(
        straight.report["psnr_edit_path"], abs=0.1
    )


def test_a_checkpoint_that_cannot_be_written_ends_no_fit(pan, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(checkpoint_module, "EVERY", 0.0)
    below_a_file = tmp_path / "file" / "checkpoint"
    whole = request(pan.clip()[:4], steps=7, overrides=FAST)
    field = fit(replace(whole, checkpoint=below_a_file), silent())
    assert field.report["steps"] == 7


def test_pixels_that_are_not_finite_are_left_out(pan):
    clip = pan.clip(eight_bit=False)
    hurt = clip[2].pixels.copy()
    hurt[20:60, 30:90] = np.nan
    hurt[80:90, 10:20] = np.inf
    clip[2] = replace(clip[2], pixels=hurt)
    field = fit(request(clip, steps=9, overrides=FAST), silent())
    assert field.report["bad_pixels"] == 40 * 60 + 100
    assert np.isfinite(field.layers[0].canonical.pixels).all()
    assert np.isfinite(field.layers[0].deformation.lattices).all()


def test_values_above_one_and_below_zero_survive(pan):
    clip = [replace(p, pixels=p.pixels * 8 - 0.5) for p in pan.clip(eight_bit=False)]
    field = fit(request(clip, steps=9, overrides=FAST), silent())
    pixels = field.layers[0].canonical.pixels
    assert pixels[..., :3].max() > 0.9 * max(p.pixels.max() for p in clip)
    assert pixels[..., :3].min() < -0.01


def test_large_frames_are_fitted_small_and_kept_at_full_size(pan, monkeypatch):
    big = Pan(6, 210, 330, (3.1, 1.2), 2.0)
    monkeypatch.setattr(plates_module, "PIXEL_LIMIT", 20_000)
    field = fit(request(big.clip(), steps=14, overrides=FAST), silent())
    assert field.report["working_shrink"] == 2
    canonical = field.layers[0].canonical
    assert canonical.pixels.shape[1] > 300
    assert field.layers[0].deformation.positions(0).shape == (210, 330, 2)
    assert field.report["psnr_edit_path"] > 33


def test_one_frame_is_refused(pan):
    with pytest.raises(InputError, match="two frames"):
        fit(request(pan.clip()[:1]), silent())


def test_frames_of_two_sizes_are_refused(pan):
    clip = pan.clip()[:3]
    clip[2] = picture(texture(100, 160))
    with pytest.raises(InputError, match=r"160x100.*160x132"):
        fit(request(clip), silent())


def test_black_and_wrong_sized_masks_are_refused(pan):
    clip = pan.clip()[:3]
    black = [np.zeros((132, 160), np.uint8)] * 3
    with pytest.raises(MaskError, match="black"):
        fit(request(clip, [("hair", black)]), silent())
    small = [np.full((10, 160), 255, np.uint8)] * 3
    with pytest.raises(MaskError, match="160x10"):
        fit(request(clip, [("hair", small)]), silent())


def test_wrong_options_are_refused(pan):
    clip = pan.clip()[:3]
    with pytest.raises(UsageError, match="no recipe 'magic'"):
        fit(request(clip, recipe="magic"), silent())
    with pytest.raises(UsageError, match="no number 'sharpness'"):
        fit(request(clip, overrides={"sharpness": 1}), silent())
    with pytest.raises(DeviceError, match="no device cuda:99"):
        fit(request(clip, device="cuda:99"), silent())


def test_a_place_without_texture_is_held_at_its_seed():
    """The aperture problem: stripes say nothing about motion along them, a sheen pulls."""
    world = texture(132, 260, 4)
    y = np.arange(132)[:, None, None] + 0.5
    band = (y > 50) & (y < 92)
    stripes = 0.12 + 0.05 * (np.sin(y * 0.9) > 0.6) + 0 * world
    world = np.where(band, stripes, world).astype(np.float32)
    # The sheen stands still on the screen while the plane moves under it.
    sheen = np.where(band[:, 0], 0.03 * np.sin((np.arange(160) + 0.5) / 14), 0)[..., None]
    clip = [picture(world[:, 40 + 3 * t : 200 + 3 * t] + sheen) for t in range(7)]

    def bend(hold: float) -> float:
        field = fit(request(clip, steps=16, overrides={**FAST, "hold": hold}), silent())
        assert field.report["seeds"] == ["homography"]
        worst = 0.0
        for index in (0, 6):
            shift = 3.0 * (index - field.index(field.reference))
            places = field.layers[0].deformation.positions(index)
            moved = places[..., 0] - (np.arange(160) + 0.5)[None, :] - shift
            worst = max(worst, float(np.percentile(np.abs(moved[60:82, 20:-20]), 95)))
        return worst

    assert bend(0.015) < 0.75 * bend(0.0)
