"""Lattices from means over their cells: the same for the processor and for cards."""

import numpy as np
import pytest
import torch

from engine.fit.cells import fit_cells, middles_of
from engine.kernels.backends import compiled, plain
from engine.kernels.lattice import evaluate, taps


def test_the_middles_of_cells_are_where_the_lattice_has_them():
    """Against the lattice itself: with cells of one pixel its centres are the middles."""
    control = np.random.default_rng(0).normal(size=(7, 8, 2)).astype(np.float32)
    wanted = evaluate(control, *taps(4, 1.0), *taps(5, 1.0))
    found = np.einsum("ip,jq,pqc->ijc", middles_of(4), middles_of(5), control)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def clip(count=3, rows=6, columns=9):
    rng = np.random.default_rng(1)
    mean = rng.normal(scale=3, size=(count, rows, columns, 2)).astype(np.float32)
    mass = (rng.random((count, rows, columns)) * (rng.random((count, rows, columns)) > 0.3)).astype(
        np.float32
    )
    return mean, mass


def by_numba(mean, mass):
    def solve(*given):
        tensors = [torch.from_numpy(np.ascontiguousarray(each)) for each in given[:7]]
        compiled.solve(*tensors, *given[7:])
        np.copyto(given[0], tensors[0].numpy())

    return fit_cells(mean, mass, 0.05, solve, lambda array: array)


def test_many_at_once_in_torch_are_one_at_a_time_in_numba():
    mean, mass = clip()
    tensors = torch.from_numpy(mean), torch.from_numpy(mass)
    found = fit_cells(*tensors, 0.05, plain.solve, torch.from_numpy)
    for b in range(len(mean)):
        alone = by_numba(mean[b : b + 1], mass[b : b + 1])
        np.testing.assert_allclose(found[b].numpy(), alone[0], atol=2e-3)


@pytest.mark.parametrize("known", [0.0, 1.0])
def test_what_is_known_nowhere_stays_where_it_is_and_a_constant_comes_back(known):
    mean = np.full((1, 5, 6, 2), 2.5, np.float32)
    mass = np.full((1, 5, 6), known, np.float32)
    np.testing.assert_allclose(by_numba(mean, mass), 2.5 * known, atol=1e-4)
