"""Lattice, reading of pictures and Adam in Triton against plain torch and numba."""

import numpy as np
import pytest
import torch

from engine.kernels import lattice as loops
from engine.kernels.backends import compiled, plain


def control(frames: int, height: int, width: int, spacing: float) -> torch.Tensor:
    shape = (frames, *loops.grid_shape(height, width, spacing), 2)
    return torch.from_numpy(np.random.default_rng(2).normal(size=shape).astype(np.float32) * 5)


@pytest.mark.parametrize(
    ("frames", "height", "width", "spacing"), [(1, 12, 70, 8.0), (2, 7, 20, 5.5), (1, 9, 40, 50.0)]
)
def test_a_lattice_moves_pixels_as_in_plain_torch(device, frames, height, width, spacing):
    from engine.kernels.gpu.lattice import lattice

    points = control(frames, height, width, spacing)
    slope = torch.randn(frames, height, width, 2, generator=torch.Generator().manual_seed(1))
    results = []
    for function, where in ((lattice, device), (plain.lattice, "cpu"), (compiled.lattice, "cpu")):
        given = points.to(where, copy=True).requires_grad_()
        out = function(given, height, width, spacing)
        out.backward(slope.to(where))
        results.append((out.detach().cpu(), given.grad.cpu()))
    for other in results[1:]:
        torch.testing.assert_close(results[0][0], other[0], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(results[0][1], other[1], rtol=1e-4, atol=2e-4)
    one = lattice(points[0].to(device), height, width, spacing)
    assert one.shape == (height, width, 2)
    torch.testing.assert_close(one.cpu(), results[0][0][0], rtol=0, atol=1e-6)


def test_the_lattice_gradient_has_the_same_bits_on_every_run(device):
    from engine.kernels.gpu.lattice import lattice

    slope = torch.randn(1, 9, 40, 2, generator=torch.Generator().manual_seed(1)).to(device)
    found = []
    for _ in range(2):
        given = control(1, 9, 40, 20.0).to(device).requires_grad_()
        lattice(given, 9, 40, 20.0).backward(slope)
        found.append(given.grad)
    assert torch.equal(*found)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_are_read_as_in_plain_torch(device, channels):
    from engine.kernels.gpu.sample import sample

    made = torch.Generator().manual_seed(4)
    picture = torch.randn(11, 17, channels, generator=made)
    # Inside, on the rim, outside, and nowhere at all.
    positions = torch.rand(6, 50, 2, generator=made) * torch.tensor([14.0, 10.0]) - 2
    positions[0, :3] = torch.tensor([[torch.nan, 1], [1, torch.inf], [-1e30, 2]])
    slope = torch.randn(6, 50, channels, generator=made)
    how = {"origin": (-2.0, 1.0), "scale": (1.7, 1.3)}
    results = []
    for function, where in ((sample, device), (plain.sample, "cpu"), (compiled.sample, "cpu")):
        p = picture.to(where, copy=True).requires_grad_()
        q = positions.to(where, copy=True).requires_grad_()
        out = function(p, q, **how)
        out.backward(slope.to(where))
        results.append((out.detach().cpu(), p.grad.cpu(), q.grad.cpu()))
    assert 0 < (results[0][0] == 0).all(-1).float().mean() < 0.7
    for other in results[1:]:
        for what, fast, slow in zip(
            ("values", "picture", "points"), results[0], other, strict=True
        ):
            known = torch.isfinite(slow)  # plain torch multiplies 0 by what is no number
            assert torch.isfinite(fast).all()
            torch.testing.assert_close(
                fast[known], slow[known], rtol=2e-4, atol=2e-4, msg=lambda m, n=what: f"{n}: {m}"
            )


def test_only_the_gradients_that_are_wanted_are_made(device):
    from engine.kernels.gpu.sample import sample

    picture = torch.rand(5, 5, 3).to(device)
    positions = (torch.rand(9, 2) * 5).to(device).requires_grad_()
    sample(picture, positions).sum().backward()
    assert positions.grad.shape == (9, 2)
    lone = picture.clone().requires_grad_()
    sample(lone, positions.detach()).sum().backward()
    assert float(lone.grad.sum()) == pytest.approx(
        float(sample(torch.ones_like(lone), positions.detach()).sum()), rel=1e-4
    )


def test_adam_moves_what_plain_torch_moves_and_leaves_the_rest(device):
    from engine.kernels.gpu.adam import adam

    made = torch.Generator().manual_seed(6)
    start = torch.randn(1500, generator=made)
    results = []
    for function, where in ((adam, device), (plain.adam, "cpu"), (compiled.adam, "cpu")):
        value = start.to(where, copy=True)
        mean, square = torch.zeros_like(value), torch.zeros_like(value)
        made.manual_seed(8)
        for number in range(1, 4):
            slope = torch.randn(1500, generator=made)
            slope[700:] = 0
            slope = slope.to(where)
            rates = torch.tensor([1e-2 / (1 - 0.9**number), (1 - 0.99**number) ** -0.5])
            function(value, slope, mean, square, rates.to(where), 0.9, 0.99, 1e-8)
            assert not slope.any()
        results.append([each.cpu() for each in (value, mean, square)])
    for other in results[1:]:
        for fast, slow in zip(results[0], other, strict=True):
            torch.testing.assert_close(fast, slow, rtol=1e-5, atol=1e-6)
    assert torch.equal(results[0][0][700:], start[700:])
