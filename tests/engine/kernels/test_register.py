"""The compiled registration pass against its plain reference."""

import numba
import numpy as np
import pytest
import torch

from engine.kernels import lattice, register, register_reference


def scene(seed=0, height=26, width=34, spacing=8, dtype=np.uint8):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, np.iinfo(dtype).max, size=(2, height, width, 3)).astype(dtype)
    weights = rng.integers(0, 256, size=(2, height, width)).astype(np.uint8)
    weights[:, :3] = 0
    matrices = np.tile(np.eye(3), (2, 1, 1))
    matrices[1] = [[1.01, 0.02, 1.5], [-0.01, 0.99, -0.7], [1e-4, 0, 1]]
    grid = lattice.grid_shape(height, width, spacing)
    lattices = rng.normal(scale=0.4, size=(2, *grid, 2)).astype(np.float32)
    canonical = rng.random((height + 20, width + 24, 3)).astype(np.float32)
    return codes, weights, matrices, lattices, canonical, (-11.0, -9.0), spacing


def run(codes, weights, matrices, lattices, canonical, origin, spacing, robust=0.0, shade=None):
    batch, height, width = weights.shape
    gradient = np.empty_like(lattices)
    normal = np.empty((*lattices.shape[:3], 3), np.float32)
    splat = np.zeros((numba.get_num_threads(), *canonical.shape[:2], 4), np.float32)
    loss = np.zeros((batch, 2))
    cells = (batch, -(-height // 16), -(-width // 16))
    if shade is None:
        shade = np.zeros((*cells, 3), np.float32)
    tone = np.empty((*cells, 4), np.float32)
    misfit = np.empty((batch, lattices.shape[1] - 3, lattices.shape[2] - 3, 2), np.float32)
    register.register_pass(
        codes,
        np.float32(1 / np.iinfo(codes.dtype).max),
        np.float32(0),
        weights,
        weights,
        np.ones(cells, np.float32),
        robust,
        matrices,
        lattices,
        *lattice.taps(height, spacing),
        *lattice.taps(width, spacing),
        canonical,
        *origin,
        shade,
        16,
        gradient,
        normal,
        splat,
        tone,
        misfit,
        loss,
    )
    np.testing.assert_allclose(misfit[..., 1].sum(axis=(1, 2)), loss[:, 1], rtol=1e-4)
    return gradient, normal, splat.sum(axis=0), loss


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pass_agrees_with_autograd(dtype):
    codes, weights, matrices, lattices, canonical, origin, spacing = scene(dtype=dtype)
    gradient, _, splat, loss = run(codes, weights, matrices, lattices, canonical, origin, spacing)
    picture = torch.from_numpy(canonical).requires_grad_()
    total = 0.0
    for b in range(2):
        control = torch.from_numpy(lattices[b]).requires_grad_()
        error = register_reference.squared_error(
            torch.from_numpy(codes[b].astype(np.float32) / np.iinfo(dtype).max),
            torch.from_numpy(weights[b].astype(np.float32) / 255),
            torch.from_numpy(matrices[b]),
            control,
            spacing,
            picture,
            origin,
        )
        error.backward()
        np.testing.assert_allclose(gradient[b], -0.5 * control.grad.numpy(), atol=2e-3, rtol=2e-3)
        assert loss[b, 0] == pytest.approx(error.item(), rel=1e-4)
        total += error.item()
    np.testing.assert_allclose(splat[..., :3], -0.5 * picture.grad.numpy(), atol=2e-3, rtol=2e-3)
    assert total > 1


def test_the_lattice_does_not_see_a_known_difference_of_light():
    """Frames brightened by a constant pull as the plain frames do, once the shade says so."""
    codes, weights, matrices, lattices, canonical, origin, spacing = scene()
    dim = (codes // 2).astype(np.uint8)
    bright = (dim + 51).astype(np.uint8)
    rest = (weights, matrices, lattices, canonical, origin, spacing)
    plain = run(dim, *rest)[0]
    fooled = run(bright, *rest)[0]
    told = run(bright, *rest, shade=np.full((2, 2, 3, 3), 0.2, np.float32))[0]
    assert np.abs(fooled - plain).max() > 0.1
    np.testing.assert_allclose(told, plain, atol=2e-3)


def test_lumped_matrix_bounds_the_full_one():
    """B-splines sum to one, so the sum of a row of J^T J cannot exceed its lumped entry."""
    codes, weights, matrices, lattices, canonical, origin, spacing = scene()
    _, normal, _, _ = run(codes, weights, matrices, lattices, canonical, origin, spacing)
    determinant = normal[..., 0] * normal[..., 2] - normal[..., 1] ** 2
    assert (normal[..., 0] >= 0).all()
    assert (determinant >= -1e-3).all()
    assert normal[..., 0].max() > 1


def test_outliers_lose_weight_with_a_robust_scale():
    given = scene()
    plain = run(*given)[2][..., 3].sum()
    robust = run(*given, robust=0.1)[2][..., 3].sum()
    assert robust < 0.5 * plain
