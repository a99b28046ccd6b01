"""Fits through a lens: straight lines make a camera move a homography again."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InputError
from engine.fields.folder import load_field, save_field
from engine.fit.run import fit
from engine.io.picture import Picture, Window
from engine.metrics.psnr import psnr_field
from engine.progress import silent
from engine.warp.lens import load_lens
from engine.warp.track import track
from tests.engine.fit.clips import picture, request
from tests.engine.warp.lenses import Barrel, LensPan, centres

FAST = {"coarse_passes": 3, "medium_passes": 2, "fine_passes": 2, "full_passes": 3}
PLATE = Window.of_size(160, 120)


@pytest.fixture(scope="module")
def pan():
    return LensPan(Barrel())


@pytest.fixture(scope="module")
def clip(pan):
    return [picture(pan.frame(t)) for t in range(pan.count)]


@pytest.fixture(scope="module")
def lens(pan, tmp_path_factory):
    return load_lens(*pan.lens.write(tmp_path_factory.mktemp("lens")), PLATE, PLATE)


@pytest.fixture(scope="module")
def field(clip, lens):
    return fit(replace(request(clip, steps=8, overrides=FAST), lens=lens), silent())


def seed_error(field, pan):
    """Mean way in the world between what the homographies alone join, over the frames."""
    reference = field.index(field.reference)
    points = centres(PLATE)[6:-6:6, 6:-6:6].reshape(-1, 2)
    errors = []
    for t in range(pan.count):
        layer = field.layers[0].deformation
        inner = getattr(layer, "inner", layer)
        straight = pan.lens.straight(points) if inner is not layer else points
        flat = np.c_[straight, np.ones(len(straight))] @ inner.matrices[t].T
        places = flat[:, :2] / flat[:, 2:]
        seen = pan.to_world(points, t)
        # The canonical place of a world point is its place in the reference frame.
        true = seen - 80 - np.array(pan.step) * reference
        if inner is layer:
            true = pan.lens.bent(true)
        errors.append(np.linalg.norm(places - true, axis=1)[np.abs(true - 80).max(axis=1) < 90])
    return float(np.concatenate(errors).mean())


def test_the_camera_is_a_homography_only_with_the_lens(clip, lens, pan):
    asked = request(clip, steps=0, overrides=FAST)
    with_lens = fit(replace(asked, lens=lens), silent())
    without = fit(asked, silent())
    assert seed_error(with_lens, pan) < 0.15
    assert seed_error(without, pan) > 5 * seed_error(with_lens, pan)
    assert with_lens.report["psnr_edit_path"] > without.report["psnr_edit_path"] + 2


def test_the_still_is_the_undistorted_reference_frame(field, pan):
    """Straight in, straight out: canonical places are undistorted places of the reference."""
    index = field.index(field.reference)
    straight = pan.lens.straight(centres(PLATE))
    np.testing.assert_allclose(field.layers[0].deformation.positions(index), straight, atol=0.02)
    assert field.report["psnr_edit_path"] > 38


def test_drafts_lie_on_the_plates_and_can_be_stored(clip, lens, pan, tmp_path):
    drafts = []
    asked = replace(
        request(clip, steps=2, overrides=FAST),
        lens=lens,
        draft=lambda field, psnr, seconds: drafts.append(field),
    )
    fit(asked, silent())
    draft = drafts[0]
    assert draft.data == PLATE
    save_field(draft, tmp_path / "draft")
    again = load_field(tmp_path / "draft")
    index = again.index(again.reference)
    straight = pan.lens.straight(centres(PLATE))
    np.testing.assert_allclose(again.layers[0].deformation.positions(index), straight, atol=0.5)


def test_the_still_is_filtered_once(field, pan):
    """As sharp as the world that the camera saw, where several plates were laid."""
    import cv2

    from engine.colour.encoding import encode

    canonical = field.layers[0].canonical
    window, reference = canonical.data, field.index(field.reference)
    y, x = np.mgrid[30:90, 40:120] + 0.5
    still = encode(
        canonical.pixels[30 - window.y0 : 90 - window.y0, 40 - window.x0 : 120 - window.x0, :3]
    )
    u = (x + 80 + pan.step[0] * reference - 0.5).astype(np.float32)
    v = (y + 80 + pan.step[1] * reference - 0.5).astype(np.float32)
    truth = cv2.remap(pan.world, u, v, cv2.INTER_CUBIC)
    energy = [np.square(cv2.Laplacian(p, cv2.CV_32F)).mean() for p in (still, truth)]
    # Bilinear reading softens, so a still that reproduces the plates is a little sharper.
    assert 0.9 < energy[0] / energy[1] < 1.4
    assert np.sqrt(np.square(still - truth).mean()) < 0.012


def test_tracks_go_through_the_lens(field, pan):
    starts = [(40.5, 30.5), (120.5, 90.5), (80.5, 60.5)]
    tracks = track(field, [{"frame": 3, "x": x, "y": y} for x, y in starts], silent())
    for start, found in zip(starts, tracks, strict=True):
        world = pan.to_world(np.array(start), 3)
        for t in (1, 5):
            truth = pan.lens.bent(world - 80 - np.array(pan.step) * t)
            if not (8 < truth[0] < 152 and 8 < truth[1] < 112):
                continue
            assert np.hypot(found[t]["x"] - truth[0], found[t]["y"] - truth[1]) < 0.25


def test_the_field_holds_the_lens(field, clip, tmp_path):
    save_field(field, tmp_path / "F")
    again = load_field(tmp_path / "F")
    np.testing.assert_allclose(
        again.layers[0].deformation.positions(1),
        field.layers[0].deformation.positions(1),
        atol=0.02,
    )
    values = psnr_field(again, lambda f: clip[f], edit_path=True)
    assert np.mean(values) == pytest.approx(field.report["psnr_edit_path"], abs=0.1)


def test_masks_and_what_is_ignored_stay_those_of_the_plate(clip, lens):
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 60:100] = 255
    gone = np.zeros_like(mask)
    gone[:10] = 255
    asked = request(clip, [("actor", [mask] * len(clip))], steps=3, overrides=FAST)
    field = fit(replace(asked, lens=lens, ignore=lambda _: gone), silent())
    assert np.array_equal(field.masks.mask(0, 2), mask)
    assert np.array_equal(field.kept(2), gone == 0)
    assert [layer.name for layer in field.layers] == ["actor", "background"]
    assert field.report["ignored"] == pytest.approx(10 / 120)


def test_float_clips_go_through_the_lens_too(pan, lens):
    clip = [picture(pan.frame(t), eight_bit=False) for t in range(3)]
    bright = [Picture.of(p.pixels * 40) for p in clip]
    field = fit(replace(request(bright, steps=4, overrides=FAST), lens=lens), silent())
    assert field.layers[0].canonical.pixels.max() > 20


def test_frames_of_another_size_than_the_maps_are_an_error(lens):
    small = [picture(np.full((60, 80, 3), 0.5, np.float32))] * 3
    with pytest.raises(InputError, match="80x60, the undistort and redistort maps are for 160x120"):
        fit(replace(request(small, steps=1), lens=lens), silent())
