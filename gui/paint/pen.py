"""One pointer from two streams: pens send tablet events, and systems send mouse events as well.

Qt makes mouse events from tablet events that nobody accepts; some systems send their own mouse
events beside them, a little before or after. A stroke must be made of one stream only. Qt-free.
"""

import math
from dataclasses import dataclass

NEAR = 6.0
"""Screen pixels within which a mouse press and a pen press can be the same one."""

SOON = 120
"""Milliseconds within which they can be."""

AFTER = 180
"""Milliseconds after the pen was last heard of in which mouse events are taken for its echo."""


@dataclass(frozen=True)
class Sample:
    """One event.

    Attributes:
        phase: ``press``, ``move`` or ``release``.
        pen: From a tablet; else from a mouse.
        x: Screen pixels.
        y: Screen pixels.
        time: Milliseconds.
        pressure: 0 to 1; a mouse has 1.
        eraser: The pen's other end.
        synthesised: A mouse event that Qt says is made from another device.
    """

    phase: str
    pen: bool
    x: float
    y: float
    time: int
    pressure: float = 1.0
    eraser: bool = False
    synthesised: bool = False


class PenFilter:
    """Lets one of the two streams through."""

    def __init__(self) -> None:
        self._pen_down = False
        self._mouse_down: Sample | None = None
        self._swallow = False
        self._last_pen: Sample | None = None

    def feed(self, sample: Sample) -> list[Sample | None]:
        """What becomes of an event.

        Args:
            sample: The event.

        Returns:
            The events to act upon, in order; None among them means: forget the stroke that the
            mouse has begun, it was the pen's echo that came first.
        """
        return self._pen(sample) if sample.pen else self._mouse(sample)

    @property
    def pen_down(self) -> bool:
        """Whether a pen draws."""
        return self._pen_down

    def _pen(self, sample: Sample) -> list[Sample | None]:
        out: list[Sample | None] = []
        if sample.phase == "press":
            early = self._mouse_down
            if early is not None and _echo(early, sample):
                out.append(None)
                self._swallow = True
            if early is not None and not out:
                # A person who holds the mouse down and taps the tablet: the mouse goes on.
                return []
            self._mouse_down = None
            self._pen_down = True
        elif sample.phase == "release":
            if not self._pen_down:
                return []
            self._pen_down = False
        self._last_pen = sample
        out.append(sample)
        return out

    def _mouse(self, sample: Sample) -> list[Sample | None]:
        if self._pen_down or sample.synthesised:
            if sample.phase == "press":
                self._swallow = True
            elif sample.phase == "release":
                self._swallow = False
            return []
        if self._swallow:
            if sample.phase != "press":
                # The rest of a press that was an echo.
                self._swallow = sample.phase != "release"
                return []
            self._swallow = False
        pen = self._last_pen
        if pen is not None and 0 <= sample.time - pen.time < AFTER and _close(pen, sample):
            self._swallow = sample.phase == "press"
            return []
        if sample.phase == "press":
            self._mouse_down = sample
        elif sample.phase == "release":
            self._mouse_down = None
        return [sample]


def _echo(mouse: Sample, pen: Sample) -> bool:
    return 0 <= pen.time - mouse.time < SOON and _close(mouse, pen)


def _close(one: Sample, other: Sample) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) <= NEAR
