"""Parameters in tinycudann's layout; the module itself needs a card and is not asked here."""

import pytest
import torch

from engine.errors import UsageError
from engine.kernels.backends import tinycuda
from engine.kernels.hashgrid_levels import HashGrid
from engine.kernels.mlp import Mlp

GRID = HashGrid(2, levels=3, log2_entries=6, base=4, growth=2.0)
MLP = Mlp(8, 2, 16, 3)


def test_one_vector_holds_the_network_and_then_the_table():
    table = torch.arange(GRID.parameters).float()
    flat = -1 - torch.arange(MLP.parameters).float()
    vector = tinycuda.joined(table, flat)
    # 16 x 16 (padded inputs) + 16 x 16 + 16 (padded outputs) x 16, row by row; then level by level.
    assert MLP.parameters == 3 * 256
    first, last = MLP.matrices(flat)[0], MLP.matrices(flat)[-1]
    assert vector[1] == first[0, 1] and vector[16] == first[1, 0]
    assert vector[2 * 256 + 16] == last[1, 0]
    second = MLP.parameters + 2 * int(GRID.offsets[1])
    assert vector[second] == table[2 * 16] and GRID.entries[0] == 16  # 4 x 4 corners


def test_there_and_back_is_the_same_also_from_halves():
    made = torch.Generator().manual_seed(3)
    table = torch.rand(GRID.parameters, generator=made)
    flat = MLP.initial(made)
    again = tinycuda.parted(tinycuda.joined(table, flat), GRID, MLP)
    assert torch.equal(again[0], table) and torch.equal(again[1], flat)
    halves = tinycuda.joined(table, flat).half()
    there = tinycuda.parted(halves, GRID, MLP)
    assert there[0].dtype == torch.float32
    assert torch.equal(tinycuda.joined(*there).half(), halves)


def test_levels_are_as_large_as_tinycudann_makes_them():
    # scale = base * growth^level - 1, corners = ceil(scale) + 1, entries rounded up to 8.
    odd = HashGrid(2, levels=2, log2_entries=8, base=5, growth=1.5)
    assert odd.entries.tolist() == [32, 64]  # 5 x 5 = 25 and 8 x 8 = 64
    assert tinycuda.encoding_settings(odd)["per_level_scale"] == 1.5
    assert tinycuda.network_settings(MLP)["otype"] == "FullyFusedMLP"
    assert tinycuda.network_settings(Mlp(8, 2, 24, 3))["otype"] == "CutlassMLP"


def test_a_vector_of_another_size_is_refused():
    with pytest.raises(UsageError, match="this grid and network need"):
        tinycuda.parted(torch.zeros(10), GRID, MLP)
