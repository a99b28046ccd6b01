"""Canonical to frame, ST maps and tracks against a deformation with a formula."""

import numpy as np
import pytest

from engine.errors import Cancelled, MissingFrameError, UsageError
from engine.io.picture import Window
from engine.kernels.sample import sample
from engine.progress import Task, silent
from engine.warp.inverse import FrameInverse, to_frame_map
from engine.warp.stmap import st_map, st_metadata, st_picture
from engine.warp.track import TrackPoint, track
from tests.engine.warp.analytic import one_layer, two_layers


def _points(count=400, low=(2, 2), high=(94, 62), seed=1):
    rng = np.random.default_rng(seed)
    return (rng.random((count, 2)) * np.subtract(high, low) + low).astype(np.float32)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_round_trip_of_any_point_is_exact(index):
    field = one_layer(sine=1.5)
    points = _points()
    canonical = field.layers[0].deformation.at(index, points)
    found = FrameInverse(field, 0, index).find(canonical)
    assert found.valid.all()
    assert found.visible.all()
    assert np.abs(found.points - points).max() < 0.01


def test_points_outside_the_frame_are_found_but_not_valid():
    field = one_layer()
    points = np.array([[-6, 30], [100, 30], [50, -5], [50, 70]], np.float32)
    canonical = field.layers[0].deformation.at(0, points)
    found = FrameInverse(field, 0, 0).find(canonical)
    assert not found.valid.any()
    assert np.abs(found.points - points).max() < 0.05


def test_nan_targets_are_invalid_and_finite():
    field = one_layer()
    found = FrameInverse(field, 0, 0).find(np.array([[np.nan, 3], [1e9, 1e9]], np.float32))
    assert not found.valid.any()
    assert np.isfinite(found.points).all()


def test_hidden_points_are_valid_but_not_visible():
    field = two_layers()
    found = FrameInverse(field, 1, 0).find(np.array([[30.5, 30.5], [60.5, 30.5]], np.float32))
    assert found.valid.tolist() == [True, True]
    assert found.visible.tolist() == [False, True]


def test_the_whole_canvas_inverts():
    field = one_layer(sine=1.0)
    places, window = to_frame_map(field, 0, 2)
    assert (window.width, window.height) == (128, 96)
    back = field.layers[0].deformation.at(2, places.points[places.valid])
    y, x = np.mgrid[window.y0 : window.y1, window.x0 : window.x1] + 0.5
    asked = np.stack([x.ravel(), y.ravel()], 1)[places.valid]
    assert places.valid.mean() > 0.45
    assert np.abs(back - asked).max() < 0.25


def test_st_map_to_canonical_follows_the_convention():
    field = one_layer()
    st = st_map(field, 0, 1, "to-canonical")
    assert st.dtype == np.float32
    assert st.shape == (64, 96, 4)
    # Frame 1 is the identity: pixel (x, y from the top) = (10, 3) samples canonical pixel (10, 3).
    np.testing.assert_allclose(st[3, 10], [10.5 / 96, (64 - 1 - 3 + 0.5) / 64, 0, 1], rtol=1e-6)
    canvas = st_map(field, 0, 1, "to-canonical", display="canvas")
    np.testing.assert_allclose(canvas[3, 10, :2], [26.5 / 128, 1 - 19.5 / 96], rtol=1e-6)


def test_st_map_puts_the_canonical_where_reconstruct_does():
    field = one_layer(sine=1.0)
    canonical = field.layers[0].canonical
    st = st_map(field, 0, 2, "to-canonical", display="canvas")
    points = np.stack([st[..., 0] * 128, (1 - st[..., 1]) * 96], axis=-1)
    read = sample(canonical.pixels, points.astype(np.float32))
    exact = sample(canonical.pixels, field.layers[0].deformation.positions(2), origin=(-16, -16))
    inside = st[..., 3] > 0
    assert inside.mean() > 0.95
    assert np.abs(read - exact)[inside].max() < 1e-3


