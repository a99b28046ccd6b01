"""Strokes through known motions: to the canonical, and from one fit to the next."""

from itertools import pairwise

import numpy as np
import pytest

from engine.edit.strokemaps import carried, layer_like, to_canonical
from engine.errors import EditError, UsageError
from engine.fields.field import Masks
from engine.paint.stroke import Stroke
from engine.warp.lookup import FrameLookup
from tests.engine.warp.moving import affine, back_matrix, front_matrix, moving_field, through


def line(x0, y0, x1, y1, count=6, **more):
    points = tuple(
        (x0 + (x1 - x0) * i / (count - 1), y0 + (y1 - y0) * i / (count - 1), 1.0)
        for i in range(count)
    )
    return Stroke(points, **more)


def places(stroke):
    return np.array([point[:2] for point in stroke.points])


@pytest.mark.parametrize("index", [0, 1, 3])
def test_a_stroke_on_the_square_goes_to_its_canonical(index):
    lookup = FrameLookup(moving_field(), index)
    stroke = line(24 + 5 * index, 24, 40 + 5 * index, 40, size=6.0)
    ((layer, moved),) = to_canonical(lookup, [stroke])
    assert layer == 0
    wanted = through(front_matrix(index), stroke.points)
    assert np.abs(places(moved) - wanted).max() < 0.01
    assert moved.size == pytest.approx(6.0 * (1 - 0.05 * index), rel=1e-3)


def test_a_stroke_belongs_to_the_layer_that_it_starts_on():
    lookup = FrameLookup(moving_field(), 0)
    ((layer, moved),) = to_canonical(lookup, [line(50, 30, 30, 30)])
    assert layer == 1
    wanted = through(back_matrix(0), line(50, 30, 30, 30).points)
    assert np.abs(places(moved) - wanted).max() < 0.01
    ((layer, _),) = to_canonical(lookup, [line(40, 30, 90, 30)])
    assert layer == 0
    ((layer, _),) = to_canonical(lookup, [line(40, 30, 90, 30)], layer=1)
    assert layer == 1


def test_a_bent_map_puts_points_in_between():
    field = moving_field(wobble=1.5)
    lookup = FrameLookup(field, 1)
    stroke = line(55, 8, 90, 60, count=2)
    ((k, moved),) = to_canonical(lookup, [stroke])
    assert len(moved.points) > 6
    fine = np.array(line(55, 8, 90, 60, count=200).points)[:, :2].astype(np.float32)
    wanted = field.layers[k].deformation.at(1, fine)
    drawn = places(moved)
    along = np.concatenate([np.linspace(a, b, 20) for a, b in pairwise(drawn)])
    far = np.linalg.norm(wanted[:, None] - along[None], axis=2).min(axis=1)
    assert far.max() < 0.5


def test_pressure_follows_the_scale_of_the_map_and_offsets_turn_with_it():
    field = moving_field(frames=(10, 11), masks=False)
    field.layers[0].deformation.matrices[1][2] = [4e-3, 0, 1]
    lookup = FrameLookup(field, 1)
    stroke = line(10, 30, 85, 30, size=10.0, kind="clone", offset=(8.0, 0.0))
    ((_, moved),) = to_canonical(lookup, [stroke])
    sizes = np.array([pressure for *_, pressure in moved.points]) * moved.size
    around = np.array([[10, 30], [85, 30]], np.float32)
    from engine.warp.lookup import magnification

    wanted = 10 * magnification(lookup.stretched(around, 0)[1])
    assert sizes[[0, -1]] == pytest.approx(wanted, rel=1e-3)
    assert wanted[0] / wanted[1] > 1.4
    ends = field.layers[0].deformation.at(1, np.array([[10, 30], [18, 30]], np.float32))
    assert moved.offset == pytest.approx(tuple(ends[1] - ends[0]), abs=1e-3)


@pytest.mark.parametrize("means", ["pressure_opacity", "pressure_hardness"])
def test_pressure_that_means_more_than_size_is_left_alone(means):
    lookup = FrameLookup(moving_field(), 3)
    stroke = line(42, 24, 56, 40, size=8.0, **{means: True})
    ((_, moved),) = to_canonical(lookup, [stroke])
    assert {pressure for *_, pressure in moved.points} == {1.0}
    assert moved.size == pytest.approx(8 * 0.85, rel=1e-3)


