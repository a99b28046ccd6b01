"""Edits of the canonical image, carried to frames: where they land and what stays untouched."""

from dataclasses import replace

import numpy as np
import pytest

from engine.colour.ocio import DEFAULT_WORKING, SRGB
from engine.edit.canonical import canonical_picture
from engine.edit.check import as_written, check_field
from engine.edit.editlayer import EditLayer, stacked
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.propagate import propagate_frame
from engine.errors import Cancelled, EditError
from engine.io.picture import Native, Picture, Window
from engine.io.read import pixels_of
from engine.progress import Task, silent
from engine.warp.render import composite, light, reconstruct
from engine.warp.sheet import Sheet
from tests.engine.warp.analytic import one_layer, two_layers


def _plate(field, index, kind="uint8", seed=5):
    """A noisy source frame with code values of its own."""
    rng = np.random.default_rng(seed + index)
    if kind == "uint8":
        codes = rng.integers(0, 256, (field.height, field.width, 3)).astype(np.uint8)
        native = Native(codes, ("R", "G", "B"), SRGB, 8)
    else:
        codes = (rng.standard_normal((field.height, field.width, 3)) * 3).astype(kind)
        native = Native(codes, ("R", "G", "B"), DEFAULT_WORKING, codes.itemsize * 8)
    picture = Picture.of(pixels_of(native, DEFAULT_WORKING), native=native)
    return replace(picture, display=field.display, data=field.data)


def _disc(picture, x, y, radius, colour=(0.9, 0.05, 0.9)):
    """An anti-aliased disc painted on a canonical picture (canonical coordinates)."""
    d, h, w = picture.data, *picture.pixels.shape[:2]
    i, j = np.mgrid[0:h, 0:w]
    far = np.hypot(j + 0.5 + d.x0 - x, i + 0.5 + d.y0 - y)
    matte = np.clip(radius + 0.5 - far, 0, 1).astype(np.float32)[..., None]
    return picture.pixels * (1 - matte) + matte * np.array([*colour, 1], np.float32), matte


def _overlay_edit(field, k, x, y, radius):
    picture = canonical_picture(field, k)
    pixels, matte = _disc(picture, x, y, radius)
    overlay = np.concatenate([matte * np.float32([0.9, 0.05, 0.9]), matte], axis=2)
    whole = replace(picture, pixels=pixels, under=picture.pixels, overlay=overlay)
    return prepare_edits(field, [EditSource(whole, layer=k)])


