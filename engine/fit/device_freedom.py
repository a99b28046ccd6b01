"""How freely lattices may bend, as tensors on their device; see ``engine.fit.freedom``."""

from typing import Any

import torch
from torch.nn import functional

from engine.fit.freedom import BLOCK, CALM, CLEAN, CORRELATED, GOOD_CELLS, READ, RIGHT
from engine.fit.plates import Plates
from engine.kernels.device.canvas import blurred


def grain_of(plates: Plates, device: torch.device) -> float:
    """Variance of the grain per channel, as ``engine.fit.freedom.grain_of``."""
    mask = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]], device=device).view(1, 1, 3, 3)
    found = []
    for index in range(0, plates.count, max(1, plates.count // READ)):
        planes = torch.from_numpy(plates.encoded(index)).to(device).permute(2, 0, 1)[:, None]
        answer = functional.conv2d(functional.pad(planes, (1, 1, 1, 1), mode="replicate"), mask)
        if min(answer.shape[-2:]) >= BLOCK:
            blocks = functional.avg_pool2d(answer.square(), BLOCK)
            found.append(blocks.flatten().quantile(CALM / 100) / 36)
    return CORRELATED * float(torch.stack(found).median()) if found else 0.0


def noise_of(misfit: torch.Tensor, grain: float) -> torch.Tensor:
    """Variance per channel below which an error says nothing, a number on the device.

    Args:
        misfit: [B, rows, columns, 2].
        grain: Upper bound.
    """
    misfit = misfit[:, ::2, ::2]
    pixels = misfit[..., 1]
    seen = pixels > 0.5 * pixels.max()
    errors = torch.where(seen, misfit[..., 0] / (3 * pixels).clamp(min=1e-9), torch.inf)
    errors = errors.flatten().sort().values
    place = (seen.sum() - 1).clamp(min=0) * (GOOD_CELLS / 100)
    low = place.floor()
    # Not by a number in brackets: for that the device would have to tell it.
    at = torch.stack([low, place.ceil()]).long().clamp(max=len(errors) - 1)
    first, after = errors.gather(0, at)
    found = first + (place - low) * torch.where(place > low, after - first, 0)
    return torch.where(seen.any(), found, 0).clamp(max=grain)


def half_error(excess: float, recipe: dict[str, Any]) -> float:
    """Mean squared error, beyond the noise, at which the stiffness has fallen to half.

    Args:
        excess: Of the layer, in the pass before.
        recipe: The recipe's numbers.
    """
    return float(recipe["visible"]) ** 2 * min(1.0, RIGHT / max(excess, 1e-9))


def stiffness_of(
    misfit: torch.Tensor, noise: torch.Tensor, half: torch.Tensor, recipe: dict[str, Any]
) -> torch.Tensor:
    """Weight of the bending energy at every control point, float32 [B, gy, gx].

    Args:
        misfit: [B, gy - 3, gx - 3, 2].
        noise: A number on the device.
        half: See ``half_error``; a number on the device.
        recipe: The recipe's numbers.
    """
    _, rows, columns, _ = misfit.shape
    half = half + 2 * noise
    grainy = 1 + noise / CLEAN**2
    sums = blurred(misfit, edge=False)
    # Cells to control points: half a cell further, so each takes the mean of the four around it.
    for axis, size in ((1, rows), (2, columns)):
        low = torch.arange(-2, size + 1, device=misfit.device)
        parts = [sums.index_select(axis, (low + k).clamp(0, size - 1)) for k in range(2)]
        sums = (parts[0] + parts[1]) / 2
    full = sums[..., 1].amax((1, 2), keepdim=True).clamp(min=1e-3)
    error = sums[..., 0] / (3 * full) * (sums[..., 1] / full).square()
    result = grainy / (1 + (error / half).square())
    return result.clamp(min=float(recipe["softest"])) * float(recipe["stiffness"])


def bond_weight(noise: float, recipe: dict[str, Any]) -> float:
    """What the neighbouring frames count for grain's sake; see ``engine.fit.freedom.bond_of``."""
    temporal = float(recipe["temporal"])
    grain = max(noise / CLEAN**2 - 1, 0.0)
    return float(recipe["bond"]) * (min(temporal, 1.0) * grain + max(temporal - 1, 0.0))


def lighter(shade: torch.Tensor, tone: torch.Tensor, few: float) -> torch.Tensor:
    """The light of each cell after a pass: half the old, half what was seen, smoothed.

    Args:
        shade: [B, sy, sx, 3].
        tone: [B, sy, sx, 4], see ``register_pass``.
        few: Pixels of a cell that must be seen before its light is believed by half.
    """
    sums = blurred(tone, edge=True)
    return 0.5 * shade + 0.5 * sums[..., :3] / (sums[..., 3:] + few)
