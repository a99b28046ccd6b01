"""Ctrl-C and SIGTERM answer within two seconds, whatever the work is doing.

The work runs in a second thread. The first waits for it and for signals, so that a signal is heard
even while a long call outside Python keeps the working thread busy.
"""

import os
import signal
import sys
import threading
import types
from collections.abc import Callable
from typing import Generic, TypeVar

from engine.errors import Cancelled

T = TypeVar("T")
GRACE = 1.8
"""Seconds that cancelled work has to tidy up before the process ends all the same."""


class _Outcome(Generic[T]):
    def __init__(self) -> None:
        self.value: list[T] = []
        self.error: BaseException | None = None
        self.done = threading.Event()


def _signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def cancellable(
    work: Callable[[], T], cancelled: threading.Event, on_overdue: Callable[[], None]
) -> T:
    """Runs ``work`` and returns its result; signals set ``cancelled``.

    A second signal, or work that does not stop within ``GRACE`` seconds, ends the process at once
    with exit code 5.

    Args:
        work: What to do; it must look at ``cancelled`` and raise ``Cancelled``.
        cancelled: Set when a signal arrives.
        on_overdue: Last words before the process is ended the hard way.

    Raises:
        Cancelled: A signal arrived and the work stopped.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    outcome: _Outcome[T] = _Outcome()

    def body() -> None:
        try:
            outcome.value.append(work())
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread as it is
            outcome.error = error
        finally:
            outcome.done.set()

    def end_now() -> None:
        on_overdue()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(Cancelled.code)

    def heard(_number: int, _frame: types.FrameType | None) -> None:
        if cancelled.is_set():
            end_now()
        cancelled.set()

    before = {number: signal.signal(number, heard) for number in _signals()}
    try:
        thread = threading.Thread(target=body, name="codef-work", daemon=True)
        thread.start()
        while not outcome.done.wait(0.1):
            if cancelled.is_set():
                if not outcome.done.wait(GRACE):
                    end_now()
                break
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value[0]
