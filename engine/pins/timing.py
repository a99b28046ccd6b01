"""How a correction passes from one keyed frame to the next: a monotone cubic, without overshoot.

What is keyed is the distance in the still between the pinned point and what the fit shows at the
pinned place. It is carried over time in the still, where it turns and grows with the subject, and
not in the frame. Between keys it goes by the cubic of Fritsch and Carlson, which never goes beyond
its keys; before the first and after the last it fades to nothing over ``fade`` frames.
"""

from collections.abc import Mapping

import numpy as np

from engine.arrays import F64


def corrections(keys: Mapping[int, F64], frame: int, fade: int | None) -> F64 | None:
    """The correction [2] at a frame; None where the pin has let go.

    Args:
        keys: The corrections [2] by frame number, at least one.
        frame: The frame.
        fade: Frames before the first and after the last key over which it lets go; None: never.
    """
    numbers = sorted(keys)
    first, last = numbers[0], numbers[-1]
    times = [float(n) for n in numbers]
    values = [np.asarray(keys[n], np.float64) for n in numbers]
    if fade is None:
        frame = min(max(frame, first), last)
    else:
        if not first - fade - 1 < frame < last + fade + 1:
            return None
        nothing = np.zeros(2)
        times = [first - fade - 1.0, *times, last + fade + 1.0]
        values = [nothing, *values, nothing]
    if len(times) == 1:
        return values[0]
    return _monotone(np.array(times), np.stack(values), float(frame))


def _monotone(times: F64, values: F64, at: float) -> F64:
    """The monotone cubic through ``values`` [N, 2] at a time within them; at rest at both ends.

    Source: Fritsch and Butland, *A method for constructing local monotone piecewise cubic
    interpolants* (1984): slopes are weighted harmonic means of the neighbouring ones.
    """
    steps = np.diff(times)
    slopes = np.diff(values, axis=0) / steps[:, None]
    n = int(np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(steps) - 1))
    here, there = _tangent(steps, slopes, n), _tangent(steps, slopes, n + 1)
    h = steps[n]
    u = (at - times[n]) / h
    return np.asarray(
        values[n] * (1 + 2 * u) * (1 - u) ** 2
        + h * here * u * (1 - u) ** 2
        + values[n + 1] * u**2 * (3 - 2 * u)
        + h * there * u**2 * (u - 1),
        np.float64,
    )


def _tangent(steps: F64, slopes: F64, n: int) -> F64:
    if n in (0, len(steps)):
        return np.zeros(slopes.shape[1])
    before, after = slopes[n - 1], slopes[n]
    a, b = 2 * steps[n] + steps[n - 1], steps[n] + 2 * steps[n - 1]
    same = before * after > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (a + b) / (a / before + b / after)
    return np.asarray(np.where(same, mean, 0.0), np.float64)
