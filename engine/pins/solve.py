"""Pins of a layer as the move of each of its frames, found when a frame is asked for.

For each key the fit says what it shows at the pinned place; the distance in the still from there
to the pinned point is the correction (``engine.pins.timing`` carries it over time). In any frame,
the pin stands where the fit shows the point less its correction, and is to show the point itself:
that is the frame's pair of places, and at a key the first of both is the place the artist gave.
"""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, AnyArray
from engine.fields.field import Field
from engine.pins.pin import PULL, Pin, Point
from engine.pins.timing import corrections
from engine.pins.warp import REACH, FrameWarp, warp_through
from engine.warp.inverse import TOLERANCE, FrameInverse

ABSORBED = 0.25
"""Pixels within which a pinned point has to land."""


_NOTHING = 1e-6
"""Canonical pixels that are no correction."""


@dataclass(frozen=True, eq=False)
class Pinning:
    """A pin and the map that it corrects.

    Attributes:
        pin: The pin.
        field: The fit with the still that the pinned point is on; not pinned.
        k: The layer in it, front to back.
    """

    pin: Pin
    field: Field
    k: int

    def at(self, index: int, places: AnyArray) -> F32:
        """What a frame shows at places [N, 2] of it."""
        return self.field.layers[self.k].deformation.at(index, np.asarray(places, np.float32))


@dataclass(frozen=True)
class Absorbed:
    """How a pin fares in one of its keyed frames.

    Attributes:
        pin: Its name.
        frame: Frame number.
        moved: Pixels from where the fit alone has the point.
        left: Pixels that are missing to the pinned place.
        radius: The pin's.
        hard: It should be met exactly.
    """

    pin: str
    frame: int
    moved: float
    left: float
    radius: float
    hard: bool

    @property
    def sentence(self) -> str | None:
        """What the artist should know; None when the pin is met."""
        if not self.hard or self.left <= ABSORBED:
            return None
        told = f"{self.pin} lacks {self.left:.1f} px in frame {self.frame}: "
        if self.moved > REACH * self.radius:
            return told + (
                f"it moves {self.moved:.0f} px, so give it a radius of at least "
                f"{math.ceil(self.moved / (0.9 * REACH))} px"
            )
        return told + "another pin or a fold of the fit holds it back; move or remove one of them"


