"""PySide6 6.12 loses a reference to None in every call and kills Python 3.10 and 3.11."""

import subprocess
import sys

import PySide6

PROGRAM = """
import sys
from PySide6.QtCore import QRectF
box = QRectF()
box.setWidth(1)
before = sys.getrefcount(None)
for _ in range(1000):
    box.setWidth(1)
print(before - sys.getrefcount(None))
"""


def test_qt_is_older_than_the_release_that_kills_python() -> None:
    major, minor = (int(part) for part in PySide6.__version__.split(".")[:2])
    assert (6, 8) <= (major, minor) < (6, 12)


def test_a_thousand_calls_leave_the_references_of_none_alone() -> None:
    # A process of its own: with the broken wheel it would take the whole test run down.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert abs(int(done.stdout)) < 100
