"""The compiled lattice against its plain reference, in values and gradients."""

import numpy as np
import pytest
import torch

from engine.kernels import lattice, lattice_reference


def random_lattice(height: int, width: int, spacing: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(*lattice.grid_shape(height, width, spacing), 2)).astype(np.float32)


@pytest.mark.parametrize(("height", "width", "spacing"), [(37, 53, 8), (16, 16, 4), (21, 9, 6.5)])
def test_evaluate_agrees_with_reference(height, width, spacing):
    control = random_lattice(height, width, spacing)
    fast = lattice.evaluate(control, *lattice.taps(height, spacing), *lattice.taps(width, spacing))
    plain = lattice_reference.evaluate(torch.from_numpy(control), height, width, spacing)
    np.testing.assert_allclose(fast, plain.numpy(), atol=2e-5)


def test_backward_agrees_with_autograd():
    height, width, spacing = 29, 41, 8
    control = torch.from_numpy(random_lattice(height, width, spacing)).requires_grad_()
    upstream = np.random.default_rng(1).normal(size=(height, width, 2)).astype(np.float32)
    plain = lattice_reference.evaluate(control, height, width, spacing)
    plain.backward(torch.from_numpy(upstream))
    fast = lattice.evaluate_backward(
        upstream,
        *lattice.taps(height, spacing),
        *lattice.taps(width, spacing),
        tuple(control.shape[:2]),
    )
    np.testing.assert_allclose(fast, control.grad.numpy(), atol=1e-4)


def test_subdivision_changes_no_displacement():
    height, width, spacing = 45, 70, 16
    control = random_lattice(height, width, spacing)
    fine = lattice.subdivide(control, height, width, spacing)
    assert fine.shape[:2] == lattice.grid_shape(height, width, spacing / 2)
    before = lattice.evaluate(
        control, *lattice.taps(height, spacing), *lattice.taps(width, spacing)
    )
    after = lattice.evaluate(
        fine, *lattice.taps(height, spacing / 2), *lattice.taps(width, spacing / 2)
    )
    np.testing.assert_allclose(after, before, atol=2e-5)


def test_points_agree_with_pixels_and_hold_at_the_border():
    height, width, spacing = 30, 44, 8
    control = random_lattice(height, width, spacing)
    dense = lattice.evaluate(control, *lattice.taps(height, spacing), *lattice.taps(width, spacing))
    centres = np.array([[3.5, 7.5], [43.5, 29.5], [0.5, 0.5]])
    found = lattice.evaluate_points(control, float(spacing), height, width, centres)
    expected = dense[[7, 29, 0], [3, 43, 0]]
    np.testing.assert_allclose(found, expected, atol=2e-5)
    beyond = lattice.evaluate_points(
        control, float(spacing), height, width, np.array([[-9.0, -5.0], [0.0, 0.0]])
    )
    np.testing.assert_allclose(beyond[0], beyond[1])


def test_positions_add_homography_and_lattice():
    height, width, spacing = 20, 26, 8
    control = random_lattice(height, width, spacing)
    matrix = np.array([[1.02, 0.03, 4], [-0.02, 0.98, -3], [1e-4, -2e-4, 1.0]])
    fast = lattice.positions(
        matrix, 0.0, 0.0, control, *lattice.taps(height, spacing), *lattice.taps(width, spacing)
    )
    plain = lattice_reference.positions(
        torch.from_numpy(matrix), torch.from_numpy(control), height, width, spacing
    )
    np.testing.assert_allclose(fast, plain.numpy(), atol=5e-5)
