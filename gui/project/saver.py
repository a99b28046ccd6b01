"""Saving beside the window: large documents are written by a thread, one after the other."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import CodefError
from gui.core.project import Project
from gui.core.saving import Saving

Done = Callable[[Path], None]
Failed = Callable[[CodefError], None]


@dataclass
class _Wish:
    target: Path | None
    done: Done
    failed: Failed


class Saver(QObject):
    """Writes the project's document; what is asked for meanwhile waits for its turn.

    Args:
        project: The open document.
        parent: The owner.
    """

    idle = Signal()
    """Nothing is being written any more."""
    _written = Signal(object, object)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._wishes: deque[_Wish] = deque()
        self._now: _Wish | None = None
        self._written.connect(self._end, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a document is being written."""
        return self._now is not None

    def save(self, target: Path | None, done: Done, failed: Failed) -> None:
        """Writes the document and calls back on this thread; small ones at once.

        Args:
            target: The file; None: the document's own.
            done: Gets the file.
            failed: Gets the refusal.
        """
        self._wishes.append(_Wish(target, done, failed))
        if self._now is None:
            self._next()

    def when_idle(self, then: Callable[[], None]) -> bool:
        """Does something once nothing is being written; returns whether it has to wait."""
        if not self.busy:
            then()
            return False
        self.idle.connect(then, Qt.ConnectionType.SingleShotConnection)
        return True

    def _next(self) -> None:
        while self._now is None and self._wishes:
            self._now = wish = self._wishes.popleft()
            try:
                saving = self._project.begin_save(wish.target)
            except CodefError as error:
                self._now = None
                wish.failed(error)
                continue
            if saving.small:
                self._end(saving, _outcome(saving))
            else:
                # Not a daemon: a program that ends waits until the file is whole.
                threading.Thread(target=self._work, args=(saving,), name="codef-save").start()

    def _work(self, saving: Saving) -> None:
        outcome = _outcome(saving)
        try:
            self._written.emit(saving, outcome)
        except RuntimeError:
            return  # the window has gone meanwhile

    def _end(self, saving: Saving, outcome: CodefError | None) -> None:
        wish, self._now = self._now, None
        if wish is None:
            return
        if outcome is None:
            self._project.end_save(saving)
            wish.done(saving.target)
        else:
            wish.failed(outcome)
        self._next()
        if not self.busy:
            self.idle.emit()


def _outcome(saving: Saving) -> CodefError | None:
    try:
        saving.write()
    except CodefError as error:
        return error
    return None
