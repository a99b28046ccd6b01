"""The two worker processes as the window sees them: signals on the UI thread, nothing waits.

``Workers.view`` makes pictures and answers questions, ``Workers.jobs`` renders and fits. Both have
the project's document; what a request sees is the document as it was when the request was made.
"""

import mmap
import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal, SignalInstance
from shiboken6 import isValid

from codef_nodes.graph.edits import Edit
from codef_nodes.worker.client import Call, Client
from codef_nodes.worker.edits import edits_to_json
from codef_nodes.worker.protocol import WorkerError
from gui.core.project import Project

__all__ = ["Request", "WorkerError", "WorkerLink", "Workers", "map_picture"]

Done = Callable[[dict[str, Any]], None]
Failed = Callable[[WorkerError], None]
Event = Callable[[str, dict[str, Any]], None]

_RESTART_MS = 300
_MOST_DEATHS = 5
_DEATH_WINDOW = 60.0


class Request:
    """A request under way.

    Attributes:
        verb: What was asked.
    """

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self._call: Call | None = None

    @property
    def id(self) -> int:
        """Its number, 0 when it could not be sent."""
        return 0 if self._call is None else self._call.id

    def cancel(self) -> None:
        """Stops the work; ``failed`` gets a ``WorkerError`` with code 5."""
        if self._call is not None:
            self._call.cancel()

    def pause(self) -> None:
        """Holds the work back."""
        if self._call is not None:
            self._call.pause()

    def resume(self) -> None:
        """Lets the work go on."""
        if self._call is not None:
            self._call.resume()

    def stop(self) -> None:
        """Lets a fit end early and keeps what it has."""
        if self._call is not None:
            self._call.stop()


class _Signals(QObject):
    told = Signal(str, dict)
    state_changed = Signal(str)
    arrived = Signal(object)


