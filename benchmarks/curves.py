"""What a curve of quality over time says: points (seconds, dB) in the order of time."""

from collections.abc import Sequence

Curve = Sequence[Sequence[float]]


def best_by(curve: Curve, seconds: float) -> float | None:
    """The best figure that was reached until a time; None before the first."""
    values = [value for time, value in curve if time <= seconds]
    return max(values, default=None)


def time_to(curve: Curve, goal: float) -> float | None:
    """When a figure was reached first; None when never."""
    return next((time for time, value in curve if value >= goal), None)


def thinned(curve: Curve, count: int = 120) -> list[list[float]]:
    """At most ``count`` of the points, evenly by number, the first and the last among them."""
    if len(curve) <= count:
        return [list(point) for point in curve]
    return [list(curve[round(n * (len(curve) - 1) / (count - 1))]) for n in range(count)]
