"""Counts changes, so that the window knows which of its pictures may be old without asking."""

from PySide6.QtCore import QObject, Signal

from codef_nodes.graph.document import Change
from engine.errors import UsageError
from gui.core.project import Project


class Revisions(QObject):
    """A number for each node that goes up with each change to it, and signatures of whole streams.

    A signature never comes back, also after undo: what was shown before is then asked for again,
    which the worker answers from its own cache by what the picture really hangs on.
    """

    bumped = Signal()
    """Something other than the document has changed what a node gives."""

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._numbers: dict[str, int] = {}
        self._next = 1
        self._settings = 0
        self._streams: dict[str, tuple[int, ...]] = {}
        project.changed.connect(self._follow)
        project.replaced.connect(self._start_again)

    def of(self, node: str) -> tuple[int, ...]:
        """The signature of a node and all that it reads."""
        found = self._streams.get(node)
        if found is None:
            document = self._project.document
            try:
                names = document.upstream(node) if node in document else []
            except UsageError:  # a cycle: nothing of it can be shown anyway
                names = [node]
            numbers = (self._numbers.get(name, 0) for name in names)
            # The largest number says when anything changed; the count, what was taken away.
            found = (self._settings, max(numbers, default=0), len(names))
            self._streams[node] = found
        return found

    def bump(self, node: str | None = None) -> None:
        """What a node gives is another now though the document is the same (a draft of a fit, a
        file on the disk); None: what every node gives."""
        if node is None:
            self._settings = self._take()
        else:
            self._numbers[node] = self._take()
        self._streams.clear()
        self.bumped.emit()

    def _take(self) -> int:
        self._next += 1
        return self._next

    def _follow(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.kind == "layout":
                continue
            if change.node is None:
                if change.detail not in ("name", "fps", "first", "last"):
                    self._settings = self._take()
            else:
                self._numbers[change.node] = self._take()
            self._streams.clear()

    def _start_again(self) -> None:
        self._numbers.clear()
        self._streams.clear()
        self._settings = self._take()
