"""Autosave: 5 s after the last change, at least every 30 s, untitled documents too."""

import os
import platform
import secrets
import time
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import Edit
from codef_nodes.graph.jsonvalue import JSON
from gui.core.preferences import config_folder
from gui.core.project import Project
from gui.paint.journal import StrokeJournal
from gui.project.snapshots import Snapshots

IDLE, FORCED = 5000, 30000  # ms


def recovery_folder() -> Path:
    """Where snapshots of running and crashed windows are."""
    return config_folder() / "recovery"


class Autosave(QObject):
    """Keeps a copy of the open document that a crash cannot take, and takes it away at the end.

    While the window runs it holds a lock; a copy without a living lock is one to recover.

    Args:
        project: The open document.
        enabled: Whether the artist wants it; without it only the lock is held.
        parent: The owner.

    Attributes:
        trouble: The last problem that was told, for who came too late to hear it.
    """

    problem = Signal(str)

    def __init__(
        self, project: Project, *, enabled: bool = True, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._project, self.enabled = project, enabled
        self._prepared: Document | None = None
        folder = recovery_folder()
        stem = folder / secrets.token_hex(6)
        self._lock = QLockFile(str(stem) + ".lock")
        self._lock.setStaleLockTime(0)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            pass  # the lock fails then, and the first snapshot says why
        else:
            self._lock.tryLock(0)
        self.trouble = ""
        self.snapshots = Snapshots(stem, self._told)
        self._idle = QTimer(self, singleShot=True, interval=IDLE)
        self._forced = QTimer(self, singleShot=True, interval=FORCED)
        for timer in (self._idle, self._forced):
            timer.timeout.connect(self.now)
        project.edited.connect(self._edited)
        project.replaced.connect(self._replaced)
        project.path_changed.connect(self._saved)
        project.modified_changed.connect(self._modified)
        self._replaced()

    @property
    def journal(self) -> StrokeJournal:
        """The journal for the strokes in progress."""
        return self.snapshots.journal

    def prepare(self, copy: Document) -> None:
        """Hands over a copy of the document that is about to be opened, made in another thread."""
        self._prepared = copy

    def now(self) -> None:
        """Writes a snapshot, if there is anything to lose."""
        self._idle.stop()
        self._forced.stop()
        if self.enabled and self._project.modified:
            self.snapshots.snapshot()

    def set_enabled(self, enabled: bool) -> None:
        """Switches it on or off."""
        if enabled != self.enabled:
            self.enabled = enabled
            self._replaced()

    def close(self) -> None:
        """A clean end: nothing is left on the disk."""
        self._idle.stop()
        self._forced.stop()
        self.snapshots.close()
        self._lock.unlock()

    def _told(self, text: str) -> None:
        """In the snapshots' thread; Qt delivers the signal on ours."""
        self.trouble = text
        self.problem.emit(text)

    def _meta(self) -> dict[str, JSON]:
        path = self._project.path
        return {
            "document": None if path is None else str(path),
            "title": self._project.title,
            "pid": os.getpid(),
            "host": platform.node(),
            "opened": time.time(),
        }

    def _replaced(self) -> None:
        self._idle.stop()
        self._forced.stop()
        copy, self._prepared = self._prepared, None
        self.snapshots.use(copy or self._project.document.copied(), self._meta())

    def _edited(self, edits: list[Edit]) -> None:
        if not self.enabled:
            return
        self.snapshots.edits(edits)
        self._idle.start()
        if not self._forced.isActive():
            self._forced.start()

    def _modified(self, modified: bool) -> None:
        if not modified:
            self._saved()

    def _saved(self) -> None:
        self._idle.stop()
        self._forced.stop()
        if not self._project.modified:
            self.snapshots.saved(self._meta())
