"""What propagation tells about a frame, as pictures."""

import numpy as np

from engine.edit.aovs import AOVS, propagate_aovs
from engine.edit.finish import FULL_FINISH, Finish
from engine.edit.finished import finish_frame
from engine.io.picture import Picture
from engine.warp.render import composite
from tests.engine.edit.test_finished import HEIGHT, WIDTH, panned, square, strands


def test_the_aovs_lie_over_the_frame_and_hold_what_was_found():
    field = panned((16.0, 0.0))
    field.layers[0].lighting = np.full((3, 2, 2, 3), 0.5, np.float32)
    frame, _ = strands(0.5 * composite(field, 1))
    plate = Picture.of(frame)
    finish = Finish(holdout=True, shutter=0.5, highlight=1.0)
    done = finish_frame(field, square(60, 60, 200, 120), plate, 1, finish)
    aovs = propagate_aovs(field, plate, done)
    assert set(aovs) == set(AOVS)
    for picture in aovs.values():
        assert picture.pixels.shape == (HEIGHT, WIDTH, 3)
        assert (picture.data, picture.display) == (plate.data, plate.display)
    # In frame 1 the square lies 16 pixels further to the right, blurred over 8.
    inner = (slice(66, 114), slice(90, 205))
    np.testing.assert_allclose(aovs["light"].pixels[inner], 0.5, rtol=1e-4)
    np.testing.assert_allclose(aovs["blur"].pixels[inner][..., 0], 8, atol=1e-3)
    alpha, held = aovs["alpha"].pixels[inner], aovs["holdout"].pixels[inner]
    np.testing.assert_allclose(alpha, 1 - held, atol=1e-5)
    assert held.max() == 1
    assert held.min() == 0


def test_without_an_edit_in_sight_the_aovs_say_nothing():
    field = panned()
    plate = Picture.of(composite(field, 1))
    done = finish_frame(field, square(-50, -50, -40, -40), plate, 1, FULL_FINISH)
    for name, picture in propagate_aovs(field, plate, done).items():
        assert (picture.pixels == AOVS[name]).all()
