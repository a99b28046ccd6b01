"""A smooth move of a frame onto itself that takes pinned places to where the fit has them.

The move is made of stages. Each adds to every point a sum of bumps with compact support, one for
each pin, whose slopes together stay below a half, so each stage is one to one with a positive
Jacobian, and so is all of it. The bump of a pin shrinks as its point wanders, so that it never
reaches beyond the pin's radius around the pinned place: outside, points come back bit for bit.

Bumps: Wendland, *Piecewise polynomial, positive definite and compactly supported radial functions
of minimal degree* (1995), twice continuously differentiable.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F64, Bool
from engine.fields.field import Part

REACH = 0.6
"""Share of its radius that a pin may move a point by; what lies before it shrinks to a tenth."""
_STEEPEST = 135.0 / 64.0  # of the bump, at a quarter of its radius
_SLOPE = 0.5
_FARTHEST = 0.8
_MOST_STAGES = 96
_RIDGE = 1e-7


@dataclass(frozen=True)
class FrameWarp:
    """The move of one frame.

    Attributes:
        centres: float64 [S, I, 2].
        steps: float64 [S, I, 2].
        radii: float64 [S, I].
        places: The pinned places, float64 [I, 2].
        reach: The radius of each pin, [I].
    """

    centres: F64
    steps: F64
    radii: F64
    places: F64
    reach: F64

    def moved(self, points: F64) -> F64:
        """Where frame points [N, 2] go."""
        from engine.kernels import pins, threads

        with threads.guard():
            found: F64 = pins.moved(
                np.ascontiguousarray(points, np.float64), self.centres, self.steps, self.radii
            )
        return found

    def touched(self, x0: int, y0: int, part: Part) -> Bool:
        """Which pixels of some rows and columns lie in a disc, [h, w].

        Args:
            x0: Left column of the data window.
            y0: Its top row.
            part: Rows and columns of the data window.
        """
        down, across = part
        rows = np.arange(down.start, down.stop, down.step) + (y0 + 0.5)
        columns = np.arange(across.start, across.stop, across.step) + (x0 + 0.5)
        found = np.zeros((len(rows), len(columns)), np.bool_)
        for (x, y), radius in zip(self.places, self.reach, strict=True):
            top, bottom = np.searchsorted(rows, (y - radius, y + radius))
            left, right = np.searchsorted(columns, (x - radius, x + radius))
            near = np.square(rows[top:bottom, None] - y) + np.square(columns[left:right] - x)
            found[top:bottom, left:right] |= near < radius * radius
        return found

    def widened(self, part: Part, x0: int, y0: int) -> Part:
        """Rows and columns that may show what some showed before the move.

        Args:
            part: Rows and columns of the data window, perhaps beyond it.
            x0: Left column of the data window.
            y0: Its top row.
        """
        down, across = part
        for (x, y), radius in zip(self.places - (x0, y0), self.reach, strict=True):
            top, left = int(np.floor(y - radius)), int(np.floor(x - radius))
            bottom, right = int(np.ceil(y + radius)), int(np.ceil(x + radius))
            rows = top < down.stop and bottom > down.start
            if rows and left < across.stop and right > across.start:
                down = slice(min(top, down.start), max(bottom, down.stop))
                across = slice(min(left, across.start), max(right, across.stop))
        return slice(max(down.start, 0), down.stop), slice(max(across.start, 0), across.stop)


def warp_through(places: F64, targets: F64, radii: F64, pull: F64) -> FrameWarp:
    """The move that takes each place to its target as far as the radii let it.

    Args:
        places: float64 [I, 2].
        targets: float64 [I, 2]; beyond ``REACH`` of the radius a pin goes that far and no farther.
        radii: float64 [I].
        pull: Share of the way, [I]: 1 goes all the way, less yields to what is beside it.
    """
    way = targets - places
    length = np.hypot(way[:, 0], way[:, 1])
    way = way * np.minimum(1.0, REACH * radii / np.maximum(length, 1e-12))[:, None]
    held = np.diag(1 / pull - 1 + _RIDGE)
    firm = pull >= 1
    here, left = places.copy(), 1.0
    stages: list[tuple[F64, F64, F64]] = []
    while left > 1e-9 and len(stages) < _MOST_STAGES:
        size = radii - np.hypot(*(here - places).T)
        # Firm pins ask for what is left of their way, wherever their neighbours pushed them.
        ask = np.where(firm[:, None], (places + way - here) / left, way)
        apart = here[:, None] - here[None]
        distance = np.hypot(apart[..., 0], apart[..., 1])
        r = np.minimum(distance / size[None], 1.0)
        weight = (1 - r) ** 4 * (1 + 4 * r)
        speed = np.linalg.lstsq(weight + held, ask, rcond=None)[0]
        slope = _STEEPEST * np.hypot(speed[:, 0], speed[:, 1]) / size
        together = (distance < size[None] + size[:, None]) @ slope
        share = min(left, _SLOPE / max(float(together.max()), 1e-12))
        step = speed * share
        there = here + weight @ step
        if (np.hypot(*(there - places).T) > _FARTHEST * radii).any():
            break  # one was pushed to its edge by its neighbours: they are not all met
        stages.append((here, step, size))
        here = there
        left -= share
    if not stages:
        stages.append((here, np.zeros_like(here), radii.copy()))
    centres, steps, sizes = (np.stack(each) for each in zip(*stages, strict=True))
    return FrameWarp(centres, steps, sizes, places.copy(), radii.copy())
