"""A heart on the UI thread: how long did the window stand still?"""

import time
from pathlib import Path

from PySide6.QtCore import QTimer

_TASKS = Path("/proc/self/task")


def kept_waiting() -> dict[str, float]:
    """Seconds that each thread of this process could have run but got no processor; Linux only."""
    found = {}
    for task in _TASKS.iterdir() if _TASKS.is_dir() else ():
        try:
            found[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError):
            continue  # it has just ended, or this kernel does not tell
    return found


class Heart:
    """Beats until it is stopped.

    What keeps a thread from running because the machine works for others is no standstill of ours:
    it is taken off the gaps. A thread that is kept waiting may hold Python's lock, so that those of
    all threads count.

    Attributes:
        gaps: Seconds from beat to beat.
    """

    def __init__(self, interval_ms: int = 10) -> None:
        self.gaps: list[float] = []
        self._last, self._waits = time.monotonic(), kept_waiting()
        self._timer = QTimer(interval=interval_ms)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now, waits = time.monotonic(), kept_waiting()
        excused = sum(waits[each] - self._waits.get(each, 0.0) for each in waits)
        self.gaps.append(now - self._last - excused)
        self._last, self._waits = now, waits

    def stop(self) -> float:
        """Ends it; the longest gap."""
        self._timer.stop()
        self._beat()
        return max(self.gaps)
