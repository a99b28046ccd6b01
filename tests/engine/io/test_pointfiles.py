"""Tracks and corner pins as other programs write them."""

import json

import numpy as np
import pytest

from engine.errors import InputError, UsageError
from engine.io.keyframetext import keyframe_pin_text, keyframe_text
from engine.io.nuketracker import corner_pin_text, tracker_text
from engine.io.pointfiles import read_corner_pins, read_tracks

HEIGHT = 100

NODE = """set cut_paste_input [stack 0]
version 14.0 v2
push $cut_paste_input
CornerPin2D {
 label "a } brace is no surprise {"
 to1 {{curve x1001 10 11.5 x1005 15} {curve x1001 20}}
 to2 {{curve x1001 60 x1003 64} 20}
 to3 {{curve K x1001 60 s0 x1003 64} {curve x1001 70 x1003 72}}
 to4 {10 70}
 invert false
 from1 {0 0}
 from2 {50 0}
 from3 {50 50}
 from4 {0 50}
 name screen
 xpos -334
}
"""


def write(tmp_path, text, name="tracks.txt"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_lines_of_frame_x_y_are_turned_to_y_down(tmp_path):
    path = write(tmp_path, "# Nuke\n1001 10.5 0.5\n1002\t11.5\t99.5\n")
    (track,) = read_tracks(path, HEIGHT)
    assert (track.name, track.group) == ("1", None)
    # The centre of the lowest left pixel is (0.5, 0.5) there and (0.5, 99.5) here.
    np.testing.assert_allclose(track.places[1001], [[10.5, 99.5]])
    np.testing.assert_allclose(track.places[1002], [[11.5, 0.5]])


def test_names_and_blank_lines_part_tracks(tmp_path):
    text = '"eye"\n1, 1, 2\n2, 3, 4\n\n1 5 6\nscreen/corner:\n1; 7; 8\n2 9 10\n'
    tracks = read_tracks(write(tmp_path, text), HEIGHT)
    assert [(t.name, t.group) for t in tracks] == [
        ("eye", None),
        ("2", None),
        ("corner", "screen"),
    ]
    assert [sorted(t.places) for t in tracks] == [[1, 2], [1], [1, 2]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 2 3\n2 3\n", r"tracks\.txt, line 2: a track's line must be 'frame x y', not '2 3'"),
        ("1 2 3\n2 nan 4\n", r"line 2: a track's line must be"),
        ("1.5 2 3\n", r"line 1: the frame must be a whole number"),
        ("1 2 3\n1 2 4\n", r"line 2: frame 1 must stand once"),
        ("only words\n", r"tracks\.txt holds no tracks"),
        ("", r"holds no tracks"),
    ],
)
def test_wrong_lines_are_named(tmp_path, text, said):
    with pytest.raises(UsageError, match=said):
        read_tracks(write(tmp_path, text), HEIGHT)


def test_what_codef_track_writes_is_read_as_it_is(tmp_path):
    points = [
        {"frame": 7, "x": 1.5, "y": 2.5, "visible": True, "confidence": 0.9},
        {"frame": 8, "x": 3.5, "y": 4.5, "visible": False},
    ]
    text = json.dumps({"tracks": [{"points": points, "group": "bear"}]})
    (track,) = read_tracks(write(tmp_path, text, "tracks.json"), HEIGHT)
    assert track.group == "bear"
    assert list(track.places) == [7]  # where it is hidden the place is a guess
    np.testing.assert_allclose(track.places[7], [[1.5, 2.5]])
    text = json.dumps({"y": "up", "tracks": [{"points": points, "name": "nose"}]})
    (track,) = read_tracks(write(tmp_path, text, "up.json"), HEIGHT)
    assert track.name == "nose"
    np.testing.assert_allclose(track.places[7], [[1.5, 97.5]])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([1], "must hold"),
        ({"tracks": [{"points": 3}]}, "track 1 has no list"),
        ({"tracks": [{"points": [{"frame": 1, "x": 2}]}]}, "track 1 holds"),
        ({"tracks": [{"points": [{"frame": 1, "x": 2, "y": "inf"}]}]}, "track 1 holds"),
        ({"y": "left", "tracks": []}, '"y" must be "up" or "down"'),
    ],
)
def test_wrong_json_is_named(tmp_path, data, said):
    with pytest.raises(UsageError, match=said):
        read_tracks(write(tmp_path, json.dumps(data), "t.json"), HEIGHT)


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(InputError, match="nothing"):
        read_tracks(tmp_path / "nothing.txt", HEIGHT)
    binary = tmp_path / "b.txt"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(UsageError, match="no text"):
        read_tracks(binary, HEIGHT)
    with pytest.raises(UsageError, match="no JSON"):
        read_tracks(write(tmp_path, "{", "t.json"), HEIGHT)


