"""The pull of the neighbouring frames against its plain reference."""

import numpy as np

from engine.kernels import lattice, temporal, temporal_reference


def test_pull_agrees_with_the_reference():
    rng = np.random.default_rng(0)
    height, width, spacing, count = 30, 41, 8, 4
    grid = lattice.grid_shape(height, width, spacing)
    lattices = rng.normal(size=(count, *grid, 2)).astype(np.float32)
    matrices = np.tile(np.eye(3), (count, 1, 1))
    matrices[1] = [[1.02, 0.01, 2.5], [-0.02, 0.98, -1.5], [1e-4, -2e-4, 1]]
    matrices[2, :2, 2] = 3.3, -2.2
    pull, known = np.empty_like(lattices), np.empty(lattices.shape[:3], np.float32)
    inverses = np.linalg.inv(matrices)
    temporal.neighbours_pull(
        lattices, matrices, inverses, float(spacing), height, width, 0, 0, 0, pull, known
    )
    expected, sure = temporal_reference.neighbours_pull(lattices, matrices, spacing, height, width)
    np.testing.assert_array_equal(known, sure)
    assert set(np.unique(known)) == {0, 0.5, 1} and known[[0, -1]].max() == 0.5
    np.testing.assert_allclose(pull, expected, atol=2e-5)
    part = (slice(1, 3), slice(2, 6), slice(3, 7))
    some, few = np.empty_like(pull[part].copy()), np.empty_like(known[part].copy())
    temporal.neighbours_pull(
        lattices, matrices, inverses, float(spacing), height, width, 1, 2, 3, some, few
    )
    np.testing.assert_array_equal(some, pull[part])
    np.testing.assert_array_equal(few, known[part])


def test_motion_that_goes_on_evenly_pulls_nothing():
    """A displacement that grows by the same amount every frame needs no smoothing."""
    grid = lattice.grid_shape(24, 24, 8)
    lattices = np.arange(5, dtype=np.float32)[:, None, None, None] * np.ones((5, *grid, 2), "f4")
    eye = np.tile(np.eye(3), (5, 1, 1))
    pull, known = np.empty_like(lattices), np.empty(lattices.shape[:3], np.float32)
    temporal.neighbours_pull(lattices, eye, eye, 8.0, 24, 24, 0, 0, 0, pull, known)
    assert (known[1:-1, 1:4, 1:4] == 1).all()
    np.testing.assert_allclose(pull[known == 1], 0, atol=1e-5)
