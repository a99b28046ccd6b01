"""The Triton hash grid against plain torch: values, both gradients, merging, annealing."""

import numpy as np
import pytest
import torch

from engine.errors import UsageError
from engine.kernels.backends import plain
from engine.kernels.hashgrid_levels import HashGrid
from tests.engine.kernels.gpu.conftest import ON_CARD

GRIDS = {
    2: HashGrid(2, levels=4, log2_entries=8, base=4, growth=1.9),
    3: HashGrid(3, levels=4, log2_entries=8, base=2, growth=1.9),
}
WEIGHTS = {
    "ones": None,
    "annealed": np.array([1, 0.7, 0.2, 0], np.float32),
    "none": np.zeros(4, np.float32),
}


def test_the_grids_of_these_tests_have_dense_and_hashed_levels():
    for grid in GRIDS.values():
        assert grid.hashed.tolist()[0] == 0 and grid.hashed.tolist()[-1] == 1


def raster(height: int, width: int, dimensions: int) -> torch.Tensor:
    """Pixel centres of a picture, row by row: neighbours in memory are neighbours in space."""
    y, x = np.mgrid[:height, :width]
    planes = [(y + 0.5) / height, (x + 0.5) / width, np.full(y.shape, 0.4)][:dimensions]
    return torch.from_numpy(np.stack(planes, -1).reshape(-1, dimensions).astype(np.float32))


def scattered(count: int, dimensions: int) -> torch.Tensor:
    # Also left of 0 and right of 1, where cells wrap.
    random = np.random.default_rng(5)
    points = random.uniform(-0.7, 1.6, (count, dimensions))
    return torch.from_numpy(points.astype(np.float32))


def answers(encode, points, table, grid, device, **how):
    """Features, and gradients to the points and to the table, all on the CPU."""
    p = points.to(device, copy=True).requires_grad_()
    t = table.to(device, copy=True).requires_grad_()
    out = encode(p, t, grid, **how)
    torch.manual_seed(3)
    slope = torch.randn(out.shape).to(device)
    # The last two terms: with no weights the plain output hangs on no input at all.
    ((out.float() * slope).sum() + 0 * p.sum() + 0 * t.float().sum()).backward()
    return out.detach().float().cpu(), p.grad.cpu(), t.grad.float().cpu()


def table_of(grid: HashGrid) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(7).normal(size=grid.parameters)).float()


@pytest.mark.parametrize("weights", list(WEIGHTS))
@pytest.mark.parametrize("dimensions", [2, 3])
def test_values_and_gradients_are_those_of_plain_torch(device, times, dimensions, weights):
    from engine.kernels.gpu.hash_encode import encode

    grid, table = GRIDS[dimensions], table_of(GRIDS[dimensions])
    # Not a whole number of blocks; scattered ones are added one by one, raster ones in runs.
    raw = weights != "ones"
    for points in (scattered(90 * times, dimensions), raster(2, 45 * times, dimensions)):
        how = {"weights": WEIGHTS[weights], "raw": raw, "padded_to": 16 if raw else 0}
        found = answers(encode, points, table, grid, device, **how)
        wanted = answers(plain.encode, points, table, grid, torch.device("cpu"), **how)
        rounding = 1e-4 * times**0.5  # sums of more terms, in another order
        for name, fast, slow in zip(("values", "points", "table"), found, wanted, strict=True):
            torch.testing.assert_close(
                fast, slow, rtol=2e-4, atol=rounding, msg=lambda m, n=name: f"{n}: {m}"
            )


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_table_of_half_precision_gives_the_values_that_its_rounded_entries_give(
    device, times, dimensions
):
    from engine.kernels.gpu.hash_encode import encode

    grid = GRIDS[dimensions]
    points, table = raster(2, 45 * times, dimensions), table_of(grid).half()
    sums = torch.zeros(table.shape, device=device)
    p = points.to(device, copy=True).requires_grad_()
    t = table.to(device, copy=True).requires_grad_()
    out = encode(p, t, grid, raw=True, accumulate=sums)
    assert out.dtype == torch.float32
    torch.manual_seed(3)
    slope = torch.randn(out.shape)
    (out * slope.to(device)).sum().backward()
    assert t.grad is None, "the gradient went where it was to go"
    q, u = points.detach().clone().requires_grad_(), table.detach().float().requires_grad_()
    plain_out = plain.encode(q, u, grid, raw=True)
    (plain_out * slope).sum().backward()
    torch.testing.assert_close(out.detach().cpu(), plain_out.detach(), rtol=2e-4, atol=1e-4)
    torch.testing.assert_close(p.grad.cpu(), q.grad, rtol=2e-4, atol=1e-4 * times**0.5)
    torch.testing.assert_close(sums.cpu(), u.grad, rtol=2e-4, atol=1e-4 * times**0.5)


