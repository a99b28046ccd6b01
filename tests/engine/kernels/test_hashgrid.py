"""The compiled hash grid against the plain one, and against published sizes."""

import numpy as np
import pytest
import torch

from engine.errors import UsageError
from engine.kernels import hashgrid, hashgrid_reference
from engine.kernels.hashgrid_levels import HashGrid

SMALL = {
    2: HashGrid(2, levels=6, log2_entries=10, base=5, growth=1.7),
    3: HashGrid(3, levels=6, log2_entries=10, base=3, growth=1.6),
}


def _inputs(grid: HashGrid, count: int = 400) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(5)
    # Also left of 0 and right of 1, where cells wrap.
    points = random.uniform(-0.7, 1.6, (count, grid.dimensions)).astype(np.float32)
    table = random.normal(size=grid.parameters).astype(np.float32)
    return torch.from_numpy(points), torch.from_numpy(table)


def test_table_sizes_are_those_of_the_published_checkpoints() -> None:
    assert HashGrid(2, growth=1.44).parameters == 6_698_992
    assert HashGrid(3, growth=1.38).parameters == 12_196_240
    assert HashGrid(2, growth=1.44).hashed.tolist() == [0] * 11 + [1] * 5
    assert HashGrid(3, growth=1.38).hashed.tolist() == [0] * 5 + [1] * 11
    assert HashGrid(2, growth=1.44).resolutions[-1] == 3799
    assert HashGrid(3, growth=1.38).resolutions[-1] == 2006


def test_small_grids_have_dense_and_hashed_levels() -> None:
    for grid in SMALL.values():
        assert 0 < grid.hashed.sum() < grid.levels


@pytest.mark.parametrize("dimensions", [2, 3])
def test_corner_index_follows_unsigned_arithmetic(dimensions: int) -> None:
    grid = SMALL[dimensions]
    corners = np.random.default_rng(1).integers(-40, 60, (200, dimensions))
    for level in range(grid.levels):
        expected = []
        for corner in corners.astype(np.int64):
            unsigned = [int(c) & 0xFFFFFFFF for c in corner]
            if grid.hashed[level]:
                index = 0
                for c, prime in zip(unsigned, (1, 2654435761, 805459861), strict=False):
                    index ^= (c * prime) & 0xFFFFFFFF
            else:
                index = sum(c * int(grid.resolutions[level]) ** k for k, c in enumerate(unsigned))
                index &= 0xFFFFFFFF
            expected.append(index % int(grid.entries[level]))
        found = hashgrid_reference.corner_index(grid, level, torch.from_numpy(corners))
        assert found.tolist() == expected


@pytest.mark.parametrize("dimensions", [2, 3])
def test_at_a_corner_the_feature_is_the_table_entry(dimensions: int) -> None:
    grid = SMALL[dimensions]
    _, table = _inputs(grid)
    corner = [2, 1, 2][:dimensions]
    level = 1  # dense
    point = torch.tensor([[(c - 0.5) / float(grid.scales[level]) for c in corner]])
    features = hashgrid.encode(point, table, grid)[0, 2 * level : 2 * level + 2]
    size = int(grid.resolutions[level])
    entry = int(grid.offsets[level]) + sum(c * size**k for k, c in enumerate(corner))
    torch.testing.assert_close(features, table.view(-1, 2)[entry], rtol=0, atol=1e-5)


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("weights", ["ones", "annealed", "none"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_values_and_gradients_agree_with_the_reference(
    dimensions: int, weights: str, raw: bool
) -> None:
    grid = SMALL[dimensions]
    points, table = _inputs(grid)
    factors = {
        "ones": np.ones(6, np.float32),
        "annealed": np.array([1, 1, 0.7, 0.2, 0, 0], np.float32),
        "none": np.zeros(6, np.float32),
    }[weights]
    padded_to = 20 if raw else 0
    results = []
    for encode in (hashgrid.encode, hashgrid_reference.encode):
        p, t = points.clone().requires_grad_(), table.clone().requires_grad_()
        out = encode(p, t, grid, factors, raw=raw, padded_to=padded_to)
        torch.manual_seed(3)
        # The last two terms: with no weights the reference's output hangs on no input at all.
        ((out * torch.randn_like(out)).sum() + 0 * p.sum() + 0 * t.sum()).backward()
        results.append((out.detach(), p.grad, t.grad))
    for fast, plain in zip(*results, strict=True):
        torch.testing.assert_close(fast, plain, rtol=2e-4, atol=2e-4)
    if raw:
        assert (results[0][0][:, :dimensions] == points).all()
        assert (results[0][0][:, dimensions + grid.width :] == 1).all()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_reference_gradient_agrees_with_finite_differences(dimensions: int) -> None:
    grid = SMALL[dimensions]
    points, table = _inputs(grid, 12)
    ones = np.ones(6, np.float32)
    points, table = points.double().requires_grad_(), table.double()
    # Points on a cell's border have no derivative; random ones are far enough from it.
    assert torch.autograd.gradcheck(
        lambda p: hashgrid_reference.encode(p, table, grid, ones), (points,), eps=1e-7, atol=1e-5
    )


def test_backward_repeats_bit_for_bit_and_accumulates_in_place() -> None:
    grid = SMALL[3]
    points, table = _inputs(grid, 5000)
    table.requires_grad_()
    sums = []
    for _ in range(2):
        into = torch.zeros_like(table)
        for half in (points[:2500], points[2500:]):
            hashgrid.encode(half, table, grid, accumulate=into).square().sum().backward()
        sums.append(into)
    assert table.grad is None
    assert torch.equal(sums[0], sums[1])
    hashgrid.encode(points, table, grid).square().sum().backward()
    torch.testing.assert_close(table.grad, sums[0], rtol=1e-4, atol=1e-3)


def test_wrong_sizes_are_named() -> None:
    grid = SMALL[2]
    points, table = _inputs(grid)
    with pytest.raises(UsageError, match="takes points"):
        hashgrid.encode(points[:, :1], table, grid)
    with pytest.raises(UsageError, match="grid needs"):
        hashgrid.encode(points, table[:-2], grid)
    with pytest.raises(UsageError, match="dimensions"):
        HashGrid(4)
