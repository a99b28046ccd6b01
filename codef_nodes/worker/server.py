"""What a worker is and offers to its verbs, and how it hears one client."""

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from codef_nodes.cli.failures import as_codef_error
from codef_nodes.graph.cache import Cache, cache_folder
from codef_nodes.graph.document import Document
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.registry import Registry
from codef_nodes.worker.args import Args
from codef_nodes.worker.lanes import Lanes
from codef_nodes.worker.mirror import Mirror
from codef_nodes.worker.pictures import SharedPictures, described
from codef_nodes.worker.protocol import (
    Message,
    ProtocolError,
    decode,
    encode,
    error_to_json,
)
from codef_nodes.worker.seen import Seen
from codef_nodes.worker.transport import Line
from codef_nodes.worker.verbs import Verb
from codef_nodes.worker.work import Work
from engine.arrays import AnyArray
from engine.errors import UsageError

log = logging.getLogger(__name__)

_MOST_OUTSTANDING = 256 << 20
"""Bytes that a client may leave unread before it counts as gone."""
_JOBS_MEMORY = 1 << 30
"""Bytes that the jobs worker keeps in memory: both workers together must not take all of it."""


class Worker:
    """A worker process, as its verbs see it.

    Args:
        role: ``view``, ``jobs`` or ``all``.
        run_folder: Folder for shared pictures.
        verbs: What it can do, by name.
        cache_dir: Folder of the cache; default: the standard one.
        registry: The node classes; default: those of ``codef_nodes.nodes``.

    Attributes:
        role: As given.
        cache: Results; the disk part is shared with other processes.
        cache_dir: Its folder.
        mirror: The window's document.
        pictures: The shared pictures.
        seen: What was shown and what failed.
        lanes: The work that waits and runs.
        changed: Called in the reader's thread after the document, or a draft, is another.
    """

    def __init__(
        self,
        role: str,
        run_folder: Path,
        verbs: dict[str, Verb],
        *,
        cache_dir: str | Path | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.role = role
        self.cache_dir = cache_folder(cache_dir)
        self.cache = Cache.standard(self.cache_dir, _JOBS_MEMORY if role == "jobs" else None)
        self.pictures = SharedPictures(run_folder)
        self.mirror = Mirror(
            self.cache,
            self.cache_dir,
            allow_fit=role != "view",
            recorded=self._recorded,
            registry=registry,
        )
        self.lanes = Lanes(self._do, self._answered, self._discard)
        self.seen = Seen()
        self.changed: list[Callable[[], None]] = []
        self._verbs = verbs
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._outstanding = 0
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._ending = False

    # What verbs use.

    @property
    def document(self) -> Document:
        """The window's document as it is now; the object itself never changes."""
        return self.mirror.document

    @property
    def evaluator(self) -> Evaluator:
        """Evaluates the document as it is now; take it once and keep it for the whole request.

        Raises:
            UsageError: The document was opened safely.
        """
        return self.mirror.evaluator

    def share(
        self,
        pixels: AnyArray,
        *,
        data: tuple[int, int, int, int] | None = None,
        display: tuple[int, int, int, int] | None = None,
        scale: int = 1,
        aspect: float = 1.0,
        channels: list[str] | None = None,
    ) -> dict[str, Any]:
        """Makes a PICTURE of an array [H, W] or [H, W, C] that the client can map.

        Args:
            pixels: The pixels; float32 in the file.
            data: Where they lie, in full-size pixels; default: at the origin.
            display: The display window; default: ``data``.
            scale: Full-size pixels per pixel.
            aspect: Width of a pixel over its height.
            channels: Their names.
        """
        plane = pixels[..., None] if pixels.ndim == 2 else pixels
        file, content = self.pictures.share(plane)
        work = self.lanes.current
        if work is not None:
            work.shared.append(file)
        return described(
            file,
            content,
            data=data,
            display=display,
            scale=scale,
            aspect=aspect,
            channels=channels,
        )

    def emit(self, event: str, number: int | None, data: dict[str, Any]) -> None:
        """Sends an event, of a request or (None) of the worker."""
        self._send({"event": event, "id": number, "data": data})

    # Hearing a client.

    def serve(self, line: Line) -> None:
        """Answers one client until the connection ends."""
        self._line = line
        writer = threading.Thread(target=self._write, args=(line,), name="codef-out", daemon=True)
        writer.start()
        try:
            while True:
                body = line.receive()
                if body is None:
                    return
                self.hear(decode(body))
                if self._ending:
                    return
        except ProtocolError as error:
            log.warning("the connection is ended: %s", error)
        finally:
            self._outgoing.put(None)
            writer.join(1.0)
            line.close()

    def shutdown(self) -> None:
        """Ends the connection after the answer to the request that is being heard."""
        self._ending = True

    def hear(self, message: Message) -> None:
        """Takes one request."""
        number, name = message.get("id"), message.get("verb")
        if not isinstance(number, int) or isinstance(number, bool) or not isinstance(name, str):
            self._fail(None, UsageError("a request has a whole number as id and a text as verb"))
            return
        args = message.get("args", {})
        found = self._verbs.get(name)
        if found is None or not isinstance(args, dict):
            known = ", ".join(sorted(self._verbs))
            what = f"this worker ({self.role}) knows no verb {name!r}; it knows {known}"
            self._fail(number, UsageError(what if found is None else "args is a JSON object"))
            return

        def tell(event: str, data: dict[str, Any]) -> None:
            if not self.lanes.answered(work):
                self.emit(event, number, data)

        work = Work(number, found, Args(name, args), tell)
        try:
            if found.queue in ("document", "control"):
                self._send({"id": number, "ok": found.run(self, work.args, work.task, tell)})
            else:
                self.lanes.submit(work)
        except Exception as error:
            told = as_codef_error(error)
            if told is not error:
                log.exception("%s failed", name)
            self._fail(number, told)

    def end(self) -> None:
        """Cancels everything."""
        self.lanes.cancel(lambda work: True)

    # Inside.

    def _do(self, work: Work) -> dict[str, Any]:
        try:
            return work.verb.run(self, work.args, work.task, work.tell)
        finally:
            self._tell_notes(work)

    def _answered(self, work: Work, answer: dict[str, Any]) -> None:
        self._send({"id": work.number, **answer})

    def _discard(self, work: Work) -> None:
        for file in work.shared:
            self.pictures.release(file)

    def _fail(self, number: int | None, error: Any) -> None:
        self._send({"id": number, "error": error_to_json(error)})

    def _recorded(self, node: str, record: dict[str, JSON]) -> None:
        work = self.lanes.current
        self.emit(
            "records", None if work is None else work.number, {"node": node, "record": record}
        )

    def _tell_notes(self, work: Work) -> None:
        for text in self.mirror.new_notes():
            self.emit("note", work.number, {"text": text})

    def _send(self, message: Message) -> None:
        try:
            body = encode(message)
        except ProtocolError as error:
            if "id" not in message or "event" in message:
                log.warning("an event was not sent: %s", error)
                return
            body = encode({"id": message["id"], "error": error_to_json(error)})
        with self._lock:
            self._outstanding += len(body)
            drowned = self._outstanding > _MOST_OUTSTANDING
        if drowned and self._line is not None:
            self._line.close()
            return
        self._outgoing.put(body)

    def _write(self, line: Line) -> None:
        while True:
            body = self._outgoing.get()
            if body is None:
                line.close()
                return
            try:
                line.send(body)
            except OSError:
                line.close()
                return
            with self._lock:
                self._outstanding -= len(body)
