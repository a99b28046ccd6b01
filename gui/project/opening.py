"""Reading documents: small ones at once, large ones in a thread, so that the window never waits."""

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from codef_nodes.graph.document import Document
from codef_nodes.graph.serialise import load
from engine.errors import CodefError

SMALL = 256 << 10
"""Bytes that are read and checked in about 15 ms."""

Done = Callable[[Document, Document], None]
Failed = Callable[[CodefError], None]


class Opener(QObject):
    """Reads one document at a time; a newer request makes the older one's result unwanted."""

    _read = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._done: Done | None = None
        self._failed: Failed | None = None
        self._read.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a document is being read."""
        return self._done is not None

    def open(self, path: Path, done: Done, failed: Failed) -> None:
        """Reads a document and calls back on this thread.

        Args:
            path: The file.
            done: Gets the document and an independent copy.
            failed: Gets the refusal.
        """
        self._number += 1
        self._done, self._failed = done, failed
        number = self._number
        try:
            small = path.stat().st_size < SMALL
        except OSError:
            small = True  # the refusal comes from ``load``, with a sentence
        if small:
            self._finish(number, _outcome(path))
        else:
            threading.Thread(
                target=self._work, args=(number, path), name="codef-open", daemon=True
            ).start()

    def forget(self) -> None:
        """Whatever is being read is not wanted any more."""
        self._number += 1
        self._done = self._failed = None

    def _work(self, number: int, path: Path) -> None:
        outcome = _outcome(path)
        try:
            self._read.emit(number, outcome)
        except RuntimeError:
            return  # the window has gone meanwhile

    def _finish(self, number: int, outcome: "tuple[Document, Document] | CodefError") -> None:
        if number != self._number:
            return
        done, failed = self._done, self._failed
        self._done = self._failed = None
        if isinstance(outcome, CodefError):
            if failed is not None:
                failed(outcome)
        elif done is not None:
            done(*outcome)


def _outcome(path: Path) -> tuple[Document, Document] | CodefError:
    try:
        document = load(path)
        return document, document.copied()
    except CodefError as error:
        return error
