"""Where a layer starts, worked out on a device alone: for machines with numpy and torch only.

It is the plain part of ``engine.fit.seeds``: flow between neighbours (all pairs at once), chained
from the reference frame outward in both directions together, each frame then looking straight at
the reference frame, and a smooth lattice over an affine motion of the whole. There is no choice of
homographies and no memory of what the reference frame does not show, so what a person asks for is
seeded by ``engine.fit.seeds``; ``python -m benchmarks.gpu`` starts here.

Convention: small pixels as in ``engine.fit.matching``, centres at +0.5.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from engine.arrays import F32
from engine.fit.cells import FADED, STIFFNESS, fit_cells
from engine.fit.matching import LONG
from engine.fit.plates import Plates
from engine.fit.seed import Seed
from engine.flow import device as card
from engine.kernels.backends.interface import Kernels
from engine.kernels.device.lattice import through
from engine.progress import Task

if TYPE_CHECKING:
    from engine.fit.device_passes import DevicePasses

#: Pairs of frames that are matched at once.
TOGETHER = 32
#: Rounds of weighing that an affine motion is found by, and its tolerance in small pixels.
ROUNDS, TOLERANCE = 6, 0.5


@torch.no_grad()
def seed_layer(
    plates: Plates,
    layer: int,
    reference: int,
    spacing: int,
    passes: "DevicePasses",
    task: Task,
) -> Seed:
    """Where a layer starts.

    Args:
        plates: The frames.
        layer: Index of the layer.
        reference: Index of the reference frame.
        spacing: Of the lattices, in pixels.
        passes: Of the fit; they say where it is computed, and by what.
        task: Cancel.
    """
    count, device = plates.count, passes.device
    cells = (-(-plates.height // spacing), -(-plates.width // spacing))
    step = min(spacing, max(2, LONG // max(cells)))
    grey, weight = _small(plates, layer, cells, spacing, step, device)
    near = [_towards(index, reference) for index in range(count)]
    flows, sure = torch.empty(*grey.shape, 2, device=device), torch.empty_like(grey)
    for low in range(0, count, TOGETHER):
        task.check()
        some = torch.arange(low, min(low + TOGETHER, count), device=device)
        beside = torch.tensor(near[low : low + TOGETHER], device=device)
        flows[some], sure[some] = passes.link.many(grey[some], grey[beside])
    flows[reference], sure[reference] = 0, 1
    moved, trust = torch.zeros_like(flows), weight.clone()
    for distance in range(1, count):
        task.check()
        here = [t for t in (reference - distance, reference + distance) if 0 <= t < count]
        if not here:
            break
        there = [near[t] for t in here]
        chained, kept = _joined(flows[here], moved[there]), _read(trust[there], flows[here])
        kept = sure[here] * weight[here] * kept.clamp(min=FADED)
        # A look straight at the reference frame, laid over this one as the chain says.
        target = grey[reference].expand(len(here), -1, -1)
        laid, seen = _read(target, chained), _read(weight[reference].expand_as(target), chained)
        more, agreed = passes.link.many(grey[here], laid)
        agreed = agreed * weight[here] * seen * _inside(chained)
        share = agreed[..., None]
        moved[here] = share * _joined(more, chained) + (1 - share) * chained
        trust[here] = torch.maximum(kept, agreed)
    matrices = _affine(moved, trust)
    scale = step / spacing
    base = _displacement(matrices, grey.shape[1], grey.shape[2])
    control = _cells_fit(moved - base, trust, cells, step, passes.kernels)
    control[reference] = 0
    matrices[reference] = torch.eye(3, dtype=torch.float64, device=device)
    unit = np.diag([scale, scale, 1.0])
    found = np.linalg.inv(unit) @ matrices.cpu().numpy() @ unit
    lattices = (control / scale).cpu().numpy()
    return Seed(found / found[:, 2:, 2:], lattices, spacing, "flow", {})


def _towards(index: int, reference: int) -> int:
    """The frame beside that is nearer to the reference frame."""
    return index + (reference > index) - (reference < index)


def _small(
    plates: Plates,
    layer: int,
    cells: tuple[int, int],
    spacing: int,
    step: int,
    device: torch.device,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Grey pictures 0 to 255 and shares of the layer, float32 [T, h, w] each."""
    size = (cells[0] * step, cells[1] * step)
    below, beside = cells[0] * spacing - plates.height, cells[1] * spacing - plates.width
    luma = torch.tensor([0.299, 0.587, 0.114], device=device) * (plates.scale * 255)
    greys, weights = [], []
    for index in range(plates.count):
        codes = torch.from_numpy(plates.codes[index]).to(device).float()
        share = torch.from_numpy(plates.weights[layer, index]).to(device).float() / 255
        grey = (codes @ luma + plates.offset * 255).clamp(0, 255)
        wide = functional.pad(grey[None, None], (0, beside, 0, below), mode="replicate")
        greys.append(functional.interpolate(wide, size=size, mode="area")[0, 0])
        wide = functional.pad(share[None, None], (0, beside, 0, below))
        weights.append(functional.interpolate(wide, size=size, mode="area")[0, 0])
    return torch.stack(greys), torch.stack(weights)


