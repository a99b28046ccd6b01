"""Tracks, keypoints and mattes that a fit lifts into every frame."""

import numpy as np
import pytest

from engine.edit.placement import Placed
from engine.errors import MissingFrameError, UsageError
from engine.io.keyframetext import keyframe_corners, keyframe_tracks
from engine.io.picture import Window
from engine.io.pointfiles import read_corner_pins, read_tracks
from engine.lift.keypoints import find_keypoints
from engine.lift.mattes import Mask, check_mask, matte_of
from engine.lift.shapes import tracked_shape
from engine.lift.tracks import Track, format_of, tracks_text
from engine.lift.upscale import upscaled, upscaled_frame
from engine.masks.shapes import Key, Shape
from engine.progress import silent
from engine.relink.resized import resized
from engine.warp.render import reconstruct
from engine.warp.track import track, track_canonical
from tests.engine.warp.analytic import one_layer, two_layers
from tests.engine.warp.moving import moving_field


def tracked(field, places):
    asked = [{"frame": field.reference, "x": x, "y": y} for x, y in places]
    return [Track(f"p{n}", one) for n, one in enumerate(track(field, asked, silent()), 1)]


def test_tracks_come_back_from_every_format_as_they_are(tmp_path):
    field = moving_field()
    tracks = tracked(field, [(30, 30), (40, 36)])
    for form, name in (("nuke", "t.nk"), ("text", "t.txt"), ("after-effects", "ae.txt")):
        path = tmp_path / name
        path.write_text(tracks_text(tracks, field, form, fps=24.0), encoding="utf-8")
        again = read_tracks(path, field.display.height, field.frames[0])
        for mine, theirs in zip(tracks, again, strict=True):
            for frame, place in mine.places().items():
                np.testing.assert_allclose(theirs.places[frame][0], place, atol=1e-3)
    assert [t.name for t in read_tracks(tmp_path / "t.nk", 64)] == ["p1", "p2"]


def test_four_tracks_are_a_corner_pin(tmp_path):
    field = moving_field()
    corners = [(24, 40), (40, 40), (40, 24), (24, 24)]
    tracks = tracked(field, corners)
    for form, name in (("corner-pin", "p.nk"), ("after-effects-pin", "p.txt")):
        path = tmp_path / name
        path.write_text(tracks_text(tracks, field, form, fps=24.0), encoding="utf-8")
        (pin,) = read_corner_pins(path, field.display.height, field.frames[0])
        assert tuple(sorted(pin.places)) == field.frames
        np.testing.assert_allclose(pin.places[field.reference], corners, atol=1e-3)
    text = tracks_text(tracks, field, "after-effects-pin", fps=24.0)
    assert len(keyframe_corners(text, tmp_path, 0)) == 1
    assert len(keyframe_tracks(text, tmp_path, 0)) == 4
    with pytest.raises(UsageError, match="needs four points and there are 2"):
        tracks_text(tracks[:2], field, "corner-pin", fps=24.0)


def test_hidden_places_are_written_when_they_are_wanted():
    field = moving_field()
    points = [
        {"frame": f, "x": 1.0, "y": 2.0, "visible": f != 11, "confidence": 1.0}
        for f in field.frames
    ]
    tracks = [Track("a", points)]
    assert 11 not in tracks[0].places() and 11 in tracks[0].places(hidden=True)
    unseen = [Track("a", [{**p, "visible": False} for p in points])]
    with pytest.raises(UsageError, match="no frame shows any"):
        tracks_text(unseen, field, "nuke", fps=24.0)
    assert "x10 1 1 1 1" in tracks_text(unseen, field, "nuke", fps=24.0, hidden=True)


def test_the_ending_says_the_format_unless_it_is_named():
    assert format_of(".NK") == "nuke" and format_of(".txt", "after-effects") == "after-effects"
    with pytest.raises(UsageError, match=r"ending \.csv says no format"):
        format_of(".csv")
    with pytest.raises(UsageError, match="no format 'maya'"):
        format_of(".nk", "maya")


@pytest.mark.parametrize("detector", ["sift", "orb"])
def test_keypoints_of_the_still_are_followed_to_where_every_frame_has_them(detector):
    field = one_layer(sine=0.5)
    found = find_keypoints(field, 0, detector, 8)
    assert 2 <= len(found.points) <= 8
    assert (np.diff(found.strength) <= 0).all()
    apart = np.linalg.norm(found.points[:, None] - found.points[None], axis=2)
    assert apart[np.triu_indices(len(apart), 1)].min() > 8
    tracks = track_canonical(field, 0, found.points, silent())
    seen = 0
    for point, one in zip(found.points, tracks, strict=True):
        assert [entry["frame"] for entry in one] == list(field.frames)
        for t, entry in enumerate(one):
            if entry["visible"]:
                seen += 1
                place = np.array([[entry["x"], entry["y"]]], np.float32)
                np.testing.assert_allclose(
                    field.layers[0].deformation.at(t, place)[0], point, atol=0.05
                )
    assert seen > 0
    with pytest.raises(UsageError, match="no detector 'surf'"):
        find_keypoints(field, 0, "surf")


