"""Tracks go on where the map of their layer is plainly wrong."""

from dataclasses import dataclass

import numpy as np
import pytest

from engine.fields.field import Canonical, Field, Layer, Masks
from engine.io.picture import Window
from engine.progress import silent
from engine.warp.continued import RIM, astray, moved_along
from engine.warp.inverse import FrameInverse
from engine.warp.track import TrackPoint, track
from tests.engine.warp.analytic import Analytic, shift, smooth_canvas

WIDTH, HEIGHT, FRAMES = 96, 64, tuple(range(10, 17))
#: The body goes 6 pixels to the right per frame, away from and back to where frame 13 has it.
GONE = np.array([18, 12, 6, 0, 6, 12, 18])
LIMB, HIP, RUMP = 16, 30, 50


@dataclass
class LeftBehind:
    """The map of a body of which one limb was never matched: it stays where frame 13 has it."""

    data: Window
    kind: str = "left-behind"

    def at(self, index, points):
        points = np.asarray(points, np.float32).reshape(-1, 2)
        here = np.array([-1000.0, HIP - 4, HIP + GONE[index], 1000 + GONE[index]])
        x = np.interp(points[:, 0], here, [-1000, HIP - 4, HIP, 1000])
        return np.stack([x, points[:, 1]], axis=1).astype(np.float32)

    def positions(self, index):
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
        return self.at(index, np.stack([x, y], axis=-1)).reshape(HEIGHT, WIDTH, 2)

    def tensors(self):
        return {}

    def numbers(self):
        return {}


def _field():
    data = Window.of_size(WIDTH, HEIGHT)
    streams = []
    for gone in GONE:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[20:44, LIMB + gone : RUMP + gone] = 255
        streams.append(Masks.pack(mask))
    ground = Analytic(np.stack([shift(0, 0)] * len(FRAMES)), data)
    layers = [
        Layer(name, deformation, Canonical(smooth_canvas(data), data))
        for name, deformation in (("body", LeftBehind(data)), ("ground", ground))
    ]
    return Field(FRAMES, data, data, layers, Masks(HEIGHT, WIDTH, [streams]), 13, "test")


@pytest.fixture(scope="module")
def tracks():
    asked = [TrackPoint(13, LIMB + 3.5, 32.5), TrackPoint(13, RUMP - 4.5, 32.5)]
    return track(_field(), asked, silent())


def test_a_limb_that_the_map_left_on_the_ground_goes_with_the_body(tracks):
    x = np.array([entry["x"] for entry in tracks[0]])
    y = np.array([entry["y"] for entry in tracks[0]])
    # The map alone is wrong by as much as the body has gone: up to 18 pixels.
    assert np.abs(x - (LIMB + 3.5 + GONE)).max() < 5
    assert np.abs(y - 32.5).max() < 1
    assert (x >= LIMB + GONE - RIM).all()
    lost = GONE > 6
    assert not any(entry["visible"] for entry, gone in zip(tracks[0], lost, strict=True) if gone)
    assert all(
        entry["confidence"] == 0 for entry, gone in zip(tracks[0], lost, strict=True) if gone
    )
    assert tracks[0][3] == {
        "frame": 13, "x": LIMB + 3.5, "y": 32.5, "visible": True, "confidence": 1.0,
    }  # fmt: skip


def test_what_the_map_knows_is_followed_as_before(tracks):
    found = np.array([(entry["x"], entry["y"]) for entry in tracks[1]])
    assert np.abs(found[:, 0] - (RUMP - 4.5 + GONE)).max() < 0.05
    assert all(entry["visible"] for entry in tracks[1])


def test_only_places_where_the_ground_shows_are_astray():
    coverage = np.zeros((3, 40, 60), np.float32)
    coverage[0, :, :10] = 1
    coverage[1, 10:30, 10:30] = 1
    coverage[2] = 1 - coverage[:2].sum(axis=0)
    coverage[:, 35:] = 0  # left out of the fit: nothing is known there
    points = np.array(
        [[20, 20], [5, 20], [31.5, 20.5], [-9, 20], [20.5, 37], [40.5, 20.5], [20.5, 3.5]],
        np.float32,
    )
    lost, held = astray(coverage, 1, points + np.float32(7), (7, 7))
    assert lost.tolist() == [False] * 5 + [True] * 2
    assert (
        held.tolist()
        == (np.array([*points[:5], [29.5, 20.5], [20.5, 10.5]], np.float32) + 7).tolist()
    )
    assert not astray(coverage, 2, points + np.float32(7), (7, 7))[0].any()


def test_nothing_is_astray_where_a_frame_shows_nothing_of_the_layer():
    coverage = np.zeros((2, 8, 8), np.float32)
    coverage[1] = 1
    points = np.array([[4, 4]], np.float32)
    lost, held = astray(coverage, 0, points, (0, 0))
    assert not lost.any()
    assert np.array_equal(held, points)


def test_points_move_as_what_is_beside_them():
    field = _field()
    inverse = FrameInverse(field, 0, 5)
    points = np.array([[48.5, 50.5], [44.5, 12.5]], np.float32)
    moved = moved_along(field, 0, 3, inverse, field.seen(3)[0], points)
    assert np.abs(moved - points - [12, 0]).max() < 1.5
    nothing = np.zeros((HEIGHT, WIDTH), np.float32)
    assert np.array_equal(moved_along(field, 0, 3, inverse, nothing, points), points)
