"""A picture of the whole window, once everything in it is settled."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from gui.shell.window import MainWindow

_LONGEST = 120.0
_CALM = 1.5


class Screenshot(QObject):
    """Waits until the document is open and the view worker has been idle for a moment."""

    done = Signal(bool)

    def __init__(self, window: "MainWindow", target: Path) -> None:
        super().__init__(window)
        self._window, self._target = window, target
        self._began = self._busy = time.monotonic()
        self._timer = QTimer(self, interval=100)
        self._timer.timeout.connect(self._look)
        self._asking = False

    def start(self) -> None:
        """Begins to wait."""
        self._timer.start()

    def _look(self) -> None:
        now = time.monotonic()
        workers = self._window.editor.workers
        if self._window.files.busy or (workers is not None and workers.view.state == "starting"):
            self._busy = now
        elif workers is not None and not self._asking:
            self._asking = True
            workers.view.request("status", {}, done=self._heard, failed=lambda _: self._free())
        if now - self._busy > _CALM or now - self._began > _LONGEST:
            self._timer.stop()
            self.done.emit(self._window.grab().save(str(self._target)))

    def _heard(self, status: dict[str, object]) -> None:
        if status.get("running") or status.get("queued"):
            self._busy = time.monotonic()
        self._free()

    def _free(self) -> None:
        self._asking = False
