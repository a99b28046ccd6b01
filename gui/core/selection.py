"""Which nodes are selected, in the order they were clicked."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from codef_nodes.graph.document import Change
from gui.core.project import Project


class Selection(QObject):
    """The selected nodes of the document. It follows renames and forgets what was removed."""

    changed = Signal()

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._names: list[str] = []
        project.changed.connect(self._follow)
        project.replaced.connect(self.clear)

    @property
    def names(self) -> list[str]:
        """The selected nodes in click order."""
        return list(self._names)

    @property
    def current(self) -> str | None:
        """The node that was clicked last, or None."""
        return self._names[-1] if self._names else None

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def set(self, names: Iterable[str]) -> None:
        """Selects exactly these nodes; names that the document does not hold are left out."""
        document = self._project.document
        self._use([name for name in dict.fromkeys(names) if name in document])

    def add(self, name: str) -> None:
        """Selects a node as well; it becomes the current one."""
        self.set([*(other for other in self._names if other != name), name])

    def toggle(self, name: str) -> None:
        """Selects a node as well, or takes it out."""
        if name in self._names:
            self.set(other for other in self._names if other != name)
        else:
            self.add(name)

    def clear(self) -> None:
        """Selects nothing."""
        self._use([])

    def _use(self, names: list[str]) -> None:
        if names != self._names:
            self._names = names
            self.changed.emit()

    def _follow(self, changes: tuple[Change, ...]) -> None:
        renamed = {change.detail: change.node for change in changes if change.kind == "node"}
        names = [renamed.get(name) or name for name in self._names]
        self.set(names)
