"""The numbers of the recipe, typed, and what follows from them."""

from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import F32, I64
from engine.errors import UsageError
from engine.fit.recipes import load_recipe
from engine.kernels.field_network import Shape
from engine.kernels.frequency_network import FrequencyShape
from engine.kernels.hashgrid_network import NetworkShape

#: What either field may be encoded by: a hash grid, or sines and cosines ("positional encoding").
ENCODINGS = ("hash", "pe")


@dataclass(frozen=True)
class Numbers:
    """``presets/recipes/paper.toml``, which says what each number is."""

    name: str
    canonical_encoding: str
    deformation_encoding: str
    canonical_levels: int
    canonical_log2_entries: int
    canonical_base: int
    canonical_growth: float
    canonical_hidden_layers: int
    canonical_width: int
    margin: float
    deformation_levels: int
    deformation_log2_entries: int
    deformation_base: int
    deformation_growth: float
    deformation_hidden_layers: int
    deformation_width: int
    divisor: float
    canonical_octaves: int
    canonical_pe_layers: int
    canonical_pe_width: int
    sigmoid_offset: float
    deformation_octaves: int
    deformation_pe_layers: int
    deformation_pe_width: int
    deformation_code: int
    pe_skip: int
    annealing_begin: int
    annealing_length: int
    gradient_loss: float
    flow_loss: float
    background_loss: float
    stored_next: bool
    flow_confidence: float
    mask_threshold: int
    rate: float
    halved_at: list[int]
    beta1: float
    beta2: float
    epsilon: float
    steps: int
    repeats: int
    half_steps: int
    tile: int
    checkpoint_seconds: float
    finish_share: float
    stop_at_psnr: float

    @classmethod
    def load(cls, overrides: dict[str, Any] | None = None, recipe: str = "paper") -> "Numbers":
        """Reads the recipe.

        Args:
            overrides: Numbers to change.
            recipe: Name or file of the recipe: ``paper`` or one that inherits from it.

        Raises:
            UsageError: An override that the recipe does not know, or a value out of range.
        """
        found = load_recipe(recipe, overrides)
        numbers = cls(**{item.name: found[item.name] for item in fields(cls)})
        above = ("annealing_length", "repeats", "tile", "divisor", "steps")
        of_pe = [item.name for item in fields(cls) if "_pe_" in item.name]
        for name in (*above, *of_pe, "canonical_octaves", "deformation_octaves"):
            if getattr(numbers, name) <= 0:
                raise UsageError(
                    f"{name} of recipe paper must be above 0, not {getattr(numbers, name)}"
                )
        for name in ("canonical_encoding", "deformation_encoding"):
            if getattr(numbers, name) not in ENCODINGS:
                raise UsageError(
                    f"{name} of recipe paper must be one of {', '.join(ENCODINGS)}, "
                    f"not {getattr(numbers, name)!r}"
                )
        return numbers

    def that_shape_the_result(self) -> dict[str, Any]:
        """What a checkpoint must agree in."""
        loose = ("steps", "tile", "checkpoint_seconds", "finish_share", "stop_at_psnr")
        found = {name: value for name, value in asdict(self).items() if name not in loose}
        for name in ("stored_next", "half_steps"):
            if not found[name]:
                del found[name]  # checkpoints of fits that did not know of it
        return found

    @property
    def canonical(self) -> Shape:
        """Network of C: (row, column) to colour."""
        if self.canonical_encoding == "pe":
            return FrequencyShape(
                self.canonical_octaves,
                self.canonical_pe_layers,
                self.canonical_pe_width,
                self.pe_skip,
                outputs=3,
                extra=True,
                sigmoid=True,
                offset=self.sigmoid_offset,
            )
        return NetworkShape(
            2,
            self.canonical_levels,
            self.canonical_log2_entries,
            self.canonical_base,
            self.canonical_growth,
            self.canonical_hidden_layers,
            self.canonical_width,
            3,
        )

    def deformation(self, frames: int) -> Shape:
        """Network of D: (row, column, time) to a displacement times ``displacement_divisor``."""
        if self.deformation_encoding == "pe":
            return FrequencyShape(
                self.deformation_octaves,
                self.deformation_pe_layers,
                self.deformation_pe_width,
                self.pe_skip,
                outputs=2,
                frames=frames,
                code=self.deformation_code,
            )
        return NetworkShape(
            3,
            self.deformation_levels,
            self.deformation_log2_entries,
            self.deformation_base,
            self.deformation_growth,
            self.deformation_hidden_layers,
            self.deformation_width,
            2,
        )

    @property
    def displacement_divisor(self) -> float:
        """The network's output over this is the displacement; published for the hash grid only."""
        return 1.0 if self.deformation_encoding == "pe" else self.divisor

    def annealing(self, step: int) -> F32:
        """Weights [L] of the deformation's levels (or octaves) at a step, coarse to fine.

        (1 - cos(pi clamp(L (step - begin) / length - level, 0, 1))) / 2; all 0 up to ``begin``.
        """
        of_pe = self.deformation_encoding == "pe"
        levels = self.deformation_octaves if of_pe else self.deformation_levels
        reached = levels * max(step - self.annealing_begin, 0) / self.annealing_length
        share = np.clip(reached - np.arange(levels), 0, 1)
        weights: F32 = ((1 - np.cos(np.pi * share)) / 2).astype(np.float32)
        return weights

    def rate_at(self, step: int) -> float:
        """Adam's rate at a step."""
        return self.rate * 0.5 ** sum(step >= mark for mark in self.halved_at)

    def frame_at(self, step: int, count: int, seed: int) -> int:
        """Index of the frame of a step: shuffled rounds in which each comes ``repeats`` times."""
        length = count * self.repeats
        turn, place = divmod(step, length)
        return int(_order(seed, turn, length)[place]) % count


@lru_cache(maxsize=2)
def _order(seed: int, turn: int, length: int) -> I64:
    """A shuffled round; shuffling takes longer than a step on a card."""
    found: I64 = np.random.default_rng([seed, turn]).permutation(length)
    return found
