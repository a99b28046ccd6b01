"""The compiled operations against plain torch, and plain torch against finite differences."""

import numpy as np
import pytest
import torch

from engine.kernels import lattice as loops
from engine.kernels.backends import compiled, plain
from engine.kernels.sample_reference import sample_reference


def both(make, functions=(compiled, plain)):
    """Values and gradients of an operation as each module does it."""
    found = []
    for module in functions:
        name, tensors, rest, how = make()
        out = getattr(module, name)(*tensors, *rest, **how)
        out.backward(torch.linspace(-1, 1, out.numel()).view(out.shape))
        found.append([out.detach(), *(tensor.grad for tensor in tensors)])
    return zip(*found, strict=True)


@pytest.mark.parametrize(("height", "width", "spacing"), [(20, 70, 8.0), (13, 33, 5.5)])
def test_lattices_agree(height, width, spacing):
    def make():
        shape = (2, *loops.grid_shape(height, width, spacing), 2)
        control = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 5
        return "lattice", [control.requires_grad_()], (height, width, spacing), {}

    for fast, slow in both(make):
        torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("channels", [1, 4])
def test_pictures_are_read_alike(channels):
    def make():
        made = torch.Generator().manual_seed(4)
        picture = torch.randn(11, 17, channels, generator=made).requires_grad_()
        spread = torch.rand(6, 50, 2, generator=made) * torch.tensor([14.0, 10.0]) - 2
        how = {"origin": (-2.0, 1.0), "scale": (1.7, 1.3)}
        return "sample", [picture, spread.requires_grad_()], (), how

    for fast, slow in both(make):
        torch.testing.assert_close(fast, slow, rtol=2e-4, atol=2e-4)


def test_plain_reading_is_that_of_the_numpy_statement():
    random = np.random.default_rng(3)
    picture = random.normal(size=(9, 12, 3)).astype(np.float32)
    points = random.uniform(-3, 14, (80, 2)).astype(np.float32)
    wanted = sample_reference(picture, points, origin=(1, -2), scale=1.25)
    found = plain.sample(
        torch.from_numpy(picture), torch.from_numpy(points), origin=(1, -2), scale=(1.25, 1.25)
    )
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-4)


def test_places_that_are_no_numbers_read_nothing():
    picture = torch.ones(4, 4, 2)
    places = torch.tensor([[torch.nan, 1], [1, torch.inf], [-1e30, 2], [2.0, 2.0]])
    for module in (plain, compiled):
        found = module.sample(picture, places)
        assert not found[:3].any() and (found[3] == 1).all()


def test_plain_gradients_agree_with_finite_differences():
    made = torch.Generator().manual_seed(5)
    picture = torch.randn(4, 5, 2, generator=made, dtype=torch.float64).requires_grad_()
    points = (torch.rand(6, 2, generator=made, dtype=torch.float64) * 5).requires_grad_()
    assert torch.autograd.gradcheck(plain.sample, (picture, points), eps=1e-7, atol=1e-5)
    control = torch.randn(4, 5, 2, generator=made, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda c: plain.lattice(c, 7, 12, 8.0), (control,), atol=1e-6)


def test_adam_moves_alike_and_leaves_what_had_no_slope():
    found = []
    for module in (compiled, plain):
        made = torch.Generator().manual_seed(6)
        value = torch.randn(300, generator=made)
        start, mean, square = value.clone(), torch.zeros(300), torch.zeros(300)
        for _ in range(3):
            slope = torch.randn(300, generator=made)
            slope[200:] = 0
            module.adam(value, slope, mean, square, torch.tensor([0.01, 1.1]), 0.9, 0.99, 1e-8)
            assert not slope.any()
        assert torch.equal(value[200:], start[200:])
        found.append((value, mean, square))
    for fast, slow in zip(*found, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-5, atol=1e-6)
