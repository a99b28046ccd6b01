"""A hash grid with a small network behind it: one field of CoDeF (torch)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from engine.kernels.backends.choose import kernels_for
from engine.kernels.hashgrid_levels import HashGrid
from engine.kernels.mlp import Mlp, padded

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors


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

    #: Points must lie in 0..1: beyond it the table wraps.
    bounded: ClassVar[bool] = True

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

    @property
    def sizes(self) -> dict[str, int]:
        """Length of each flat vector of parameters."""
        return {"encoder": self.grid.parameters, "decoder": self.mlp.parameters}

    def initial(self, generator: torch.Generator) -> "HashNetwork":
        """Random: table uniform within 1e-4 (as instant-ngp starts), matrices after Glorot."""
        table = torch.empty(self.grid.parameters).uniform_(-1e-4, 1e-4, generator=generator)
        return self.build({"encoder": table, "decoder": self.mlp.initial(generator)})

    def build(self, vectors: Mapping[str, torch.Tensor]) -> "HashNetwork":
        """The network with given parameters."""
        return HashNetwork(self, vectors)


class HashNetwork:
    """A shape with its flat parameter vectors, in the layout of the published checkpoints.

    Args:
        shape: The shape.
        vectors: float32 ``encoder`` [grid parameters] and ``decoder`` [network parameters].
    """

    def __init__(self, shape: NetworkShape, vectors: Mapping[str, torch.Tensor]) -> None:
        self.shape, self.grid, self.mlp = shape, shape.grid, shape.mlp
        self.vectors = dict(vectors)
        self._copy: tuple[tuple[int, int, bool], torch.Tensor] | None = None

    def __call__(self, points: torch.Tensor, weights: "Factors | None" = None) -> torch.Tensor:
        """Outputs float32 [N, outputs] at points float32 [N, d]; ``weights`` per level or None.

        Where the encoder's ``grad`` exists already, backward adds to it in place.
        """
        table, kernels = self.vectors["encoder"], kernels_for(points.device)
        half = kernels.of["encode"] == "triton"
        if half and torch.is_grad_enabled() and table.requires_grad and table.grad is None:
            table.grad = torch.zeros_like(table)
        rows = kernels.encode(
            points,
            self._halved(table) if half else table,
            self.grid,
            weights,
            raw=True,
            padded_to=padded(self.mlp.inputs),
            accumulate=table.grad,
        )
        return kernels.network(self.vectors["decoder"], rows, self.mlp, half=half)

    def refresh(self) -> None:
        """Drops what was made of the parameters: the next evaluation makes it anew."""
        self._copy = None

    def _halved(self, table: torch.Tensor) -> torch.Tensor:
        """The table in halves: half the memory to read. Made anew when a step has moved it."""
        state = (table._version, table.data_ptr(), table.requires_grad)
        if self._copy is None or self._copy[0] != state:
            self._copy = state, table.detach().half().requires_grad_(table.requires_grad)
        return self._copy[1]