def test_a_stroke_beside_the_picture_is_refused_and_one_that_leaves_it_is_not():
    lookup = FrameLookup(moving_field(), 1)
    with pytest.raises(EditError, match=r"outside the picture of frame 11.*paint on"):
        to_canonical(lookup, [line(-60, 10, -30, 10, name="drip")])
    to_canonical(lookup, [line(80, 50, 110, 50)])


def test_a_stroke_where_the_fit_did_not_look_is_refused():
    field = moving_field()
    mask = np.full((64, 96), 255, np.uint8)
    field.ignored = Masks(64, 96, [[Masks.pack(mask)] * 4])
    with pytest.raises(EditError, match="told not to look in frame 10"):
        to_canonical(FrameLookup(field, 0), [line(10, 10, 20, 20)])


def test_a_stroke_that_falls_off_the_canvas_is_refused():
    field = moving_field(change=affine(1.0, 500.0))
    with pytest.raises(EditError, match="outside the canonical image of back"):
        to_canonical(FrameLookup(field, 0), [line(60, 50, 80, 50)])


@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("wobble", [0.0, 0.8])
def test_strokes_are_carried_to_another_choice_of_canonical(k, wobble):
    change = affine(1.3, 7.0, -4.0, 0.2)
    old = moving_field(wobble=wobble)
    new = moving_field(change=change, frames=(10, 11, 12, 13))
    new.reference = 12
    if wobble:
        # The same motion, so the same bend, seen by another canonical.
        for layer, was in zip(new.layers, old.layers, strict=True):
            lattices = was.deformation.lattices
            layer.deformation.lattices[:] = lattices @ change[:2, :2].T.astype(np.float32)
    index = 0
    middle = (32, 32) if k == 0 else (75, 45)
    start = old.layers[k].deformation.at(
        index, np.array([np.add(middle, (-8, -6)), np.add(middle, (8, 6))], np.float32)
    )
    stroke = line(*map(float, start.ravel()), size=5.0)
    (result,) = carried(old, new, k, k, [stroke])
    wanted = through(change, stroke.points)
    given = places(result.stroke)
    if len(given) == len(wanted):
        assert np.abs(given - wanted).max() < 0.5
    ends = given[[0, -1]]
    assert np.abs(ends - wanted[[0, -1]]).max() < 0.05
    assert result.stroke.size == pytest.approx(5.0 * 1.3, rel=0.02)
    assert result.found == 1.0


def test_what_the_reference_frame_does_not_show_goes_through_another_frame():
    old = moving_field()
    # The background that the square hides in the reference frame, and shows in the last one.
    place = through(back_matrix(3), [[24.5, 30.5], [30.5, 38.5]])
    assert not FrameLookup(old, 0).to_frame(place.astype(np.float32), 1).visible.any()
    new = moving_field(change=affine(1.0, 3.0, 2.0))
    # In the reference frame the new fit is badly wrong about the hidden part.
    new.layers[1].deformation.matrices[0] = affine(1.0, 40.0, 0.0)
    (result,) = carried(old, new, 1, 1, [line(*place.ravel(), size=4.0)])
    assert np.abs(places(result.stroke)[[0, -1]] - (place + np.array([3, 2]))).max() < 0.5
    assert result.found == 1.0


def test_what_no_frame_shows_is_continued_and_told():
    old, new = moving_field(), moving_field(change=affine(1.0, 3.0, 2.0))
    far = line(-30, -20, -25, -15)
    (result,) = carried(old, new, 1, 1, [far])
    assert result.found == 0.0
    assert np.abs(places(result.stroke) - (places(far) + np.array([3, 2]))).max() < 0.5


def test_fits_without_a_common_frame_are_refused():
    with pytest.raises(EditError, match="no frame in common"):
        carried(moving_field(), moving_field((20, 21, 22, 23)), 0, 0, [line(20, 20, 30, 30)])


def test_layers_are_found_by_name_else_by_place():
    old, new = moving_field(), moving_field()
    new.layers.reverse()
    assert layer_like(old, new, 0) == 1
    for layer, name in zip(new.layers, ("a", "b"), strict=True):
        layer.name = name
    assert layer_like(old, new, 1) == 1
    new.layers.pop()
    with pytest.raises(UsageError, match="no group 'square'"):
        layer_like(old, new, 0)
