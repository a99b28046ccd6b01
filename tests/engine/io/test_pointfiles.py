"""Tracks and corner pins as other programs write them."""

import json

import numpy as np
import pytest

from engine.errors import InputError, UsageError
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
