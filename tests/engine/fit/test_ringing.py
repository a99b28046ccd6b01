"""Patterns that no frame can tell go from a still; what frames have stays."""

import numpy as np
import pytest

from engine.fit.ringing import without_ringing
from tests.engine.fit.clips import texture

SIZE = 96
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE]
PATTERNS = {
    "checker": (ROWS + COLUMNS) % 2,
    "columns": COLUMNS % 2,
    "rows": ROWS % 2,
}


def scene() -> np.ndarray:
    return np.asarray(texture(SIZE, SIZE, 4), np.float32)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_of_single_pixels_is_taken_out(name: str) -> None:
    pattern = np.where(PATTERNS[name] > 0, 0.15, -0.15).astype(np.float32)[..., None]
    pattern = pattern * (np.hypot(ROWS - 48, COLUMNS - 48) < 24)[..., None]
    still = scene()
    found = without_ringing(still + pattern)
    before, after = (np.abs(each - still)[36:60, 36:60].mean() for each in (still + pattern, found))
    assert after < 0.4 * before
    apart = np.s_[:, :8]
    assert np.abs(found - still)[apart].max() < 0.01, "far from it nothing changes"


def test_texture_and_lines_stay() -> None:
    still = scene()
    still[40:42, 10:80] += 0.4
    still[10:80, 70] -= 0.3
    assert np.abs(without_ringing(still) - still).max() < 0.004


def test_flat_pictures_and_their_own_copy() -> None:
    flat = np.full((20, 30, 3), 0.5, np.float32)
    found = without_ringing(flat)
    assert np.allclose(found, flat, atol=1e-6) and found is not flat


def test_it_stays_when_it_is_done_again() -> None:
    pattern = np.where(PATTERNS["checker"] > 0, 0.1, -0.1).astype(np.float32)[..., None]
    once = without_ringing(scene() + pattern)
    assert (
        np.abs(without_ringing(once) - once).mean() < 0.1 * np.abs(once - scene() - pattern).mean()
    )
