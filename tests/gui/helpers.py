"""Small helpers for tests of the window."""

import time
from collections.abc import Callable

import pytest
from PySide6.QtTest import QTest

PATIENCE = 6.0  # how much slower a machine may be that others keep busy


def wait_for(condition: Callable[[], object], seconds: float = 20.0, what: str = "") -> None:
    """Lets events run until a condition holds; fails when it does not in time.

    Args:
        condition: What is waited for.
        seconds: More than enough on an idle machine; a busy one gets ``PATIENCE`` times as long.
        what: For the message.
    """
    deadline = time.monotonic() + PATIENCE * seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s in vain {what}".rstrip())
        QTest.qWait(5)
