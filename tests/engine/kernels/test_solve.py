"""The step of the lattices against the minimum of its quadratic."""

import numpy as np
import torch

from engine.kernels import solve


def test_solver_finds_the_minimum_of_its_quadratic():
    rng = np.random.default_rng(3)
    rows, columns = 9, 11
    lattices = rng.normal(size=(1, rows, columns, 2)).astype(np.float32)
    gradient = rng.normal(size=(1, rows, columns, 2)).astype(np.float32)
    half = rng.normal(size=(rows, columns, 2, 2)).astype(np.float32)
    full = half @ half.transpose(0, 1, 3, 2)
    normal = np.stack([full[..., 0, 0], full[..., 0, 1], full[..., 1, 1]], axis=-1)[None]
    home = rng.normal(size=(1, rows, columns, 2)).astype(np.float32)
    stiffness = rng.uniform(0.05, 0.5, size=(1, rows, columns)).astype(np.float32)
    pull = rng.normal(size=(1, rows, columns, 2)).astype(np.float32)
    bond = rng.uniform(0, 0.5, size=(1, rows, columns)).astype(np.float32)
    hold, flat, damping = 0.1, 0.2, 0.05

    largest = np.linalg.eigvalsh(full)[..., -1]
    trace = np.trace(full, axis1=2, axis2=3)
    eye = np.eye(2, dtype=np.float32)
    holding = hold * ((largest + flat)[..., None, None] * eye - full)
    holding = torch.from_numpy(holding / (trace + flat)[..., None, None]).double()
    start = torch.from_numpy(lattices[0].copy()).double()
    step = torch.zeros_like(start, requires_grad=True)

    def energy(step):
        moved = start + step
        stiff = torch.from_numpy(stiffness[0]).double()[..., None]
        across = moved[:, :-2] - 2 * moved[:, 1:-1] + moved[:, 2:]
        down = moved[:-2] - 2 * moved[1:-1] + moved[2:]
        cross = moved[:-1, :-1] - moved[1:, :-1] - moved[:-1, 1:] + moved[1:, 1:]
        bend = (stiff[:, 1:-1] * across.pow(2)).sum() + (stiff[1:-1] * down.pow(2)).sum()
        bend = bend + 2 * (stiff[:-1, :-1] * cross.pow(2)).sum()
        apart = (step - torch.from_numpy(pull[0]).double()).pow(2).sum(dim=-1)
        data = torch.einsum("ijc,ijcd,ijd->", step, torch.from_numpy(full).double(), step)
        away = moved - torch.from_numpy(home[0]).double()
        slope = (torch.from_numpy(gradient[0]).double() * step).sum()
        return (
            data
            - 2 * slope
            + bend
            + (torch.from_numpy(bond[0]).double() * apart).sum()
            + torch.einsum("ijc,ijcd,ijd->", away, holding, away)
            + damping * step.pow(2).sum()
        )

    solver = torch.optim.LBFGS(
        [step], max_iter=500, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )

    def closure():
        solver.zero_grad()
        value = energy(step)
        value.backward()
        return value

    solver.step(closure)
    solve.solve_lattices(
        lattices,
        home,
        gradient,
        normal,
        stiffness,
        pull,
        bond,
        *(np.float32(weight) for weight in (hold, flat, damping)),
        400,
        np.float32(1e9),
    )
    np.testing.assert_allclose(lattices[0], (start + step).detach().numpy(), atol=2e-3)


def test_lattices_coast_only_where_a_picture_checks_them():
    rng = np.random.default_rng(5)
    before, moved, step = rng.normal(size=(3, 2, 5, 6, 2)).astype(np.float32)
    normal = rng.uniform(0, 1, size=(2, 5, 6, 3)).astype(np.float32)
    checked = normal[..., 0] + normal[..., 2] >= 0.9
    assert 0 < checked.sum() < checked.size
    wanted = moved + 0.3 * step * checked[..., None]
    solve.coast(moved, before, normal, np.float32(0.9), np.float32(0.3), step)
    np.testing.assert_allclose(moved, wanted, atol=1e-6)
    np.testing.assert_allclose(step, wanted - before, atol=1e-6)
