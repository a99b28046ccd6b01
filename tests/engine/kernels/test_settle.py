"""The canonical picture's step agrees with plain numpy."""

import numpy as np
import pytest

from engine.kernels.settle import settle, settle_reference


@pytest.mark.parametrize("momentum", [0.0, 0.4])
def test_step_momentum_and_unseen_places_agree_with_numpy(momentum):
    rng = np.random.default_rng(3)
    sums = rng.normal(size=(2, 9, 13, 4)).astype(np.float32)
    sums[..., 3] = rng.uniform(0, 2, (2, 9, 13))
    sums[:, 2:5, 4:8] = 0
    picture, speed = rng.normal(size=(2, 9, 13, 3)).astype(np.float32)
    sides = []
    for step in (settle, settle_reference):
        side = [sums.copy(), picture.copy(), speed.copy(), np.empty((9, 13), np.float32)]
        step(side[0], np.float32(momentum), np.float32(1e-3), *side[1:])
        sides.append(side)
    for fast, plain in zip(*sides, strict=True):
        np.testing.assert_allclose(fast, plain, rtol=1e-4, atol=1e-5)
    assert not sides[0][0].any(), "the next pass starts from nothing"
    np.testing.assert_array_equal(sides[0][1][2:5, 4:8], picture[2:5, 4:8])
    assert not sides[0][2][2:5, 4:8].any()
