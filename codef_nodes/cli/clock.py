"""When this process began, so that ``--seconds`` counts what the person waits for."""

import os
import time


def process_started(fallback: float) -> float:
    """The start of this process on the clock of ``time.monotonic``.

    Linux tells it in ``/proc``; elsewhere the caller's own first moment has to do, which leaves
    out the start of Python itself (some hundredths of a second).

    Args:
        fallback: A ``time.monotonic`` value taken as early as possible.
    """
    try:
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as stream:
            # The second field is the program's name in brackets and may hold spaces.
            after_name = stream.read().rpartition(")")[2].split()
        ticks = int(after_name[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return fallback
    started = time.monotonic() - age
    # A container with its own clock can make nonsense of the difference.
    return started if 0 <= fallback - started < 60 else fallback
