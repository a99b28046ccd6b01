"""All checks of the repository, one after the other: ``python -m codef_nodes.checks``.

Stops at the first that fails, so that what is wrong stands last on the screen. The tests run as two
halves side by side, those of the window and all others: most of them keep one core busy.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from codef_nodes import bootstrap

ROOT = Path(__file__).resolve().parent.parent


WINDOW = "tests/gui"


def commands() -> list[tuple[str, list[str]]]:
    """Name and argument list of each check before the tests, in the order they run."""
    python = [sys.executable, "-m"]
    # import-linter has no module to run, only a function behind its console script.
    contracts = "from importlinter.cli import lint_imports_command as run; run()"
    return [
        ("lint", [*python, "ruff", "check", "--quiet", "."]),
        ("format", [*python, "ruff", "format", "--quiet", "--check", "."]),
        ("types", [*python, "mypy"]),
        ("imports", [sys.executable, "-c", contracts]),
    ]


def run(name: str, command: list[str]) -> int:
    """Runs one check with its output on ours, and returns its exit code."""
    print(f"== {name}", flush=True)
    code = subprocess.run(command, cwd=ROOT).returncode
    if code != 0:
        alone = "lint-imports" if name == "imports" else " ".join(["python", *command[1:]])
        print(f"== {name} failed (exit code {code}); run it alone: {alone}", flush=True)
    return code


def run_tests() -> int:
    """Runs both halves of the tests; returns 0 or the exit code of one that failed.

    The tests of the window are shown when they have ended, after the others.
    """
    python = [sys.executable, "-m", "pytest"]
    rest = [*python, f"--ignore={WINDOW}"]
    window = [*python, "-p", "no:cacheprovider", WINDOW]
    print("== tests", flush=True)
    with tempfile.TemporaryFile() as said:
        beside = subprocess.Popen(window, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        try:
            code = subprocess.run(rest, cwd=ROOT).returncode
            print("== tests of the window", flush=True)
            beside.wait()
        finally:
            beside.kill()
            beside.wait()
        said.seek(0)
        print(said.read().decode("utf-8", "replace"), flush=True)
    for failed, command in ((code, rest), (beside.returncode, window)):
        if failed != 0:
            alone = " ".join(["python", *command[1:]])
            print(f"== tests failed (exit code {failed}); run them alone: {alone}", flush=True)
    return code or beside.returncode


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
    listed = commands()
    if options.fix:
        python = [sys.executable, "-m", "ruff"]
        listed = [
            ("lint", [*python, "check", "--fix", "."]),
            ("format", [*python, "format", "."]),
        ]
    for name, command in listed:
        code = run(name, command)
        if code != 0:
            return code
    if options.no_tests or options.fix:
        return 0
    bootstrap.install_test_packages(bootstrap.House(ROOT))
    return run_tests()


if __name__ == "__main__":
    sys.exit(main())