def test_a_smooth_still_has_no_keypoints():
    field = one_layer()
    field.layers[0].canonical.pixels[..., :3] = 0.2
    with pytest.raises(UsageError, match="finds no keypoint on the still of all"):
        find_keypoints(field, 0, "sift")


def disc(field, k, place, radius):
    """A mask on the still."""
    canvas = field.layers[k].canonical.data
    rows, columns = np.mgrid[canvas.y0 : canvas.y1, canvas.x0 : canvas.x1] + 0.5
    inside = np.hypot(columns - place[0], rows - place[1]) < radius
    return Mask(inside.astype(np.float32), (canvas.x0, canvas.y0))


def test_a_mask_of_the_still_is_a_matte_in_every_frame_and_ends_with_its_layer():
    field = two_layers()
    mask = disc(field, 0, (30.0, 30.0), 5.0)
    for index in range(3):
        matte = matte_of(field, 0, index, mask)
        centre = (30 + 7 * index, 30)
        assert matte[centre[1], centre[0]] == 1
        assert abs(float(matte.sum()) - np.pi * 25) < 4
        _, columns = np.nonzero(matte > 0.5)
        assert abs(columns.mean() + 0.5 - centre[0]) < 0.3
        np.testing.assert_allclose(matte_of(field, 0, index, mask, 0.25), matte * 0.25)
    large = matte_of(field, 0, 1, disc(field, 0, (30.0, 30.0), 40.0))
    np.testing.assert_array_equal(large > 0, field.seen(1)[0] > 0)


def test_a_mask_painted_on_a_frame_stays_there_and_moves_with_the_layer_elsewhere():
    field = two_layers()
    painted = np.zeros((field.height, field.width), np.float32)
    painted[26:34, 33:41] = 1
    mask = Mask(painted, (0, 0), frame=2)
    np.testing.assert_array_equal(matte_of(field, 0, 1, mask), painted)
    np.testing.assert_allclose(matte_of(field, 0, 0, mask)[26:34, 26:34], 1, atol=1e-3)
    assert matte_of(field, 0, 2, mask)[26:34, 40:48].min() > 0.99
    with pytest.raises(UsageError, match="black everywhere"):
        check_mask(field, Mask(np.zeros((4, 4), np.float32), (0, 0)))


def test_a_shape_gets_keys_that_move_with_its_layer():
    field = two_layers()
    points = np.array(
        [
            [22.0, 22.0, 0, 0, 0, 0],
            [38.0, 22.0, -2.0, 1.0, 2.0, -1.0],
            # Outside the square, and still with it: the outline is about the square.
            [45.0, 45.0, 0, 0, 0, 0],
            [22.0, 38.0, 0, 0, 0, 0],
        ]
    )
    drawn = Shape({1: Key(points, 2.0)}, name="square")
    found, layer = tracked_shape(field, drawn, silent())
    assert layer == 0 and sorted(found.keys) == [1, 2, 3] and found.name == "square"
    for index, frame in enumerate(field.frames):
        there = found.keys[frame]
        assert there.feather == 2.0
        np.testing.assert_allclose(there.points[:, 0], points[:, 0] + 7 * index, atol=0.05)
        np.testing.assert_allclose(there.points[:, 1:], points[:, 1:], atol=0.05)
    back, layer = tracked_shape(field, drawn, silent(), layer=1, every=2)
    assert layer == 1 and sorted(back.keys) == [1, 3]
    np.testing.assert_allclose(back.keys[3].points[:, 0], points[:, 0] - 4, atol=0.05)
    with pytest.raises(MissingFrameError, match="drawn in frame 9, which the field does not hold"):
        tracked_shape(field, Shape({9: Key(points)}, name="late"), silent())


def test_finer_stills_make_finer_frames():
    """The truth is drawn at twice the size; its still at that size brings the detail back."""
    rng = np.random.default_rng(6)
    large = moving_field(size=(192, 128))
    for layer in large.layers:
        rgb = layer.canonical.pixels[..., :3]
        rgb *= rng.uniform(0.5, 1.0, (*rgb.shape[:2], 1)).astype(np.float32)
    field = resized(large, Window.of_size(96, 64), Window.of_size(96, 64))
    stills = {
        k: Placed(
            layer.canonical.pixels,
            (layer.canonical.data.x0, layer.canonical.data.y0),
            (2.0, 2.0),
            True,
            "test",
        )
        for k, layer in enumerate(large.layers)
    }
    plain, fine = upscaled(field, 2.0, {}), upscaled(field, 2.0, stills)
    assert (fine.width, fine.height) == (192, 128)
    for index in range(4):
        truth = reconstruct(large, index, edit_path=False)
        alone = (large.seen(index).max(axis=0) > 0.99) & (fine.seen(index).max(axis=0) > 0.99)
        blurred = np.abs(upscaled_frame(field, plain, index) - truth)[alone].mean()
        sharp = np.abs(upscaled_frame(field, fine, index) - truth)[alone].mean()
        assert sharp < blurred / 4
    with pytest.raises(UsageError, match="1 to 8 times as large, not 9"):
        upscaled(field, 9.0, {})
