"""The visit and the step of the lattices as tensors against the compiled loops."""

import numpy as np
import pytest
import torch

from engine.kernels.backends import compiled, plain
from engine.kernels.device.lattice import grid_shape

NAMES = ("gradient", "normal", "splat", "tone", "misfit", "loss")


def visit_of(spacing=8.0, cell=16, dtype=np.uint8, seed=0, height=37, width=53, frames=2):
    """Arguments of a visit: outputs first, filled with what must not stay."""
    rng = np.random.default_rng(seed)
    rows, columns = grid_shape(height, width, spacing)
    most = np.iinfo(dtype).max
    weights = rng.integers(0, 256, (frames, height, width)).astype(np.uint8)
    weights[:, :3] = 0
    weights[0, :, 20:] = 0
    firm = np.where(rng.random(weights.shape) < 0.8, weights, 0).astype(np.uint8)
    matrices = np.tile(np.eye(3), (frames, 1, 1))
    matrices[-1] = [[1.01, 0.02, 1.5], [-0.01, 0.99, -0.7], [1e-4, 0, 1]]
    cells = (frames, -(-height // cell), -(-width // cell))
    filled = [
        np.full((frames, rows, columns, 2), 7),
        np.full((frames, rows, columns, 3), 7),
        rng.random((height + 6, width + 8, 4)),
        np.full((*cells, 4), 7),
        np.full((frames, rows - 3, columns - 3, 2), 7),
        np.full((frames, 2), 7),
    ]
    given = [
        rng.integers(0, most, (frames, height, width, 3)).astype(dtype),
        weights,
        firm,
        rng.uniform(0.2, 1, cells).astype(np.float32),
        matrices,
        rng.normal(scale=0.6, size=(frames, rows, columns, 2)).astype(np.float32),
        rng.random((height + 6, width + 8, 3)).astype(np.float32),
        rng.normal(scale=0.1, size=(*cells, 3)).astype(np.float32),
    ]
    tensors = [torch.from_numpy(each.astype(np.float32)) for each in filled]
    tensors += [torch.from_numpy(each) for each in given]
    # Some of the frame lies beyond the canvas.
    return tensors, (spacing, cell, 1 / most, 0.0, (-2.0, -3.0), 0.15)


def run(function, tensors, numbers, device="cpu"):
    copies = [each.to(device, copy=True) for each in tensors]
    function(*copies, *numbers)
    return dict(zip(NAMES, (each.cpu() for each in copies), strict=False))


def close(found, wanted, share=2e-4):
    for name in NAMES:
        apart = (found[name] - wanted[name]).abs().max() / wanted[name].abs().max()
        assert apart <= share, f"{name} differs by {apart:.2g} of its largest number"


@pytest.mark.parametrize(
    ("spacing", "cell", "dtype"), [(8.0, 16, np.uint8), (2.0, 8, np.uint8), (5.5, 16, np.uint16)]
)
def test_a_visit_is_that_of_the_compiled_loop(spacing, cell, dtype):
    tensors, numbers = visit_of(spacing, cell, dtype)
    wanted = run(compiled.register, tensors, numbers)
    assert wanted["loss"][:, 1].min() > 50 and wanted["gradient"].abs().max() > 0.01
    close(run(plain.register, tensors, numbers), wanted)


def step_of(rows=13, columns=17, frames=2, seed=3):
    rng = np.random.default_rng(seed)

    def some(*shape):
        return rng.normal(size=(frames, rows, columns, *shape)).astype(np.float32)

    half = some(2, 2) * np.linspace(0, 3, columns, dtype=np.float32)[:, None, None]
    full = half @ half.transpose(0, 1, 2, 4, 3)
    normal = np.stack([full[..., 0, 0], full[..., 0, 1], full[..., 1, 1]], axis=-1)
    arrays = [
        some(2),
        some(2) * 0.1,
        some(2),
        normal,
        np.abs(some()) * 0.3,
        some(2),
        np.abs(some()),
    ]
    return [torch.from_numpy(np.ascontiguousarray(each)) for each in arrays]


@pytest.mark.parametrize("rounds", [1, 8])
def test_a_step_of_the_lattices_is_that_of_the_compiled_loop(rounds):
    found = []
    for module in (plain, compiled):
        given = [each.clone() for each in step_of()]
        module.solve(*given, 0.015, 0.02, 0.002, rounds, 1.0)
        found.append(given[0])
    moved = (found[1] - step_of()[0]).norm(dim=-1)
    assert moved.max() == pytest.approx(1.0, abs=1e-4) and (moved < 0.9).any()
    torch.testing.assert_close(found[0], found[1], rtol=1e-3, atol=2e-4)


def test_what_is_solved_stays_solved():
    given = [each.clone() for each in step_of()]
    given[2][0], given[4][0], given[6][0] = 0, 0, 0
    given[1][0] = given[0][0]
    before = given[0].clone()
    plain.solve(*given, 0.015, 0.02, 0.002, 8, 1.0)
    assert torch.equal(given[0][0], before[0]) and not torch.equal(given[0][1], before[1])
