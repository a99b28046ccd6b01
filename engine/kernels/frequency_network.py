"""Sines and cosines with a network behind them: the other field of CoDeF (torch).

The published code offers it in place of either hash grid. It is slow on purpose: this is the
ablation of the paper's section 4.3, not a field that anything else uses.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from engine.kernels.hashgrid_levels import Factors


#: Coordinates that are encoded: (row, column). Time is told by the frame's code alone.
_PLACE = 2


@dataclass(frozen=True)
class FrequencyShape:
    """What a field's numbers say about a network: enough to read its flat parameters.

    Attributes:
        octaves: Frequencies 1, 2, 4, ... of the encoding, in radians per unit (no factor pi).
        hidden_layers: Layers with ReLU.
        width: Neurons of each.
        skip: Index of the hidden layer that reads the network's input once more.
        outputs: Numbers that come out.
        extra: Whether a linear layer without ReLU follows the hidden ones.
        sigmoid: Whether the outputs are ``sigmoid(x) - offset``.
        offset: See above.
        frames: Frames with a learned code each; 0 for a network that knows no time.
        code: Numbers of a frame's code.
    """

    octaves: int
    hidden_layers: int
    width: int
    skip: int
    outputs: int
    extra: bool = False
    sigmoid: bool = False
    offset: float = 0.0
    frames: int = 0
    code: int = 8

    #: Whether points must lie in 0..1: sines go on for ever, a table of entries wraps.
    bounded: ClassVar[bool] = False

    @property
    def levels(self) -> int:
        """How many weights annealing has."""
        return self.octaves

    @property
    def inputs(self) -> int:
        """Coordinates, their sines and cosines, the frame's code."""
        return _PLACE * (1 + 2 * self.octaves) + (self.code if self.frames else 0)

    @property
    def layers(self) -> list[tuple[int, int]]:
        """(in, out) of each layer, biases not counted."""
        sizes = [self.inputs, *[self.width] * (self.hidden_layers + self.extra), self.outputs]
        return [
            (a + self.inputs * (0 < n == self.skip), b) for n, (a, b) in enumerate(pairwise(sizes))
        ]

    @property
    def sizes(self) -> dict[str, int]:
        """Length of each flat vector of parameters."""
        table = {"codes": self.frames * self.code} if self.frames else {}
        return {"decoder": sum((a + 1) * b for a, b in self.layers), **table}

    def numbers(self) -> dict[str, Any]:
        """JSON-able; ``encoding`` tells it from a hash grid's."""
        return {"encoding": "pe", **asdict(self)}

    def initial(self, generator: torch.Generator) -> "FrequencyNetwork":
        """Random, as published.

        Colour (no codes): every layer within 1 / sqrt(in). Displacement: hidden layers after
        Glorot, the last within 1e-4 and without a bias, so that it starts at no displacement;
        codes within 0.05.
        """

        def within(count: int, reach: float) -> torch.Tensor:
            return torch.empty(count).uniform_(-reach, reach, generator=generator)

        parts = []
        for n, (a, b) in enumerate(self.layers):
            last = n == len(self.layers) - 1
            glorot, plain = (6 / (a + b)) ** 0.5, a**-0.5
            reach = plain if not self.frames else 1e-4 if last else glorot
            parts += [within(a * b, reach), within(b, 0.0 if self.frames and last else plain)]
        vectors = {"decoder": torch.cat(parts)}
        if self.frames:
            vectors["codes"] = within(self.frames * self.code, 0.05)
        return FrequencyNetwork(self, vectors)

    def build(self, vectors: Mapping[str, torch.Tensor]) -> "FrequencyNetwork":
        """The network with given parameters."""
        return FrequencyNetwork(self, vectors)


class FrequencyNetwork:
    """A shape with its flat parameter vectors.

    Args:
        shape: The shape.
        vectors: float32 ``decoder``: for each layer the matrix [out, in] row-major, then its bias;
            ``codes`` [frames * code] where the shape has frames.
    """

    def __init__(self, shape: FrequencyShape, vectors: Mapping[str, torch.Tensor]) -> None:
        self.shape, self.vectors = shape, dict(vectors)

    def __call__(self, points: torch.Tensor, weights: "Factors | None" = None) -> torch.Tensor:
        """Outputs float32 [N, outputs].

        Args:
            points: float32 [N, 2] (row, column); with codes [N, 3], the third being the share of
                the clip, (index + 1) / frames.
            weights: Annealing weight of each octave [octaves], or None.
        """
        shape = self.shape
        rows = _encoded(points[:, :_PLACE], shape.octaves, weights)
        if shape.frames:
            index = (points[:, _PLACE] * shape.frames).round().long() - 1
            table = self.vectors["codes"].view(shape.frames, shape.code)
            codes = table.index_select(0, index.clamp(0, shape.frames - 1))
            rows = torch.cat([rows, codes], 1)
        asked, last = rows, len(shape.layers) - 1
        for n, (matrix, bias) in enumerate(self._layers()):
            if 0 < n == shape.skip:
                rows = torch.cat([asked, rows], 1)
            rows = functional.linear(rows, matrix, bias)
            if n < shape.hidden_layers and n != last:
                rows = functional.relu(rows)
        return torch.sigmoid(rows) - shape.offset if shape.sigmoid else rows

    def refresh(self) -> None:
        """Nothing is kept that was made of the parameters."""

    def _layers(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        flat = self.vectors["decoder"]
        sizes = [count for a, b in self.shape.layers for count in (a * b, b)]
        parts = torch.split(flat, sizes)
        pairs = zip(parts[::2], parts[1::2], self.shape.layers, strict=True)
        return [(matrix.view(b, a), bias) for matrix, bias, (a, b) in pairs]


def _encoded(points: torch.Tensor, octaves: int, weights: "Factors | None") -> torch.Tensor:
    """[N, 2 (1 + 2 octaves)]: the points, then for each octave their sines and their cosines."""
    parts = [points]
    for octave in range(octaves):
        angle = points * 2.0**octave
        factor = 1.0 if weights is None else weights[octave]
        parts += [torch.sin(angle) * factor, torch.cos(angle) * factor]
    return torch.cat(parts, 1)
