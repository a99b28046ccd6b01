"""Parameters in tinycudann's layout, and our adapter on modules of its interface."""

import sys
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch

from engine.errors import UsageError
from engine.kernels.backends import plain, tinycuda
from engine.kernels.backends.trial import trial
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


class _Module(torch.nn.Module):
    """A module of tinycudann as its documentation describes it: one vector ``params``, halves out.

    The package itself needs a card and a compiler; this holds the adapter to its interface.
    """

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.params = torch.nn.Parameter(torch.zeros(numbers))

    def answer(self, points: torch.Tensor, params: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        if self.params.shape != self.wanted:
            raise RuntimeError(f"expected {self.wanted} parameters, got {self.params.shape}")
        return self.answer(points.float(), self.params).half()


class Encoding(_Module):
    def __init__(self, dimensions: int, settings: dict[str, object]) -> None:
        self.grid = HashGrid(
            dimensions,
            settings["n_levels"],
            settings["log2_hashmap_size"],
            settings["base_resolution"],
            settings["per_level_scale"],
        )
        super().__init__(self.grid.parameters)
        self.wanted = self.params.shape

    def answer(self, points, params):
        return plain.encode(points, params, self.grid)


class Network(_Module):
    def __init__(self, inputs: int, outputs: int, settings: dict[str, object]) -> None:
        width, hidden = settings["n_neurons"], settings["n_hidden_layers"]
        last = {"FullyFusedMLP": 16, "CutlassMLP": 8}[settings["otype"]]
        self.sizes, self.outputs = [inputs, *[width] * hidden, last], outputs
        super().__init__(sum(a * b for a, b in pairwise(self.sizes)))
        self.wanted = self.params.shape

    def answer(self, points, params):
        *hidden, last = torch.split(params, [a * b for a, b in pairwise(self.sizes)])
        for matrix in hidden:
            points = torch.relu(points @ matrix.view(-1, points.shape[1]).T)
        return (points @ last.view(-1, points.shape[1]).T)[:, : self.outputs]


@pytest.fixture
def package(monkeypatch):
    monkeypatch.setitem(
        sys.modules, "tinycudann", SimpleNamespace(Encoding=Encoding, Network=Network)
    )
    tinycuda._encoding.cache_clear()
    tinycuda._module.cache_clear()
    yield
    tinycuda._encoding.cache_clear()
    tinycuda._module.cache_clear()


@pytest.mark.parametrize("operation", ["encode", "network"])
def test_the_adapter_passes_the_trial_that_a_card_puts_it_to(package, operation):
    assert trial(operation, getattr(tinycuda, operation), torch.device("cpu")) == ""


@pytest.mark.parametrize("width", [16, 24], ids=["fused", "general"])
def test_gradients_arrive_at_our_own_vectors_whatever_it_pads(package, width):
    mlp, made = Mlp(8, 2, width, 3), torch.Generator().manual_seed(3)
    rows = torch.rand(50, 16, generator=made)
    found = []
    for module in (tinycuda, plain):
        flat = mlp.initial(made.manual_seed(4)).requires_grad_()
        out = module.network(flat, rows, mlp)
        out.square().sum().backward()
        found.append((out.detach(), flat.grad))
    torch.testing.assert_close(*(each[0] for each in found), rtol=2e-3, atol=2e-3)
    near = 2e-3 * float(found[1][1].abs().max())
    torch.testing.assert_close(*(each[1] for each in found), rtol=2e-2, atol=near)


def test_levels_are_weighted_by_numbers_or_by_what_lies_on_the_device(package):
    made = torch.Generator().manual_seed(5)
    table, points = torch.rand(GRID.parameters, generator=made), torch.rand(20, 2, generator=made)
    weights = torch.tensor([1.0, 0.5, 0.0])
    wanted = plain.encode(points, table, GRID, weights.numpy(), raw=True, padded_to=16)
    for given in (weights, weights.numpy()):
        found = tinycuda.encode(points, table, GRID, given, raw=True, padded_to=16)
        torch.testing.assert_close(found, wanted, rtol=2e-3, atol=2e-3)
    assert not found[:, 6:8].any() and (found[:, 8:] == 1).all()
