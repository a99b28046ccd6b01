"""A stroke is followed on a plate of which only some rows are decoded as on the whole plate."""

from dataclasses import replace

import numpy as np
import pytest

from engine.edit.canonical import canonical_picture
from engine.edit.finish import FULL_FINISH
from engine.edit.frameview import FrameView
from engine.edit.paintover import seen_layer
from engine.io.read import read_picture
from engine.io.rows import read_rows
from engine.paint.follow import Blocks, FrameFollower
from engine.paint.live import StrokeSession
from engine.paint.surroundings import TiledSurroundings
from tests.engine.edit.test_rows_of_edits import shot as shot  # the fixture

FINISH = replace(FULL_FINISH, focus=0.0)
STROKE = {"size": 14.0, "colour": [0.9, 0.1, 0.05], "hardness": 0.6}
POINTS = [[90, 70, 1], [110, 80, 1], [130, 84, 1]]


@pytest.mark.parametrize("finished", [True, False])
def test_rows_are_decoded_where_the_stroke_is(shot, finished):
    field, path = shot
    seen = []
    for plate in (read_picture(path), read_rows(path)):
        picture = canonical_picture(field, 0)
        d = picture.data
        stroke = StrokeSession(STROKE, picture.pixels, None, (d.x0, d.y0))
        around = TiledSurroundings(FrameView(field, 1), plate, FINISH) if finished else None
        follower = FrameFollower(
            field,
            0,
            1,
            Blocks(seen_layer(FrameView(field, 1), 0)),
            plate,
            np.zeros_like(plate.pixels),
            stroke.paint,
            stroke.bounds,
            (d.x0, d.y0),
            (1.0, 1.0),
            around=around,
        )
        for point in POINTS:
            follower.update(stroke.extend([point]))
        seen.append(follower.pixels(follower.bounds).copy())
    assert (seen[0] > 0.5).any()
    np.testing.assert_array_equal(seen[0], seen[1])