def _read(pictures: torch.Tensor, flows: torch.Tensor) -> torch.Tensor:
    """Pictures [N, h, w] read where flows [N, h, w, 2] lead."""
    return card.warped(pictures[:, None], flows.permute(0, 3, 1, 2))[:, 0]


def _joined(flows: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Flows [N, h, w, 2] followed by others."""
    first = flows.permute(0, 3, 1, 2)
    return (first + card.warped(after.permute(0, 3, 1, 2), first)).permute(0, 2, 3, 1)


def _inside(flows: torch.Tensor) -> torch.Tensor:
    """Where flows [N, h, w, 2] stay inside the picture."""
    height, width = flows.shape[1:3]
    x = torch.arange(width, device=flows.device) + flows[..., 0]
    y = torch.arange(height, device=flows.device)[:, None] + flows[..., 1]
    return (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)


def _displacement(matrices: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Where matrices [T, 3, 3] send the pixels, less where they are, float32 [T, h, w, 2]."""
    device = matrices.device
    y = (torch.arange(height, dtype=torch.float64, device=device) + 0.5)[None, :, None]
    x = (torch.arange(width, dtype=torch.float64, device=device) + 0.5)[None, None, :]
    moved = through(matrices, x, y)
    return torch.stack([moved[..., 0] - x, moved[..., 1] - y], -1).float()


def _affine(moved: torch.Tensor, trust: torch.Tensor) -> torch.Tensor:
    """The affine motion [T, 3, 3] that explains most of displacements [T, h, w, 2]."""
    count, height, width, _ = moved.shape
    device = moved.device
    y, x = torch.meshgrid(
        (torch.arange(height, dtype=torch.float64, device=device) + 0.5) / height - 0.5,
        (torch.arange(width, dtype=torch.float64, device=device) + 0.5) / width - 0.5,
        indexing="ij",
    )
    some = (slice(None, None, 2), slice(None, None, 2))
    basis = torch.stack([x[some], y[some], torch.ones_like(x[some])], -1).view(-1, 3)
    wanted = moved[:, ::2, ::2].double().reshape(count, -1, 2)
    weight = trust[:, ::2, ::2].double().reshape(count, -1)
    share, small = weight, 1e-6 * torch.eye(3, dtype=torch.float64, device=device)
    found = torch.zeros(count, 3, 2, dtype=torch.float64, device=device)
    for _ in range(ROUNDS):
        weighted = basis * share[..., None]
        normal, said = basis.T @ weighted + small, weighted.transpose(1, 2) @ wanted
        found = torch.linalg.solve_ex(normal, said, check_errors=False)[0]
        error = (basis @ found - wanted).square().sum(-1)
        share = weight / (1 + error / TOLERANCE**2)
    matrices = torch.eye(3, dtype=torch.float64, device=device).repeat(count, 1, 1)
    slope = found[:, :2].transpose(1, 2) / found.new_tensor([width, height])
    matrices[:, :2, :2] += slope
    matrices[:, :2, 2] = found[:, 2] - 0.5 * (found[:, 0] + found[:, 1])
    return matrices


def _cells_fit(
    moved: torch.Tensor,
    trust: torch.Tensor,
    cells: tuple[int, int],
    step: int,
    kernels: Kernels,
) -> torch.Tensor:
    """The smooth lattices [T, gy, gx, 2] closest to displacements [T, h, w, 2]."""
    shape = (len(moved), cells[0], step, cells[1], step)
    mass = trust.view(shape).mean((2, 4))
    mean = (moved * trust[..., None]).view(*shape, 2).mean((2, 4)) / mass.clamp(min=1e-8)[..., None]

    def here(array: F32) -> torch.Tensor:
        return torch.from_numpy(array).to(moved.device)

    control: torch.Tensor = fit_cells(mean, mass, STIFFNESS, kernels.solve, here)
    return control
