"""The shape of a multi-resolution hash grid: what the compiled and the plain code share."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import F32, I64
from engine.errors import UsageError

if TYPE_CHECKING:
    import torch

    #: A factor for each level [L]. As a tensor on the device of the points it may change between
    #: the runs of work that was recorded there.
    Factors = F32 | torch.Tensor

FEATURES = 2
PRIMES = (1, 2654435761, 805459861)


@dataclass(frozen=True)
class HashGrid:
    """Levels of the encoding of Mueller et al. 2022 (instant-ngp), in its public layout.

    Level l has the scale ``base * growth**l - 1`` and ``ceil(scale) + 1`` corners per axis. Its
    part of the table holds ``min(2**log2_entries, corners**dimensions rounded up to 8)`` entries
    of two features; the parts follow each other from coarse to fine. A level whose corners all
    fit is indexed densely with the first coordinate fastest, any other by a hash.

    Attributes:
        dimensions: 2 or 3.
        levels: Number of levels.
        log2_entries: Binary logarithm of the most entries that a level may have.
        base: Resolution of the coarsest level.
        growth: Factor from level to level.

    Raises:
        UsageError: A number is out of range.
    """

    dimensions: int
    levels: int = 16
    log2_entries: int = 19
    base: int = 16
    growth: float = 1.44

    def __post_init__(self) -> None:
        if self.dimensions not in (2, 3):
            raise UsageError(f"a hash grid has 2 or 3 dimensions, not {self.dimensions}")
        if self.levels < 1 or not 3 <= self.log2_entries <= 28:
            raise UsageError(
                f"a hash grid needs at least one level and 2^3 to 2^28 entries per level; "
                f"levels = {self.levels}, log2_entries = {self.log2_entries}"
            )
        if self.base < 2 or self.growth < 1:
            raise UsageError(
                f"a hash grid needs a base of 2 or more and a growth of 1 or more; "
                f"base = {self.base}, growth = {self.growth}"
            )

    @property
    def width(self) -> int:
        """Features of one encoded point."""
        return self.levels * FEATURES

    @cached_property
    def scales(self) -> F32:
        """Cells per unit of coordinate, [L]."""
        levels = np.arange(self.levels)
        return (self.base * self.growth**levels - 1.0).astype(np.float32)

    @cached_property
    def resolutions(self) -> I64:
        """Corners per axis, [L]."""
        return np.ceil(self.scales).astype(np.int64) + 1

    @cached_property
    def entries(self) -> I64:
        """Entries of each level, [L]."""
        most = 2**self.log2_entries
        wanted = [int(r) ** self.dimensions for r in self.resolutions]
        return np.array([min(most, math.ceil(n / 8) * 8) for n in wanted], np.int64)

    @cached_property
    def hashed(self) -> I64:
        """1 where a level is indexed by the hash, 0 where densely, [L]."""
        wanted = [int(r) ** self.dimensions for r in self.resolutions]
        return np.array([n > e for n, e in zip(wanted, self.entries, strict=True)], np.int64)

    @cached_property
    def offsets(self) -> I64:
        """First entry of each level, [L + 1]; the last one is the number of all entries."""
        return np.concatenate([[0], np.cumsum(self.entries)]).astype(np.int64)

    @property
    def parameters(self) -> int:
        """Length of the flat table."""
        return int(self.offsets[-1]) * FEATURES


def weights_of(grid: HashGrid, weights: "Factors | None") -> F32:
    """A factor for each level, in the computer's memory; None is 1 for all."""
    factors = np.ones(grid.levels, np.float32) if weights is None else weights
    return np.ascontiguousarray(factors, np.float32)


def check_inputs(
    points: "torch.Tensor", table: "torch.Tensor", grid: HashGrid, weights: "Factors | None"
) -> None:
    """Refuses what an encoder of this grid cannot take.

    Raises:
        UsageError: The shapes do not fit together.
    """
    count = grid.levels if weights is None else len(weights)
    if points.ndim != 2 or points.shape[1] != grid.dimensions or count != grid.levels:
        raise UsageError(
            f"the hash grid takes points [N, {grid.dimensions}] and {grid.levels} weights, "
            f"not {list(points.shape)} and {count}"
        )
    if table.numel() != grid.parameters:
        raise UsageError(
            f"the table holds {table.numel()} numbers, its grid needs {grid.parameters}; "
            "check levels, base, growth and log2_entries"
        )
