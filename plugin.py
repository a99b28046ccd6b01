"""Codef Nodes inside a host: the one file that Nuke and Blender load.

A thin client of the standard library only, in the syntax of Python 3.7: no numpy, no torch, no
window of ours. It finds the separately installed program, starts its worker, talks to it over a
socket that only this user can open (see docs/protocol.md) and hands over files. Importing it
starts nothing.

    worker = Worker()
    shot = Shot(worker, "/shots/sh010/codef/sh010.codef")
    shot.create("/shots/sh010/plate/sh010.%04d.exr", frames="1001-1100").wait(60)
    shot.fit().wait()
    manifest = shot.deliver(["canonical", "stmap", "light", "matte"]).wait()
    worker.close()

Callbacks run only in ``Worker.poll`` and ``Request.wait``, in the thread that calls them: a host
calls ``poll`` in its main thread, whenever ``wake`` says so or from a timer.
"""

from __future__ import annotations

import collections
import itertools
import os
import queue
import threading
import time

# What takes time to import (json, socket, subprocess, typing) is imported where it is used: a host
# loads this file at its start, and most sessions never need more of it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from typing import Any, Callable, Dict, Iterable

    Message = Dict[str, Any]
    Heard = Callable[[str, Message], None]

VERSION = 1
"""Of the protocol; a worker of another version is refused."""
LARGEST = 16 << 20
"""Bytes of one message at most."""
START_SECONDS = 60.0

_FOREIGN = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
    "QT_PLUGIN_PATH",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
)
"""What a host sets for its own Python and Qt, and would break ours."""


class CodefError(Exception):
    """What the program answered instead of a result, as one sentence for a person.

    ``code`` is the exit code that the command line has for the same failure; 5 is cancelled.
    """

    def __init__(
        self,
        message: str,
        code: int = 1,
        file: str | None = None,
        frame: int | None = None,
        node: str | None = None,
    ) -> None:
        Exception.__init__(self, message)
        self.message, self.code = message, code
        self.file, self.frame, self.node = file, frame, node

    @property
    def cancelled(self) -> bool:
        """Whether nothing is wrong: a person stopped the work."""
        return self.code == 5


# The program.


