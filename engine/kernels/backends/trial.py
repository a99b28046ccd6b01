"""Every operation once on a few numbers, against plain torch: does a kernel work on this card?

The shapes that a compiler makes code for (levels, layers, sides of cells) are those of real fits,
so that what is compiled for a trial is not compiled for nothing; only the pixels are few.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch

from engine.kernels.backends import plain
from engine.kernels.device.pyramid import Pyramid
from engine.kernels.device.room import working_on
from engine.kernels.hashgrid_levels import HashGrid
from engine.kernels.mlp import Mlp

log = logging.getLogger(__name__)

#: Share of their size by which answers may differ: what a few halves in a row cost.
NEAR = 0.03
_GRID = HashGrid(3, log2_entries=8, base=4, growth=1.3)
_MLP = Mlp(35, 8, 64, 2)
_POINTS = 320


def _questions() -> dict[str, tuple[list[torch.Tensor], list[Any], int]]:
    """Operation to tensors, further arguments, and how many of the tensors have a gradient."""
    made = torch.Generator().manual_seed(1)

    def some(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=made) - 0.5

    fit = _fit(made)
    pyramid = Pyramid.of(some(23, 19, 4).abs())
    return {
        "encode": ([some(_POINTS, 3), some(_GRID.parameters)], [_GRID], 2),
        "network": ([_MLP.initial(made), some(48, _POINTS).t()], [_MLP], 2),
        "lattice": ([some(2, 5, 7, 2)], [13, 29, 8.0], 1),
        "sample": ([some(9, 8, 3), some(200, 2) * 12 + 4], [], 2),
        "adam": (
            [*(some(2000) for _ in range(3)), some(2000).abs(), torch.tensor([0.01, 1.0])],
            [0.9, 0.99, 1e-8],
            0,
        ),
        "register": (fit, [4.0, 16, 1 / 255, 0.0, (-6.0, -6.0), 0.15], 0),
        "solve": (
            [
                *(some(2, 9, 11, 2), torch.zeros(2, 9, 11, 2), some(2, 9, 11, 2) * 4),
                some(2, 9, 11, 3) + torch.tensor([2.0, 0.0, 2.0]),
                *(some(2, 9, 11).abs(), some(2, 9, 11, 2), some(2, 9, 11).abs()),
            ],
            [0.015, 0.02, 0.002, 8, 1.5],
            0,
        ),
        "place": ([torch.eye(3, dtype=torch.float64), some(8, 9, 2)], [8.0, (3, 5, 30, 40)], 0),
        # Larger and smaller than the still, and askew, so that every way of reading is tried.
        "read": ([pyramid.flat, pyramid.table, _spread(made)], [pyramid.sizes], 0),
        "merge": (
            [
                *(some(20, 30, 3).abs(), torch.zeros(20, 30), some(20, 30, 4).abs()),
                *(some(20, 30, 4) + 0.5, some(20, 30, 3).abs(), some(20, 30) + 0.5),
                *(some(20, 30) + 0.5, some(20, 30, 3) + 1, some(20, 30) + 0.5),
            ],
            [],
            0,
        ),
    }


def _spread(made: torch.Generator) -> torch.Tensor:
    """Where the pixels of a grid lie on a small still, each step covering another area."""
    y, x = torch.meshgrid(torch.arange(14.0), torch.arange(20.0), indexing="ij")
    far = torch.stack([x + 0.002 * x**3 + 0.4 * y, 0.3 * y + 0.05 * y**2], -1)
    return far + torch.rand(far.shape, generator=made) * 0.1


def _fit(made: torch.Generator) -> list[torch.Tensor]:
    """What a visit of two small frames is given; what it writes comes first."""
    frames, height, width = 2, 22, 29
    rows, columns = 9, 11
    matrices = torch.eye(3, dtype=torch.float64).repeat(frames, 1, 1)
    matrices[1, 0, 2], matrices[1, 1, 0] = 1.3, 0.01
    codes = torch.randint(0, 256, (frames, height, width, 3), generator=made, dtype=torch.uint8)
    weights = torch.randint(0, 256, (frames, height, width), generator=made, dtype=torch.uint8)
    return [
        torch.zeros(frames, rows, columns, 2),
        torch.zeros(frames, rows, columns, 3),
        torch.zeros(height + 12, width + 12, 4),
        torch.zeros(frames, 2, 2, 4),
        torch.zeros(frames, rows - 3, columns - 3, 2),
        torch.zeros(frames, 2),
        codes,
        weights,
        weights.clone(),
        torch.rand(frames, 2, 2, generator=made) + 0.5,
        matrices,
        torch.rand(frames, rows, columns, 2, generator=made),
        torch.rand(height + 12, width + 12, 3, generator=made),
        torch.rand(frames, 2, 2, 3, generator=made) * 0.1,
    ]


def answers(
    operation: str, function: Callable[..., Any], device: torch.device
) -> Sequence[torch.Tensor]:
    """Values and gradients of an operation on a few numbers, on the CPU."""
    tensors, rest, slopes = _questions()[operation]
    given: list[Any] = [tensor.to(device, copy=True) for tensor in tensors]
    on_card = device.type == "cuda"
    if operation == "encode" and on_card:
        given[1] = given[1].half()
    for tensor in given[:slopes]:
        tensor.requires_grad_()
    if operation == "read":
        # The still is given by its parts, so that they are sent as everything else is.
        given, rest = [Pyramid(given[0], rest[0], given[1]), given[2]], []
    out = function(*given, *rest, **_options(operation, on_card))
    if not slopes:
        found = given if out is None else [out]
        return [tensor.cpu() for tensor in found]
    slope = torch.linspace(-1, 1, out.numel()).view(out.shape)
    out.backward(slope.to(device))
    found = [out, *(tensor.grad for tensor in given[:slopes])]
    return [tensor.detach().float().cpu() for tensor in found]


def _options(operation: str, on_card: bool) -> dict[str, Any]:
    """What fits ask for by name."""
    if operation == "encode":
        return {"raw": True, "padded_to": _MLP.sizes[0]}
    if operation == "read":
        how = {"origin": (-1.0, 2.0), "scale": (1.5, 1.25), "filter": "cubic"}
        return {**how, "footprint": True, "matte": True}
    if operation == "merge":
        return {"kind": "auto", "mix": 0.9, "lit": (True, True)}
    return {"half": on_card} if operation == "network" else {}


def trial(operation: str, function: Callable[..., Any], device: torch.device) -> str:
    """Tries an operation; "" when it works, else what is wrong in a few words."""
    wanted = answers(operation, getattr(plain, operation), torch.device("cpu"))
    try:
        with working_on(device):
            found = answers(operation, function, device)
    except Exception as error:
        # A compiler, a driver, a library built for another card: any of them, in any way.
        log.info("%s fails on %s", operation, device, exc_info=True)
        lines = str(error).strip().splitlines()
        return f"fails with {type(error).__name__}" + (f" ({lines[0][:120]})" if lines else "")
    for fast, slow in zip(found, wanted, strict=True):
        # Not the largest difference: in halves, a layer here and there is switched otherwise.
        apart = float((fast - slow).double().norm()) / max(float(slow.double().norm()), 1e-12)
        if not apart <= NEAR:  # NaN fails as well
            return f"differs from plain torch by {apart:.2g} of its size"
    return ""
