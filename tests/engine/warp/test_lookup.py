"""Points between a frame and the canonical images, against a known motion."""

import numpy as np
import pytest

from engine.fields.field import Masks
from engine.warp.lookup import FrameLookup, Lookups, magnification
from tests.engine.warp.moving import back_matrix, front_matrix, moving_field, through


def test_a_frame_point_goes_to_the_layer_that_owns_it():
    lookup = FrameLookup(moving_field(), 2)
    points = np.array([[40.5, 30.5], [80.5, 50.5]], np.float32)
    found = lookup.to_canonical(points)
    assert found.layers.tolist() == [0, 1]
    assert found.visible.tolist() == [True, True]
    assert found.confidence == pytest.approx([1, 1])
    assert found.points[0] == pytest.approx(through(front_matrix(2), points)[0], abs=1e-3)
    assert found.points[1] == pytest.approx(through(back_matrix(2), points)[1], abs=1e-3)


@pytest.mark.parametrize("wobble", [0.0, 1.0])
def test_there_and_back_is_the_same_place(wobble):
    lookup = FrameLookup(moving_field(wobble=wobble), 1)
    rng = np.random.default_rng(0)
    points = (rng.random((200, 2)) * (90, 58) + 3).astype(np.float32)
    there = lookup.to_canonical(points)
    for k in (0, 1):
        mine = there.layers == k
        back = lookup.to_frame(there.points[mine], k)
        assert np.abs(back.points - points[mine]).max() < 0.05
        assert back.visible.all() and (back.confidence > 0.9).all()


def test_what_the_frame_does_not_show_is_not_visible_and_little_known():
    lookup = FrameLookup(moving_field(), 0)
    outside = lookup.to_canonical(np.array([[-10, 20], [120, 20]], np.float32))
    assert not outside.visible.any() and (outside.confidence == 0).all()
    hidden = lookup.to_frame(np.array([[30.5, 30.5]], np.float32), 1)
    assert not hidden.visible[0] and 0 < hidden.confidence[0] <= 0.25
    beyond = lookup.to_frame(np.array([[500.0, 20.0]], np.float32), 1)
    assert not beyond.visible[0] and beyond.confidence[0] == 0
    assert np.isfinite(beyond.points).all()


def test_a_hole_of_the_canonical_has_no_confidence():
    field = moving_field()
    field.layers[1].canonical.pixels[:] = 0
    found = FrameLookup(field, 0).to_canonical(np.array([[80.5, 50.5]], np.float32))
    assert found.visible[0] and found.confidence[0] == 0


def test_what_the_fit_was_told_not_to_see_is_not_visible():
    field = moving_field()
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 70:] = 255
    field.ignored = Masks(64, 96, [[Masks.pack(mask)] * 4])
    found = FrameLookup(field, 0).to_canonical(np.array([[80.5, 50.5], [60.5, 50.5]], np.float32))
    assert found.visible.tolist() == [False, True]


def test_magnification_is_that_of_the_map():
    lookup = FrameLookup(moving_field(), 3)
    points = np.array([[50.5, 30.5]], np.float32)
    assert magnification(lookup.stretched(points, 0)[1])[0] == pytest.approx(0.85, abs=1e-3)
    assert magnification(lookup.stretched(points, 1)[1])[0] == pytest.approx(1.12, abs=1e-3)


def test_lookups_stay_within_their_budget_and_the_newest_stays():
    lookups = Lookups(moving_field(), budget=FrameLookup(moving_field(), 0).bytes * 2)
    first = lookups.frame(0)
    assert lookups.frame(0) is first
    lookups.frame(1)
    lookups.frame(2)
    assert lookups.frame(2) is not None and lookups.frame(0) is not first
