"""Which frames of what the frame viewer shows need no work: asked, never guessed."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import FRAME
from gui.viewer.fetch import CANCELLED

_SOON, _LATER = 150, 1500


class CachedFrames(QObject):
    """Frames in memory, on disk and from before a change, for the view as it is now.

    In memory are frames that the window can show at once in this very view, and those that the
    worker holds. What the worker said counts only as long as nothing above has changed since.
    """

    changed = Signal()

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._said: dict[str, set[int]] = {}
        self._said_of: object = None
        self._asked: object = None
        self._timer = QTimer(self, singleShot=True, interval=_SOON)
        self._timer.timeout.connect(self._ask)
        viewing = editor.viewing
        viewing.cached_changed.connect(self._cache_changed)
        viewing.changed.connect(self.refresh)
        viewing.results_changed.connect(self.refresh)
        viewing.info_changed.connect(self.refresh)
        editor.workers_started.connect(self.refresh)

    def frames(self) -> dict[str, set[int]]:
        """Frame numbers by ``ram``, ``disk`` and ``stale``; each number is in one of them."""
        ready, old = self._editor.viewing.cached_frames(FRAME)
        said = self._said if self._said_of == self._state() else {}
        ram = ready | said.get("ram", set())
        disk = said.get("disk", set()) - ram
        stale = (old | said.get("stale", set())) - ram - disk
        return {"ram": ram, "disk": disk, "stale": stale}

    def refresh(self, *_: object) -> None:
        """Asks the worker soon, and tells at once what is no longer known."""
        self._timer.start(_SOON)
        self.changed.emit()

    def _cache_changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start(_LATER)
        self.changed.emit()

    def _state(self) -> object:
        viewing = self._editor.viewing
        node = viewing.node(FRAME)
        return None if node is None else (node, viewing.signature(node))

    def _ask(self) -> None:
        editor, state = self._editor, self._state()
        workers, node = editor.workers, editor.viewing.node(FRAME)
        info = editor.viewing.infos[FRAME]
        first, last = info.get("first"), info.get("last")
        if workers is None or state is None or node is None or editor.project.safe:
            return
        if first is None or last is None or self._asked is not None:
            return
        self._asked = state

        def done(answer: dict[str, Any]) -> None:
            self._asked = None
            if state == self._state():
                kinds = ("ram", "disk", "stale")
                self._said = {kind: {int(f) for f in answer.get(kind) or []} for kind in kinds}
                self._said_of = state
                self.changed.emit()
            else:
                self._timer.start(_SOON)

        def failed(error: CodefError) -> None:
            self._asked = None
            if error.code == CANCELLED:
                self._timer.start(_SOON)

        args = {"node": node, "frames": list(range(int(first), int(last) + 1)), "scale": 1}
        workers.view.request("cached", args, done, failed, owner=self)
