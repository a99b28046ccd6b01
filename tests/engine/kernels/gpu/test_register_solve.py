"""The visit and the step of a seeded fit in Triton against plain torch."""

import numpy as np
import pytest
import torch

from engine.kernels.backends import plain
from tests.engine.kernels.device.test_register_solve import close, run, step_of, visit_of


@pytest.mark.parametrize(
    ("spacing", "cell", "dtype"),
    [(8.0, 16, np.uint8), (5.5, 8, np.uint16)],
    ids=["cells inside cells of light", "cells across cells of light"],
)
def test_a_visit_is_that_of_plain_torch(device, times, spacing, cell, dtype):
    from engine.kernels.gpu.register import register

    grown = min(times, 10)
    tensors, numbers = visit_of(spacing, cell, dtype, height=14 * grown, width=21 * grown)
    wanted = run(plain.register, tensors, numbers)
    assert wanted["loss"][:, 1].min() > 8 and wanted["misfit"][..., 1].max() > 1
    close(run(register, tensors, numbers, device), wanted, share=1e-3)


def test_cells_too_large_for_a_program_are_left_to_plain_torch(device):
    from engine.kernels.gpu.register import register

    tensors, numbers = visit_of(40.0, height=30, width=41)
    close(run(register, tensors, numbers, device), run(plain.register, tensors, numbers), 1e-3)


def test_a_step_of_the_lattices_is_that_of_plain_torch(device, times, monkeypatch):
    from engine.kernels.gpu.solve import solve

    monkeypatch.setattr("engine.kernels.gpu.solve.BLOCK", 64)
    size = {"rows": 7 * min(times, 10), "columns": 12 * min(times, 10)}
    found = []
    for function, where in ((solve, device), (plain.solve, "cpu")):
        given = [each.to(where, copy=True) for each in step_of(**size)]
        # The first frame is there already.
        given[2][0], given[4][0], given[6][0], given[1][0] = 0, 0, 0, given[0][0]
        function(*given, 0.015, 0.02, 0.002, 3, 1.0)
        found.append(given[0].cpu())
    assert torch.equal(found[0][0], step_of(**size)[0][0])
    assert (found[0][1] - step_of(**size)[0][1]).norm(dim=-1).max() > 0.5
    torch.testing.assert_close(*found, rtol=1e-3, atol=2e-4)
