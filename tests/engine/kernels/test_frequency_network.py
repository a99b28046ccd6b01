"""Sines and cosines with a network behind them, against a plain evaluation in NumPy."""

import numpy as np
import pytest
import torch

from engine.fit.paper.numbers import Numbers
from engine.kernels.field_network import shape_of
from engine.kernels.frequency_network import FrequencyShape

COLOUR = FrequencyShape(3, 4, 12, 2, 3, extra=True, sigmoid=True, offset=0.1)
MOTION = FrequencyShape(3, 4, 12, 2, 2, frames=5, code=4)


def test_the_published_networks_have_the_published_numbers_of_parameters() -> None:
    numbers = Numbers.load({"canonical_encoding": "pe", "deformation_encoding": "pe"})
    colour, motion = numbers.canonical, numbers.deformation(100)
    assert isinstance(colour, FrequencyShape) and isinstance(motion, FrequencyShape)
    assert (colour.inputs, motion.inputs) == (2 + 2 * 2 * 8, 2 + 2 * 2 * 8 + 8)
    hidden = 256 * 256 + 256
    wanted = (34 + 1) * 256 + 6 * hidden + (256 + 34 + 1) * 256 + hidden + (256 + 1) * 3
    assert colour.sizes == {"decoder": wanted}
    hidden = 128 * 128 + 128
    wanted = (42 + 1) * 128 + 4 * hidden + (128 + 42 + 1) * 128 + (128 + 1) * 2
    assert motion.sizes == {"decoder": wanted, "codes": 800}
    assert numbers.deformation(300).sizes["codes"] == 2400  # grows with the clip


@pytest.mark.parametrize("shape", [COLOUR, MOTION], ids=["colour", "motion"])
def test_it_is_what_its_docstring_says(shape: FrequencyShape) -> None:
    network = shape.initial(torch.Generator().manual_seed(1))
    weights = np.array([1, 0.5, 0], np.float32)
    rng = np.random.default_rng(0)
    points = rng.random((7, 3 if shape.frames else 2)).astype(np.float32)
    if shape.frames:
        points[:, 2] = 3 / 5  # frame 2 of 0 to 4
    place = points[:, :2]
    parts = [place]
    for octave, factor in enumerate(weights):
        parts += [np.sin(place * 2**octave) * factor, np.cos(place * 2**octave) * factor]
    flat = {name: vector.numpy() for name, vector in network.vectors.items()}
    if shape.frames:
        parts.append(np.tile(flat["codes"].reshape(5, 4)[2], (7, 1)))
    asked = rows = np.concatenate(parts, axis=1)
    at = 0
    for n, (a, b) in enumerate(shape.layers):
        if n == 2:
            rows = np.concatenate([asked, rows], axis=1)
        matrix = flat["decoder"][at : at + a * b].reshape(b, a)
        bias = flat["decoder"][at + a * b : at + (a + 1) * b]
        at += (a + 1) * b
        rows = rows @ matrix.T + bias
        rows = np.maximum(rows, 0) if n < 4 else rows
    assert at == len(flat["decoder"])
    wanted = 1 / (1 + np.exp(-rows)) - 0.1 if shape.sigmoid else rows
    found = network(torch.from_numpy(points), weights).numpy()
    np.testing.assert_allclose(found, wanted, atol=2e-6)


@pytest.mark.parametrize("shape", [COLOUR, MOTION], ids=["colour", "motion"])
def test_gradients_are_finite_and_reach_every_parameter(shape: FrequencyShape) -> None:
    network = shape.initial(torch.Generator().manual_seed(1))
    for vector in network.vectors.values():
        vector.requires_grad_()
    points = torch.rand(60, 3 if shape.frames else 2)
    if shape.frames:
        points[:, 2] = torch.tensor([1, 2, 3, 4, 5] * 12) / 5
    network(points).square().sum().backward()
    for name, vector in network.vectors.items():
        assert vector.grad is not None and torch.isfinite(vector.grad).all()
        assert (vector.grad != 0).float().mean() > (0.99 if name == "codes" else 0.5)


def test_it_starts_at_no_displacement() -> None:
    network = MOTION.initial(torch.Generator().manual_seed(1))
    assert float(network(torch.rand(50, 3)).abs().max()) < 5e-3
    assert float(network.vectors["codes"].abs().max()) <= 0.05


def test_its_numbers_build_it_again() -> None:
    for shape in (COLOUR, MOTION):
        assert shape_of(shape.numbers()) == shape
    with pytest.raises(TypeError):
        shape_of({"encoding": "pe", "levels": 3})
