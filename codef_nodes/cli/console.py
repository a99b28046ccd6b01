"""What a command says: human text on standard error, one JSON object on standard output."""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from codef_nodes.cli.progress import Meter, meter_for, put


def jsonable(value: object) -> Any:
    """Numbers, lists and dictionaries that ``json`` takes; not-a-number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return jsonable(value.item())
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    return str(value)


class Console:
    """Where a command's words go.

    Args:
        as_json: Whether the last line of standard output is one JSON object.
        quiet: No progress.
        started: Start of the command on ``time.monotonic``'s clock.
    """

    def __init__(self, *, as_json: bool, quiet: bool, started: float | None = None) -> None:
        self.as_json = as_json
        self.started = time.monotonic() if started is None else started
        self.warnings: list[str] = []
        self.meter: Meter = meter_for(sys.stderr, quiet=quiet)

    def say(self, text: str) -> None:
        """A line for a person."""
        self.meter.clear()
        put(sys.stderr, text + "\n")

    def warn(self, text: str) -> None:
        """A warning, said once."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.say(f"warning: {text}")

    def ask(self, question: str) -> bool:
        """Asks a person at a terminal; where nobody can answer, the answer is no."""
        if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        self.meter.clear()
        put(sys.stderr, f"{question} [y/N] ")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def table(self, text: str) -> None:
        """The answer of a command that only tells something: standard output unless JSON."""
        self.meter.clear()
        if self.as_json:
            put(sys.stderr, text + "\n")
        else:
            _write(sys.stdout, text)

    def result(self, answer: Mapping[str, Any]) -> None:
        """The last line with ``--json``."""
        self.meter.finish()
        if self.as_json:
            whole = dict(answer)
            if self.warnings:
                whole["warnings"] = self.warnings
            emit(whole)

    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self.started


def emit(answer: Mapping[str, Any]) -> None:
    """One JSON object on one line of standard output, ASCII so that every terminal takes it."""
    print(json.dumps(jsonable(answer)), flush=True)


def _write(stream: TextIO, text: str) -> None:
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:  # a terminal that is not UTF-8 and a path with other letters
        encoding = stream.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
