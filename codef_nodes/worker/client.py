"""Talks to a worker: requests with callbacks, in threads of its own. Standard library only.

``Client(role)`` starts a worker process and can be given requests at once; they go out in order
as soon as the worker is there. Nothing here waits for the worker except ``Call.result``. All
callbacks run in the client's reading thread: they hand over and return.
"""

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from codef_nodes.worker.protocol import (
    VERSION,
    Message,
    ProtocolError,
    WorkerError,
    decode,
    encode,
    encode_gently,
    error_from_json,
    error_to_json,
)
from codef_nodes.worker.spawn import Spawned, spawn
from codef_nodes.worker.transport import Line, connect
from engine.errors import CodefError

log = logging.getLogger(__name__)

Done = Callable[[dict[str, Any]], None]
Failed = Callable[[WorkerError], None]
Event = Callable[[str, dict[str, Any]], None]
HELLO_SECONDS = 60.0
_DIED = "the worker process ended unexpectedly; it is started again and nothing of yours is lost"


class Call:
    """A request under way.

    Attributes:
        id: Its number.
        verb: What is asked.
    """

    def __init__(
        self,
        client: "Client",
        number: int,
        verb: str,
        done: Done | None,
        failed: Failed | None,
        event: Event | None,
    ) -> None:
        self.id, self.verb = number, verb
        self._client = client
        self._done, self._failed, self._event = done, failed, event
        self._over = threading.Event()
        self._answer: dict[str, Any] = {}
        self._error: WorkerError | None = None

    @property
    def over(self) -> bool:
        """Whether the answer is there."""
        return self._over.is_set()

    def cancel(self) -> None:
        """Stops the work; the answer is then an error with code 5."""
        self._control("cancel")

    def pause(self) -> None:
        """Holds the work back."""
        self._control("pause")

    def resume(self) -> None:
        """Lets the work go on."""
        self._control("resume")

    def stop(self) -> None:
        """Lets a fit end early and keeps what it has."""
        self._control("stop")

    def result(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits for the answer; for scripts and tests, never for a window.

        Raises:
            WorkerError: The worker's error.
            TimeoutError: No answer in time.
        """
        if not self._over.wait(timeout):
            raise TimeoutError(f"the worker did not answer {self.verb} within {timeout} s")
        if self._error is not None:
            raise self._error
        return self._answer

    def _control(self, verb: str) -> None:
        if not self.over:
            self._client.request(verb, {"id": self.id})

    def _settle(self, answer: dict[str, Any] | None, error: WorkerError | None) -> None:
        self._answer, self._error = answer or {}, error
        self._over.set()
        if error is not None:
            _tell(self._failed, error)
        else:
            _tell(self._done, self._answer)


class Client:
    """A worker process and the line to it.

    Args:
        role: ``view``, ``jobs`` or ``all``.
        on_event: Hears every event: name, data, id of the request or None.
        on_state: Hears ``ready`` once and ``dead`` once.
        cache_dir: Folder of the cache; default: the standard one.
        start: Starts the process; default: ``spawn``.

    Attributes:
        run_dir: The worker's folder for pictures, once it is ready.
        pid: Its process, once it is ready.
    """

    def __init__(
        self,
        role: str,
        *,
        on_event: Callable[[str, dict[str, Any], int | None], None] | None = None,
        on_state: Callable[[str], None] | None = None,
        cache_dir: str | Path | None = None,
        start: Callable[[], Spawned] | None = None,
    ) -> None:
        self.role = role
        self.run_dir: Path | None = None
        self.pid: int | None = None
        self._on_event, self._on_state = on_event, on_state
        self._start = start or (lambda: spawn(role, cache_dir=cache_dir))
        self._outgoing: queue.SimpleQueue[bytes | Message | None] = queue.SimpleQueue()
        self._calls: dict[int, Call] = {}
        # Pictures that are dropped make requests, and the interpreter may drop them anywhere: also
        # in the middle of a request of this very thread.
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._dead = False
        self._closing = threading.Event()
        self._line: Line | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"codef-client-{role}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether requests can still be answered."""
        return not self._dead

    def request(
        self,
        verb: str,
        args: dict[str, Any] | None = None,
        done: Done | None = None,
        failed: Failed | None = None,
        event: Event | None = None,
        *,
        frozen: bool = False,
    ) -> Call:
        """Sends a request; returns at once.

        Args:
            verb: What to do.
            args: Its arguments.
            done: Gets the answer.
            failed: Gets the error.
            event: Gets name and data of each event of this request.
            frozen: ``args`` will never be changed again: they are large, and made into a message
                bit by bit in the client's own thread.
        """
        with self._lock:
            call = Call(self, next(self._numbers), verb, done, failed, event)
            message = {"id": call.id, "verb": verb, "args": args or {}}
            try:
                body = message if frozen else encode(message)
            except ProtocolError as error:
                trouble = WorkerError(error.code, error.message)
            else:
                if not self._dead:
                    self._calls[call.id] = call
                    self._outgoing.put(body)
                    return call
                trouble = WorkerError(1, _DIED)
        call._settle(None, trouble)
        return call

    def wait_ready(self, timeout: float | None = HELLO_SECONDS) -> bool:
        """Waits until the worker is there; for scripts and tests."""
        return self._ready.wait(timeout) and not self._dead

    def close(self, timeout: float = 5.0) -> None:
        """Ends the worker; unanswered requests fail. Waits for the client's threads."""
        self.begin_close()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def begin_close(self) -> None:
        """Tells the worker to end, without waiting for it."""
        self._closing.set()
        line = self._line
        if line is not None:
            line.close()

    def _run(self) -> None:
        process: Spawned | None = None
        message = _DIED
        try:
            process = self._start()
            if not self._closing.is_set():
                self._talk(process)
        except (CodefError, OSError) as error:
            if not self._closing.is_set():
                message = f"the worker process cannot be reached: {error}"
                log.warning("%s", message)
        finally:
            self._end(process, message)

    def _talk(self, process: Spawned) -> None:
        line = connect(process.address)
        try:
            self._line = line
            if self._closing.is_set():
                return
            line.send(encode({"hello": VERSION, "token": process.token}))
            body = line.receive(time.monotonic() + HELLO_SECONDS)
            answer = {} if body is None else decode(body)
            if answer.get("hello") != VERSION:
                raise ProtocolError("it refused the connection or is of another version")
            self.pid, self.run_dir = int(answer["pid"]), process.run_dir
            self._ready.set()
            self._tell_state("ready")
            writer = threading.Thread(
                target=self._write, args=(line,), name=f"codef-client-{self.role}-out", daemon=True
            )
            writer.start()
            try:
                self._read(line)
            finally:
                line.close()
                self._outgoing.put(None)
                writer.join(5.0)
        finally:
            line.close()

    def _write(self, line: Line) -> None:
        while True:
            body = self._outgoing.get()
            if body is None:
                return
            try:
                line.send(body if isinstance(body, bytes) else encode_gently(body))
            except ProtocolError as error:
                if isinstance(body, dict):
                    self._hear({"id": body["id"], "error": error_to_json(error)})
            except OSError:
                line.close()  # the reader notices
                return

    def _read(self, line: Line) -> None:
        while not self._closing.is_set():
            body = line.receive()
            if body is None:
                return
            self._hear(decode(body))

    def _hear(self, message: Message) -> None:
        number = message.get("id")
        if "event" in message:
            name, data = str(message["event"]), message.get("data")
            data = data if isinstance(data, dict) else {}
            with self._lock:
                call = self._calls.get(number) if isinstance(number, int) else None
            if call is not None:
                _tell(call._event, name, data)
            _tell(self._on_event, name, data, number if isinstance(number, int) else None)
            return
        with self._lock:
            call = self._calls.pop(number, None) if isinstance(number, int) else None
        if call is None:
            log.warning("the worker answered what nobody asked: %s", number)
        elif "error" in message:
            call._settle(None, error_from_json(message["error"]))
        else:
            answer = message.get("ok")
            call._settle(answer if isinstance(answer, dict) else {}, None)

    def _end(self, process: Spawned | None, message: str) -> None:
        if process is not None:
            process.end()
        with self._lock:
            self._dead = True
            left, self._calls = list(self._calls.values()), {}
        trouble = WorkerError(5, "the worker was closed") if self._closing.is_set() else None
        for call in left:
            call._settle(None, trouble or WorkerError(1, message))
        self._ready.set()
        self._tell_state("dead")

    def _tell_state(self, state: str) -> None:
        _tell(self._on_state, state)


def _tell(callback: Callable[..., object] | None, *args: Any) -> None:
    """Calls back; a fault of the listener must not end the line to the worker."""
    if callback is None:
        return
    try:
        callback(*args)
    except Exception:
        log.exception("a callback of the worker's client failed")
