"""A painted frame as the edit, carried to the other frames."""

from dataclasses import replace

import numpy as np
import pytest

from engine.edit.frame_edit import frame_edit, propagate_frame_edits
from engine.errors import EditError, MissingFrameError
from engine.io.picture import Picture
from tests.engine.warp.analytic import one_layer, two_layers


def _black(field):
    return Picture.of(np.full((field.height, field.width, 3), 0.1, np.float32))


def _painted(plate, x, y, radius, colour=(0.9, 0.2, 0.9)):
    h, w = plate.pixels.shape[:2]
    i, j = np.mgrid[0:h, 0:w] + 0.5
    matte = np.clip(radius + 0.5 - np.hypot(j - x, i - y), 0, 1).astype(np.float32)[..., None]
    pixels = plate.pixels * (1 - matte) + matte * np.float32(colour)
    return replace(plate, pixels=pixels.astype(np.float32)), matte[..., 0]


def _centroid(weight):
    i, j = np.mgrid[0 : weight.shape[0], 0 : weight.shape[1]] + 0.5
    return np.array([(j * weight).sum(), (i * weight).sum()]) / weight.sum()


def test_the_paint_lands_where_the_field_says_in_every_other_frame():
    field = one_layer(sine=1.0)
    plate = _black(field)
    painted, matte = _painted(plate, 48, 32, 5)
    edit = frame_edit(field, 11, painted, plate)
    start = field.layers[0].deformation.at(1, _centroid(matte)[None].astype(np.float32))
    for index in (0, 2):
        out = propagate_frame_edits(field, [edit], plate, index)
        there = _centroid(out.pixels[..., 0] - 0.1)
        found = field.layers[0].deformation.at(index, there[None].astype(np.float32))
        assert np.abs(found - start).max() < 0.1
        np.testing.assert_array_equal(out.pixels[~out.changed], plate.pixels[~out.changed])


def test_the_painted_frame_itself_comes_back_as_painted():
    field = one_layer()
    rng = np.random.default_rng(1)
    plate = Picture.of(rng.random((64, 96, 3), dtype=np.float32))
    painted, _ = _painted(plate, 30.4, 20.2, 6)
    other, _ = _painted(plate, 70, 40, 4)
    edits = [frame_edit(field, 11, painted, plate), frame_edit(field, 10, other, plate)]
    out = propagate_frame_edits(field, edits, plate, 1)
    np.testing.assert_array_equal(out.pixels, painted.pixels)


def test_a_painting_with_its_own_alpha_lies_over_the_plate():
    field = one_layer()
    plate = _black(field)
    rgba = np.zeros((64, 96, 4), np.float32)
    rgba[20:30, 40:50] = (0.4, 0, 0, 0.5)
    edit = frame_edit(field, 11, Picture.of(rgba), plate)
    out = propagate_frame_edits(field, [edit], plate, 1)
    np.testing.assert_allclose(out.pixels[25, 45], [0.45, 0.05, 0.05], rtol=1e-5)
    assert out.changed.sum() == 100


def test_an_unpainted_frame_changes_nothing():
    field = one_layer()
    plate = _black(field)
    edit = frame_edit(field, 11, plate, plate)
    for index in range(3):
        assert propagate_frame_edits(field, [edit], plate, index) is plate


def test_paint_on_the_front_layer_moves_with_it_and_stays_off_the_back():
    field = two_layers()
    plate = _black(field)
    painted, _ = _painted(plate, 30, 30, 5)
    edit = frame_edit(field, 1, painted, plate)
    out = propagate_frame_edits(field, [edit], plate, 2)
    assert _centroid(out.pixels[..., 0] - 0.1) == pytest.approx([44, 30], abs=0.05)
    assert not out.changed[field.coverage(2)[0] == 0].any()


def test_paint_on_the_back_is_hidden_when_the_front_passes():
    field = two_layers()
    plate = _black(field)
    painted, _ = _painted(plate, 50, 30, 4)
    edit = frame_edit(field, 1, painted, plate)
    out = propagate_frame_edits(field, [edit], plate, 1)
    # The square covers x 27 to 47; the paint moved to x 48.
    assert out.changed.any()
    assert not out.changed[field.coverage(1)[0] > 0].any()


def test_two_paintings_of_one_thing_are_averaged_by_nearness_and_each_keeps_what_is_its_own():
    field = one_layer(frames=(1, 2, 3, 4, 5))
    for layer in field.layers:
        layer.deformation.matrices[:] = np.eye(3)
    plate = _black(field)
    a, _ = _painted(plate, 40, 30, 5, (1.0, 0, 0))
    b, _ = _painted(plate, 40, 30, 5, (0, 0, 1.0))
    only_b, _ = _painted(b, 70, 30, 5, (0, 1.0, 0))
    edits = [frame_edit(field, 1, a, plate), frame_edit(field, 5, only_b, plate)]
    middle = propagate_frame_edits(field, edits, plate, 2).pixels
    np.testing.assert_allclose(middle[30, 40], [0.5, 0, 0.5], atol=1e-3)
    np.testing.assert_allclose(middle[30, 70], [0, 1, 0], atol=1e-3)
    near = propagate_frame_edits(field, edits, plate, 1).pixels
    assert near[30, 40, 0] > 0.6 > 0.4 > near[30, 40, 2]


def test_wrong_sizes_and_frames_are_named():
    field = one_layer()
    plate = _black(field)
    with pytest.raises(EditError, match=r"50x64.*96x64"):
        frame_edit(field, 11, Picture.of(plate.pixels[:, :50]), plate)
    with pytest.raises(MissingFrameError, match="12"):
        frame_edit(field, 12, plate, plate)
