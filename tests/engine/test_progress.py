"""Reports of long work."""

import time

import pytest

from engine.errors import Cancelled
from engine.progress import Progress, Task


def test_no_more_time_is_left_than_the_budget_has() -> None:
    heard: list[Progress] = []
    task = Task(heard.append)
    task._started -= 100.0  # a hundred seconds for a tenth of the work
    task.report(0.1)
    assert heard[-1].seconds_left == pytest.approx(900, rel=0.05)
    task.ends = time.monotonic() + 20
    task.part(0, 0.5).report(0.2)
    assert heard[-1].fraction == pytest.approx(0.1)
    left = heard[-1].seconds_left
    assert left is not None and 15 < left <= 20
    task.ends = time.monotonic() - 5
    task.report(0.01)
    assert heard[-1].seconds_left == 0


def test_a_cancelled_task_stops_at_its_next_report() -> None:
    task = Task()
    child = task.part(0.5, 1)
    task.cancelled.set()
    with pytest.raises(Cancelled):
        child.report(0.1)


def test_parts_map_their_own_fraction_into_the_whole():
    seen = []
    whole = Task(lambda p: seen.append((round(p.fraction, 3), p.label)))
    part = whole.part(0.2, 0.6, "flow")
    part.report(0.5)
    part.part(0.5, 1.0, "fit").report(1.0)
    assert seen == [(0.4, "flow"), (0.6, "fit")]


def test_timed_work_reports_the_time_that_is_spent():
    seen = []
    whole = Task(lambda p: seen.append(p.fraction))
    now = time.monotonic()
    timed = whole.part(0.0, 0.5).by_clock(now - 30, now + 30)
    timed.report(0.01)
    timed.part(0.9, 1.0).report(1.0)
    assert seen[0] == pytest.approx(0.25, abs=0.01)
    assert seen[1] == pytest.approx(0.25, abs=0.01)
    whole.report(0.7)
    assert seen[2] == pytest.approx(0.7)