def _centroid(weight):
    i, j = np.mgrid[0 : weight.shape[0], 0 : weight.shape[1]] + 0.5
    return np.array([(j * weight).sum(), (i * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_disc_on_the_canonical_lands_where_the_homography_says(index):
    field = one_layer()
    edits = _overlay_edit(field, 0, 45.3, 33.8, 6.0)
    black = Picture.of(np.zeros((64, 96, 3), np.float32))
    out = propagate_frame(field, edits, black, index)
    matrix = field.layers[0].deformation.matrices[index]
    truth = np.linalg.inv(matrix) @ [45.3, 33.8, 1]
    assert np.abs(_centroid(out.pixels[..., 0]) - truth[:2] / truth[2]).max() < 0.1
    assert out.pixels[..., 0].max() == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize("kind", ["uint8", "float16", "float32"])
def test_pixels_out_of_reach_keep_values_and_codes_bit_for_bit(kind):
    field = one_layer(sine=1.0)
    plate = _plate(field, 2, kind)
    out = propagate_frame(field, _overlay_edit(field, 0, 40, 30, 5), plate, 2)
    assert out.native is plate.native
    assert 60 < out.changed.sum() < 250
    np.testing.assert_array_equal(out.pixels[~out.changed], plate.pixels[~out.changed])
    assert (out.pixels[out.changed] != plate.pixels[out.changed]).any(axis=1).mean() > 0.95


def test_an_edit_that_does_not_reach_the_frame_returns_the_plate_itself():
    field = one_layer()
    plate = _plate(field, 1)
    assert propagate_frame(field, _overlay_edit(field, 0, -14, -14, 1), plate, 1) is plate
    assert propagate_frame(field, {}, plate, 1) is plate
    assert propagate_frame(field, _overlay_edit(field, 0, 40, 30, 5), plate, 1, mix=0) is plate


@pytest.mark.parametrize("kind", ["half", "uint16", "uint8"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_an_unedited_canonical_in_any_format_changes_nothing(kind, scale):
    field = two_layers()
    for k in range(2):
        picture = as_written(canonical_picture(field, k, scale=scale), kind)
        edits = prepare_edits(field, [EditSource(replace(picture, metadata={}), layer=k)])
        assert edits[k].change is None
        plate = _plate(field, 0)
        assert propagate_frame(field, edits, plate, 0) is plate


@pytest.mark.parametrize("kind", ["half", "uint16", "uint8"])
def test_a_painted_file_changes_exactly_what_was_painted(kind):
    field = one_layer()
    picture = canonical_picture(field, 0)
    pixels, matte = _disc(picture, 40, 30, 6)
    edit = as_written(replace(picture, pixels=pixels), kind)
    edits = prepare_edits(field, [EditSource(edit)])
    out = propagate_frame(field, edits, _plate(field, 1), 1)
    painted = matte[16:-16, 16:-16, 0]
    assert not out.changed[painted == 0].any()
    assert out.changed[painted > 0.05].all()
    whole = painted == 1
    np.testing.assert_allclose(
        out.pixels[whole],
        np.broadcast_to([0.9, 0.05, 0.9], (int(whole.sum()), 3)),
        rtol=0.02,
    )


def test_a_faint_change_keeps_the_plate_and_its_full_strength():
    field = one_layer()
    picture = canonical_picture(field, 0)
    pixels = picture.pixels.copy()
    pixels[40:56, 40:60, :3] *= np.float32(1.01)
    edits = prepare_edits(field, [EditSource(picture.with_pixels(pixels))])
    plate = Picture.of(picture.pixels[16:-16, 16:-16, :3])
    out = propagate_frame(field, edits, plate, 1)
    ratio = out.pixels[26:38, 26:42] / plate.pixels[26:38, 26:42]
    np.testing.assert_allclose(ratio, 1.01, rtol=1e-4)


def test_an_edit_on_the_back_layer_hides_under_the_front():
    field = two_layers()
    edits = _overlay_edit(field, 1, 44.0, 30.0, 8.0)
    for index in range(3):
        plate = _plate(field, index)
        out = propagate_frame(field, edits, plate, index)
        square = field.coverage(index)[0] > 0
        assert out.changed.any()
        assert not out.changed[square].any()


def test_a_soft_mask_shares_the_edit():
    field = two_layers()
    soft = np.full((64, 96), 64, np.uint8)
    field.masks.streams[0] = [field.masks.pack(soft)] * 3
    edits = _overlay_edit(field, 1, 44.0, 30.0, 8.0)
    plate = Picture.of(np.zeros((64, 96, 3), np.float32))
    out = propagate_frame(field, edits, plate, 0)
    assert out.pixels[30, 43, 0] == pytest.approx(0.9 * (1 - 64 / 255), rel=1e-4)


def test_the_edit_is_lit_by_the_lighting_layer():
    field = one_layer()
    field.layers[0].lighting = np.ones((3, 2, 2, 3), np.float32)
    field.layers[0].lighting[2, :, 0] = 0.25
    edits = _overlay_edit(field, 0, 40, 30, 6)
    plate = Picture.of(np.zeros((64, 96, 3), np.float32))
    out = propagate_frame(field, edits, plate, 2)
    row, column = np.argwhere(out.pixels[..., 0] == out.pixels[..., 0].max())[0]
    gain = light(field, 0, 2)[row, column, 0]
    assert 0.25 < gain < 0.8
    assert out.pixels[row, column, 0] == pytest.approx(0.9 * gain, rel=1e-3)


def test_mix_and_mask_scale_the_edit_and_where_the_mask_is_black_nothing_changes():
    field = one_layer()
    edits = _overlay_edit(field, 0, 40, 30, 6)
    plate = Picture.of(np.zeros((64, 96, 3), np.float32))
    mask = np.ones((64, 96), np.float32)
    mask[:, 40:] = 0
    out = propagate_frame(field, edits, plate, 1, mix=0.5, mask=mask)
    assert out.pixels[30, 37, 0] == pytest.approx(0.45, rel=1e-4)
    assert not out.changed[:, 40:].any()
    with pytest.raises(EditError, match="5x4"):
        propagate_frame(field, edits, plate, 1, mask=np.ones((4, 5), np.float32))


def test_nan_and_inf_pass_through_where_nothing_is_edited():
    field = one_layer()
    pixels = np.full((64, 96, 3), 0.2, np.float32)
    pixels[3, 3], pixels[5, 5], pixels[30, 40] = np.nan, np.inf, np.nan
    out = propagate_frame(field, _overlay_edit(field, 0, 40, 30, 6), Picture.of(pixels), 1)
    assert np.isnan(out.pixels[3, 3]).all()
    assert np.isinf(out.pixels[5, 5]).all()
    assert np.isfinite(out.pixels[out.changed]).all()


def test_plates_with_another_data_window_and_origin_are_met():
    field = one_layer()
    edits = _overlay_edit(field, 0, 40, 30, 6)
    full = propagate_frame(field, edits, Picture.of(np.zeros((64, 96, 3), np.float32)), 0)
    part = Picture(
        np.zeros((50, 60, 3), np.float32),
        display=Window(100, 200, 196, 264),
        data=Window(110, 205, 170, 255),
    )
    out = propagate_frame(field, edits, part, 0)
    np.testing.assert_array_equal(out.pixels, full.pixels[5:55, 10:70])


def test_a_plate_of_another_size_is_refused_with_both_sizes():
    field = one_layer()
    with pytest.raises(EditError, match=r"100x64.*96x64"):
        propagate_frame(field, {}, Picture.of(np.zeros((64, 100, 3), np.float32)), 0)


def test_the_plates_alpha_and_extra_parts_stay():
    field = one_layer()
    pixels = np.zeros((64, 96, 4), np.float32)
    pixels[..., 3] = 0.3
    plate = replace(Picture.of(pixels), metadata={"timecode": 1})
    out = propagate_frame(field, _overlay_edit(field, 0, 40, 30, 6), plate, 1)
    np.testing.assert_array_equal(out.pixels[..., 3], pixels[..., 3])
    assert out.metadata == {"timecode": 1}


def test_paint_kept_apart_goes_over_what_an_operation_changed_below():
    field = one_layer()
    picture = canonical_picture(field, 0)
    under = picture.pixels.copy()
    under[30:60, 30:70, :3] = (0.1, 0.7, 0.1)
    _, matte = _disc(picture, 40, 30, 4)
    overlay = np.concatenate([matte * np.float32([0.9, 0.05, 0.9]), matte], axis=2)
    whole = replace(picture, pixels=under * (1 - matte) + overlay, under=under, overlay=overlay)
    edits = prepare_edits(field, [EditSource(whole)])
    out = propagate_frame(field, edits, Picture.of(np.zeros((64, 96, 3), np.float32)), 1)
    np.testing.assert_allclose(out.pixels[30, 40], [0.9, 0.05, 0.9], rtol=1e-4)
    np.testing.assert_allclose(out.pixels[20, 20], [0.1, 0.7, 0.1], rtol=1e-4)
    expected = (under * (1 - matte) + overlay)[16:-16, 16:-16, :3]
    box = out.changed
    np.testing.assert_allclose(out.pixels[box], expected[box], rtol=1e-3, atol=1e-3)


def test_replace_draws_the_whole_frame_from_the_edited_canonical():
    field = two_layers()
    picture = canonical_picture(field, 1)
    edit = replace(picture, pixels=picture.pixels * np.float32([0.5, 1, 1, 1]))
    edits = prepare_edits(field, [EditSource(edit, layer="back")], mode="replace")
    plate = _plate(field, 2)
    out = propagate_frame(field, edits, plate, 2, mode="replace")
    assert out.native is None
    plain = reconstruct(field, 2, edit_path=True)
    back = field.coverage(2)[1] == 1
    np.testing.assert_allclose(out.pixels[back][:, 1:], plain[back][:, 1:], rtol=1e-4)
    np.testing.assert_allclose(out.pixels[~back], plain[~back], rtol=1e-4)
    np.testing.assert_array_equal(out.pixels, composite(field, 2, [None, edits[1].sheet]))
    half = propagate_frame(field, edits, plate, 2, mode="replace", mix=0.5)
    np.testing.assert_allclose(half.pixels, (out.pixels + plate.pixels) / 2, atol=1e-5)


def test_a_finer_edit_stays_finer():
    """A one-pixel checker at four times the canvas is read at its own resolution by a zoom."""
    field = one_layer()
    zoom = np.diag([0.25, 0.25, 1.0])
    field.layers[0].deformation.matrices[:] = zoom
    picture = canonical_picture(field, 0, scale=4.0)
    pixels = picture.pixels.copy()
    i, j = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    pixels[..., :3] = np.where(((i + j) % 2 == 0)[..., None], 0.9, 0.1)
    edits = prepare_edits(field, [EditSource(replace(picture, pixels=pixels))], mode="replace")
    assert edits[0].sheet.scale == (4.0, 4.0)
    black = Picture.of(np.zeros((64, 96, 3), np.float32))
    out = propagate_frame(field, edits, black, 0, mode="replace").pixels
    assert np.abs(out[::2, ::2] - out[0, 0]).max() < 1e-3
    assert abs(float(out[0, 0, 0]) - float(out[0, 1, 0])) == pytest.approx(0.8, abs=1e-3)


def test_check_proves_both_round_trips_and_tells_when_they_fail(monkeypatch):
    field = two_layers()
    plates = {f: _plate(field, i) for i, f in enumerate(field.frames)}
    answer = check_field(field, plates.__getitem__, silent())
    assert answer["ok"] is True
    assert answer["bit_exact"] is True
    assert answer["difference_db"] < 0.01
    from engine.edit import check

    def darker(picture, kind, working=DEFAULT_WORKING):
        return as_written(
            replace(picture, pixels=picture.pixels * np.float32([0.7, 0.7, 0.7, 1])), kind, working
        )

    monkeypatch.setattr(check, "as_written", darker)
    answer = check_field(field, plates.__getitem__, silent())
    assert answer["ok"] is False
    assert answer["changed_frames"] == [1, 2, 3]


def test_cancel_stops_a_propagation():
    field = one_layer()
    task = Task()
    task.cancelled.set()
    with pytest.raises(Cancelled):
        propagate_frame(field, _overlay_edit(field, 0, 40, 30, 5), _plate(field, 0), 0, task=task)


def test_edits_prepared_for_replace_are_refused_in_over_rather_than_ignored():
    field = one_layer()
    edits = prepare_edits(field, [EditSource(canonical_picture(field, 0))], mode="replace")
    with pytest.raises(EditError, match="over"):
        propagate_frame(field, edits, _plate(field, 0), 0)


def test_a_change_does_not_depend_on_how_much_of_the_picture_had_to_be_looked_at():
    """Far corners that differ by less than counts make the whole picture be compared."""
    field = one_layer()
    picture = canonical_picture(field, 0)
    pixels, _ = _disc(picture, 40, 30, 8)
    grade = pixels.copy()
    grade[50:70, 60:90, :3] *= 1.3
    far = grade.copy()
    for corner in ((0, 0), (-1, -1)):
        far[corner][:3] *= np.float32(1 + 2e-7)
    assert (far != grade).any()
    near, whole = (
        prepare_edits(field, [EditSource(replace(picture, pixels=p), layer=0)])[0].change
        for p in (grade, far)
    )
    assert near.sheet.origin == whole.sheet.origin
    np.testing.assert_array_equal(near.sheet.pixels, whole.sheet.pixels)
    np.testing.assert_allclose(near.grade, whole.grade, atol=1e-6)


def test_paint_elsewhere_leaves_a_faint_grade_a_grade():
    faint = np.zeros((4, 6, 4), np.float32)
    faint[...] = 0.1, 0.1, 0.1, 0.4
    solid = np.full((4, 3, 4), 1.0, np.float32)
    lower = EditLayer(Sheet(faint, (0.0, 0.0), (1.0, 1.0)), np.full((4, 6), 0.8, np.float32))
    both = stacked(lower, EditLayer(Sheet(solid, (4.0, 0.0), (1.0, 1.0))))
    assert both is not None and both.grade is not None
    np.testing.assert_allclose(both.grade[:, :4], 0.8, rtol=1e-6)
    np.testing.assert_array_equal(both.grade[:, 4:], 0)
