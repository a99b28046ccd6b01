"""A stroke that is being drawn: its points, which of them are still to be sent. Qt-free."""

import math
from typing import Any

Point = list[float]
"""[x, y, pressure]."""

NEAREST = 0.15
"""Points closer than this many pixels, with the same pressure, say nothing new."""

SAME_PRESSURE = 0.02


class DrawnStroke:
    """Collects the points of one stroke.

    Args:
        header: The stroke without points.

    Attributes:
        points: All points so far.
    """

    def __init__(self, header: dict[str, Any]) -> None:
        self.header = header
        self.points: list[Point] = []
        self._sent = 0

    def add(self, x: float, y: float, pressure: float = 1.0) -> bool:
        """Takes a point; returns whether it says anything new."""
        if not (math.isfinite(x) and math.isfinite(y)):
            return False
        pressure = min(max(pressure, 0.0), 1.0)
        if self.points:
            last = self.points[-1]
            near = math.hypot(x - last[0], y - last[1]) < NEAREST
            if near and abs(pressure - last[2]) < SAME_PRESSURE:
                return False
        self.points.append([round(x, 3), round(y, 3), round(pressure, 4)])
        return True

    def take(self) -> list[Point]:
        """The points that were not taken before, however many came since: one message."""
        fresh = self.points[self._sent :]
        self._sent = len(self.points)
        return fresh

    @property
    def waiting(self) -> bool:
        """Whether there are points to take."""
        return self._sent < len(self.points)

    def rewind(self) -> None:
        """Everything is to be taken again (another worker)."""
        self._sent = 0

    def stroke(self) -> dict[str, Any]:
        """The stroke as documents hold it."""
        return {**self.header, "points": [list(point) for point in self.points]}

    def box(self) -> tuple[float, float, float, float] | None:
        """What the points span, without the brush; None without points."""
        if not self.points:
            return None
        xs, ys = [p[0] for p in self.points], [p[1] for p in self.points]
        return min(xs), min(ys), max(xs), max(ys)
