"""Small networks without biases, their weights in one flat vector (torch).

The layout is that of the public library behind the published checkpoints: matrices row-major
[out, in] one after the other, inputs and outputs padded to a multiple of 16. The padding of the
inputs is ones (``hashgrid.encode`` writes them), so their columns act as the first layer's bias.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch.nn import functional

_MULTIPLE = 16


def padded(size: int) -> int:
    """The next multiple of 16."""
    return -(-size // _MULTIPLE) * _MULTIPLE


@dataclass(frozen=True)
class Mlp:
    """Shape of a network with ReLU between its layers and a linear output.

    Attributes:
        inputs: Numbers that go in, before padding.
        hidden_layers: Number of hidden layers, at least 1.
        width: Neurons of each hidden layer.
        outputs: Numbers that come out, before padding.
    """

    inputs: int
    hidden_layers: int
    width: int
    outputs: int

    @property
    def sizes(self) -> list[int]:
        """Padded sizes from the input to the output."""
        return [padded(self.inputs), *[self.width] * self.hidden_layers, padded(self.outputs)]

    @property
    def parameters(self) -> int:
        """Length of the flat vector."""
        return sum(a * b for a, b in pairwise(self.sizes))

    def matrices(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """The matrices [out, in] as views of the flat vector."""
        pairs = list(pairwise(self.sizes))
        parts = torch.split(flat, [a * b for a, b in pairs])
        return [part.view(b, a) for part, (a, b) in zip(parts, pairs, strict=True)]

    def initial(self, generator: torch.Generator) -> torch.Tensor:
        """A random flat vector, each matrix uniform after Glorot and Bengio 2010."""
        parts = []
        for a, b in pairwise(self.sizes):
            reach = (6 / (a + b)) ** 0.5
            parts.append(torch.empty(a * b).uniform_(-reach, reach, generator=generator))
        return torch.cat(parts)

    def __call__(self, flat: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Outputs float32 [N, outputs] of padded inputs float32 [N, padded(inputs)]."""
        *hidden, last = self.matrices(flat)
        for matrix in hidden:
            rows = functional.relu(functional.linear(rows, matrix), inplace=True)
        return functional.linear(rows, last[: self.outputs])
