"""Adam (Kingma and Ba 2015) on flat vectors, made for tables of which a step touches little.

Unlike torch's, a vector without a gradient yet still ages: the hash levels that annealing holds
back take their first step with the bias correction of the step they come in at, as in the
published run, where their gradients are zeros.
"""

from dataclasses import dataclass

import numba
import numpy as np
import torch

from engine.kernels import threads

threads.prepare()


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


@numba.njit(parallel=True, cache=True, nogil=True)
def _adam(value, slope, mean, square, pace, root, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    keep1, keep2 = np.float32(1) - beta1, np.float32(1) - beta2
    for i in numba.prange(value.shape[0]):
        g, m, v = slope[i], mean[i], square[i]
        if g == 0 and m == 0 and v == 0:
            continue
        m = beta1 * m + keep1 * g
        v = beta2 * v + keep2 * g * g
        value[i] -= pace * m / (np.sqrt(v) * root + epsilon)
        mean[i], square[i], slope[i] = m, v, 0


def adam_step(
    moments: Moments, number: int, rate: float, beta1: float, beta2: float, epsilon: float
) -> None:
    """One step in place, after which the gradient is zeros again.

    Args:
        moments: What to move.
        number: Number of this step, from 1.
        rate: Learning rate.
        beta1: Decay of the mean.
        beta2: Decay of the mean of squares.
        epsilon: Added to the root of the mean of squares.
    """
    slope = moments.value.grad
    if slope is None:
        return
    pace, root = rate / (1 - beta1**number), (1 - beta2**number) ** -0.5
    value = moments.value.detach()
    if value.device.type == "cpu":
        arrays = (value, slope, moments.mean, moments.square)
        factors = (pace, root, beta1, beta2, epsilon)
        with threads.guard():
            _adam(*(a.numpy() for a in arrays), *(np.float32(f) for f in factors))
        return
    _plain(moments, slope, pace, root, beta1, beta2, epsilon)


def _plain(
    moments: Moments,
    slope: torch.Tensor,
    pace: float,
    root: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """The same in torch, on any device."""
    value = moments.value.detach()
    moments.mean.mul_(beta1).add_(slope, alpha=1 - beta1)
    moments.square.mul_(beta2).addcmul_(slope, slope, value=1 - beta2)
    value.addcdiv_(moments.mean, moments.square.sqrt().mul_(root).add_(epsilon), value=-pace)
    slope.zero_()
