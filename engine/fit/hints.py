"""What a shot already knows about its motion: tracks, corner pins and ST maps as a fit's start.

Optical flow has nothing to go by on flat or repeating surfaces. An artist's tracks do. They correct
the seed of the group that they belong to, frame by frame, before the first pass: ST maps replace
it, corner pins replace it on their plane, tracks bend it so that the tracked points land where the
track is in the reference frame.

Convention: places are (x, y) in pixels of the display window at full size, origin top-left, y
down, pixel centres at +0.5, by frame number.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64
from engine.errors import UsageError

#: Full-size pixels by which an ST map may move the reference frame.
STILL = 0.5


@dataclass(frozen=True)
class PointTrack:
    """A point followed through frames.

    Attributes:
        name: For messages.
        places: By frame number.
        group: Name of the group that it belongs to; None: the one that owns its pixels.
    """

    name: str
    places: Mapping[int, tuple[float, float]]
    group: str | None = None


@dataclass(frozen=True)
class CornerPin:
    """A plane followed by four corners, in one order throughout.

    Attributes:
        name: For messages, such as the file.
        corners: float64 [4, 2] by frame number.
        group: As for ``PointTrack``; None: the one that owns most of the quad.
    """

    name: str
    corners: Mapping[int, F64]
    group: str | None = None


@dataclass(frozen=True)
class StMaps:
    """A map to the reference frame for each of some frames.

    Attributes:
        name: For messages, such as the pattern.
        frames: Frame numbers.
        read: Frame number to the steps [H, W, 2] over the data window that lead from its pixels to
            the reference frame, in pixels; NaN where the map says nothing.
        group: The group that it is for; None: all.
    """

    name: str
    frames: tuple[int, ...]
    read: Callable[[int], F32]
    group: str | None = None


@dataclass(frozen=True)
class Hints:
    """All that is known.

    Attributes:
        tracks: See ``PointTrack``.
        pins: See ``CornerPin``.
        maps: See ``StMaps``.
    """

    tracks: Sequence[PointTrack] = ()
    pins: Sequence[CornerPin] = ()
    maps: Sequence[StMaps] = ()

    def __bool__(self) -> bool:
        return bool(self.tracks or self.pins or self.maps)

    def reference(self, frames: Sequence[int]) -> int | None:
        """The frame that ST maps lead to: the one whose own map moves nothing; None without."""
        for maps in self.maps:
            for frame in frames:
                if frame in maps.frames and moved(maps.read(frame)) <= STILL:
                    return frame
        return None

    def check(self, frames: Sequence[int], groups: Sequence[str], reference: int) -> None:
        """Refuses what cannot belong to a fit.

        Args:
            frames: The frames that are fitted.
            groups: The names of all groups.
            reference: Frame number of the reference frame.

        Raises:
            UsageError: An unknown group, no frame in common, corners on a line, a pin that does
                not know the reference frame, or maps that lead elsewhere.
        """
        known: list[tuple[str, str | None, Iterable[int]]] = [
            *((track.name, track.group, track.places) for track in self.tracks),
            *((pin.name, pin.group, pin.corners) for pin in self.pins),
            *((maps.name, maps.group, maps.frames) for maps in self.maps),
        ]
        for name, group, held in known:
            if group is not None and group not in groups:
                raise UsageError(
                    f"{name} belongs to the group {group!r}, but the groups are "
                    f"{', '.join(groups)}; use one of these names"
                )
            numbers = sorted(held)
            if not set(frames).intersection(numbers):
                span = f"frames {numbers[0]}-{numbers[-1]}" if numbers else "no frame"
                raise UsageError(
                    f"{name} holds {span}, but frames {frames[0]}-{frames[-1]} are fitted; "
                    "check its frame numbers"
                )
        for maps in self.maps:
            if reference in maps.frames and (away := moved(maps.read(reference))) > STILL:
                raise UsageError(
                    f"{maps.name}: the map of frame {reference}, the reference frame, moves it by "
                    f"{away:.1f} px instead of leaving it; make the maps for this frame, or "
                    "choose the frame that they lead to as the reference frame",
                    frame=reference,
                )
        for pin in self.pins:
            if reference not in pin.corners:
                raise UsageError(
                    f"{pin.name} has no corners in frame {reference}, the reference frame; choose "
                    "a reference frame among its frames",
                    frame=reference,
                )
            for frame, corners in pin.corners.items():
                if _flattest(corners) < 1:
                    raise UsageError(
                        f"three corners of {pin.name} lie on one line in frame {frame}, so they "
                        "hold no plane; correct the corners",
                        frame=frame,
                    )


def moved(steps: F32) -> float:
    """Median length of the steps [H, W, 2] of a map, in pixels; Inf where it says nothing."""
    length = np.hypot(steps[::4, ::4, 0], steps[::4, ::4, 1])
    known = length[np.isfinite(length)]
    return float(np.median(known)) if known.size else float("inf")


def _flattest(corners: F64) -> float:
    """Twice the area in pixels of the smallest triangle of four corners."""
    a, b, c, d = corners
    areas = [
        abs((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))
        for p, q, r in ((a, b, c), (a, b, d), (a, c, d), (b, c, d))
    ]
    return float(min(areas))
