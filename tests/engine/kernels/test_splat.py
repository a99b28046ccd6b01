"""The compiled collecting onto the canonical picture against plain numpy."""

import numpy as np
import pytest

from engine.kernels import splat, splat_reference


@pytest.mark.parametrize("eight_bit", [True, False])
def test_sums_are_those_of_plain_numpy(eight_bit):
    rng = np.random.default_rng(0)
    if eight_bit:
        codes, scale, offset = rng.integers(0, 256, (2, 30, 41, 3), np.uint8), 1 / 255, 0.0
    else:
        codes, scale, offset = rng.integers(0, 65536, (2, 30, 41, 3), np.uint16), 2 / 65535, -1.0
    weights = rng.choice(np.array([0, 100, 255], np.uint8), (2, 30, 41))
    y, x = np.mgrid[:30, :41].astype(np.float32) + 0.5
    still = np.stack([x * 0.8 + 1.7, y * 1.2 - 3.1], axis=2)
    positions = np.stack([still, still[:, ::-1] + 0.25]).astype(np.float32)
    positions[0, 3, 4] = np.nan
    picture = rng.random((36, 40, 3), dtype=np.float32)
    found, expected = np.zeros((2, 3, 36, 40, 4), np.float32)
    where = (codes, scale, offset, weights, 0.15, positions, picture, (1, -2))
    splat.splat_frames(*where, found)
    splat_reference.splat_frames(*where, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert found[:2, ..., 3].min() >= 0
    assert not found[2].any()
