"""Folds and stretch of deformations."""

import numpy as np
import pytest

from engine.metrics.folding import determinants, folding, folding_of
from tests.engine.warp.analytic import one_layer


def grid(height: int = 6, width: int = 8) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    return np.stack([x, y], axis=-1)


def everywhere(positions: np.ndarray) -> np.ndarray:
    return np.ones(positions.shape[:2], bool)


def test_a_scaling_changes_areas_by_its_square_and_does_not_fold():
    twice = 2 * grid()
    assert np.allclose(determinants(twice), 4)
    found = folding([(twice, everywhere(twice))])
    assert found.fold_share == 0
    assert found.mean_log_det == pytest.approx(np.log(4))
    assert found.pixels == 5 * 7


def test_a_mirror_folds_everywhere_and_a_crease_where_it_turns_back():
    mirror = grid() * np.array([-1, 1], np.float32)
    assert folding([(mirror, everywhere(mirror))]).fold_share == 1
    crease = grid()
    crease[:, 4, 0] = crease[:, 3, 0] - 0.5  # one column of cells goes back
    found = folding([(crease, everywhere(crease))])
    assert found.fold_share == pytest.approx(1 / 7)


def test_only_the_given_pixels_count():
    crease = grid()
    crease[:, 4, 0] = crease[:, 3, 0] - 0.5
    where = everywhere(crease)
    where[:, 4] = False
    assert folding([(crease, where)]).fold_share == 0
    assert np.isnan(folding([(crease, ~everywhere(crease))]).fold_share)


def test_a_field_is_judged_where_its_layer_is_visible():
    gentle, wild = one_layer(sine=1.0), one_layer(sine=20.0)
    assert folding_of(gentle, 0).fold_share == 0
    assert folding_of(wild, 0).fold_share > 0.2
    assert folding_of(gentle, 0).pixels == 3 * 63 * 95