def test_a_corner_pin_of_nuke_is_read_from_its_curves(tmp_path):
    (pin,) = read_corner_pins(write(tmp_path, NODE, "pin.nk"), HEIGHT)
    assert pin.name == "screen"
    assert sorted(pin.places) == [1001, 1002, 1003, 1004, 1005]
    np.testing.assert_allclose(pin.places[1001], [[10, 80], [60, 80], [60, 30], [10, 30]])
    # A value without x follows a frame later; between keys corners move evenly.
    np.testing.assert_allclose(pin.places[1002], [[11.5, 80], [62, 80], [62, 29], [10, 30]])
    np.testing.assert_allclose(pin.places[1005], [[15, 80], [64, 80], [64, 28], [10, 30]])


def test_a_stabilising_pin_has_its_corners_in_from(tmp_path):
    text = NODE.replace(" to", " was").replace(" from", " to").replace(" was", " from")
    (pin,) = read_corner_pins(write(tmp_path, text, "pin.nk"), HEIGHT)
    np.testing.assert_allclose(pin.places[1001][0], [10, 80])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Grade {\n name g\n}\n", "holds no CornerPin2D node"),
        (NODE[:-40], "cut short"),
        (NODE.replace("curve x1001 20", "parent.Tracker1.y"), "to1 of screen .* bake"),
        (NODE.replace("{curve", "{nocurve"), "bake its expressions"),
        (NODE.replace(" to4 {10 70}\n", ""), "screen .* no animated corners"),
        (NODE.replace("x1005", "x99999999"), "stray"),
    ],
)
def test_scripts_without_usable_corners_are_named(tmp_path, text, said):
    with pytest.raises(UsageError, match=said):
        read_corner_pins(write(tmp_path, text, "pin.nk"), HEIGHT)


def test_a_table_of_corners(tmp_path):
    text = "frame,x1,y1,x2,y2,x3,y3,x4,y4\n5,1,2,11,2,11,12,1,12\n6,2,2,12,2,12,12,2,12\n"
    (pin,) = read_corner_pins(write(tmp_path, text, "sign.csv"), HEIGHT)
    assert (pin.name, sorted(pin.places)) == ("sign", [5, 6])
    np.testing.assert_allclose(pin.places[6], [[2, 98], [12, 98], [12, 88], [2, 88]])
    spaced = write(tmp_path, text.replace(",", " "), "sign.txt")
    np.testing.assert_allclose(read_corner_pins(spaced, HEIGHT)[0].places[6], pin.places[6])
    with pytest.raises(UsageError, match=r"bad\.csv, line 2: a corner pin's line must be"):
        read_corner_pins(write(tmp_path, "f\n1,2,3\n", "bad.csv"), HEIGHT)
    with pytest.raises(UsageError, match="holds no corner pin"):
        read_corner_pins(write(tmp_path, "\n", "bad.csv"), HEIGHT)


def test_a_tracker_of_nuke_is_read_by_the_names_of_its_columns(tmp_path):
    text = """Tracker4 {
 tracks { { 1 5 3 }
{ { 5 1 20 enable e 1 }
{ 3 1 75 name name 1 }
{ 2 1 58 track_x track_x 1 }
{ 2 1 58 track_y track_y 1 }
{ 1 1 0 later_column later_column 1 }
}
{
 { {curve K x1001 1} "left eye" {curve x1001 10.5 11.5 x1005 15.5} {curve x1001 0.5} 0 }
 { {curve K x1001 1} never {} {} 0 }
 { {curve K x1001 1} mouth {curve 3 4} {curve 7 8} 0 }
}
}
 name Tracker1
}
"""
    for name in ("t.nk", "t.txt"):
        eye, mouth = read_tracks(write(tmp_path, text, name), HEIGHT)
        assert (eye.name, mouth.name) == ("left eye", "mouth")
        assert sorted(eye.places) == [1001, 1002, 1003, 1004, 1005]
        np.testing.assert_allclose(eye.places[1003], [[12.8333333, 99.5]])
        np.testing.assert_allclose(mouth.places[2], [[4, 92]])
    with pytest.raises(UsageError, match="holds no tracks; copy a Tracker node"):
        read_tracks(write(tmp_path, "Blur {\n}\n", "b.nk"), HEIGHT)


