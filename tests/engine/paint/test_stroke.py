"""Strokes as data: read, checked, written back, alive in the right frames."""

import json

import pytest

from engine.errors import UsageError
from engine.paint.stroke import Stroke, stroke_from, strokes_from


def test_a_stroke_survives_json_with_the_keys_of_a_newer_version():
    data = {
        "kind": "clone",
        "points": [[1, 2, 0.5], [3.5, -4, 1]],
        "size": 12,
        "offset": [-30, 2.5],
        "source": "painted",
        "colour": [4.0, -0.1, 0.5],
        "lifetime": [1001, 1010],
        "tilt": {"x": 3},
        "canonical": "fit_v003",
    }
    stroke = stroke_from(json.loads(json.dumps(data)))
    again = stroke_from(json.loads(json.dumps(stroke.as_dict())))
    assert again == stroke
    assert again.extra == {"tilt": {"x": 3}, "canonical": "fit_v003"}
    assert again.colour == (4.0, -0.1, 0.5)
    assert data.items() <= {**again.as_dict(), "points": data["points"]}.items()


def test_defaults_fill_what_is_absent_and_pressure_may_be_left_out():
    stroke = stroke_from({"points": [[5, 6]]})
    assert stroke == Stroke(points=((5.0, 6.0, 1.0),))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({}, "points"),
        ({"points": []}, "points"),
        ({"points": [[1]]}, "a point"),
        ({"points": [[1, float("nan")]]}, "a point"),
        ({"points": [[1, 2]], "kind": "airbrush"}, "kind"),
        ({"points": [[1, 2]], "kind": "reveal", "frame": 1.5}, "frame"),
        ({"points": [[1, 2]], "kind": "reveal", "frame_offset": None}, "frame_offset"),
        ({"points": [[1, 2]], "kind": "blur", "radius": 0}, "radius"),
        ({"points": [[1, 2]], "kind": "dodge", "stops": -1}, "stops"),
        ({"points": [[1, 2]], "kind": "burn", "range": "darks"}, "range"),
        ({"points": [[1, 2]], "blend": "overlay"}, "blend"),
        ({"points": [[1, 2]], "size": -4}, "size"),
        ({"points": [[1, 2]], "size": True}, "size"),
        ({"points": [[1, 2]], "opacity": 1.5}, "opacity"),
        ({"points": [[1, 2]], "colour": [1, 2]}, "colour"),
        ({"points": [[1, 2]], "visible": "yes"}, "visible"),
        ({"points": [[1, 2]], "lifetime": "1001-"}, "lifetime"),
        ({"points": [[1, 2]], "lifetime": [1, 2, 3]}, "lifetime"),
        ({"points": [[1, 2]], "source": "plate"}, "source"),
    ],
)
def test_a_wrong_stroke_is_named_with_the_key(data, word):
    with pytest.raises(UsageError) as caught:
        stroke_from({"name": "left eye", **data})
    assert "left eye" in str(caught.value) and word in str(caught.value)


def test_a_stroke_without_name_is_named_by_its_place():
    with pytest.raises(UsageError, match="stroke 2"):
        strokes_from([{"points": [[0, 0]]}, {"points": [[0, 0]], "size": "big"}])


@pytest.mark.parametrize(
    ("lifetime", "inside", "outside"),
    [
        ("all", [-5, 0, 9999], []),
        ("7", [7], [6, 8]),
        ("1-10x3, 20 30-31", [1, 4, 7, 10, 20, 30, 31], [2, 3, 11, 21]),
        ("-8--5", [-8, -5], [-9, -4, 5, 8]),
        ([3, 5], [3, 4, 5], [2, 6]),
        ("10-4x3", [10, 7, 4], [6, 1]),
    ],
)
def test_lifetime_decides_the_frames(lifetime, inside, outside):
    stroke = stroke_from({"points": [[0, 0]], "lifetime": lifetime})
    assert all(stroke.alive(frame) for frame in inside)
    assert not any(stroke.alive(frame) for frame in outside)
    assert stroke.alive(None)


def test_a_hidden_stroke_is_never_alive():
    stroke = stroke_from({"points": [[0, 0]], "visible": False})
    assert not stroke.alive(None) and not stroke.alive(3)


def test_a_stroke_on_a_finer_canvas_has_all_its_lengths_scaled():
    stroke = stroke_from(
        {"points": [[3, 4, 0.5]], "size": 10, "radius": 2, "offset": [-1, 6], "spacing": 0.2}
    )
    finer = stroke.scaled(2)
    assert finer.points == ((6, 8, 0.5),) and finer.offset == (-2, 12)
    assert (finer.size, finer.radius, finer.spacing) == (20, 4, 0.2)


def test_a_reveal_names_its_frame_or_counts_from_the_one_that_is_painted_on():
    fixed = stroke_from({"points": [[0, 0]], "kind": "reveal", "frame": 1010, "frame_offset": 3})
    moving = stroke_from({"points": [[0, 0]], "kind": "reveal", "frame_offset": -3})
    assert fixed.revealed(1001) == 1010 == fixed.revealed(None)
    assert moving.revealed(1001) == 998 and moving.revealed(None) is None
