"""A leg that stands is found again behind one that swings past it, and followed when it lifts."""

import numpy as np
import pytest

from engine.colour.encoding import decode
from engine.fields.field import Canonical, Field, Layer, Masks
from engine.io.picture import Picture, Window
from engine.progress import silent
from engine.warp.track import TrackPoint, track
from tests.engine.warp.analytic import Analytic, shift, smooth_canvas

WIDTH, HEIGHT, COUNT = 224, 128, 32
#: Pixels a frame: the ground, and the leg that stands on it, go right; the other leg goes left.
GROUND, SWING = 3, -6
STAND_LEFT, SWING_LEFT, WIDE = 40, 150, 36
#: From this frame on the leg that stood goes the other way.
LIFTS, AWAY = 22, -5
LEG = slice(50, 120)


def _noise(seed, height, width, low, high):
    import cv2

    rough = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 1.4)
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return (low + (high - low) * smooth)[..., None].repeat(3, axis=2)


EARTH = _noise(1, HEIGHT, WIDTH + GROUND * COUNT, 0.5, 0.9)
STANDS, SWINGS = _noise(2, HEIGHT, WIDE, 0.05, 0.25), _noise(3, HEIGHT, WIDE, 0.1, 0.3)
TRUNK = _noise(4, HEIGHT, WIDTH, 0.1, 0.4)


def _lefts(frame):
    stood = STAND_LEFT + GROUND * min(frame, LIFTS) + AWAY * max(frame - LIFTS, 0)
    return stood, max(SWING_LEFT + SWING * frame, 2)


def _plate(frame):
    start = GROUND * (COUNT - frame)
    codes = EARTH[:, start : start + WIDTH].copy()
    codes[10 : LEG.start, 20:200] = TRUNK[10 : LEG.start, 20:200]
    for left, texture in zip(_lefts(frame), (STANDS, SWINGS), strict=True):
        codes[LEG, left : left + WIDE] = texture[LEG]
    return Picture.of(decode(codes))


def _mask(frame):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10 : LEG.start, 20:200] = 255
    for left in _lefts(frame):
        mask[LEG, left : left + WIDE] = 255
    return mask


def _field():
    """A fit that lets the whole animal go with the trunk."""
    data = Window.of_size(WIDTH, HEIGHT)
    still = Analytic(np.stack([shift(0, 0)] * COUNT), data)
    earth = Analytic(np.stack([shift(-GROUND * t, 0) for t in range(COUNT)]), data)
    layers = [
        Layer(name, deformation, Canonical(smooth_canvas(data), data))
        for name, deformation in (("animal", still), ("ground", earth))
    ]
    streams = [[Masks.pack(_mask(t)) for t in range(COUNT)]]
    return Field(tuple(range(COUNT)), data, data, layers, Masks(HEIGHT, WIDTH, streams), 0, "test")


#: A leg's point, from its left side.
ALONG = 18.5
#: The first look at a point shows it for a moment only.
LATE = 8


@pytest.fixture(scope="module")
def tracks():
    asked = [
        TrackPoint(0, STAND_LEFT + ALONG, 100.5),
        TrackPoint(0, SWING_LEFT + ALONG, 100.5),
        TrackPoint(LATE, _lefts(LATE)[0] + ALONG, 100.5),
    ]
    return track(_field(), asked, silent(), _plate)


def _x(entries):
    return np.array([entry["x"] for entry in entries])


def _truth(leg):
    return np.array([_lefts(t)[leg] + ALONG for t in range(COUNT)])


def test_the_leg_that_stands_goes_with_the_ground_while_the_other_hides_it(tracks):
    stands, truth = tracks[0], _truth(0)
    assert np.abs(_x(stands) - truth)[5 : LIFTS + 1].max() < 8
    covered = [
        _lefts(t)[1] < truth[t] - 6 and truth[t] + 6 < _lefts(t)[1] + WIDE for t in range(COUNT)
    ]
    assert any(covered)
    assert not any(entry["visible"] for entry, hid in zip(stands, covered, strict=True) if hid)
    assert stands[LIFTS - 1]["visible"]
    assert stands[LIFTS - 1]["confidence"] > 0.5


def test_once_it_is_seen_again_it_is_followed_wherever_it_goes(tracks):
    gap = np.abs(_x(tracks[0]) - _truth(0))
    assert gap[LIFTS:].max() < 5
    assert all(entry["visible"] for entry in tracks[0][LIFTS + 2 :])


def test_how_a_point_moved_before_its_first_look_counts_too(tracks):
    gap = np.abs(_x(tracks[2]) - _truth(0))
    assert gap.max() < 8


def test_the_leg_in_front_is_followed_all_the_way(tracks):
    swings = tracks[1]
    assert np.abs(_x(swings) - _truth(1))[4:].max() < 2
    assert all(entry["visible"] for entry in swings[4:])