def test_what_is_written_for_nuke_is_read_back(tmp_path):
    tracks = [("a b", {1: (1.25, 2.5), 2: (2.5, 3.0), 5: (4.0, 9.0)}), ("c", {7: (0.5, 0.5)})]
    again = read_tracks(write(tmp_path, tracker_text(tracks, 1, (192, 108)), "t.nk"), HEIGHT)
    assert [track.name for track in again] == ["a b", "c"]
    np.testing.assert_allclose(again[0].places[5], [[4.0, HEIGHT - 9.0]])
    np.testing.assert_allclose(again[0].places[4][0, 0], 3.5)
    corners = {
        3: [(0.0, 0.0), (10.0, 0.0), (10.0, 5.0), (0.0, 5.0)],
        4: [(1.0, 0.0), (11.0, 0.5), (10.0, 5.0), (0.0, 5.0)],
    }
    (pin,) = read_corner_pins(
        write(tmp_path, corner_pin_text("my screen", corners, 3), "p.nk"), HEIGHT
    )
    assert pin.name == "my_screen"
    np.testing.assert_allclose(pin.places[4], [[x, HEIGHT - y] for x, y in corners[4]])


def test_what_is_written_for_after_effects_is_read_back(tmp_path):
    tracks = [("a", {1001: (1.25, 2.5), 1002: (2.5, 3.0)}), ("b", {1005: (4.0, 9.0)})]
    text = keyframe_text(tracks, (192, 108), 1001, 24.0)
    assert "\t0\t1.25\t2.5\t" in text  # its frames count from the start, its y goes down
    first, second = read_tracks(write(tmp_path, text, "t.txt"), HEIGHT, first=1001)
    np.testing.assert_allclose(first.places[1002], [[2.5, 3.0]])
    np.testing.assert_allclose(second.places[1005], [[4.0, 9.0]])
    corners = {7: [(0.0, 9.0), (10.0, 9.0), (10.0, 1.0), (0.0, 1.0)]}
    text = keyframe_pin_text([corners], (192, 108), 7, 25.0)
    (pin,) = read_corner_pins(write(tmp_path, text, "p.txt"), HEIGHT, first=7)
    np.testing.assert_allclose(pin.places[7], corners[7])
    with pytest.raises(UsageError, match="no position, point or corner pin"):
        read_tracks(write(tmp_path, "Adobe After Effects 8.0 Keyframe Data\n", "e.txt"), HEIGHT)
    with pytest.raises(UsageError, match="line 11: a key must be frame, x and y"):
        read_tracks(write(tmp_path, text.replace("0\t0\t1\t", "0\tleft\t1\t"), "f.txt"), HEIGHT)


def test_counts_and_qualities_of_3d_trackers_are_passed_over(tmp_path):
    equalizer = "2\n01\n0\n2\n1 10.5 20.5\n2 11.5 20.5\n02\n0\n1\n2 5.0 6.0\n"
    tracks = read_tracks(write(tmp_path, equalizer), HEIGHT)
    assert [sorted(track.places) for track in tracks] == [[1, 2], [2]]
    np.testing.assert_allclose(tracks[1].places[2], [[5.0, 94.0]])
    pftrack = '# "Name"\n"Tracker0001"\n1\n2\n1 10.5 20.5 0.99\n2 11.5 20.5 0.98\n'
    (track,) = read_tracks(write(tmp_path, pftrack), HEIGHT)
    assert track.name == "Tracker0001"
    np.testing.assert_allclose(track.places[2], [[11.5, 79.5]])