def test_the_gradient_is_added_to_what_is_there(device):
    from engine.kernels.gpu.hash_encode import encode

    grid, points = GRIDS[2], scattered(100, 2)
    table = table_of(grid).to(device).requires_grad_()
    table.grad = torch.full_like(table, 2.0)
    encode(points.to(device), table, grid, accumulate=table.grad).sum().backward()
    alone = table_of(grid).requires_grad_()
    plain.encode(points, alone, grid).sum().backward()
    torch.testing.assert_close(table.grad.cpu(), alone.grad + 2, rtol=1e-4, atol=1e-4)


def test_features_of_one_level_lie_together_in_memory(device):
    from engine.kernels.gpu.hash_encode import encode

    grid = GRIDS[2]
    out = encode(scattered(50, 2).to(device), table_of(grid).to(device), grid)
    assert out.stride() == (1, 50)


def test_no_points_are_no_work(device):
    from engine.kernels.gpu.hash_encode import encode

    grid = GRIDS[3]
    points = torch.zeros((0, 3), device=device, requires_grad=True)
    table = table_of(grid).to(device).requires_grad_()
    out = encode(points, table, grid, raw=True, padded_to=48)
    assert out.shape == (0, 48)
    out.sum().backward()
    assert not table.grad.any() and points.grad.shape == (0, 3)


def test_shapes_that_do_not_fit_are_refused(device):
    from engine.kernels.gpu.hash_encode import encode

    with pytest.raises(UsageError, match="its grid needs"):
        encode(scattered(5, 2).to(device), torch.zeros(8, device=device), GRIDS[2])


@pytest.mark.parametrize("dimensions", [2, 3])
def test_levels_of_weight_0_are_not_even_looked_at(device, dimensions):
    """Nothing of their part of the table is read, and nothing is added to it."""
    from engine.kernels.gpu.hash_encode import encode

    grid = GRIDS[dimensions]
    table, weights = table_of(grid), np.array([1, 0, 0.5, 0], np.float32)
    first, second, third, last = grid.offsets[1:].tolist()
    table = table.view(-1, 2)
    table[first:second] = table[third:last] = torch.nan
    out, to_points, to_table = answers(
        encode, raster(3, 40, dimensions), table.flatten(), grid, device, weights=weights
    )
    assert torch.isfinite(out).all() and torch.isfinite(to_points).all()
    assert out.any() and not out[:, 2:4].any() and not out[:, 6:8].any()
    to_table = to_table.view(-1, 2)[: len(table)]
    touched = to_table.nan_to_num(1.0).any(1)
    assert touched[:first].any() and touched[second:third].any()
    assert not to_table[first:second].nan_to_num(0.0).any()


@pytest.mark.skipif(ON_CARD, reason="counts what the interpreter is asked to add")
def test_neighbours_in_one_cell_are_added_to_the_table_once(device, monkeypatch):
    from triton.runtime.interpreter import InterpreterBuilder

    from engine.kernels.gpu.hash_encode import encode

    added, real = [], InterpreterBuilder.create_atomic_rmw

    def counting(self, op, pointer, value, mask, *rest):
        added.append(int(mask.data.sum()))
        return real(self, op, pointer, value, mask, *rest)

    monkeypatch.setattr(InterpreterBuilder, "create_atomic_rmw", counting)
    grid = HashGrid(2, levels=1, log2_entries=8, base=4, growth=1.9)
    counts = []
    for points in (raster(4, 64, 2), scattered(256, 2)):
        added.clear()
        answers(encode, points, table_of(grid), grid, device)
        counts.append(sum(added))
    # Two features, four corners: each of four rows of 64 pixels crosses four cells.
    assert counts == [4 * 4 * 2 * 4, 256 * 2 * 4]
