"""Adam (Kingma and Ba 2015) on flat vectors, made for tables of which a step touches little.

Unlike torch's, a vector without a gradient yet still ages: the hash levels that annealing holds
back take their first step with the bias correction of the step they come in at, as in the
published run, where their gradients are zeros.
"""

from dataclasses import dataclass

import torch

from engine.kernels.backends.choose import kernels_for


@dataclass
class Moments:
    """A parameter with its gradient (``value.grad``) and Adam's two running means."""

    value: torch.Tensor
    mean: torch.Tensor
    square: torch.Tensor

    @classmethod
    def of(cls, value: torch.Tensor) -> "Moments":
        """At the start; gives the parameter a gradient of zeros."""
        value.requires_grad_()
        value.grad = torch.zeros_like(value)
        return cls(value, torch.zeros_like(value.detach()), torch.zeros_like(value.detach()))


def rates_of(number: int, rate: float, beta1: float, beta2: float) -> tuple[float, float]:
    """What a step takes of the running means: its pace, and the factor of their root.

    Args:
        number: Of the step, from 1.
        rate: Learning rate.
        beta1: Decay of the mean.
        beta2: Decay of the mean of squares.
    """
    return rate / (1 - beta1**number), (1 - beta2**number) ** -0.5


def adam_step(
    moments: Moments, rates: torch.Tensor, beta1: float, beta2: float, epsilon: float
) -> None:
    """One step in place, after which the gradient is zeros again.

    Args:
        moments: What to move.
        rates: See ``rates_of``, float32 [2] on the device of the parameter.
        beta1: Decay of the mean.
        beta2: Decay of the mean of squares.
        epsilon: Added to the root of the mean of squares.
    """
    slope = moments.value.grad
    if slope is None:
        return
    value = moments.value.detach()
    step = kernels_for(value.device).adam
    step(value, slope, moments.mean, moments.square, rates, beta1, beta2, epsilon)
