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


class Task:
    """A piece of work that reports and can be cancelled.

    Args:
        listener: Called with each report, in the thread that works.
        cancelled: Set by anyone, any thread, to stop the work.

    Attributes:
        ends: When the work ends at the latest (``time.monotonic``), where a budget says so: no
            more time left is ever told.
    """

    def __init__(
        self,
        listener: Callable[[Progress], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self._listener = listener
        self.cancelled = cancelled or threading.Event()
        self._low, self._high, self._label = 0.0, 1.0, ""
        self._started = time.monotonic()
        self.ends: float | None = None
        #: Whole fractions at the start and end of timed work, and its times.
        self._clock: tuple[float, float, float, float] | None = None

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
        now = time.monotonic()
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
            started: When the budget began, ``time.monotonic``.
            ends: When it is spent.
        """
        child = self.part(0.0, 1.0)
        child._clock = (child._low, child._high, started, ends)
        return child


def silent() -> Task:
    """A task that nobody watches."""
    return Task()
