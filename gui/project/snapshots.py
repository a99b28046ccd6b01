"""Snapshots of the open document, written by a thread of their own. Qt-free.

The thread keeps its own copy of the document and applies the same edits, so that writing a large
document never holds the window up, and every stroke is in the journal in the right order.
"""

import contextlib
import json
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import Edit
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.safewrite import write_safely
from codef_nodes.graph.serialise import as_text
from engine.errors import CodefError
from gui.paint.journal import StrokeJournal, digest_of

Job = Callable[[], None]


class Snapshots:
    """Writes ``STEM.codef`` (the document), ``STEM.journal`` (what came after) and ``STEM.json``
    (whose it is).

    Every method only puts work into the thread's queue.

    Args:
        stem: Path without an ending.
        problem: Told in one sentence, from the thread, when something cannot be written.
    """

    def __init__(self, stem: Path, problem: Callable[[str], None] | None = None) -> None:
        self.document_file = stem.with_name(stem.name + ".codef")
        self.meta_file = stem.with_name(stem.name + ".json")
        self.journal_file = stem.with_name(stem.name + ".journal")
        self._problem = problem
        self._told = False
        self._journal = StrokeJournal(self.journal_file, problem=self._tell)
        self._document = Document()
        self._based = False
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="codef-autosave", daemon=True)
        self._thread.start()

    @property
    def journal(self) -> "QueuedJournal":
        """The journal for the strokes in progress."""
        return QueuedJournal(self)

    def use(self, document: Document, meta: dict[str, JSON]) -> None:
        """Another document is open.

        Args:
            document: A copy that nobody else changes.
            meta: What to know about it when the program has died.
        """

        def job() -> None:
            self._forget()
            self._document = document
            self._write_meta(meta)

        self.post(job)

    def edits(self, edits: Sequence[Edit]) -> None:
        """The document has changed by these edits."""

        def job() -> None:
            if not self._based:
                self._attempt(self._snapshot)  # what the journal counts from
            self._document.apply_edits(list(edits))
            if self._based:
                self._journal.edits(edits)

        self.post(job)

    def snapshot(self) -> None:
        """Writes the document as it is when the queue comes to it."""
        self.post(self._snapshot)

    def saved(self, meta: dict[str, JSON]) -> None:
        """The artist has saved: the snapshot is not needed any more."""

        def job() -> None:
            self._forget()
            self._write_meta(meta)

        self.post(job)

    def close(self, *, clean: bool = True, seconds: float = 5.0) -> None:
        """Ends the thread; a clean end leaves nothing on the disk."""
        if clean:
            self.post(self._discard)
        self.post(self._journal.close)
        self._queue.put(None)
        self._thread.join(seconds)

    def wait(self, seconds: float = 5.0) -> bool:
        """Waits until all is done that was asked so far (tests, and a crash of the window)."""
        done = threading.Event()
        self.post(done.set)
        return done.wait(seconds)

    def post(self, job: Job) -> None:
        """Lets the thread do something in its turn."""
        self._queue.put(job)

    # In the thread.

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            self._attempt(job)

    def _attempt(self, job: Job) -> None:
        try:
            job()
        except (CodefError, OSError) as error:
            self._tell(f"autosave does not work: {error}")

    def _snapshot(self) -> None:
        content = as_text(self._document).encode()
        digest = digest_of(content)
        self.document_file.parent.mkdir(parents=True, exist_ok=True)
        if self._based:
            self._journal.checkpoint(digest)
        write_safely(self.document_file, content)
        self._journal.restart(digest)
        self._based, self._told = True, False

    def _write_meta(self, meta: dict[str, JSON]) -> None:
        self.meta_file.parent.mkdir(parents=True, exist_ok=True)
        write_safely(self.meta_file, json.dumps(meta, indent=1, sort_keys=True).encode())

    def _forget(self) -> None:
        self._journal.discard()
        with contextlib.suppress(OSError):
            self.document_file.unlink(missing_ok=True)
        self._based = False

    def _discard(self) -> None:
        self._forget()
        with contextlib.suppress(OSError):
            self.meta_file.unlink(missing_ok=True)

    def _tell(self, text: str) -> None:
        if not self._told and self._problem is not None:
            self._told = True
            self._problem(text)


class QueuedJournal(StrokeJournal):
    """The journal as the paint tool sees it: its lines are written by the snapshots' thread."""

    def __init__(self, snapshots: Snapshots) -> None:
        super().__init__(snapshots.journal_file)
        self._snapshots = snapshots

    def begin(self, node: str, header: dict[str, Any]) -> None:
        """A stroke begins."""
        snapshots = self._snapshots

        def job() -> None:
            if not snapshots._based:
                snapshots._snapshot()
            snapshots._journal.begin(node, dict(header))

        snapshots.post(job)

    def drawn(self, points: Sequence[Sequence[float]]) -> None:
        """All points of the stroke so far."""
        journal = self._snapshots._journal
        self._snapshots.post(lambda: journal.drawn(points))

    def flush(self) -> None:
        """Puts the points so far on the disk."""
        self._snapshots.post(self._snapshots._journal.flush)

    def end(self) -> None:
        """The stroke is over."""
        self._snapshots.post(self._snapshots._journal.end)
