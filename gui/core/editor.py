"""The editor: what the window holds together and every pane is given."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui.core.actions import Actions
from gui.core.clock import Clock
from gui.core.faces import Faces
from gui.core.preferences import Preferences
from gui.core.project import Project
from gui.core.ranges import Ranges
from gui.core.selection import Selection
from gui.core.viewing import Viewing

if TYPE_CHECKING:
    from gui.core.workers import Workers


class Editor(QObject):
    """Everything that panes share.

    Attributes:
        project: The document and its history.
        selection: The selected nodes.
        clock: The current frame and playback.
        faces: What is shown on the nodes.
        preferences: The artist's preferences.
        actions: Keys and what they do.
        viewing: Which node each viewer shows.
        workers: The two worker processes; None until ``start_workers``.
    """

    status = Signal(str)
    """One sentence for the status bar; it goes away by itself."""
    workers_started = Signal()
    node_made = Signal(str)
    """A tool made a node: whoever shows nodes selects it, brings it into sight and opens it."""

    def __init__(
        self, preferences: Preferences | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.preferences = preferences or Preferences(parent=self)
        self.project = Project(self)
        self.selection = Selection(self.project, self)
        self.clock = Clock(self)
        self.faces = Faces(self.project, self)
        self.actions = Actions(self.preferences, parent=self)
        self.workers: Workers | None = None
        self.viewing = Viewing(self.project, parent=self)
        self._ranges = Ranges(self.project, self.viewing, self.clock, self)

    def say(self, text: str) -> None:
        """Shows one sentence in the status bar."""
        self.status.emit(text)

    def start_workers(self) -> None:
        """Starts the two worker processes. Panes work without them, they just get no pictures."""
        if self.workers is not None:
            return
        from gui.core.workers import Workers

        self.workers = Workers(self.project, parent=self)
        for link in (self.workers.view, self.workers.jobs):
            link.event.connect(self.faces.heard)
        self.workers_started.emit()

    def close(self) -> None:
        """Ends the workers and writes the preferences."""
        self.clock.stop()
        if self.workers is not None:
            self.workers.close()
            self.workers = None
        self.preferences.flush()