class LayerPins:
    """The moves of a layer, frame by frame.

    A move is one of the frame, whatever the still: pins on several stills of a long shot make one.

    Args:
        frames: All frame numbers of the fit.
        pins: The layer's pins that count, each with a map of these frames.
    """

    def __init__(self, frames: Sequence[int], pins: Sequence[Pinning]) -> None:
        self._frames = tuple(frames)
        self._index = index = {frame: n for n, frame in enumerate(frames)}
        # Keys in frames that were not fitted move nothing and must not keep a pin from fading.
        self._pins = [
            (each, keys)
            for each in pins
            if (keys := {f: p for f, p in each.pin.keys.items() if f in index})
        ]
        self._corrections = [self._keyed(each, keys) for each, keys in self._pins]
        self._known: dict[int, FrameWarp | None] = {}
        self._shown: dict[int, dict[int, F32]] = {}
        self._lock = threading.Lock()

    def _keyed(self, each: Pinning, keys: dict[int, Point]) -> dict[int, F64]:
        point = np.asarray(each.pin.canonical, np.float64)
        return {
            frame: point - each.at(self._index[frame], np.array([place]))[0].astype(np.float64)
            for frame, place in keys.items()
        }

    def indices(self) -> tuple[int, ...]:
        """Positions of the frames in which a pin may move something."""
        return tuple(
            index
            for index, frame in enumerate(self._frames)
            if any(
                corrections(keyed, frame, each.pin.fade) is not None
                for (each, _), keyed in zip(self._pins, self._corrections, strict=True)
            )
        )

    def at(self, index: int) -> FrameWarp | None:
        """The move of a frame; None where nothing is pinned."""
        with self._lock:
            if index not in self._known:
                self._known[index] = self._solved(index)
            return self._known[index]

    def _solved(self, index: int) -> FrameWarp | None:
        frame = self._frames[index]
        active = []
        for n, ((each, keys), keyed) in enumerate(zip(self._pins, self._corrections, strict=True)):
            # A pin without correction holds still what others would move.
            correction = corrections(keyed, frame, each.pin.fade)
            if correction is not None:
                active.append((n, each, keys, correction))
        if not any(np.hypot(*correction) > _NOTHING for *_, correction in active):
            return None
        count = len(active)
        places, shown = np.zeros((count, 2), np.float32), np.zeros((count, 2), np.float32)
        good = np.zeros(count, np.bool_)
        for some in _of_one_map([each for _, each, *_ in active]):
            side = active[some[0]][1]
            points = np.array([active[m][1].pin.canonical for m in some], np.float32)
            wrong = np.stack([active[m][3] for m in some]).astype(np.float32)
            near = np.array([_near(active[m][2], frame) for m in some], np.float32)
            inverse = FrameInverse(side.field, side.k, index)
            here = inverse.find(points, near)
            stand = inverse.find(points - wrong, here.points)
            shown[some], places[some] = here.points, stand.points
            good[some] = (here.residual < TOLERANCE) & (stand.residual < TOLERANCE)
        self._shown[index] = {n: place for (n, *_), place in zip(active, shown, strict=True)}
        for m, (_, _, keys, _) in enumerate(active):
            if frame in keys:
                places[m], good[m] = keys[frame], True
        if not good.any():
            return None
        kept = [each.pin for (_, each, *_), fine in zip(active, good, strict=True) if fine]
        return warp_through(
            places[good].astype(np.float64),
            shown[good].astype(np.float64),
            np.array([pin.radius for pin in kept], np.float64),
            np.array([1.0 if pin.hard else PULL for pin in kept], np.float64),
        )

    def report(self) -> list[Absorbed]:
        """How every pin fares in its keyed frames, in the order of the pins."""
        wanted: dict[int, list[int]] = {}
        for n, (_, keys) in enumerate(self._pins):
            for frame in keys:
                wanted.setdefault(frame, []).append(n)
        found: list[tuple[int, Absorbed]] = []
        for frame in sorted(wanted):
            found += zip(wanted[frame], self._fared(frame, wanted[frame]), strict=True)
        return [each for _, each in sorted(found, key=lambda pair: pair[0])]

    def _fared(self, frame: int, which: Sequence[int]) -> list[Absorbed]:
        index = self._index[frame]
        warp = self.at(index)
        with self._lock:
            shown = self._shown.get(index, {})
        found: dict[int, Absorbed] = {}
        for some in _of_one_map([self._pins[n][0] for n in which]):
            mine = [which[m] for m in some]
            pins, side = [self._pins[n][0].pin for n in mine], self._pins[mine[0]][0]
            here = np.array([self._pins[n][1][frame] for n in mine], np.float64)
            moved = here if warp is None else warp.moved(here)
            points = np.array([pin.canonical for pin in pins], np.float64)
            gap = points - side.at(index, moved)
            left = np.linalg.solve(_slopes(side.at, index, moved), gap[..., None])[..., 0]
            for n, pin, place, missing in zip(mine, pins, here, left, strict=True):
                far = float(np.hypot(*(shown.get(n, place) - place)))
                lacks = float(np.hypot(*missing))
                found[n] = Absorbed(pin.name, frame, far, lacks, pin.radius, pin.hard)
        return [found[n] for n in which]


def _of_one_map(pins: Sequence[Pinning]) -> list[list[int]]:
    """The numbers of pins that correct the same map, together."""
    found: dict[tuple[int, int], list[int]] = {}
    for n, each in enumerate(pins):
        found.setdefault((id(each.field), each.k), []).append(n)
    return list(found.values())


def _slopes(at: Callable[[int, AnyArray], F32], index: int, places: F64) -> F64:
    """The Jacobians [N, 2, 2] of a map at frame points [N, 2]; that of no map where it is flat."""
    apart = np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]])
    asked = (places[None] + apart[:, None]).reshape(-1, 2).astype(np.float32)
    seen = at(index, asked).astype(np.float64).reshape(4, -1, 2)
    jacobian = np.stack([seen[0] - seen[1], seen[2] - seen[3]], axis=2)
    jacobian[np.abs(np.linalg.det(jacobian)) < 1e-6] = np.eye(2)
    return np.asarray(jacobian, np.float64)


def _near(keys: dict[int, Point], frame: int) -> tuple[float, float]:
    """About where a pin stands: on the straight line between its keys."""
    numbers = sorted(keys)
    places = np.array([keys[number] for number in numbers])
    return (
        float(np.interp(frame, numbers, places[:, 0])),
        float(np.interp(frame, numbers, places[:, 1])),
    )
