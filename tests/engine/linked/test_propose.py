"""Where a long shot is divided by itself, and why."""

import cv2
import numpy as np
import pytest

from engine.linked import propose
from engine.linked.propose import LONGEST, LOOK_FROM, SHORTEST, propose_split
from engine.progress import silent
from tests.engine.fit.clips import picture, request, texture


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Clips of the tests are short; the proportions are the real ones."""
    monkeypatch.setattr(propose, "LOOK_FROM", 20)
    monkeypatch.setattr(propose, "SHORTEST", 12)


def split_of(frames, masks=None):
    asked = request([picture(frame) for frame in frames], masks=masks)
    return propose_split(asked, asked.frames, silent())


def seen(world, way):
    """Frames 96x54 of a world through matrices."""
    flags = cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
    return [cv2.warpAffine(world, matrix[:2], (96, 54), flags=flags) for matrix in way]


def moved(x=0.0, y=0.0, size=1.0):
    return np.array([[size, 0, x], [0, size, y], [0, 0, 1.0]])


WORLD = texture(300, 700, 3)


def test_a_shot_whose_content_stays_is_one_segment():
    way = [moved(200 + 20 * np.sin(t / 9), 100) for t in range(60)]
    assert split_of(seen(WORLD, way)).starts == ()


def test_a_pan_is_one_panorama_until_it_has_gone_on_by_several_widths():
    slow = [moved(10 + 3 * t, 100) for t in range(60)]
    assert split_of(seen(WORLD, slow)).starts == ()
    far = [moved(10 + 5 * t, 100) for t in range(110)]
    split = split_of(seen(WORLD, far))
    assert len(split.starts) == 1 and 50 <= split.starts[0] <= 75
    assert "widths" in split.reasons[0]


def test_a_zoom_begins_a_segment_where_the_picture_has_grown_twice():
    way = [moved(200 * t / 60, 100 * t / 60, 3.4 ** (1 - t / 59)) for t in range(60)]
    split = split_of(seen(WORLD, way))
    assert len(split.starts) == 1 and "grows" in split.reasons[0]


def test_what_turns_away_begins_a_segment(monkeypatch):
    """A cylinder turns in front of a still camera: after half a turn all of it is new."""
    monkeypatch.setattr(propose, "SHORTEST", SHORTEST)
    ground, wrap = texture(54, 96, 5), texture(54, 600, 6)
    frames, masks = [], []
    x = np.arange(96) + 0.5
    inside = np.abs(x - 48) < 34
    angle = np.arcsin(np.clip((x - 48) / 34, -1, 1))
    rows = np.mgrid[0:54, 0:96][0].astype(np.float32)
    for t in range(120):
        columns = np.broadcast_to((angle + 0.075 * t) / np.pi * 100 + 60, (54, 96))
        body = cv2.remap(wrap, columns.astype(np.float32), rows, cv2.INTER_LINEAR)
        frames.append(np.where(inside[None, :, None], body, ground))
        masks.append(np.repeat(np.where(inside, 255, 0)[None].astype(np.uint8), 54, axis=0))
    split = split_of(frames, [("barrel", masks)])
    assert len(split.starts) == 1 and SHORTEST <= split.starts[0] <= SHORTEST + 12
    assert "found again" in split.reasons[0]


def test_what_is_never_found_again_divides_nothing():
    """Water is other water in the next frame: no segment would be short enough for it."""
    rng = np.random.default_rng(0)
    frames = [texture(54, 96, int(rng.integers(1 << 30))) for _ in range(50)]
    assert split_of(frames).starts == ()


def test_a_short_clip_is_not_even_looked_at(monkeypatch):
    monkeypatch.setattr(propose, "LOOK_FROM", LOOK_FROM)
    asked = request([], first=0)
    assert propose_split(asked, range(LOOK_FROM), silent()).starts == ()


def test_a_very_long_shot_is_divided_evenly(monkeypatch):
    monkeypatch.setattr(propose, "LONGEST", 20)
    way = [moved(200 + 10 * np.sin(t / 9), 100) for t in range(50)]
    split = split_of(seen(WORLD, way))
    assert split.starts == (16, 33) and "50 frames are too many" in split.reasons[0]
    assert LONGEST == 200
