"""The operations on the CPU, compiled by numba.

Networks are torch's own matrix products, and merging, where a pixel costs a few sums, is torch's
as well.
"""

from typing import Any

import numpy as np
import torch

from engine.kernels import adam as adam_loop
from engine.kernels import blend, sample_gradient, threads
from engine.kernels import lattice as lattice_loops
from engine.kernels import register as register_loop
from engine.kernels import solve as solve_loop
from engine.kernels.device.pyramid import Pyramid
from engine.kernels.hashgrid import encode
from engine.kernels.sample import sample as read_picture

__all__ = ["adam", "encode", "lattice", "place", "read", "register", "sample", "solve"]


class _Lattice(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, control: Any, height: int, width: int, spacing: float) -> torch.Tensor:
        ctx.taps = (*lattice_loops.taps(height, spacing), *lattice_loops.taps(width, spacing))
        ctx.shape = control.shape
        with threads.guard():
            found = [lattice_loops.evaluate(each, *ctx.taps) for each in control.numpy()]
        return torch.from_numpy(np.stack(found))

    @staticmethod
    def backward(ctx: Any, slope: Any) -> tuple[torch.Tensor, None, None, None]:
        shape = (int(ctx.shape[1]), int(ctx.shape[2]))
        given = slope.contiguous().numpy()
        found = [lattice_loops.evaluate_backward(each, *ctx.taps, shape) for each in given]
        return torch.from_numpy(np.stack(found)), None, None, None


def lattice(control: torch.Tensor, height: int, width: int, spacing: float) -> torch.Tensor:
    """See ``interface.Lattice``."""
    many = control if control.ndim == 4 else control[None]
    found: torch.Tensor = _Lattice.apply(  # type: ignore[no-untyped-call]
        many.contiguous(), height, width, spacing
    )
    return found if control.ndim == 4 else found[0]


class _Sample(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, picture: Any, points: Any, origin: Any, scale: Any) -> torch.Tensor:
        ctx.save_for_backward(picture, points)
        ctx.origin, ctx.scale = origin, scale
        return torch.from_numpy(
            read_picture(picture.numpy(), points.numpy(), origin=origin, scale=scale)
        )

    @staticmethod
    def backward(ctx: Any, slope: Any) -> tuple[Any, Any, None, None]:
        picture, points = (each.numpy() for each in ctx.saved_tensors)
        given = slope.contiguous().numpy()
        found = sample_gradient.sample_gradient(
            picture, points, given, ctx.origin, ctx.scale, ctx.needs_input_grad
        )
        made = [None if each is None else torch.from_numpy(each) for each in found]
        return made[0], made[1], None, None


def sample(
    picture: torch.Tensor,
    positions: torch.Tensor,
    *,
    origin: tuple[float, float] = (0.0, 0.0),
    scale: tuple[float, float] = (1.0, 1.0),
) -> torch.Tensor:
    """See ``interface.Sample``."""
    points = positions.reshape(-1, 2).contiguous()
    values: torch.Tensor = _Sample.apply(  # type: ignore[no-untyped-call]
        picture.contiguous(), points, origin, scale
    )
    return values.view(*positions.shape[:-1], picture.shape[2])


def adam(
    value: torch.Tensor,
    slope: torch.Tensor,
    mean: torch.Tensor,
    square: torch.Tensor,
    rates: torch.Tensor,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """See ``interface.Adam``."""
    v, g, m, s = (each.detach().numpy() for each in (value, slope, mean, square))
    adam_loop.adam(v, g, m, s, *rates.tolist(), beta1, beta2, epsilon)


def register(
    gradient: torch.Tensor,
    normal: torch.Tensor,
    splat: torch.Tensor,
    tone: torch.Tensor,
    misfit: torch.Tensor,
    loss: torch.Tensor,
    codes: torch.Tensor,
    weights: torch.Tensor,
    firm: torch.Tensor,
    say: torch.Tensor,
    matrices: torch.Tensor,
    lattices: torch.Tensor,
    canonical: torch.Tensor,
    shade: torch.Tensor,
    spacing: float,
    cell: int,
    scale: float,
    offset: float,
    origin: tuple[float, float],
    robust: float,
) -> None:
    """See ``interface.Register``."""
    import numba

    height, width = weights.shape[1:]
    sums = np.zeros((numba.get_num_threads(), *splat.shape), np.float32)
    errors = np.zeros((len(codes), 2))
    with threads.guard():
        register_loop.register_pass(
            codes.numpy(),
            np.float32(scale),
            np.float32(offset),
            weights.numpy(),
            firm.numpy(),
            say.numpy(),
            float(robust),
            matrices.numpy(),
            lattices.numpy(),
            *lattice_loops.taps(height, spacing),
            *lattice_loops.taps(width, spacing),
            canonical.numpy(),
            float(origin[0]),
            float(origin[1]),
            shade.numpy(),
            cell,
            gradient.numpy(),
            normal.numpy(),
            sums,
            tone.numpy(),
            misfit.numpy(),
            errors,
        )
    splat += torch.from_numpy(sums.sum(axis=0))
    loss.copy_(torch.from_numpy(errors))


def solve(
    lattices: torch.Tensor,
    home: torch.Tensor,
    gradient: torch.Tensor,
    normal: torch.Tensor,
    stiffness: torch.Tensor,
    pull: torch.Tensor,
    bond: torch.Tensor,
    hold: float,
    flat: float,
    damping: float,
    rounds: int,
    limit: float,
) -> None:
    """See ``interface.Solve``."""
    given = (lattices, home, gradient, normal, stiffness, pull, bond)
    with threads.guard():
        solve_loop.solve_lattices(
            *(each.numpy() for each in given),
            np.float32(hold),
            np.float32(flat),
            np.float32(damping),
            rounds,
            np.float32(limit),
        )


def place(
    matrix: torch.Tensor,
    lattice: torch.Tensor,
    spacing: float,
    part: tuple[int, int, int, int],
) -> torch.Tensor:
    """See ``interface.Place``."""
    top, left, height, width = part
    rows, columns = (
        [each[first:] for each in lattice_loops.taps(first + size, spacing)]
        for first, size in ((top, height), (left, width))
    )
    with threads.guard():
        found = lattice_loops.positions(
            matrix.numpy(), float(left), float(top), lattice.numpy(), *rows, *columns
        )
    return torch.from_numpy(found)


def read(
    pyramid: Pyramid,
    positions: torch.Tensor,
    *,
    origin: tuple[float, float],
    scale: tuple[float, float],
    filter: str,
    footprint: bool,
    matte: bool,
) -> torch.Tensor:
    """See ``interface.Read``."""
    found = read_picture(
        pyramid.picture.numpy(),
        positions.numpy(),
        origin=origin,
        scale=scale,
        filter=filter,
        footprint=footprint,
    )
    if matte:
        blend.tame(found, None)
    return torch.from_numpy(found)
