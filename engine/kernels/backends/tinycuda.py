"""The hash grid and the networks by tinycudann, where a person has built it (NVIDIA cards only).

Convention: ``HashGrid`` and ``Mlp`` lay parameters out as tinycudann does, so that its modules take
our vectors as they are: a table from coarse to fine, entry by entry, two features each, every level
rounded up to 8 entries; matrices row-major [out, in] one after the other, without biases, inputs
and outputs padded to 16. What differs is what people store: its combined module
(``NetworkWithInputEncoding``) keeps one vector, the network first, then the table. ``joined`` and
``parted`` convert both ways.

Its modules are asked through ``torch.func.functional_call``, so that gradients arrive at our own
vectors. They compute in halves; levels are weighted afterwards.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch

from engine.errors import UsageError
from engine.kernels.hashgrid_levels import FEATURES, HashGrid, check_inputs, weights_of
from engine.kernels.mlp import Mlp, padded

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors

#: Widths that its fused network takes; others go through its general one.
_FUSED = (16, 32, 64, 128)


def joined(table: torch.Tensor, flat: torch.Tensor) -> torch.Tensor:
    """One vector as its combined module keeps it: the network, then the table."""
    return torch.cat([flat.flatten(), table.flatten()])


def parted(vector: torch.Tensor, grid: HashGrid, mlp: Mlp) -> tuple[torch.Tensor, torch.Tensor]:
    """The table and the network's vector of its combined module, in single precision.

    Raises:
        UsageError: The vector is of another size.
    """
    wanted = mlp.parameters + grid.parameters
    if vector.numel() != wanted:
        raise UsageError(
            f"the vector holds {vector.numel()} numbers, this grid and network need {wanted}; "
            "check levels, base, growth, log2_entries and the network's size"
        )
    plain = vector.detach().flatten().float()
    return plain[mlp.parameters :].clone(), plain[: mlp.parameters].clone()


def encoding_settings(grid: HashGrid) -> dict[str, Any]:
    """What tinycudann calls this grid."""
    return {
        "otype": "HashGrid",
        "n_levels": grid.levels,
        "n_features_per_level": FEATURES,
        "log2_hashmap_size": grid.log2_entries,
        "base_resolution": grid.base,
        "per_level_scale": grid.growth,
        "interpolation": "Linear",
    }


def network_settings(mlp: Mlp) -> dict[str, Any]:
    """What tinycudann calls this network."""
    return {
        "otype": "FullyFusedMLP" if mlp.width in _FUSED else "CutlassMLP",
        "activation": "ReLU",
        "output_activation": "None",
        "n_neurons": mlp.width,
        "n_hidden_layers": mlp.hidden_layers,
    }


@lru_cache(maxsize=16)
def _encoding(grid: HashGrid) -> Any:
    import tinycudann

    return tinycudann.Encoding(grid.dimensions, encoding_settings(grid))


@lru_cache(maxsize=16)
def _module(mlp: Mlp) -> Any:
    import tinycudann

    # Given all padded inputs: the constants among them are the first layer's bias.
    return tinycudann.Network(padded(mlp.inputs), mlp.outputs, network_settings(mlp))


def encode(
    points: torch.Tensor,
    table: torch.Tensor,
    grid: HashGrid,
    weights: "Factors | None" = None,
    *,
    raw: bool = False,
    padded_to: int = 0,
    accumulate: torch.Tensor | None = None,
) -> torch.Tensor:
    """See ``interface.Encode``; torch itself adds up the gradient.

    Raises:
        UsageError: The shapes do not fit together.
    """
    check_inputs(points, table, grid, weights)
    features = torch.func.functional_call(_encoding(grid), {"params": table.float()}, (points,))
    if not isinstance(weights, torch.Tensor):
        weights = torch.from_numpy(weights_of(grid, weights)).to(points.device)
    factors = weights.repeat_interleave(FEATURES)
    parts = [points] if raw else []
    parts.append(features.float() * factors)
    missing = padded_to - sum(part.shape[1] for part in parts)
    if missing > 0:
        parts.append(points.new_ones(len(points), missing))
    return torch.cat(parts, 1)


def _taken(flat: torch.Tensor, mlp: Mlp) -> torch.Tensor:
    """What its network takes of our vector: the general one pads its outputs to 8, not to 16."""
    spare = 0 if mlp.width in _FUSED else mlp.sizes[-1] - -(-mlp.outputs // 8) * 8
    return flat[: mlp.parameters - spare * mlp.width]


def network(
    flat: torch.Tensor, rows: torch.Tensor, mlp: Mlp, *, half: bool = False
) -> torch.Tensor:
    """See ``interface.Network``; always with products of halves."""
    found = torch.func.functional_call(_module(mlp), {"params": _taken(flat, mlp)}, (rows,))
    result: torch.Tensor = found.float()
    return result
