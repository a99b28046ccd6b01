"""The bottom line: what just happened, the workers, memory."""

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from codef_nodes.graph.memory import GIB, total_memory
from gui import theme
from gui.core.editor import Editor

_MESSAGE = 8000
_EVERY = 2000
_STATES = {
    "starting": ("starting", theme.WARNING),
    "ready": ("ready", theme.GOOD),
    "dead": ("stopped", theme.ERROR),
}


class StatusBar(QStatusBar):
    """Shows messages for a while, the state of both workers, and the memory that all use."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.setSizeGripEnabled(False)
        self.setFont(theme.font(theme.SMALL))
        self._links: dict[str, QLabel] = {}
        for role, what in (("view", "Viewer process"), ("jobs", "Job process")):
            label = QLabel()
            label.setFont(theme.font(theme.SMALL))
            label.setStyleSheet(f"color: {theme.DIM};")
            label.setContentsMargins(theme.MARGIN, 0, theme.GAP, 0)
            label.setToolTip(f"{what}: it reads, renders and fits, so that the window never waits")
            self._links[role] = label
            self.addPermanentWidget(label)
        self._memory = QLabel()
        self._memory.setFont(theme.mono(theme.SMALL))
        self._memory.setStyleSheet(f"color: {theme.DIM};")
        self._memory.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        self._memory.setToolTip("Memory of the window and both processes, and of the machine")
        self.addPermanentWidget(self._memory)
        editor.status.connect(lambda text: self.showMessage(text, _MESSAGE))
        editor.workers_started.connect(self._watch)
        for role in self._links:
            self._show_state(role, "dead" if editor.workers is not None else "starting")
        self._total = total_memory()
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self._measure)
        self._timer.start()
        self._measure()

    def _watch(self) -> None:
        workers = self._editor.workers
        if workers is None:
            return
        for link in workers.links:
            self._show_state(link.role, link.state)
            link.state_changed.connect(lambda state, role=link.role: self._show_state(role, state))

    def _show_state(self, role: str, state: str) -> None:
        words, colour = _STATES.get(state, (state, theme.DIM))
        self._links[role].setText(
            f'<span style="color:{colour}">●</span> {role.capitalize()} {words}'
        )

    def _measure(self) -> None:
        pids: list[int | None] = [None]
        if self._editor.workers is not None:
            pids += [link.pid for link in self._editor.workers.links if link.pid is not None]
        used = sum(resident(pid) for pid in pids)
        if used:
            self._memory.setText(f"{used / GIB:.1f} of {self._total / GIB:.0f} GiB")
        else:
            self._memory.setText(f"{self._total / GIB:.0f} GiB")


def resident(pid: int | None = None) -> int:
    """Bytes of memory that a process holds now; 0 where that cannot be asked cheaply."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        text = Path(f"/proc/{pid or 'self'}/statm").read_text()
        import resource

        return int(text.split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0
