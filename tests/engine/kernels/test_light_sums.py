"""The compiled sums of light against plain numpy."""

import numpy as np
import pytest

from engine.kernels.light import light_sums
from engine.kernels.light_reference import light_sums as reference


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("eight_bit", [True, False])
def test_sums_are_those_of_plain_numpy(step, eight_bit):
    rng = np.random.default_rng(step)
    if eight_bit:
        codes, scale, offset = rng.integers(0, 256, (37, 53, 3), np.uint8), 1 / 255, 0.0
    else:
        codes = rng.integers(5000, 12000, (37, 53, 3), np.uint16)
        scale, offset = 8 / 65535, -1.0
    weights = rng.choice(np.array([0, 128, 255], np.uint8), (37, 53))
    picture = (rng.random((45, 60, 3)) * 1.2).astype(np.float32)
    y, x = np.mgrid[:37, :53].astype(np.float32) + 0.5
    positions = np.stack([x + 2.3, y * 1.1 - 3], axis=2).astype(np.float32)
    arguments = (codes, scale, offset, weights, positions, picture, (1, -2))
    tone = np.array([1.1, 1.0, 0.9], np.float32)
    found = light_sums(*arguments, tone, step=step, block=16, robust=0.15)
    expected = reference(*arguments, tone, step=step, block=16, robust=0.15)
    assert found.shape == (3, 4, 3, 3)
    np.testing.assert_allclose(found, expected, rtol=2e-3)
