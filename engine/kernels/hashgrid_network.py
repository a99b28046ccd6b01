"""A hash grid with a small network behind it: one field of CoDeF (torch)."""

from dataclasses import asdict, dataclass
from typing import Any

import torch

from engine.arrays import F32
from engine.kernels import hashgrid
from engine.kernels.hashgrid_levels import HashGrid
from engine.kernels.mlp import Mlp, padded


@dataclass(frozen=True)
class NetworkShape:
    """What a field's numbers say about a network: enough to read its flat parameters."""

    dimensions: int
    levels: int
    log2_entries: int
    base: int
    growth: float
    hidden_layers: int
    width: int
    outputs: int

    @property
    def grid(self) -> HashGrid:
        """The encoding."""
        return HashGrid(self.dimensions, self.levels, self.log2_entries, self.base, self.growth)

    @property
    def mlp(self) -> Mlp:
        """The network behind it: raw coordinates, features, ones."""
        inputs = self.dimensions + self.grid.width
        return Mlp(inputs, self.hidden_layers, self.width, self.outputs)

    def numbers(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


class HashNetwork:
    """A shape with its two flat parameter vectors, in the layout of the published checkpoints.

    Args:
        shape: The shape.
        encoder: float32 [grid parameters].
        decoder: float32 [network parameters].
    """

    def __init__(self, shape: NetworkShape, encoder: torch.Tensor, decoder: torch.Tensor) -> None:
        self.shape, self.grid, self.mlp = shape, shape.grid, shape.mlp
        self.encoder, self.decoder = encoder, decoder

    @classmethod
    def initial(cls, shape: NetworkShape, generator: torch.Generator) -> "HashNetwork":
        """Random: table uniform within 1e-4 (as instant-ngp starts), matrices after Glorot."""
        table = torch.empty(shape.grid.parameters).uniform_(-1e-4, 1e-4, generator=generator)
        return cls(shape, table, shape.mlp.initial(generator))

    def __call__(self, points: torch.Tensor, weights: F32 | None = None) -> torch.Tensor:
        """Outputs float32 [N, outputs] at points float32 [N, d]; ``weights`` per level or None.

        Where ``encoder.grad`` exists already, backward adds to it in place.
        """
        rows = hashgrid.encode(
            points,
            self.encoder,
            self.grid,
            weights,
            raw=True,
            padded_to=padded(self.mlp.inputs),
            accumulate=self.encoder.grad,
        )
        return self.mlp(self.decoder, rows)
