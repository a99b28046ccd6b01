"""What a point goes on with that is covered at once: something close to it on the same limb."""

import numpy as np

from engine.kernels import origin as chains
from engine.warp.track_beside import Shown, beside

#: The limbs touch at this column; the left one goes right, the right one goes left over it.
EDGE, LEFT, RIGHT = 40, 1, -3
SHAPE = (64, 96)


def _shown(index):
    """Chains of a frame: what was at ``EDGE`` and beyond covers the other limb."""
    width = SHAPE[1]
    columns = np.arange(width)
    on_right = columns >= EDGE + RIGHT * index
    step = np.where(on_right, RIGHT, LEFT) * index
    came = columns - step
    known = np.broadcast_to((came >= 0) & (came < width), SHAPE)[1::2, 1::2].copy()
    origin, _ = chains.first(np.ones(SHAPE, np.bool_))
    origin[..., 0] -= step[1::2]
    return Shown(index, origin, known)


POINT = np.array([EDGE - 5.0, 30.0], np.float32)


def test_it_is_on_the_limb_that_moved_with_the_point():
    maps = [_shown(0), _shown(1)]
    path = {0: POINT.astype(np.float64), 1: POINT + np.array([LEFT, 0.0])}
    found = beside(POINT, path, [_shown(-1), *maps], maps[0], _shown(2))
    assert found is not None
    assert found.point[0] < POINT[0]
    assert np.allclose(found.places[2], found.point + np.array([2 * LEFT, 0]), atol=0.3)
    # It led the same way before the point was seen.
    assert np.allclose(found.places[-1], found.point - np.array([LEFT, 0]), atol=0.3)
    assert np.allclose(found.places[0] + found.offset, POINT, atol=0.3)


def test_nothing_that_moves_otherwise_will_do():
    maps = [_shown(0), _shown(1), _shown(2)]
    path = {i: POINT + np.array([0.0, 6.0 * i]) for i in range(3)}
    assert beside(POINT, path, maps, maps[0], _shown(3)) is None


def test_a_point_that_no_map_shows_has_nothing_beside_it():
    first = _shown(0)
    assert beside(POINT, {}, [first], first, _shown(1)) is None
