"""The Triton networks against plain torch, in whole floats and in halves."""

from functools import partial

import pytest
import torch

from engine.kernels.backends import plain
from engine.kernels.mlp import Mlp, padded

SHAPES = {
    "canonical": Mlp(34, 2, 64, 3),
    "deformation": Mlp(35, 4, 64, 2),
    "one layer": Mlp(5, 1, 16, 1),
    "odd width": Mlp(20, 2, 24, 5),
}


def inputs(mlp: Mlp, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(11)
    rows = torch.randn(count, padded(mlp.inputs), generator=made)
    return mlp.initial(made), rows, torch.randn(count, mlp.outputs, generator=made)


def answers(network, flat, rows, slope, mlp, device):
    f = flat.to(device, copy=True).requires_grad_()
    r = rows.to(device, copy=True).requires_grad_()
    out = network(f, r, mlp)
    out.backward(slope.to(device))
    return out.detach().cpu(), f.grad.cpu(), r.grad.float().cpu()


@pytest.mark.parametrize("name", list(SHAPES))
def test_values_and_gradients_are_those_of_plain_torch(device, times, name):
    from engine.kernels.gpu.network import network

    mlp = SHAPES[name]
    flat, rows, slope = inputs(mlp, 150 * times)
    found = answers(network, flat, rows, slope, mlp, device)
    wanted = answers(plain.network, flat, rows, slope, mlp, torch.device("cpu"))
    for what, fast, slow in zip(("values", "matrices", "rows"), found, wanted, strict=True):
        torch.testing.assert_close(
            fast, slow, rtol=1e-3, atol=2e-4 * times**0.5, msg=lambda m, n=what: f"{n}: {m}"
        )


def halved(flat: torch.Tensor, rows: torch.Tensor, mlp: Mlp) -> torch.Tensor:
    """The network with all that is kept in halves rounded to them, and summed in whole floats."""
    *hidden, last = [matrix.half().float() for matrix in mlp.matrices(flat)]
    for matrix in hidden:
        rows = torch.relu(rows @ matrix.T).half().float()
    return rows @ last[: mlp.outputs].T


def angle(a: torch.Tensor, b: torch.Tensor) -> float:
    """How far two gradients point apart: 1 minus the cosine."""
    a, b = a.double().flatten(), b.double().flatten()
    return 1 - float(a @ b / (a.norm() * b.norm()))


@pytest.mark.parametrize("size", [1.0, 1e-9, 1e6])
def test_halves_are_rounded_once_and_keep_gradients_of_any_size(device, times, size):
    from engine.kernels.gpu.network import network

    mlp = SHAPES["deformation"]
    flat, rows, slope = inputs(mlp, 150 * times)
    # Feature by feature, as the hash grid gives them.
    rows = rows.half().float().t().contiguous().t()
    in_halves = partial(network, half=True)
    found = answers(in_halves, flat, rows, slope * size, mlp, device)
    # Against whole floats a unit near 0 now and then falls on the other side of it, so that the
    # gradients are some per cent apart; against the same rounding there is no such excuse.
    wanted = answers(halved, flat, rows, slope, mlp, torch.device("cpu"))
    torch.testing.assert_close(found[0], wanted[0], rtol=2e-3, atol=2e-3)
    for fast, slow in zip(found[1:], wanted[1:], strict=True):
        assert angle(fast, slow) < 1e-5
        assert float(fast.norm() / slow.norm()) == pytest.approx(size, rel=1e-3)


def test_rows_without_their_constants_get_them(device):
    from engine.kernels.gpu.network import network

    mlp = SHAPES["canonical"]
    flat, rows, _ = inputs(mlp, 20)
    rows[:, mlp.inputs :] = 1
    found = network(flat.to(device), rows[:, : mlp.inputs].to(device), mlp)
    torch.testing.assert_close(found.cpu(), plain.network(flat, rows, mlp), rtol=1e-3, atol=1e-4)


def test_what_needs_no_gradient_keeps_no_layers(device):
    from engine.kernels.gpu.network import network

    mlp = SHAPES["canonical"]
    flat, rows, slope = inputs(mlp, 40)
    only = flat.to(device, copy=True).requires_grad_()
    network(only, rows.to(device), mlp).backward(slope.to(device))
    plain_flat = flat.clone().requires_grad_()
    plain.network(plain_flat, rows, mlp).backward(slope)
    torch.testing.assert_close(only.grad.cpu(), plain_flat.grad, rtol=1e-3, atol=1e-3)
    with torch.no_grad():
        assert network(only, rows.to(device), mlp).grad_fn is None


def test_no_rows_are_no_work(device):
    from engine.kernels.gpu.network import network

    mlp = SHAPES["canonical"]
    flat = inputs(mlp, 1)[0].to(device).requires_grad_()
    out = network(flat, torch.zeros((0, 48), device=device), mlp)
    out.sum().backward()
    assert out.shape == (0, 3) and not flat.grad.any()
