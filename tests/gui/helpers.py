"""Small helpers for tests of the window."""

import time
from collections.abc import Callable

import pytest
from PySide6.QtTest import QTest


def wait_for(condition: Callable[[], object], seconds: float = 10.0, what: str = "") -> None:
    """Lets events run until a condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s in vain {what}".rstrip())
        QTest.qWait(5)
