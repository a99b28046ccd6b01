"""All checks of the repository, one after the other: ``python -m codef_nodes.checks``.

Stops at the first that fails, so that what is wrong stands last on the screen.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def commands(tests: bool) -> list[tuple[str, list[str]]]:
    """Name and argument list of each check, in the order they run."""
    python = [sys.executable, "-m"]
    # import-linter has no module to run, only a function behind its console script.
    contracts = "from importlinter.cli import lint_imports_command as run; run()"
    listed: list[tuple[str, list[str]]] = [
        ("lint", [*python, "ruff", "check", "--quiet", "."]),
        ("format", [*python, "ruff", "format", "--quiet", "--check", "."]),
        ("types", [*python, "mypy"]),
        ("imports", [sys.executable, "-c", contracts]),
    ]
    if tests:
        listed.append(("tests", [*python, "pytest"]))
    return listed


def run(name: str, command: list[str]) -> int:
    """Runs one check with its output on ours, and returns its exit code."""
    print(f"== {name}", flush=True)
    code = subprocess.run(command, cwd=ROOT).returncode
    if code != 0:
        alone = "lint-imports" if name == "imports" else " ".join(["python", *command[1:]])
        print(f"== {name} failed (exit code {code}); run it alone: {alone}", flush=True)
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the checks; returns 0 or the exit code of the first that failed."""
    parser = argparse.ArgumentParser(prog="python -m codef_nodes.checks", description=__doc__)
    parser.add_argument("--no-tests", action="store_true", help="leave the tests out")
    parser.add_argument("--fix", action="store_true", help="put the code into the house's format")
    options = parser.parse_args(argv)
    listed = commands(tests=not options.no_tests)
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
