"""All checks of the repository: ``python -m codef_nodes.checks``.

Lint and format come first, for they take a second. Everything else goes side by side: types, import
contracts and the tests in parts, short ones last, so that no core waits for another. What failed is
shown at the end, so that what is wrong stands last on the screen.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from codef_nodes import bootstrap

ROOT = Path(__file__).resolve().parent.parent

#: Tests that run no kernel: they begin while the set-up still compiles.
EARLY = ("tests/gui/graph", "tests/gui/properties", "tests/codef_nodes/graph")
#: Parts of the tests, so that short ones come last; all other tests are one more part.
PARTS = (
    "tests/gui",
    "tests/codef_nodes",
    "tests/engine/fit",
    "tests/engine",
    "tests/benchmarks",
)
SET_UP = "set-up"


@dataclass(frozen=True)
class Check:
    """A command that says by its exit code whether all is well.

    Attributes:
        name: What the screen calls it.
        command: Argument list.
        after_set_up: It waits for the compiled kernels and the packages of the tests.
    """

    name: str
    command: list[str]
    after_set_up: bool = False

    @property
    def alone(self) -> str:
        """What a person types to run it alone."""
        return "lint-imports" if self.name == "imports" else " ".join(["python", *self.command[1:]])


def quick() -> list[Check]:
    """Those that take a second."""
    ruff = [sys.executable, "-m", "ruff"]
    return [
        Check("lint", [*ruff, "check", "--quiet", "."]),
        Check("format", [*ruff, "format", "--quiet", "--check", "."]),
    ]


def house_rules() -> list[Check]:
    """Types and import contracts."""
    # import-linter has no module to run, only a function behind its console script.
    contracts = "from importlinter.cli import lint_imports_command as run; run()"
    return [
        Check("types", [sys.executable, "-m", "mypy"]),
        Check("imports", [sys.executable, "-c", contracts]),
    ]


def tests() -> list[Check]:
    """All tests, in parts: each leaves out what is another part."""
    python, named = [sys.executable, "-m", "pytest"], (*EARLY, *PARTS)

    def part(folder: str) -> Check:
        inside = [f"--ignore={each}" for each in named if each.startswith(f"{folder}/")]
        return Check(f"tests: {folder[6:]}", [*python, folder, *inside], after_set_up=True)

    early = Check("tests: graph", [*python, *EARLY])
    others = [*python, *(f"--ignore={each}" for each in named)]
    return [early, *map(part, PARTS), Check("tests: others", others, after_set_up=True)]


def set_up() -> list[Check]:
    """What is left of the set-up: kernels to compile, packages that only tests need."""
    house = bootstrap.House(ROOT)
    if not house.packages_ready() or (house.kernels_ready() and house.tests_ready()):
        return []
    command = [sys.executable, "-m", "codef_nodes.bootstrap", "--no-system", "--tests"]
    return [Check(SET_UP, command)]


def run(check: Check) -> int:
    """Runs one check with its output on ours, and returns its exit code."""
    print(f"== {check.name}", flush=True)
    code = subprocess.run(check.command, cwd=ROOT).returncode
    if code != 0:
        print(f"== {check.name} failed (exit code {code}); run it alone: {check.alone}", flush=True)
    return code


class Running:
    """A check under way, its output kept."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self._began = time.monotonic()
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by ``told``
        self.process = subprocess.Popen(
            check.command, cwd=ROOT, stdout=self._said, stderr=subprocess.STDOUT
        )
        print(f"== {check.name} begins", flush=True)

    def told(self) -> str:
        """All that it said, when it has ended."""
        with self._said:
            self._said.seek(0)
            said = self._said.read().decode("utf-8", "replace")
        return f"== {self.check.name}, {time.monotonic() - self._began:.0f} s\n{said.rstrip()}"


def side_by_side(checks: Sequence[Check], slots: int) -> int:
    """Runs checks, ``slots`` of them at a time, in their order.

    Returns:
        0, or the exit code of the first that failed.
    """
    waiting, running, failed = list(checks), list[Running](), list[tuple[Running, str]]()
    try:
        while waiting or running:
            for one in [one for one in running if one.process.poll() is not None]:
                running.remove(one)
                if one.process.returncode == 0:
                    print(one.told(), flush=True)
                else:
                    print(f"== {one.check.name} failed; shown at the end", flush=True)
                    failed.append((one, one.told()))
            held = any(each.name == SET_UP for each in [*waiting, *(one.check for one in running)])
            ready = [each for each in waiting if not (held and each.after_set_up)]
            for each in ready[: slots - len(running)]:
                waiting.remove(each)
                running.append(Running(each))
            time.sleep(0.05)
    finally:
        for one in running:
            one.process.kill()
            one.process.wait()
    for one, told in failed:
        code = one.process.returncode
        print(f"{told}\n== failed (exit code {code}); run it alone: {one.check.alone}", flush=True)
    return failed[0][0].process.returncode if failed else 0


def run_on_card() -> int:
    """Runs the comparisons of the kernels on a graphics card, larger than with the interpreter."""
    environment = {**os.environ, "CODEF_TEST_GPU": "1"}
    command = [sys.executable, "-m", "pytest", "tests/engine/kernels/gpu"]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the checks; returns 0 or the exit code of the first that failed."""
    parser = argparse.ArgumentParser(prog="python -m codef_nodes.checks", description=__doc__)
    parser.add_argument("--no-tests", action="store_true", help="leave the tests out")
    parser.add_argument("--fix", action="store_true", help="put the code into the house's format")
    parser.add_argument("--gpu", action="store_true", help="compare the kernels on a card instead")
    options = parser.parse_args(argv)
    if options.gpu:
        return run_on_card()
    first = quick()
    if options.fix:
        ruff = [sys.executable, "-m", "ruff"]
        first = [
            Check("lint", [*ruff, "check", "--fix", "."]),
            Check("format", [*ruff, "format", "."]),
        ]
    for check in first:
        code = run(check)
        if code != 0:
            return code
    if options.fix:
        return 0
    checks = house_rules() if options.no_tests else [*set_up(), *house_rules(), *tests()]
    # Tests of the window and of fits keep more than one core busy each.
    return side_by_side(checks, min(4, max(2, (os.cpu_count() or 2) // 2)))


if __name__ == "__main__":
    sys.exit(main())