def config_file() -> str:
    """Where ``codef install-plugin`` writes down which program this client belongs to."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "codef.json")


def find_program(config: str | None = None) -> dict[str, Any]:
    """The separately installed program: ``{"command": [...], "environment": {...}}``.

    Looked for in the environment variable CODEF_PROGRAM (the path of ``codef``), in the file that
    ``codef install-plugin`` wrote beside this one, and on PATH.

    Raises:
        CodefError: It is nowhere, or not where it is said to be.
    """
    from shutil import which

    told = os.environ.get("CODEF_PROGRAM")
    if told:
        if which(told) is None:
            raise CodefError(
                f"CODEF_PROGRAM names {told}, which is no program; set it to the path of codef",
                3,
            )
        return {"command": [told], "environment": {}}
    file = config or config_file()
    if os.path.exists(file):
        command, environment = _from_config(file)
        if which(command[0]) is None:
            raise CodefError(
                f"Codef Nodes is no longer at {command[0]}; run 'codef install-plugin' again",
                3,
                file=file,
            )
        return {"command": command, "environment": environment}
    found = which("codef")
    if found is None:
        raise CodefError(
            "Codef Nodes was not found; install it, then run 'codef install-plugin', or set "
            "CODEF_PROGRAM to the full path of codef",
            3,
        )
    return {"command": [found], "environment": {}}


def _from_config(file: str) -> Any:
    import json

    try:
        with open(file, "rb") as stream:
            content = json.loads(stream.read().decode("utf-8"))
        command, environment = content["command"], content.get("environment", {})
        texts = [*command, *environment, *environment.values()]
        if not isinstance(command, list) or not command:
            raise ValueError("no command")
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("no texts")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CodefError(
            f"{file} cannot be used ({error}); run 'codef install-plugin' again",
            3,
            file=file,
        ) from None
    return list(command), dict(environment)


def program_environment(extra: dict[str, str]) -> dict[str, str]:
    """This process's environment without what belongs to the host's own Python and Qt."""
    kept = {name: text for name, text in os.environ.items() if name not in _FOREIGN}
    kept.update(extra)
    return kept


def open_window(path: str, config: str | None = None) -> None:
    """Opens a document in the program's own window, which lives on without the host.

    Raises:
        CodefError: The program is not there.
    """
    import subprocess

    found = find_program(config)
    try:
        subprocess.Popen(
            [*found["command"], "gui", path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=program_environment(found["environment"]),
            **_apart(),
        )
    except OSError as error:
        raise CodefError(f"cannot start Codef Nodes ({error})", 3) from error


def _apart() -> dict[str, Any]:
    if os.name != "nt":
        return {"start_new_session": True}
    import subprocess

    names = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW", "BELOW_NORMAL_PRIORITY_CLASS")
    return {"creationflags": sum(getattr(subprocess, name, 0) for name in names)}


# The line: bytes of one message each.


class _SocketLine:
    def __init__(self, address: str) -> None:
        import socket

        family = getattr(socket, "AF_UNIX", None)
        if family is None:
            raise OSError("this Python knows no local sockets")
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise

    def send(self, body: bytes) -> None:
        self._socket.sendall(len(body).to_bytes(4, "big") + body)

    def receive(self) -> bytes | None:
        head = self._exactly(4)
        if head is None:
            return None
        length = int.from_bytes(head, "big")
        if length > LARGEST:
            raise CodefError(f"the worker announced a message of {length} bytes")
        return self._exactly(length)

    def close(self) -> None:
        import socket

        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _exactly(self, count: int) -> bytes | None:
        content = bytearray()
        while len(content) < count:
            try:
                piece = self._socket.recv(min(count - len(content), 1 << 20))
            except OSError:
                return None
            if not piece:
                return None
            content += piece
        return bytes(content)


class _PipeLine:
    """A named pipe of Windows, by its calls for bytes only: the others would send pickles."""

    def __init__(self, address: str) -> None:
        from multiprocessing import connection

        self._connection = connection.Client(address, "AF_PIPE")

    def send(self, body: bytes) -> None:
        self._connection.send_bytes(body)

    def receive(self) -> bytes | None:
        try:
            return self._connection.recv_bytes(LARGEST)
        except (OSError, EOFError):
            return None

    def close(self) -> None:
        try:
            self._connection.close()
        except OSError:
            pass


def _line(address: str) -> Any:
    return _PipeLine(address) if os.name == "nt" else _SocketLine(address)


# The worker.


class Request:
    """A request under way; its callbacks run in ``Worker.poll`` or ``wait``."""

    def __init__(
        self,
        worker: Worker,
        number: int,
        verb: str,
        on_done: Callable[[Message], None] | None,
        on_error: Callable[[CodefError], None] | None,
        on_event: Heard | None,
    ) -> None:
        self.id, self.verb, self.start = number, verb, worker.starts
        self.over = False
        self.answer: Message = {}
        self.error: CodefError | None = None
        self._worker = worker
        self._on_done, self._on_error, self._on_event = on_done, on_error, on_event

    def cancel(self) -> None:
        """Stops the work; the answer is then an error whose ``cancelled`` is true."""
        self._control("cancel")

    def stop(self) -> None:
        """Lets a fit end early and keep what it has."""
        self._control("stop")

    def wait(self, seconds: float | None = None) -> Message:
        """Runs callbacks until the answer is there; for scripts, not for a host's main thread.

        Raises:
            CodefError: The program's error, or no answer in time.
        """
        until = None if seconds is None else time.monotonic() + seconds
        while not self.over:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise CodefError(f"the worker did not answer {self.verb!r} in {seconds:g} s")
            self._worker.poll(0.25 if left is None else min(left, 0.25))
        if self.error is not None:
            raise self.error
        return self.answer

    def _control(self, verb: str) -> None:
        if not self.over:
            self._worker.tell(verb, {"id": self.id})

    def _settle(self, answer: Message, error: CodefError | None) -> None:
        if self.over:
            return
        self.over, self.answer, self.error = True, answer, error
        if error is not None and self._on_error is not None:
            self._on_error(error)
        if error is None and self._on_done is not None:
            self._on_done(answer)

    def _hear(self, name: str, data: Message) -> None:
        if self._on_event is not None:
            self._on_event(name, data)


class Worker:
    """The program's worker process and the line to it; started by the first request.

    A worker that died fails what was asked of it, and the next request starts another one:
    ``starts`` counts them. ``wake`` is called from a thread of ours when there is something to
    poll for. ``on_event`` hears the events that belong to no request.
    """

    def __init__(
        self,
        config: str | None = None,
        cache: str | None = None,
        wake: Callable[[], None] | None = None,
        on_event: Heard | None = None,
    ) -> None:
        self.starts = 0
        self.pid: int | None = None
        self.version = ""
        self.document = ""
        self.on_event = on_event
        self._config, self._cache, self._wake = config, cache, wake
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Any = None
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._requests: dict[int, Request] = {}
        self._heard: queue.Queue[Any] = queue.Queue()
        self._words: collections.deque[str] = collections.deque(maxlen=40)

    @property
    def alive(self) -> bool:
        """Whether there is a worker that can answer."""
        return self._line is not None

    @property
    def busy(self) -> int:
        """How many requests wait for an answer."""
        return len(self._requests)

    def request(
        self,
        verb: str,
        args: Message | None = None,
        on_done: Callable[[Message], None] | None = None,
        on_error: Callable[[CodefError], None] | None = None,
        on_event: Heard | None = None,
    ) -> Request:
        """Asks the worker for something; starts one if need be.

        Raises:
            CodefError: The program is not there, does not start, or the request is too long.
        """
        with self._lock:
            self.start()
            request = Request(self, next(self._numbers), verb, on_done, on_error, on_event)
            body = _encode({"id": request.id, "verb": verb, "args": args or {}})
            self._requests[request.id] = request
            try:
                self._line.send(body)
            except OSError:
                self._heard.put((self.starts, None))
        return request

    def tell(self, verb: str, args: Message) -> None:
        """Sends a request whose answer nobody waits for; without a worker it is dropped."""
        with self._lock:
            if self._line is not None:
                self.request(verb, args)

    def start(self) -> None:
        """Starts a worker and shakes hands with it, unless there is one.

        Raises:
            CodefError: The program is not there, does not start, or is of another version.
        """
        import subprocess

        with self._lock:
            if self._line is not None and self._process is not None:
                if self._process.poll() is None:
                    return
                self._end()
            found = find_program(self._config)
            command = [*found["command"], "worker", "--role", "all"]
            if self._cache:
                command += ["--cache", self._cache]
            token = os.urandom(16).hex()
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=program_environment(found["environment"]),
                    **_apart(),
                )
            except OSError as error:
                raise CodefError(f"cannot start {command[0]} ({error})", 3) from error
            self.starts += 1
            threading.Thread(
                target=self._listen_to_words, args=(self._process,), daemon=True
            ).start()
            # A child that hangs must not hang the host: its end ends the reading.
            watch = threading.Timer(START_SECONDS, self._process.kill)
            watch.daemon = True
            watch.start()
            try:
                self._shake_hands(self._process, token)
            except (OSError, ValueError, KeyError, TypeError) as error:
                self._end()
                words = " ".join(list(self._words)[-3:]) or str(error)
                raise CodefError(f"the worker of Codef Nodes did not start: {words}") from None
            except CodefError:
                self._end()
                raise
            finally:
                watch.cancel()
            threading.Thread(target=self._read, args=(self._line, self.starts), daemon=True).start()

    def poll(self, seconds: float = 0.0) -> int:
        """Runs the callbacks of all that was heard, in this thread; returns how many messages.

        Waits up to ``seconds`` for the first one.
        """
        count = 0
        while True:
            try:
                start, message = self._heard.get(seconds > 0 and not count, seconds or None)
            except queue.Empty:
                return count
            count += 1
            if message is None:
                self._lost(start)
            else:
                self._hear(message)

    def close(self, seconds: float = 5.0) -> None:
        """Ends the worker and waits until its process is gone; what was asked of it fails."""
        with self._lock:
            self._end(seconds)
            left, self._requests = list(self._requests.values()), {}
        for request in left:
            request._settle({}, CodefError("the worker was closed", 5))

    # Inside.

    def _shake_hands(self, process: subprocess.Popen[bytes], token: str) -> None:
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        process.stdin.write(token.encode("ascii") + b"\n")
        process.stdin.flush()
        announced = _decode(process.stdout.readline())
        line = _line(announced["address"])
        self._line = line
        line.send(_encode({"hello": VERSION, "token": token}))
        body = line.receive()
        if body is None:
            raise CodefError(
                "the worker refused this plugin; install plugin and program of the same version: "
                "codef install-plugin"
            )
        answer = _decode(body)
        if answer.get("hello") != VERSION:
            raise CodefError("the worker speaks another version; run 'codef install-plugin' again")
        self.pid, self.version = int(answer["pid"]), str(answer["version"])

    def _read(self, line: Any, start: int) -> None:
        while True:
            try:
                body = line.receive()
                message = None if body is None else _decode(body)
            except (CodefError, ValueError):
                message = None
            self._heard.put((start, message))
            if self._wake is not None:
                self._wake()
            if message is None:
                return

    def _listen_to_words(self, process: subprocess.Popen[bytes]) -> None:
        """Keeps what the worker says last, and keeps its pipe from filling up."""
        if process.stderr is None:
            return
        for line in process.stderr:
            self._words.append(line.decode("utf-8", "replace").strip())
        process.stderr.close()

    def _hear(self, message: Message) -> None:
        number = message.get("id")
        if "event" in message:
            data = message.get("data") or {}
            request = self._requests.get(number) if isinstance(number, int) else None
            if request is not None:
                request._hear(str(message["event"]), data)
            elif self.on_event is not None:
                self.on_event(str(message["event"]), data)
            return
        request = self._requests.pop(number, None) if isinstance(number, int) else None
        if request is None:
            return
        error = message.get("error")
        if error is None:
            request._settle(message.get("ok") or {}, None)
        else:
            request._settle({}, _error(error))

    def _lost(self, start: int) -> None:
        """The worker of that start is gone: what was asked of it fails."""
        with self._lock:
            if start == self.starts:
                self._end()
            left = [each for each in self._requests.values() if each.start == start]
            for request in left:
                del self._requests[request.id]
        words = "; its last words: " + self._words[-1] if self._words else ""
        for request in left:
            request._settle(
                {},
                CodefError(f"the worker of Codef Nodes ended unexpectedly; try again{words}", 1),
            )

    def _end(self, seconds: float = 3.0) -> None:
        import subprocess

        line, process = self._line, self._process
        self._line, self._process, self.pid = None, None, None
        if line is not None:
            line.close()
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                pass
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _decode(body: bytes) -> Message:
    import json

    message = json.loads(body.decode("utf-8"))
    if not isinstance(message, dict):
        raise ValueError("this is no message")
    return message


def _encode(message: Message) -> bytes:
    import json

    # ASCII only: names of files may hold what is no valid UTF-8, and must come back the same.
    body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(body) > LARGEST:
        raise CodefError(f"a request of {len(body)} bytes is too long", 2)
    return body


def _error(content: Any) -> CodefError:
    content = content if isinstance(content, dict) else {}
    return CodefError(
        str(content.get("message") or "the worker failed without saying why"),
        int(content.get("code") or 1),
        content.get("file"),
        content.get("frame"),
        content.get("node"),
    )


# What both hosts do with it.


class Shot:
    """A document of the program, worked on from a host; opened again after a worker's death.

    The worker keeps the file: what it finds out is saved there, and the program's own window may
    have the same document open. Each call returns a ``Request``; its keywords ``on_done``,
    ``on_error`` and ``on_event`` are the callbacks.
    """

    def __init__(self, worker: Worker, path: str) -> None:
        self.worker, self.path = worker, os.path.abspath(path)
        self._opened = 0
        self._watching = False

    def create(self, source: str, **settings: Any) -> Request:
        """Writes a new document for a clip: ``frames`` ("1001-1100"), ``missing``, ``first``,
        ``colour_space``, ``raw``, ``masks`` (front to back), ``names``, ``fit`` (knobs), ``result``
        (file pattern), ``replace`` (overwrite a document of that name).
        """
        calls = {name: settings.pop(name, None) for name in ("on_done", "on_error", "on_event")}
        return self._open("host.create", dict(settings, path=self.path, source=source), calls)

    def open(self, **calls: Any) -> Request:
        """Opens the document as the file has it now; answers what is in it."""
        return self._open("host.open", {"path": self.path}, calls)

    def fit(self, node: str | None = None, resume: bool = True, **calls: Any) -> Request:
        """Fits; events ``progress``, ``draft`` and ``note``. The document's file notes the fit."""
        return self._ask("host.fit", {"node": node, "resume": resume}, calls)

    def deliver(
        self,
        wanted: Iterable[str],
        folder: str | None = None,
        frames: str | None = None,
        node: str | None = None,
        **calls: Any,
    ) -> Request:
        """Writes a fit as EXR files that any host can composite with, and ``manifest.json``.

        ``wanted``: of ``canonical``, ``stmap``, ``stmap-to-frame``, ``light``, ``visibility``,
        ``matte`` and ``edge``.
        """
        args = {"wanted": list(wanted), "folder": folder, "frames": frames, "node": node}
        return self._ask("host.deliver", args, calls)

    def edit(self, layer: Any, file: str | None, **calls: Any) -> Request:
        """Takes an edited canonical image of a layer (None: no longer), and saves that."""
        return self._ask("host.edit", {"layer": layer, "file": file}, calls)

    def render(self, frames: str | None = None, **calls: Any) -> Request:
        """Renders the result; what was never fitted is fitted first. Answers ``outputs``."""
        return self._ask("host.render", {"frames": frames}, calls)

    def watch(self, **calls: Any) -> Request:
        """From now on ``Worker.on_event`` hears ``saved`` and ``rendered`` of this document."""
        self._watching = True
        return self._ask("host.watch", {"on": True}, calls)

    def _open(self, verb: str, args: Message, calls: dict[str, Any]) -> Request:
        told = calls.pop("on_error", None)

        def failed(error: CodefError) -> None:
            self._opened = 0
            if told is not None:
                told(error)

        request = self.worker.request(verb, args, on_error=failed, **calls)
        self._opened, self.worker.document = self.worker.starts, self.path
        return request

    def _ask(self, verb: str, args: Message, calls: dict[str, Any]) -> Request:
        self.worker.start()
        # A worker has one document open; another shot of this host may have opened its own.
        if self._opened != self.worker.starts or self.worker.document != self.path:
            self.open()
            if self._watching and verb != "host.watch":
                self.worker.request("host.watch", {"on": True})
        return self.worker.request(verb, args, **calls)
