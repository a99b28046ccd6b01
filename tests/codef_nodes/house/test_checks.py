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


def taken(check: Check) -> set[Path]:
    """The modules of tests that a part asks for."""
    words = [word for word in check.command[3:] if not word.startswith("--ignore=")]
    assert all((ROOT / word).is_dir() for word in words)
    found = {path for word in words or ["tests"] for path in (ROOT / word).rglob("test_*.py")}
    for word in set(check.command[3:]) - set(words):
        found -= set((ROOT / word.partition("=")[2]).rglob("test_*.py"))
    return found


def test_every_test_is_in_exactly_one_part() -> None:
    parts = [taken(check) for check in checks.tests()]
    assert all(parts)
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert set().union(*parts) == set((ROOT / "tests").rglob("test_*.py"))


def test_only_what_runs_no_kernel_goes_before_the_set_up_has_ended() -> None:
    early, *others = checks.tests()
    assert not early.after_set_up and all(each.after_set_up for each in others)
