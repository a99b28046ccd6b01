"""Where a stroke puts its stamps, and which pixels it reads and writes."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from engine.arrays import F64
from engine.paint.blurring import blur_reach
from engine.paint.stroke import Stroke

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 of pixels, right and bottom excluded."""

Stamps = tuple[F64, F64, F64, F64, F64]
"""float64 [N] each: x, y (canonical pixels, y down), radius, strength and hardness (0 to 1)."""

#: Fewest pixels between two stamps: closer ones cannot be told apart.
CLOSEST = 0.25
#: Least pressure that brings the stamps of a narrowing brush closer together.
NARROWEST = 0.05
#: Way of the brush, as a share of its size, that ``Stroke.flow`` is about.
FLOW_STEP = 0.1


def stamps(stroke: Stroke, start: int = 0) -> Stamps:
    """Where a stroke puts its stamps.

    The first stamp is on the first point, the last one on the last; between them they are evenly
    spaced along the line, ``spacing * size`` apart at most, closer where pressure narrows the
    brush. So the stamps of a longer stroke begin with those of a shorter one. A stroke that builds
    up has those of ``pace_of``.

    Args:
        stroke: A stroke.
        start: How many of its points have their stamps already.
    """
    points = np.asarray(stroke.points[max(start - 1, 0) :], np.float64)
    step = max(stroke.spacing * stroke.size, CLOSEST)
    pieces = [] if start else [points[:1]]
    for here, there in itertools.pairwise(points):
        narrow = max(min(here[2], there[2]), NARROWEST) if stroke.pressure_size else 1.0
        length = math.hypot(there[0] - here[0], there[1] - here[1])
        count = max(1, math.ceil(length / max(step * narrow, CLOSEST)))
        share = np.arange(1, count + 1)[:, None] / count
        pieces.append(here + (there - here) * share)
    return _stamped(np.concatenate(pieces) if pieces else np.zeros((0, 3)), stroke)


class Pace:
    """Stamps at even steps along a line, however its points lie: what smears and build-up need.

    Args:
        step: Pixels between two stamps.
        narrows: Whether pressure that narrows the brush shortens the step.
    """

    def __init__(self, step: float, narrows: bool = False) -> None:
        self._step, self._narrows = step, narrows
        self._last: tuple[float, float, float] | None = None
        self._left = 0.0

    def stamps(self, points: Sequence[tuple[float, float, float]], stroke: Stroke) -> Stamps:
        """The stamps of some more points.

        Args:
            points: Those that come next.
            stroke: Says what pressure scales; its own points are not looked at.
        """
        places: list[tuple[float, float, float]] = []
        for point in points:
            if self._last is None:
                places.append(point)
                self._left = self._after(point[2])
            else:
                x, y, pressure = self._last
                dx, dy, dp = point[0] - x, point[1] - y, point[2] - pressure
                length = math.hypot(dx, dy)
                while self._left <= length and length > 0:
                    share = self._left / length
                    places.append((x + share * dx, y + share * dy, pressure + share * dp))
                    self._left += self._after(places[-1][2])
                self._left -= length
            self._last = point
        return _stamped(np.array(places, np.float64).reshape(-1, 3), stroke)

    def _after(self, pressure: float) -> float:
        narrow = max(pressure, NARROWEST) if self._narrows else 1.0
        return max(self._step * narrow, CLOSEST)


def pace_of(stroke: Stroke) -> Pace | None:
    """How a stroke that builds up places its stamps; None for one that does not."""
    if not stroke.build_up:
        return None
    return Pace(stroke.spacing * stroke.size, stroke.pressure_size)


def flow_of(stroke: Stroke) -> tuple[float, float]:
    """What each stamp of a stroke adds: its flow, and how often; (0, 0): the largest one counts."""
    if not stroke.build_up:
        return 0.0, 0.0
    return stroke.flow, max(stroke.spacing * stroke.size, CLOSEST) / (FLOW_STEP * stroke.size)


def _stamped(every: F64, stroke: Stroke) -> Stamps:
    """Stamps at places [N, 3] of x, y and pressure."""
    pressure = every[:, 2]
    radii = 0.5 * stroke.size * (pressure if stroke.pressure_size else np.ones_like(pressure))
    strengths = pressure if stroke.pressure_opacity else np.where(pressure > 0, 1.0, 0.0)
    hardness = stroke.hardness * (pressure if stroke.pressure_hardness else np.ones_like(pressure))
    x, y = every[:, 0].copy(), every[:, 1].copy()
    return x, y, radii, np.ascontiguousarray(strengths), hardness


def stroke_box(stroke: Stroke, start: int = 0) -> Box:
    """The canonical pixels that a stroke may touch.

    Args:
        stroke: A stroke.
        start: How many of its points are not asked for; the line from the last of them is.
    """
    points = np.asarray(stroke.points[max(start - 1, 0) :])
    reach = stroke.size / 2 + 1.5
    x0, y0 = np.floor(points[:, :2].min(axis=0) - reach)
    x1, y1 = np.ceil(points[:, :2].max(axis=0) + reach)
    return int(x0), int(y0), int(x1), int(y1)


def is_local(stroke: Stroke) -> bool:
    """Whether each pixel of a stroke depends on the earlier paint of that very pixel only."""
    if stroke.kind == "clone":
        return stroke.source == "input"
    return stroke.kind not in ("heal", "blur", "smear")


def read_box(stroke: Stroke) -> Box:
    """The canonical pixels whose earlier paint decides what a stroke writes."""
    box = stroke_box(stroke)
    if is_local(stroke):
        return box
    if stroke.kind == "blur":
        return grown(box, blur_reach(stroke.radius))
    if stroke.kind == "smear":
        return grown(box, 3)
    around = grown(box, 1)
    if stroke.source == "input":
        return around
    dx, dy = stroke.offset
    x0, y0, x1, y1 = around
    from_there = (
        x0 + math.floor(dx),
        y0 + math.floor(dy),
        x1 + math.ceil(dx) + 1,
        y1 + math.ceil(dy) + 1,
    )
    return united(around, from_there)


def grown(box: Box, by: int) -> Box:
    """A box with ``by`` more pixels on each side."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def united(a: Box, b: Box) -> Box:
    """The smallest box that holds both."""
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def common(a: Box, b: Box) -> Box | None:
    """What two boxes share; None for nothing."""
    box = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return box if box[0] < box[2] and box[1] < box[3] else None
