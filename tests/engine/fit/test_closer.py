"""Stills finer than the reference frame, where other frames saw the layer closer."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.colour.encoding import encode
from engine.edit.canonical import canonical_picture
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.propagate import propagate_frame
from engine.fields.field import Canonical
from engine.fields.folder import load_field, save_field
from engine.fit import closeness as closeness_module
from engine.fit import plates as plates_module
from engine.fit.closeness import Closeness, closeness, finer_scales
from engine.fit.closer import see_closer
from engine.fit.run import fit
from engine.io.picture import Window
from engine.metrics.psnr import psnr_linear
from engine.paint.raster import paint_over
from engine.progress import silent
from engine.warp.lens import load_lens
from engine.warp.render import reconstruct
from tests.engine.fit.clips import Pan, picture, request, texture
from tests.engine.warp.lenses import Barrel

FAST = {"coarse_passes": 3, "medium_passes": 2, "fine_passes": 2, "full_passes": 4}
HEIGHT, WIDTH, COUNT = 108, 144, 12


def world() -> np.ndarray:
    """Detail that only the closest frames resolve, over what all of them do, [H, W, 3]."""
    size = 2 * HEIGHT, 2 * WIDTH
    noise = np.random.default_rng(3).random((*size, 3)).astype(np.float32) - 0.5
    fine = cv2.GaussianBlur(noise, (0, 0), 0.9)
    broad = texture(*size, seed=4)
    return np.clip(0.75 * broad + 0.12 + 0.5 * fine, 0, 1).astype(np.float32)


def zoom(t: int) -> float:
    return float(2.0 ** (t / (COUNT - 1)))


def push_in() -> list:
    """Twice as close at the end; each frame holds what its own pixels resolve, and no more."""
    scene, frames = world(), []
    for t in range(COUNT):
        fine = 4
        step = 2 / zoom(t) / fine
        matrix = np.array(
            [
                [step, 0, WIDTH - step * fine * WIDTH / 2 + step / 2 - 0.5],
                [0, step, HEIGHT - step * fine * HEIGHT / 2 + step / 2 - 0.5],
            ]
        )
        large = cv2.warpAffine(
            scene,
            matrix,
            (WIDTH * fine, HEIGHT * fine),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        frames.append(picture(cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)))
    return frames


@pytest.fixture(scope="module")
def clip():
    return push_in()


@pytest.fixture(scope="module")
def both(clip):
    """The fit with finer stills, and without."""
    made = [
        fit(request(clip, steps=17, reference=0, overrides={**FAST, "closer": on}), silent())
        for on in (True, False)
    ]
    return made[0], made[1]


def psnr(field, clip, index):
    return psnr_linear(reconstruct(field, index, edit_path=True), clip[index].rgb)


def detail(pixels):
    """Energy of the finest detail of encoded colours, within what the closest frame sees."""
    h, w = pixels.shape[:2]
    inner = encode(np.ascontiguousarray(pixels[h * 3 // 8 : h * 5 // 8, w * 3 // 8 : w * 5 // 8]))
    return float(np.square(cv2.Laplacian(inner[..., :3], cv2.CV_32F)).mean())


def test_a_push_in_is_kept_at_the_pixels_of_its_closest_frames(both, clip):
    finer, plain = both
    assert [each.canonical.scale for each in finer.layers] == [2]
    assert finer.report["closer"][0]["scale"] == 2
    assert finer.report["closer"][0]["closeness"] == pytest.approx(1.9, abs=0.25)
    gains = [psnr(finer, clip, t) - psnr(plain, clip, t) for t in range(COUNT)]
    assert min(gains[-3:]) > 3
    # Nothing is lost where it is read from as far as in the reference frame.
    assert min(gains) > -0.1


def test_the_still_is_sharper_than_the_enlarged_one(both):
    finer, plain = both
    still = plain.layers[0].canonical
    large = cv2.resize(still.pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    own = finer.layers[0].canonical.pixels
    assert own.shape == large.shape
    assert detail(own) > 1.5 * detail(np.maximum(large, 0))
    # Close to the truth, not just busy.
    data, scene = still.data, world()
    truth = scene[HEIGHT // 2 : -HEIGHT // 2, WIDTH // 2 : -WIDTH // 2]
    rows = slice(HEIGHT // 2 - 2 * data.y0, HEIGHT // 2 - 2 * data.y0 + len(truth))
    columns = slice(WIDTH // 2 - 2 * data.x0, WIDTH // 2 - 2 * data.x0 + truth.shape[1])
    errors = [
        float(np.square(encode(np.maximum(each[rows, columns, :3], 0)) - truth).mean())
        for each in (own, large)
    ]
    assert errors[0] < 0.5 * errors[1]


def test_motion_canvas_and_coverage_stay_those_of_the_plain_fit(both):
    finer, plain = (each.layers[0] for each in both)
    assert finer.canonical.data == plain.canonical.data
    for index in range(COUNT):
        np.testing.assert_array_equal(
            finer.deformation.positions(index), plain.deformation.positions(index)
        )
    np.testing.assert_array_equal(
        finer.canonical.pixels[::2, ::2, 3], plain.canonical.pixels[..., 3]
    )


def test_nothing_changes_where_nothing_was_seen_closer():
    frames = Pan(count=4).clip()
    on, off = (
        fit(request(frames, steps=7, overrides={**FAST, "closer": each}), silent())
        for each in (True, False)
    )
    assert on.layers[0].canonical.scale == 1
    assert on.report["closer"][0]["scale"] == 1 and off.report["closer"] == []
    np.testing.assert_array_equal(on.layers[0].canonical.pixels, off.layers[0].canonical.pixels)
    assert on.report["psnr"] == off.report["psnr"]


def test_the_folder_keeps_the_scale(both, tmp_path):
    finer = both[0]
    save_field(finer, tmp_path / "finer")
    save_field(both[1], tmp_path / "plain")
    versions = [
        json.loads((tmp_path / name / "field.json").read_text())["codef_field"]
        for name in ("finer", "plain")
    ]
    # A program that knows no scale refuses the first and reads the second.
    assert versions == [2, 1]
    loaded = load_field(tmp_path / "finer")
    assert loaded.layers[0].canonical.scale == 2
    assert loaded.layers[0].canonical.data == finer.layers[0].canonical.data
    np.testing.assert_array_equal(
        loaded.layers[0].canonical.pixels, finer.layers[0].canonical.pixels
    )
    for index in (0, COUNT - 1):
        np.testing.assert_allclose(
            reconstruct(loaded, index, edit_path=True),
            reconstruct(finer, index, edit_path=True),
            atol=2e-3,
        )


@pytest.mark.parametrize("scale", [1.0, 2.0, None])
def test_paint_lands_in_the_same_place_whatever_the_scale_it_was_made_at(both, clip, scale):
    finer = both[0]
    still = canonical_picture(finer, 0, scale=scale)
    size = scale or 2.0
    assert still.metadata["codef/scale"] == size
    assert still.display.width == WIDTH * size
    x = (np.arange(still.data.x0, still.data.x1) + 0.5) / size - 78.0
    y = (np.arange(still.data.y0, still.data.y1) + 0.5) / size - 50.0
    matte = np.clip((9 - np.hypot(x[None], y[:, None])) * size + 0.5, 0, 1)[..., None]
    paint = np.concatenate([matte * np.float32([0.9, 0.05, 0.05]), matte], 2).astype(np.float32)
    edit = replace(still, pixels=paint_over(paint, still.pixels))
    edits = prepare_edits(finer, [EditSource(edit)])
    for index in (0, COUNT - 1):
        done = propagate_frame(finer, edits, clip[index], index).pixels
        changed = np.abs(done[..., :3] - clip[index].rgb).max(axis=2) > 0.05
        rows, columns = np.nonzero(changed)
        wanted = (np.array([78.0, 50.0]) - (WIDTH / 2, HEIGHT / 2)) * zoom(index)
        wanted += (WIDTH / 2, HEIGHT / 2)
        assert columns.mean() + 0.5 == pytest.approx(wanted[0], abs=0.5)
        assert rows.mean() + 0.5 == pytest.approx(wanted[1], abs=0.5)
        assert len(rows) == pytest.approx(np.pi * (9 * zoom(index)) ** 2, rel=0.2)


def test_an_untouched_finer_still_changes_nothing(both, clip):
    finer = both[0]
    edits = prepare_edits(finer, [EditSource(canonical_picture(finer, 0))])
    done = propagate_frame(finer, edits, clip[5], 5)
    np.testing.assert_array_equal(done.pixels[..., :3], clip[5].pixels[..., :3])


def test_the_largest_stills_give_way_where_memory_ends(both, monkeypatch):
    plain = both[1]
    layer = plain.layers[0]
    small = replace(
        layer, canonical=Canonical(layer.canonical.pixels[:40, :40], layer.canonical.data)
    )
    field = replace(plain, layers=[layer, small])
    seen = [Closeness(0.8, 3.9, np.ones(COUNT)), Closeness(0.8, 1.9, np.ones(COUNT))]
    area = layer.canonical.data.width * layer.canonical.data.height
    assert finer_scales(field, seen) == [4, 2]
    monkeypatch.setattr(closeness_module, "PIXELS", 9 * area + 4 * area)
    assert finer_scales(field, seen) == [3, 2]
    monkeypatch.setattr(closeness_module, "PIXELS", area)
    assert finer_scales(field, seen) == [1, 1]


def test_closeness_is_read_from_the_map(both):
    seen = closeness(both[1], 0)
    np.testing.assert_allclose(seen.frames, [zoom(t) for t in range(COUNT)], rtol=0.05)
    assert seen.scale == 2


def test_without_time_left_the_still_stays(both, clip):
    plain = replace(both[1], layers=[replace(each) for each in both[1].layers])
    before = plain.layers[0].canonical

    def look(index):
        raise AssertionError("no frame is read")

    told = see_closer(plain, look, silent(), lambda: 1.0, expected=60.0)
    assert plain.layers[0].canonical is before
    assert told[0]["scale"] == 1


def test_frames_that_are_fitted_small_give_their_own_pixels(clip, monkeypatch):
    monkeypatch.setattr(plates_module, "PIXEL_LIMIT", HEIGHT * WIDTH // 3)
    made = [
        fit(request(clip, steps=20, reference=0, overrides={**FAST, "closer": on}), silent())
        for on in (True, False)
    ]
    assert made[0].report["working_shrink"] == 2
    assert made[0].layers[0].canonical.scale == 2
    gains = [psnr(made[0], clip, t) - psnr(made[1], clip, t) for t in range(COUNT - 3, COUNT)]
    assert min(gains) > 2


def test_through_a_lens_the_plates_themselves_are_laid_closer(clip, tmp_path):
    window = Window.of_size(WIDTH, HEIGHT)
    lens = load_lens(*Barrel(WIDTH, HEIGHT, k=0.01).write(tmp_path), window, window)
    numbers = {**FAST, "closer": True}
    asked = replace(request(clip, steps=17, reference=0, overrides=numbers), lens=lens)
    finer = fit(asked, silent())
    plain = fit(
        replace(asked, options=replace(asked.options, overrides={**FAST, "closer": False})),
        silent(),
    )
    assert (finer.layers[0].canonical.scale, plain.layers[0].canonical.scale) == (2, 1)
    assert psnr(finer, clip, COUNT - 1) > psnr(plain, clip, COUNT - 1) + 2


def test_a_blurred_close_frame_takes_no_detail_away(clip):
    blurred = [
        replace(each, pixels=cv2.blur(each.pixels, (7, 1))) if t in (7, 9) else each
        for t, each in enumerate(clip)
    ]
    field = fit(request(blurred, steps=17, reference=0, overrides=FAST), silent())
    plain = fit(
        request(blurred, steps=17, reference=0, overrides={**FAST, "closer": False}), silent()
    )
    assert field.layers[0].canonical.scale == 2
    for t in (8, 10, 11):
        assert psnr(field, clip, t) > psnr(plain, clip, t) + 2
