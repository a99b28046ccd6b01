"""``codef`` as an artist's shell runs it: a process of its own, timed and weighed."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ended:
    """A command that went well.

    Attributes:
        answer: Its JSON.
        seconds: From start to exit, by the clock.
        cpu_seconds: Of all its threads; None where the system does not tell.
        peak_gib: Most memory that it held at once; None where the system does not tell.
    """

    answer: dict[str, Any]
    seconds: float
    cpu_seconds: float | None
    peak_gib: float | None


def run(*words: str | Path) -> Ended:
    """Runs ``codef WORDS --json`` to its end.

    Raises:
        SystemExit: It failed; says with which words.
    """
    command = [sys.executable, "-m", "codef_nodes", *map(str, words), "--json"]
    began = time.monotonic()
    # A file, not a pipe: nothing has to read while it is waited for.
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL)
        code, cpu, peak = _wait(process)
        seconds = time.monotonic() - began
        out.seek(0)
        told = out.read().decode("utf-8", "replace").strip().splitlines()
    try:
        answer = json.loads(told[-1])
    except (IndexError, ValueError):
        raise SystemExit(f"codef {words[0]} ended with {code} and said nothing") from None
    if code != 0:
        raise SystemExit(f"codef {words[0]}: {answer['error']['message']}")
    return Ended(answer, seconds, cpu, peak)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, float | None, float | None]:
    """Exit code, CPU seconds, peak GiB."""
    if not hasattr(os, "wait4"):  # Windows
        return process.wait(), None, None
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, else in KiB
    return process.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 2**30
