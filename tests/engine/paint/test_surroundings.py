"""What is measured of a frame piece by piece is what is measured of it at once."""

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.edit.finish import FULL_FINISH
from engine.edit.frameview import FrameView
from engine.edit.place import look_at
from engine.io.picture import Picture
from engine.paint.surroundings import TILE, TiledSurroundings
from tests.engine.warp.analytic import one_layer

FINISH = replace(FULL_FINISH, focus=0.0)


@pytest.fixture(scope="module")
def field():
    return one_layer(height=300, width=400)


@pytest.fixture(scope="module")
def plate(field):
    """The frame as the field draws it, with grain and a dark bar in front."""
    drawn, _ = FrameView(field, 1).drawn((slice(0, field.height), slice(0, field.width)))
    random = np.random.default_rng(4)
    pixels = drawn + random.normal(0, 0.02, drawn.shape).astype(np.float32)
    pixels[:, 190:196] = 0.01
    return replace(Picture.of(pixels), display=field.display, data=field.data)


def test_pieces_are_those_of_the_whole(field, plate):
    whole = slice(0, field.height), slice(0, field.width)
    wanted = look_at(FrameView(field, 1), plate, whole, FINISH)
    assert wanted.held[:, 191:195].mean() > 0.8, "the bar is found"
    around = TiledSurroundings(FrameView(field, 1), plate, FINISH)
    for box in ((slice(100, 180), slice(120, 260)), (slice(0, 300), slice(250, 400))):
        found = around.place(box)
        np.testing.assert_allclose(found.held, wanted.held[box], atol=0.02)
        np.testing.assert_allclose(found.plate, wanted.plate[box])
        for name in ("encoded", "shadow", "highlight"):
            got, all_ = getattr(found.broad, name), getattr(wanted.broad, name)
            np.testing.assert_allclose(got, all_[box], atol=1e-4)
        assert found.grain is wanted.grain, "the grain of a frame is measured once"


def test_what_a_brush_is_about_to_reach_is_looked_at_before(field, plate, monkeypatch):
    around = TiledSurroundings(FrameView(field, 1), plate, FINISH)
    around.look_ahead((slice(130, 140), slice(130, 140)))
    deadline = time.monotonic() + 30
    while len(around._known) < 9 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert around._known == {(row, column) for row in range(3) for column in range(3)}
    monkeypatch.setattr("engine.edit.place.holdout_matte", None)
    around.place((slice(0, 2 * TILE), slice(0, 2 * TILE)))
    around.look_ahead((slice(130, 140), slice(130, 140)))
