"""The current frame, the range, and playback."""

import math
from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

LOOPS = ("loop", "bounce", "once")


class Clock(QObject):
    """Time in the window. Frame numbers are those of the files.

    In ``every_frame`` mode playback waits at each frame until every gate lets it go: a viewer adds
    one that says whether it shows the frame. Otherwise it keeps the frame rate and drops frames.

    Attributes:
        gates: Functions without arguments; playback of every frame waits while one gives False.
    """

    frame_changed = Signal(int)
    range_changed = Signal()
    """First, last, in, out, frame rate, loop mode or every-frame mode."""
    playing_changed = Signal(int)
    """1 forward, -1 backward, 0 stopped."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._frame, self._first, self._last = 1, 1, 100
        self._in: int | None = None
        self._out: int | None = None
        self._fps, self._loop, self._every_frame, self._playing = 24.0, "loop", False, 0
        self.gates: list[Callable[[], bool]] = []
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._since = QElapsedTimer()
        self._shown = 0

    @property
    def frame(self) -> int:
        """The current frame."""
        return self._frame

    @property
    def first(self) -> int:
        """First frame of the range."""
        return self._first

    @property
    def last(self) -> int:
        """Last frame of the range."""
        return self._last

    @property
    def in_point(self) -> int:
        """First frame that is played."""
        return self._first if self._in is None else self._in

    @property
    def out_point(self) -> int:
        """Last frame that is played."""
        return self._last if self._out is None else self._out

    @property
    def has_points(self) -> bool:
        """Whether in or out were set by hand."""
        return self._in is not None or self._out is not None

    @property
    def fps(self) -> float:
        """Frames per second of playback."""
        return self._fps

    @property
    def loop(self) -> str:
        """``loop``, ``bounce`` or ``once``."""
        return self._loop

    @property
    def every_frame(self) -> bool:
        """Playback shows every frame, however long that takes."""
        return self._every_frame

    @property
    def playing(self) -> int:
        """1 forward, -1 backward, 0 stopped."""
        return self._playing

    def set_frame(self, frame: int) -> None:
        """Goes to a frame; it may lie outside the range."""
        if frame != self._frame:
            self._frame = frame
            self.frame_changed.emit(frame)

    def step(self, by: int) -> None:
        """Stops playback and goes some frames on (or back), round the range."""
        self.stop()
        low, high = self.in_point, self.out_point
        self.set_frame(low + (self._frame - low + by) % (high - low + 1))

    def go_to_start(self) -> None:
        """Stops and goes to the first frame that is played."""
        self.stop()
        self.set_frame(self.in_point)

    def go_to_end(self) -> None:
        """Stops and goes to the last frame that is played."""
        self.stop()
        self.set_frame(self.out_point)

    def set_range(self, first: int, last: int) -> None:
        """Sets the range; in and out points outside are forgotten, the frame is brought inside."""
        last = max(first, last)
        if (first, last) == (self._first, self._last):
            return
        self._first, self._last = first, last
        if self._in is not None and not first <= self._in <= last:
            self._in = None
        if self._out is not None and not first <= self._out <= last:
            self._out = None
        self.range_changed.emit()
        self.set_frame(min(max(self._frame, first), last))

    def set_in(self, frame: int | None) -> None:
        """Sets the first frame that is played; None: that of the range."""
        self._in = None if frame is None else min(max(frame, self._first), self._last)
        if self._in is not None and self._in > self.out_point:
            self._out = None
        self.range_changed.emit()

    def set_out(self, frame: int | None) -> None:
        """Sets the last frame that is played; None: that of the range."""
        self._out = None if frame is None else min(max(frame, self._first), self._last)
        if self._out is not None and self._out < self.in_point:
            self._in = None
        self.range_changed.emit()

    def clear_points(self) -> None:
        """Plays the whole range again."""
        self._in = self._out = None
        self.range_changed.emit()

    def set_fps(self, fps: float) -> None:
        """Sets the frame rate of playback."""
        if math.isfinite(fps) and fps > 0 and fps != self._fps:
            self._fps = fps
            self._restart()
            self.range_changed.emit()

    def set_loop(self, loop: str) -> None:
        """Sets what happens at the end."""
        if loop in LOOPS and loop != self._loop:
            self._loop = loop
            self.range_changed.emit()

    def set_every_frame(self, every: bool) -> None:
        """Shows every frame, or keeps the frame rate."""
        if every != self._every_frame:
            self._every_frame = every
            self._restart()
            self.range_changed.emit()

    def play(self, direction: int = 1) -> None:
        """Plays forward (1) or backward (-1); once more in the same direction stops."""
        direction = 1 if direction > 0 else -1
        if self._playing == direction:
            self.stop()
            return
        at_end = self._frame >= self.out_point if direction > 0 else self._frame <= self.in_point
        if at_end and self._loop == "once":
            self.set_frame(self.in_point if direction > 0 else self.out_point)
        self._set_playing(direction)

    def stop(self) -> None:
        """Stops playback."""
        self._set_playing(0)

    def _set_playing(self, direction: int) -> None:
        if direction == self._playing:
            return
        self._playing = direction
        self._restart()
        self.playing_changed.emit(direction)

    def _restart(self) -> None:
        if self._playing == 0:
            self._timer.stop()
            return
        self._shown = 0
        self._since.restart()
        # Twice as often as frames fall due, so that none is late by a whole frame.
        self._timer.start(max(1, int(500 / self._fps)))

    def _tick(self) -> None:
        due = int(self._since.elapsed() * self._fps / 1000) - self._shown
        if due <= 0:
            return
        if self._every_frame:
            if not all(gate() for gate in self.gates):
                self._since.restart()
                self._shown = -1  # one frame falls due as soon as the gates open
                return
            due = 1
        self._shown += due
        self._advance(due)

    def _advance(self, by: int) -> None:
        low, high = self.in_point, self.out_point
        frame = self._frame + by * self._playing
        if low <= frame <= high:
            self.set_frame(frame)
        elif self._loop == "loop":
            self.set_frame(low + (frame - low) % (high - low + 1))
        elif self._loop == "bounce":
            self.set_frame(min(max(2 * (high if frame > high else low) - frame, low), high))
            self._playing = -self._playing
            self.playing_changed.emit(self._playing)
        else:
            self.set_frame(high if frame > high else low)
            self.stop()