class WorkerLink:
    """One worker process: started again when it dies.

    No QObject itself, since its signal ``event`` would take the place of ``QObject.event``.

    Args:
        role: ``view`` or ``jobs``.
        cache_dir: Folder of the cache; default: the standard one.
        parent: Owner of the signals.

    Attributes:
        state: "starting", "ready" or "dead".
        event: Signal (str, dict), every event of the worker: name and data; data["id"] is the
            number of the request, or None.
        state_changed: Signal (str): the new state.
    """

    def __init__(
        self, role: str, cache_dir: str | Path | None = None, parent: QObject | None = None
    ) -> None:
        self.role = role
        self.state = "dead"
        self._cache_dir = cache_dir
        self._client: Client | None = None
        self._closed = False
        self._deaths: list[float] = []
        self._signals = _Signals(parent)
        self.event: SignalInstance = self._signals.told
        self.state_changed: SignalInstance = self._signals.state_changed
        self._signals.arrived.connect(self._run, Qt.ConnectionType.QueuedConnection)

    @property
    def run_dir(self) -> Path | None:
        """The worker's folder for pictures, while it is ready."""
        return None if self._client is None else self._client.run_dir

    @property
    def alive(self) -> bool:
        """Whether requests can be made; False from the very moment in which the process died."""
        return self._client is not None and self._client.alive

    @property
    def pid(self) -> int | None:
        """The worker's process, while it is ready."""
        return None if self._client is None else self._client.pid

    @property
    def given_up(self) -> bool:
        """Whether it died so often of late that it is not started again by itself."""
        return len(self._deaths) > _MOST_DEATHS

    def start(self) -> None:
        """Starts the process; requests may be made at once."""
        if self._closed or (self._client is not None and self._client.alive):
            return
        # The client's threads must not keep this object alive, nor call into one that is gone.
        post = partial(_post, weakref.ref(self))
        self._client = Client(
            self.role,
            cache_dir=self._cache_dir,
            on_event=lambda name, data, number: post(
                lambda link: link.event.emit(name, {**data, "id": number})
            ),
            on_state=lambda state: post(lambda link: link._settle(state)),
        )
        self._set_state("starting")

    def request(
        self,
        verb: str,
        args: dict[str, Any] | None = None,
        done: Done | None = None,
        failed: Failed | None = None,
        event: Event | None = None,
        *,
        owner: QObject | None = None,
        frozen: bool = False,
    ) -> Request:
        """Sends a request and returns at once; the callbacks run later on the UI thread.

        Args:
            verb: What to do.
            args: Its arguments.
            done: Gets the answer.
            failed: Gets the error; also when the worker dies.
            event: Gets name and data of each event of this request.
            owner: A widget that may be closed meanwhile: once it is gone, nothing is called.
            frozen: ``args`` are large and will never be changed again.
        """
        request = Request(verb)
        ref = weakref.ref(self)

        def post(what: Callable[["WorkerLink"], None]) -> None:
            _post(ref, lambda link: what(link) if owner is None or isValid(owner) else None)

        # An argument of the lambda holds the callback, so that it lives as long as it is needed.
        on_done = None if done is None else lambda answer: post(lambda _: done(answer))
        on_failed = None if failed is None else lambda error: post(lambda _: failed(error))
        on_event = None if event is None else lambda name, data: post(lambda _: event(name, data))
        if self._client is None:
            if on_failed is not None:
                on_failed(WorkerError(1, "the worker process is not running"))
            return request
        request._call = self._client.request(
            verb, args, on_done, on_failed, on_event, frozen=frozen
        )
        return request

    def open_picture(self, picture: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """A picture that the worker shares, read-only [H, W, C], without a copy.

        The worker is told to forget it when the last view of the array is dropped.

        Raises:
            WorkerError: It is gone: the worker ended, or dropped it for want of room.
        """
        array = map_picture(picture)
        client = self._client
        if client is not None:
            root = array if array.base is None else _root(array)
            drop = weakref.finalize(root, _release, weakref.ref(client), str(picture["file"]))
            drop.atexit = False
        return array

    def close(self) -> None:
        """Ends the worker."""
        self.begin_close()
        if self._client is not None:
            self._client.close()
        self._client = None
        self._set_state("dead")

    def begin_close(self) -> None:
        """Tells the worker to end, without waiting for it."""
        self._closed = True
        if self._client is not None:
            self._client.begin_close()

    def _settle(self, state: str) -> None:
        if self._closed:
            return
        if state == "dead" and self._client is not None and self._client.alive:
            return  # told late by a client that was replaced
        if state == "dead":
            now = time.monotonic()
            self._deaths = [each for each in self._deaths if now - each < _DEATH_WINDOW] + [now]
        self._set_state(state)
        if state == "dead" and not self.given_up:
            QTimer.singleShot(_RESTART_MS * len(self._deaths), self._signals, self.start)

    def _set_state(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _run(self, what: Callable[["WorkerLink"], None]) -> None:
        if not self._closed:
            what(self)


class Workers(QObject):
    """Both workers, with the project's document kept in step.

    Args:
        project: The open document.
        cache_dir: Folder of the cache; default: the standard one.
        parent: The owner.

    Attributes:
        view: Pictures for viewers, questions, live painting.
        jobs: Renders and fits.
    """

    def __init__(
        self,
        project: Project,
        cache_dir: str | Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._drafts: dict[str, str] = {}
        self.view = WorkerLink("view", cache_dir, self)
        self.jobs = WorkerLink("jobs", cache_dir, self)
        for link in self.links:
            # A worker that starts, also again, gets the document before anything else.
            link.state_changed.connect(partial(self._greet, link))
        project.loaded.connect(self._replaced)
        project.edited.connect(self._edited)
        project.path_changed.connect(self._relocated)
        project.safe_changed.connect(self._safe_changed)
        self.jobs.event.connect(self._jobs_said)
        for link in self.links:
            link.start()

    @property
    def links(self) -> tuple[WorkerLink, WorkerLink]:
        """Both."""
        return self.view, self.jobs

    def close(self) -> None:
        """Ends both workers."""
        for link in self.links:
            link.begin_close()
        for link in self.links:
            link.close()

    def drop_draft(self, node: str) -> None:
        """The draft of a node's fit is no longer to be shown."""
        if self._drafts.pop(node, None) is not None:
            self.view.request("drafts", {"drafts": dict(self._drafts)})

    def _greet(self, link: WorkerLink, state: str) -> None:
        if state == "starting":
            self._open(link)
        elif state == "dead" and link.given_up:
            self._project.problem.emit(
                f"the {link.role} worker process keeps dying and is not started again; save the "
                "document, look into the terminal for its last words and start the program anew"
            )

    def _open(self, link: WorkerLink) -> None:
        link.request(
            "open",
            {
                "tree": self._project.tree,
                "path": None if self._project.path is None else str(self._project.path),
                "safe": self._project.safe,
                "drafts": dict(self._drafts) if link is self.view else {},
            },
            failed=partial(self._open_failed, link),
            frozen=True,
        )

    def _open_failed(self, link: WorkerLink, error: WorkerError) -> None:
        if link.alive:  # else the next one is told the document
            self._project.problem.emit(str(error))

    def _replaced(self) -> None:
        self._drafts.clear()
        for link in self.links:
            self._open(link)

    def _edited(self, edits: list[Edit]) -> None:
        content = {"edits": edits_to_json(edits)}
        for link in self.links:
            # What a worker cannot apply it gets anew: the window's document is the true one.
            link.request("edit", content, failed=partial(self._edit_failed, link))

    def _edit_failed(self, link: WorkerLink, error: WorkerError) -> None:
        if link.state == "ready":
            self._open(link)

    def _relocated(self) -> None:
        path = None if self._project.path is None else str(self._project.path)
        for link in self.links:
            link.request("relocate", {"path": path})

    def _safe_changed(self, safe: bool) -> None:
        if not safe:
            for link in self.links:
                self._open(link)

    def _jobs_said(self, name: str, data: dict[str, Any]) -> None:
        node = data.get("node")
        if not isinstance(node, str):
            return
        if name == "draft" and isinstance(data.get("field"), str):
            self._drafts[node] = data["field"]
            self.view.request("drafts", {"drafts": dict(self._drafts)})
        elif name == "records":
            self.drop_draft(node)


def map_picture(picture: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Maps a shared picture, read-only [H, W, C].

    Raises:
        WorkerError: It is gone.
    """
    shape = tuple(int(each) for each in picture["shape"])
    count = int(np.prod(shape))
    if count == 0:
        return np.zeros(shape, np.float32)
    try:
        with open(picture["file"], "rb") as stream:
            content = mmap.mmap(stream.fileno(), count * 4, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise WorkerError(
            1, f"a picture of the worker is gone ({error}); it is made again", str(picture["file"])
        ) from None
    return np.frombuffer(content, np.float32, count).reshape(shape)


def _root(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array that every view of this one keeps alive."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _release(client: "weakref.ref[Client]", file: str) -> None:
    there = client()
    if there is not None and there.alive:
        there.request("release", {"file": file})


def _post(link: "weakref.ref[WorkerLink]", what: Callable[[WorkerLink], None]) -> None:
    """From a client's thread: does something on the UI thread, if the link is still there."""
    there = link()
    if there is None:
        return
    try:
        there._signals.arrived.emit(what)
    except RuntimeError:
        return  # Qt has deleted it already
