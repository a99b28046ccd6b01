"""The perceptual encoding of the fit, as tensors; see ``engine.colour.encoding``."""

import torch

from engine.colour.encoding import ENCODED_CUT, GAMMA, OFFSET, SCALE, SLOPE


def decode(encoded: torch.Tensor) -> torch.Tensor:
    """Perceptual values back to scene-linear ones."""
    size = encoded.abs()
    power = ((size + OFFSET) / SCALE).pow(GAMMA)
    return torch.where(size <= ENCODED_CUT, size / SLOPE, power).copysign(encoded)
