"""Starts a worker process and ends it for certain.

The token goes to the child through its standard input, which stays open: when it closes, by
whatever death of this process, the child ends. The child says on its standard output where it
listens.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codef_nodes.worker.runfolder import remove
from engine.errors import DeviceError

START_SECONDS = 60.0
_END_SECONDS = 3.0


@dataclass
class Spawned:
    """A worker process that was started.

    Attributes:
        process: The process.
        address: Where it listens.
        run_dir: Its folder.
        token: What a client has to say first.
    """

    process: subprocess.Popen[bytes]
    address: str
    run_dir: Path
    token: str

    def end(self, seconds: float = _END_SECONDS) -> None:
        """Ends the process, kindly first, and removes its folder."""
        _end(self.process, seconds)
        remove(self.run_dir)


def command(role: str, extra: Sequence[str] = ()) -> list[str]:
    """The argument list of a worker of this very program."""
    return [sys.executable, "-m", "codef_nodes", "worker", "--role", role, *extra]


def spawn(
    role: str, *, cache_dir: str | Path | None = None, environment: dict[str, str] | None = None
) -> Spawned:
    """Starts a worker and waits until it listens.

    Args:
        role: ``view``, ``jobs`` or ``all``.
        cache_dir: Folder of the cache; default: the standard one.
        environment: Added to this process's own.

    Raises:
        DeviceError: It did not start.
    """
    extra = [] if cache_dir is None else ["--cache", str(cache_dir)]
    try:
        process = subprocess.Popen(
            command(role, extra),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_importable(), **(environment or {})},
            **_apart(role),
        )
    except OSError as error:
        raise DeviceError(f"cannot start the worker process ({error.strerror or error})") from error
    token = secrets.token_hex(16)
    # A child that hangs before it listens must not hang us: its end ends the reading below.
    watch = threading.Timer(START_SECONDS, process.kill)
    watch.daemon = True
    watch.start()
    try:
        announced = _exchange(process, token)
    finally:
        watch.cancel()
    if announced is None:
        _end(process, 0.0)
        raise DeviceError(
            "the worker process ended before it was ready; its last words are in the terminal, or "
            f"start it by hand to see them: {' '.join(command(role, extra))}"
        )
    return Spawned(process, str(announced["address"]), Path(str(announced["run_dir"])), token)


def _exchange(process: subprocess.Popen[bytes], token: str) -> dict[str, Any] | None:
    """Hands over the token and reads where the worker listens; None where it failed."""
    if process.stdin is None or process.stdout is None:
        return None
    try:
        process.stdin.write(token.encode() + b"\n")
        process.stdin.flush()
        announced = json.loads(process.stdout.readline())
    except (OSError, ValueError):
        return None
    if not isinstance(announced, dict) or not {"address", "run_dir"} <= announced.keys():
        return None
    return announced


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _apart(role: str) -> dict[str, Any]:
    """Ctrl-C in the terminal is for the window: the worker ends when the window does."""
    if os.name != "nt":
        return {"start_new_session": True}
    flags = ["CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW"]
    if role == "jobs":
        flags.append("BELOW_NORMAL_PRIORITY_CLASS")
    return {"creationflags": sum(getattr(subprocess, name, 0) for name in flags)}


def _importable() -> dict[str, str]:
    """Lets the child find this very program, also where it is not installed."""
    root = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH", "")
    if root in known.split(os.pathsep):
        return {}
    return {"PYTHONPATH": os.pathsep.join([root, known]) if known else root}
