"""The stills of a long shot: which there are, and which one the canonical viewer shows."""

from typing import NamedTuple

from PySide6.QtCore import QObject, Signal


class Segment(NamedTuple):
    """A segment of a long shot.

    Attributes:
        first: Its first frame.
        last: Its last frame.
        own: First and last of the frames that it has more to say about than its neighbours.
        reference: The frame that its still is aligned to.
    """

    first: int
    last: int
    own: tuple[int, int]
    reference: int


class Stills(QObject):
    """The segments of the fit that is shown.

    Attributes:
        segments: First to last; empty where one still serves all frames.
        shown: Number of the segment whose still the canonical viewer shows.
    """

    changed = Signal()
    """The fit has other segments, or the still of another one is shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.segments: list[Segment] = []
        self.shown = 0

    def use(self, segments: list[Segment]) -> None:
        """Takes what the worker says of the fit."""
        if segments != self.segments:
            self.segments = segments
            self.shown = min(self.shown, max(len(segments) - 1, 0))
            self.changed.emit()

    def show(self, segment: int) -> None:
        """Shows the still of another segment."""
        if self.segments and segment != self.shown:
            self.shown = min(max(segment, 0), len(self.segments) - 1)
            self.changed.emit()

    @property
    def asked(self) -> int | None:
        """The segment to ask the worker for; None where one still serves all frames."""
        return self.shown if self.segments else None

    def at(self, frame: int) -> int | None:
        """The segment that a frame belongs to; None where one still serves all frames."""
        for number, segment in enumerate(self.segments):
            if frame <= segment.own[1]:
                return number
        return len(self.segments) - 1 if self.segments else None
