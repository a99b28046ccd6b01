"""What is shown on the nodes: errors, the state of fits, progress. Nobody here asks a node."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from codef_nodes.graph.document import Change
from gui.core.project import Project

FIT_STATES = ("none", "fitted", "stale", "fitting", "failed", "missing")


@dataclass(frozen=True)
class Face:
    """What is known of one node.

    Attributes:
        error: Why it cannot run, one sentence; empty: it can, as far as is known.
        fit: State of its fit, one of ``FIT_STATES``; empty: it is no fit.
        progress: Share that is done while it works, else None.
        label: What it is doing.
        note: A sentence worth knowing that is no error.
    """

    error: str = ""
    fit: str = ""
    progress: float | None = None
    label: str = ""
    note: str = ""


EMPTY = Face()


class Faces(QObject):
    """Faces by node name, fed by the workers' events and by the jobs."""

    changed = Signal(str)
    """The face of that node is another."""

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._faces: dict[str, Face] = {}
        self._project = project
        project.replaced.connect(self.clear)
        project.changed.connect(self._follow)

    def face(self, name: str) -> Face:
        """What is known of a node."""
        return self._faces.get(name, EMPTY)

    def heard(self, event: str, data: Mapping[str, Any]) -> None:
        """Takes a worker's ``faces`` event (or answer); others are ignored."""
        if event != "faces":
            return
        for name, told in dict(data.get("nodes", {})).items():
            if name in self._project.document:
                parts = {part: told.get(part) or "" for part in ("error", "fit", "note")}
                if self.face(name).fit == "failed" and parts["fit"] in ("", "none"):
                    # A worker finds no fit on the disk; that one was tried and failed, the queue
                    # knows. It stays so until the next try.
                    del parts["fit"]
                self.update(name, **parts)

    def update(self, name: str, **parts: Any) -> None:
        """Changes parts of a face (the names are those of ``Face``)."""
        before = self.face(name)
        if before.fit == "fitting" and before.progress is not None and "progress" not in parts:
            # A worker that looks at the disk only cannot know that the other one is fitting.
            parts.pop("fit", None)
        after = replace(before, **parts)
        if after != before:
            self._faces[name] = after
            self.changed.emit(name)

    def start(self, name: str, label: str = "", *, fitting: bool = False) -> None:
        """A node begins to work."""
        parts: dict[str, Any] = {"progress": 0.0, "label": label, "error": ""}
        if fitting:
            parts["fit"] = "fitting"
        self.update(name, **parts)

    def progress(self, name: str, fraction: float, label: str = "") -> None:
        """A node is at work."""
        self.update(name, progress=min(max(fraction, 0.0), 1.0), label=label)

    def finish(self, name: str, *, error: str = "", fit: str | None = None) -> None:
        """A node has done its work, or failed."""
        parts: dict[str, Any] = {"progress": None, "label": "", "error": error}
        if fit is not None or self.face(name).fit == "fitting":
            parts["fit"] = fit or ("failed" if error else "fitted")
        self.update(name, **parts)

    def clear(self) -> None:
        """Forgets everything (another document)."""
        names, self._faces = list(self._faces), {}
        for name in names:
            self.changed.emit(name)

    def _follow(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.kind != "node" or change.node is None:
                continue
            if change.detail and change.detail in self._faces:
                self._faces[change.node] = self._faces.pop(change.detail)
                self.changed.emit(change.node)
            elif change.node not in self._project.document:
                self._faces.pop(change.node, None)
