"""The clock's range follows the project's settings and the clip that is shown."""

from PySide6.QtCore import QObject

from codef_nodes.graph.document import Change
from codef_nodes.graph.edits import ABSENT
from gui.core.clock import Clock
from gui.core.project import Project
from gui.core.viewing import Viewing

NOTHING = 1, 100
"""The range while nothing is known."""


class Ranges(QObject):
    """Sets range and frame rate of the clock, never a frame that the artist has chosen inside."""

    def __init__(
        self, project: Project, viewing: Viewing, clock: Clock, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._project, self._viewing, self._clock = project, viewing, clock
        self._to_start, self._own = True, False
        clock.frame_changed.connect(self._moved)
        project.replaced.connect(self._replaced)
        project.changed.connect(self._changed)
        viewing.info_changed.connect(lambda _: self.follow())
        self.follow()

    def follow(self) -> None:
        """Looks at the settings and at what is shown."""
        settings = self._project.document.settings
        info = self._viewing.infos.get("frame") or {}
        first, last = settings["first"], settings["last"]
        first = info.get("first") if first is None else first
        last = info.get("last") if last is None else last
        if isinstance(first, int) and isinstance(last, int):
            self._own = True
            self._clock.set_range(first, last)
            if self._to_start:  # a document opens at its first frame
                self._clock.set_frame(first)
            self._to_start = self._own = False
        rate = settings["fps"]
        if self._project.document.stored_setting("fps") is ABSENT:
            rate = info.get("fps") or rate
        self._clock.set_fps(float(rate))

    def _moved(self, _frame: int) -> None:
        if not self._own:
            self._to_start = False

    def _replaced(self) -> None:
        self._clock.stop()
        self._clock.clear_points()
        self._clock.set_range(*NOTHING)  # until the worker knows the clip
        self._to_start = True
        self.follow()

    def _changed(self, changes: tuple[Change, ...]) -> None:
        if any(change.kind == "setting" for change in changes):
            self.follow()