def test_st_map_to_frame_samples_the_plate():
    field = one_layer(sine=1.0)
    st = st_map(field, 0, 0, "to-frame")
    assert st.shape == (96, 128, 4)
    points = np.stack([st[..., 0] * 96, (1 - st[..., 1]) * 64], axis=-1)
    valid = st[..., 3] > 0
    back = field.layers[0].deformation.at(0, points[valid].astype(np.float32))
    y, x = np.mgrid[-16:80, -16:112] + 0.5
    assert np.abs(back - np.stack([x, y], -1)[valid]).max() < 0.25
    assert np.isfinite(st).all()


def test_st_map_to_frame_is_invalid_where_another_layer_hides_the_place():
    st = st_map(two_layers(), 1, 0, "to-frame")
    assert st[16 + 30, 16 + 30, 3] == 0
    assert st[16 + 30, 16 + 60, 3] == 1


def test_st_picture_carries_windows_and_convention():
    field = one_layer()
    picture = st_picture(field, 0, 0, "to-frame", display="canvas")
    assert picture.data == Window(-16, -16, 112, 80)
    assert "origin bottom-left" in st_metadata(field, 0, "to-frame")["codef/stmap/convention"]
    with pytest.raises(UsageError, match="sideways"):
        st_map(field, 0, 0, "sideways")


def test_tracks_follow_the_truth_within_a_twentieth_pixel():
    field = one_layer(sine=1.5)
    deformation = field.layers[0].deformation
    starts = [TrackPoint(11, 40.25, 30.75), TrackPoint(13, 70.5, 20.5), TrackPoint(10, 20.0, 50.0)]
    tracks = track(field, starts, silent())
    assert len(tracks) == 3
    for start, points in zip(starts, tracks, strict=True):
        assert [p["frame"] for p in points] == [10, 11, 13]
        origin = deformation.at(field.index(start.frame), np.float32([[start.x, start.y]]))
        for index, p in enumerate(points):
            assert p["visible"] is True
            assert p["confidence"] > 0.95
            there = deformation.at(index, np.float32([[p["x"], p["y"]]]))
            assert np.abs(there - origin).max() < 0.05
        own = points[field.index(start.frame)]
        assert (own["x"], own["y"]) == (start.x, start.y)


def test_a_track_belongs_to_the_group_that_owns_its_pixel_and_hides_behind_the_front():
    field = two_layers()
    front, back = track(field, [TrackPoint(1, 30.5, 30.5), TrackPoint(1, 45.5, 30.5)], silent())
    assert [p["x"] for p in front] == pytest.approx([30.5, 37.5, 44.5], abs=0.02)
    assert [p["x"] for p in back] == pytest.approx([45.5, 43.5, 41.5], abs=0.02)
    assert [p["visible"] for p in back] == [True, False, False]
    assert all(p["confidence"] < 0.5 for p in back if not p["visible"])


def test_bad_track_points_are_named():
    field = one_layer()
    with pytest.raises(MissingFrameError, match="12"):
        track(field, [TrackPoint(12, 1, 1)], silent())
    with pytest.raises(UsageError, match="track point"):
        TrackPoint.from_json({"frame": 3, "x": "left"})
    with pytest.raises(UsageError, match="finite"):
        TrackPoint.from_json({"frame": 3, "x": float("nan"), "y": 1})
    assert TrackPoint.from_json({"frame": 3, "x": 1, "y": 2, "name": "eye"}) == TrackPoint(3, 1, 2)


def test_points_as_json_has_them_are_tracked_too():
    field = one_layer()
    named = track(field, [{"frame": 10, "x": 5, "y": 6, "id": 7}], silent())
    assert named == track(field, [TrackPoint(10, 5, 6)], silent())
    assert track(field, [], silent()) == []


def test_tracking_stops_when_cancelled():
    task = Task()
    task.cancelled.set()
    with pytest.raises(Cancelled):
        track(one_layer(), [TrackPoint(10, 5, 5)], task)
