"""A whole field (hash grid and network) on the Triton kernels: values, and a few steps of a fit."""

from collections.abc import Iterator

import pytest
import torch

from engine.fit.paper.adam import Moments, adam_step, rates_of
from engine.kernels.backends import choose
from engine.kernels.hashgrid_network import HashNetwork, NetworkShape

SHAPE = NetworkShape(2, 3, 7, 4, 1.8, 2, 16, 3)


@pytest.fixture
def triton(monkeypatch: pytest.MonkeyPatch, times: int) -> Iterator[None]:
    """Fields are computed by the Triton kernels, on whichever device the tests run."""
    if times == 1:
        monkeypatch.setenv("TRITON_INTERPRET", "1")
    choose.find.cache_clear()
    choose._kernels.cache_clear()
    monkeypatch.setenv("CODEF_KERNELS", "triton")
    yield
    choose.find.cache_clear()
    choose._kernels.cache_clear()


def points_and_colours(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    y, x = torch.meshgrid(torch.arange(6) + 0.5, torch.arange(10) + 0.5, indexing="ij")
    points = torch.stack([y / 6, x / 10], -1).view(-1, 2)
    colours = torch.stack([points[:, 0], points[:, 1], points.prod(1)], 1)
    return points.to(device), colours.to(device)


def fitted(device: torch.device, steps: int) -> tuple[HashNetwork, list[float]]:
    """A field after some steps towards colours, and the loss of each."""
    made = SHAPE.initial(torch.Generator().manual_seed(2))
    moments = []
    for name, vector in made.vectors.items():
        made.vectors[name] = vector.to(device)
        moments.append(Moments.of(made.vectors[name]))
    points, colours = points_and_colours(device)
    losses = []
    for number in range(1, steps + 1):
        loss = (made(points) - colours).square().mean()
        loss.backward()
        losses.append(float(loss.detach()))
        for each in moments:
            rates = torch.tensor(rates_of(number, 0.02, 0.9, 0.99), device=device)
            adam_step(each, rates, 0.9, 0.99, 1e-8)
    return made, losses


def test_every_operation_is_done_by_triton(triton, device):
    kernels = choose.kernels_for(device)
    assert set(kernels.of.values()) == {"triton"}, choose.find("triton", str(device)).problem


def test_a_field_learns_as_fast_as_in_plain_torch(triton, device, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("CODEF_KERNELS", "torch")
        _, wanted = fitted(torch.device("cpu"), 4)
    made, found = fitted(device, 4)
    assert found[-1] < 0.7 * found[0]
    # Halves in the products: a per cent or two of the loss, in either direction.
    assert found == pytest.approx(wanted, rel=0.05)
    assert made.vectors["encoder"].dtype == torch.float32


def test_a_step_is_seen_by_the_next_evaluation(triton, device):
    """The table is kept in halves beside: a stale copy would give the old values for ever."""
    made, _ = fitted(device, 1)
    points, _ = points_and_colours(device)
    with torch.no_grad():
        before = made(points)
        assert torch.equal(made(points), before)
        copy = made._copy
        made(points)
        assert made._copy is copy, "and it is not made again for nothing"
    table = made.vectors["encoder"]
    table.grad.fill_(1.0)
    fresh = Moments(table, torch.zeros_like(table), torch.zeros_like(table))
    adam_step(fresh, torch.tensor(rates_of(1, 0.5, 0.9, 0.99), device=device), 0.9, 0.99, 1e-8)
    with torch.no_grad():
        assert (made(points) - before).abs().max() > 0.01
