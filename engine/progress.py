"""Progress and cancel through long work.

Every long function takes a ``Task`` and calls ``check`` at least every half second. The caller
decides what becomes of it: a progress bar, a log line, a node's face.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """One report.

    Attributes:
        fraction: Share of the whole work that is done, 0 to 1.
        label: What is being done, for a person ("fit", "flow").
        seconds_left: Estimated time left, or None while unknown.
        figures: Numbers worth showing, such as ``{"step": 12, "psnr": 31.2}``.
    """

    fraction: float
    label: str
    seconds_left: float | None = None
    figures: dict[str, float] = field(default_factory=dict)


class Gate(threading.Event):
    """An event "cancelled" that also holds work back, and asks it to come to an end early.

    Every long function looks at ``Task.cancelled`` twice a second, so that pausing needs no word
    of its own in the functions.

    Attributes:
        stopped: Set by whoever wants the work to end early and to keep what is there. Who can do
            that looks at ``Task.ending``; the others go on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stopped = threading.Event()
        self._open = threading.Event()
        self._open.set()
        self._held = 0.0
        self._since: float | None = None
        self._lock = threading.Lock()

    @property
    def paused(self) -> bool:
        """Whether the work is held back."""
        return not self._open.is_set()

    @property
    def idle(self) -> float:
        """Seconds for which the work was held back so far."""
        with self._lock:
            return self._held + (0.0 if self._since is None else time.monotonic() - self._since)

    def pause(self) -> None:
        """Holds the work back at its next look; its clock stands still from now on."""
        with self._lock:
            if not super().is_set() and self._since is None:
                self._since = time.monotonic()
                self._open.clear()

    def resume(self) -> None:
        """Lets the work go on."""
        with self._lock:
            if self._since is not None:
                self._held += time.monotonic() - self._since
                self._since = None
            self._open.set()

    def stop(self) -> None:
        """Asks the work to end early; paused work is let go so that it can."""
        self.stopped.set()
        self.resume()

    def set(self) -> None:
        """Cancels; paused work is let go so that it can end."""
        super().set()
        self.resume()

    def is_set(self) -> bool:
        """Whether the work is cancelled; waits while it is paused."""
        self._open.wait()
        return super().is_set()


class Task:
    """A piece of work that reports and can be cancelled.

    Args:
        listener: Called with each report, in the thread that works.
        cancelled: Set by anyone, any thread, to stop the work. A ``Gate`` also pauses it and asks
            for an early end.

    Attributes:
        ends: When the work ends at the latest (on the clock of ``now``), where a budget says so:
            no more time left is ever told.
    """

    def __init__(
        self,
        listener: Callable[[Progress], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self._listener = listener
        self.cancelled = cancelled or threading.Event()
        self._low, self._high, self._label = 0.0, 1.0, ""
        self._started = self.now()
        self.ends: float | None = None
        #: Whole fractions at the start and end of timed work, and its times.
        self._clock: tuple[float, float, float, float] | None = None

    @property
    def ending(self) -> bool:
        """Whether the person wants the work to end early and to keep what is there."""
        return isinstance(self.cancelled, Gate) and self.cancelled.stopped.is_set()

    def now(self) -> float:
        """The clock of the work: ``time.monotonic`` less the time for which it was paused."""
        idle = self.cancelled.idle if isinstance(self.cancelled, Gate) else 0.0
        return time.monotonic() - idle

    def check(self) -> None:
        """Raises ``Cancelled`` when the person stopped the work."""
        if self.cancelled.is_set():
            raise Cancelled

    def report(self, fraction: float, label: str = "", **figures: float) -> None:
        """Reports progress within this part, and checks for cancel."""
        self.check()
        if self._listener is None:
            return
        whole = self._low + (self._high - self._low) * min(max(fraction, 0.0), 1.0)
        now = self.now()
        if self._clock is not None:
            low, high, started, ends = self._clock
            share = (now - started) / max(ends - started, 1e-3)
            whole = low + (high - low) * min(max(share, 0.0), 0.99)
        left = (now - self._started) * (1 - whole) / whole if whole > 0.02 else None
        if self.ends is not None:
            rest = max(self.ends - now, 0.0)
            left = rest if left is None else min(left, rest)
        self._listener(Progress(whole, label or self._label, left, dict(figures)))

    def part(self, low: float, high: float, label: str = "") -> "Task":
        """A child whose 0 to 1 is ``low`` to ``high`` of this one."""
        child = Task(self._listener, self.cancelled)
        span = self._high - self._low
        child._low, child._high = self._low + span * low, self._low + span * high
        child._label = label or self._label
        child._started, child.ends = self._started, self.ends
        child._clock = self._clock
        return child

    def by_clock(self, started: float, ends: float) -> "Task":
        """A child whose progress is the time that is spent: for work with a time budget.

        Args:
            started: When the budget began, on the clock of ``now``.
            ends: When it is spent.
        """
        child = self.part(0.0, 1.0)
        child._clock = (child._low, child._high, started, ends)
        return child


def silent() -> Task:
    """A task that nobody watches."""
    return Task()
