"""Drawn shapes: where they are, how they fade and how they move."""

import json
import subprocess
import sys

import numpy as np
import pytest

from engine.errors import UsageError
from engine.masks.shapes import Key, Shape, coverage, outline, shape_from_json


def square(left: float, top: float, size: float, feather: float = 0) -> Key:
    corners = [[left, top], [left + size, top], [left + size, top + size], [left, top + size]]
    return Key(np.concatenate([np.array(corners), np.zeros((4, 4))], axis=1), feather)


def circle(x: float, y: float, radius: float) -> Key:
    """Four points whose handles make nearly a circle."""
    k = 0.5523 * radius
    return Key(
        np.array(
            [
                [x, y - radius, -k, 0, k, 0],
                [x + radius, y, 0, -k, 0, k],
                [x, y + radius, k, 0, -k, 0],
                [x - radius, y, 0, k, 0, -k],
            ]
        )
    )


def test_whole_pixels_are_covered_exactly() -> None:
    cover = coverage([Shape({1: square(4, 3, 10)})], 1, 20, 20)
    assert cover.sum() == pytest.approx(100, abs=0.5)
    assert cover[3:13, 4:14].min() == pytest.approx(1, abs=0.01)
    assert cover[:3].max() == 0


def test_a_part_of_a_pixel_is_covered_by_its_area() -> None:
    cover = coverage([Shape({1: square(4.5, 3, 10)})], 1, 20, 20)
    assert cover[8, 4] == pytest.approx(0.5, abs=0.02)
    assert cover[8, 14] == pytest.approx(0.5, abs=0.02)


def test_handles_bend_the_outline_into_a_circle() -> None:
    key = circle(30, 30, 20)
    away = np.hypot(*(outline(key) - 30).T)
    assert np.abs(away - 20).max() < 0.02
    assert coverage([Shape({1: key})], 1, 60, 60).sum() == pytest.approx(np.pi * 400, rel=0.005)


def test_between_keys_the_outline_moves_evenly_and_beyond_them_it_stays() -> None:
    shape = Shape({10: square(0, 0, 8), 20: square(20, 10, 8)})
    assert shape.at(15).points[0, :2].tolist() == [10, 5]
    assert shape.at(3).points[0, :2].tolist() == [0, 0]
    assert shape.at(99).points[0, :2].tolist() == [20, 10]
    assert shape.at(20).points[0, :2].tolist() == [20, 10]


def test_a_feather_fades_outward_and_leaves_the_inside_whole() -> None:
    cover = coverage([Shape({1: square(20, 20, 20, 8)})], 1, 60, 60)
    row = cover[30]
    assert row[20:40].min() > 0.99
    assert row[11] == 0
    assert (np.diff(row[12:21]) > 0).all()
    assert row[16] == pytest.approx(0.5, abs=0.12)


def test_a_feather_reaches_in_from_outside_the_frame() -> None:
    cover = coverage([Shape({1: square(-20, 5, 19, 8)})], 1, 30, 30)
    assert 0.5 < cover[15, 0] < 1
    assert cover[15, 8] == 0


def test_a_shape_may_subtract_from_those_before_it() -> None:
    hole = Shape({1: square(6, 6, 4)}, subtract=True)
    cover = coverage([Shape({1: square(2, 2, 12)}), hole], 1, 20, 20)
    assert cover[8, 8] == 0
    assert cover[4, 4] == pytest.approx(1)


def test_a_shape_outside_the_frame_covers_nothing() -> None:
    assert coverage([Shape({1: square(100, 100, 9)})], 1, 20, 20).max() == 0


def test_reading_a_shape_loads_no_compiler() -> None:
    code = (
        "import sys; from engine.masks.shapes import shape_from_json; "
        "shape_from_json({'keys': {'1': {'points': [[0, 0], [1, 0], [1, 1]]}}}).at(1); "
        "sys.exit(bool({'numba', 'cv2', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_shape_survives_json() -> None:
    shape = Shape({1: circle(5, 6, 7), 9: circle(8, 6, 5)}, True, "head")
    again = shape_from_json(json.loads(json.dumps(shape.as_json())))
    assert again.name == "head"
    assert again.subtract
    for frame in (1, 5, 9):
        assert np.array_equal(again.at(frame).points, shape.at(frame).points)


@pytest.mark.parametrize(
    "wrong",
    [
        3,
        {},
        {"keys": {}},
        {"keys": {"a": {"points": [[0, 0], [1, 0], [1, 1]]}}},
        {"keys": {"1": {"points": [[0, 0], [1, 0]]}}},
        {"keys": {"1": {"points": [[0, 0], [1, 0], [1, 1]], "feather": -1}}},
        {"keys": {"1": {"points": [[0, 0, 0], [1, 0, 0], [1, 1, 0]]}}},
        {
            "keys": {
                "1": {"points": [[0, 0], [1, 0], [1, 1]]},
                "2": {"points": [[0, 0], [1, 0], [1, 1], [0, 1]]},
            }
        },
    ],
)
def test_what_is_no_shape_is_refused(wrong: object) -> None:
    with pytest.raises(UsageError):
        shape_from_json(wrong)
