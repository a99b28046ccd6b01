"""The runner of all checks: side by side, after the set-up, what failed last."""

import sys
from pathlib import Path

import pytest

from codef_nodes import checks
from codef_nodes.checks import Check

ROOT = Path(__file__).resolve().parents[3]


def saying(name: str, code: str, after_set_up: bool = False) -> Check:
    """A check that is a line of Python."""
    return Check(name, [sys.executable, "-S", "-c", code], after_set_up)


def test_checks_run_at_the_same_time(tmp_path: Path) -> None:
    # Each waits for the other, so one after the other they would never end.
    meet = (
        "import pathlib, sys, time; here = pathlib.Path({0!r}); mine, other = {1!r}, {2!r}\n"
        "(here / mine).touch()\nwhile not (here / other).exists(): time.sleep(0.01)"
    )
    pair = [
        saying(a, meet.format(str(tmp_path), a, b)) for a, b in (("one", "two"), ("two", "one"))
    ]
    assert checks.side_by_side(pair, 2) == 0


def test_what_needs_the_set_up_waits_for_it(tmp_path: Path) -> None:
    done = tmp_path / "done"
    work = f"import pathlib, time; time.sleep(0.2); pathlib.Path({str(done)!r}).touch()"
    look = f"import pathlib, sys; sys.exit(not pathlib.Path({str(done)!r}).exists())"
    both = [saying(checks.SET_UP, work), saying("tests", look, after_set_up=True)]
    assert checks.side_by_side(both, 4) == 0


def test_what_failed_is_shown_last_with_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    found = checks.side_by_side(
        [
            saying("bad", "import sys; print('the reason'); sys.exit(3)"),
            saying("good", "import time; time.sleep(0.2); print('all well')"),
        ],
        2,
    )
    said = capsys.readouterr().out
    assert found == 3
    assert said.index("all well") < said.index("the reason") < said.index("run it alone: python -S")


def test_every_test_is_in_exactly_one_part() -> None:
    *parts, others = checks.tests()
    folders = [ROOT / part for part in checks.PARTS]
    assert [check.command[-1] for check in parts] == list(checks.PARTS)
    assert all(folder.is_dir() for folder in folders)
    assert not any(a != b and a.is_relative_to(b) for a in folders for b in folders)
    assert others.command[3:] == [f"--ignore={part}" for part in checks.PARTS]
