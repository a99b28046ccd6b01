"""The life of a worker process: token, folder, one client, and an end whatever happens."""

import contextlib
import hmac
import json
import logging
import os
import sys
import threading
import time
from pathlib import Path

from codef_nodes import __version__
from codef_nodes.worker.facing import FacePusher
from codef_nodes.worker.protocol import VERSION, ProtocolError, decode, encode
from codef_nodes.worker.runfolder import RunFolder
from codef_nodes.worker.server import Worker
from codef_nodes.worker.transport import Line, Listener, listen
from codef_nodes.worker.verbs import load_verbs
from engine.errors import UsageError
from engine.progress import Task

log = logging.getLogger(__name__)

HELLO_SECONDS = 5.0
_CLIENT_SECONDS = 60.0
_MOST_STRANGERS = 8
_BEHIND = 5
"""How far renders and fits stand back behind the brush (on Windows the parent sees to it)."""
_GRACE = 2.0
"""Seconds that cancelled work has to tidy up."""


class Door:
    """Lets in the one client that knows the token.

    Args:
        listener: Where clients come.
        token: What the right one says.
        role: For the answer.
    """

    def __init__(self, listener: Listener, token: str, role: str) -> None:
        self._listener, self._token, self._role = listener, token, role
        self._lock = threading.Lock()
        self._strangers = 0
        self.came = threading.Event()
        self.line: Line | None = None
        threading.Thread(target=self._accept, name="codef-door", daemon=True).start()

    def _accept(self) -> None:
        while (line := self._listener.accept()) is not None:
            with self._lock:
                crowded = self._strangers >= _MOST_STRANGERS
                self._strangers += not crowded
            if crowded or self.came.is_set():
                line.close()
                continue
            # A thread for each: who is slow must not keep the right one out.
            threading.Thread(
                target=self._greet, args=(line,), name="codef-greet", daemon=True
            ).start()

    def _greet(self, line: Line) -> None:
        welcome = False
        try:
            body = line.receive(time.monotonic() + HELLO_SECONDS)
            hello = {} if body is None else decode(body)
            token = hello.get("token")
            known = isinstance(token, str) and hmac.compare_digest(
                token.encode("utf-8", "surrogatepass"), self._token.encode()
            )
            with self._lock:
                welcome = known and hello.get("hello") == VERSION and self.line is None
                if welcome:
                    self.line = line
            if welcome:
                answer = {
                    "hello": VERSION,
                    "pid": os.getpid(),
                    "role": self._role,
                    "version": __version__,
                }
                line.send(encode(answer))
                self.came.set()
                self._listener.close()
        except (OSError, ProtocolError) as error:
            log.info("a connection was refused: %s", error)
            if welcome:
                self.came.set()  # it is gone already; the worker ends
        finally:
            with self._lock:
                self._strangers -= 1
            if not welcome:
                line.close()


def serve(role: str, cache_dir: str | Path | None, task: Task) -> None:
    """Runs a worker until its client is gone; the token comes on standard input.

    Args:
        role: ``view``, ``jobs`` or ``all``.
        cache_dir: Folder of the cache; default: the standard one.
        task: Ends the worker when it is cancelled.

    Raises:
        UsageError: There is no token.
    """
    token = sys.stdin.buffer.readline(256).strip().decode("ascii", "replace")
    if len(token) != 32:
        raise UsageError(
            "a worker is started by the window or by a host program, which gives it a token of 32 "
            "digits on its standard input; see docs/protocol.md"
        )
    if role == "jobs" and hasattr(os, "nice"):
        os.nice(_BEHIND)
    gone = threading.Event()
    threading.Thread(target=_watch_parent, args=(gone,), name="codef-parent", daemon=True).start()
    folder = RunFolder()
    try:
        listener = listen(folder.path)
        door = Door(listener, token, role)
        _announce({"worker": VERSION, "address": listener.address, "run_dir": str(folder.path)})
        worker = Worker(role, folder.path, load_verbs(role), cache_dir=cache_dir)
        if role != "jobs":
            FacePusher(worker)
        until = time.monotonic() + _CLIENT_SECONDS
        while not door.came.wait(0.1):
            if gone.is_set() or task.cancelled.is_set() or time.monotonic() > until:
                listener.close()
                return
        if door.line is None:
            return
        _serve_client(worker, door.line, gone, task)
        listener.close()
    finally:
        folder.close()


def _serve_client(worker: Worker, line: Line, gone: threading.Event, task: Task) -> None:
    def hear() -> None:
        try:
            worker.serve(line)
        finally:
            gone.set()

    threading.Thread(target=hear, name="codef-reader", daemon=True).start()
    while not gone.wait(0.2):
        if task.cancelled.is_set():
            line.close()
    worker.end()
    until = time.monotonic() + _GRACE
    # A fit writes down what it has; what only makes pictures has nothing to tidy up.
    while _jobs_left(worker) and time.monotonic() < until:
        time.sleep(0.02)


def _jobs_left(worker: Worker) -> bool:
    return any(work.verb.queue == "job" for work in worker.lanes.works())


def _announce(content: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()
    # Whatever a library prints from now on must not fill a pipe that nobody reads.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def _watch_parent(gone: threading.Event) -> None:
    """Notices the parent's death, also while no client is connected."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 256):
            pass
    gone.set()
