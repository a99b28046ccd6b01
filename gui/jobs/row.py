"""One job in the list: state, progress, and what can be done about it."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QVBoxLayout, QWidget

from gui import theme
from gui.icons import icon
from gui.jobs.job import (
    CANCELLED,
    DONE,
    ENDING,
    FAILED,
    INTERRUPTED,
    PAUSED,
    RUNNING,
    WAITING,
    Job,
    duration,
)

WORDS = {
    WAITING: ("Waiting", theme.DIM),
    RUNNING: ("Running", theme.INFO),
    PAUSED: ("Paused", theme.WARNING),
    ENDING: ("Ending", theme.INFO),
    DONE: ("Done", theme.GOOD),
    FAILED: ("Failed", theme.ERROR),
    CANCELLED: ("Cancelled", theme.DIM),
    INTERRUPTED: ("Interrupted", theme.WARNING),
}
"""What each state is called, and its colour."""

_RETRY = "Start again; a fit goes on from its checkpoint, a render after its last whole frame"
_OTHER_DOCUMENT = "The job is of another document; open that one and start it anew"


class JobRow(QWidget):
    """Shows a job; its buttons ask the pane.

    Args:
        job: The job.
        ask: Called with the word on a button: ``pause``, ``resume``, ``stop``, ``cancel``,
            ``retry``, ``reveal`` or ``remove``.
    """

    clicked = Signal()

    def __init__(self, job: Job, ask: Callable[[Job, str], object]) -> None:
        super().__init__()
        self.job = job
        self.buttons: dict[str, QToolButton] = {}
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._state = QLabel()
        self._detail = QLabel()
        self._detail.setTextFormat(Qt.TextFormat.PlainText)
        self._detail.setWordWrap(True)
        self._detail.setFont(theme.font(theme.SMALL))
        self._time = QLabel()
        self._time.setFont(theme.font(theme.SMALL))
        self._time.setStyleSheet(f"color: {theme.DIM};")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setStyleSheet("QProgressBar { min-height: 4px; max-height: 4px; }")
        top = QHBoxLayout()
        top.setSpacing(2)
        top.addWidget(self._title)
        top.addSpacing(theme.MARGIN)
        top.addWidget(self._state)
        top.addStretch(1)
        top.addWidget(self._time)
        top.addSpacing(theme.GAP)
        for name, picture, tip in (
            ("pause", "pause", "Pause: takes no processor and no time of its budget"),
            ("resume", "play", "Go on"),
            ("stop", "stop", "Stop now and keep what the fit has reached"),
            ("retry", "retry", _RETRY),
            ("reveal", "folder", "Show the files"),
            ("cancel", "close", "Cancel; of a fit a checkpoint stays"),
            ("remove", "trash", "Take off the list; files stay"),
        ):
            button = QToolButton()
            button.setIcon(icon(picture))
            button.setIconSize(QSize(theme.ICON - 2, theme.ICON - 2))
            button.setFixedSize(22, 22)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, name=name: ask(self.job, name))
            self.buttons[name] = button
            top.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, 5, theme.GAP, 6)
        column.setSpacing(3)
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(self._detail)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("jobRow")
        self.set_selected(False)
        self.update_job()

    def update_job(self) -> None:
        """Shows the job as it is now."""
        job = self.job
        word, colour = WORDS[job.state]
        self._title.setText(job.title)
        self._state.setText(word)
        self._state.setStyleSheet(f"color: {colour};")
        self.bar.setVisible(job.active)
        self.bar.setValue(round(job.fraction * 1000))
        self._time.setText(_time_text(job))
        detail, told = _detail_text(job)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self._detail.setStyleSheet(f"color: {told};")
        shown = {
            "pause": job.state == RUNNING,
            "resume": job.state == PAUSED,
            "stop": job.kind == "fit" and job.state in (RUNNING, PAUSED),
            "cancel": not job.over and not (job.state == ENDING and job.label == "cancelling"),
            "retry": job.over,
            "reveal": bool(job.folder),
            "remove": job.over,
        }
        for name, button in self.buttons.items():
            button.setVisible(shown[name])
        self.buttons["retry"].setEnabled(not job.foreign)
        self.buttons["retry"].setToolTip(_OTHER_DOCUMENT if job.foreign else _RETRY)

    def set_selected(self, selected: bool) -> None:
        """Marks the row whose log is shown."""
        ground = theme.RAISED if selected else theme.PANE
        edge = theme.ACCENT if selected else "transparent"
        self.setStyleSheet(
            f"#jobRow {{ background: {ground}; border-left: 2px solid {edge}; "
            f"border-bottom: 1px solid {theme.LINE}; }}"
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Chooses the job."""
        self.clicked.emit()


def _time_text(job: Job) -> str:
    if job.state == WAITING:
        return ""
    text = duration(job.elapsed)
    if job.active and job.seconds_left is not None:
        text += f", {duration(job.seconds_left)} left"
    return text


def _detail_text(job: Job) -> tuple[str, str]:
    """The line under the title, and its colour."""
    if job.error:
        return job.error, theme.WARNING if job.state == INTERRUPTED else theme.ERROR
    if not job.active:
        return job.label if job.state == DONE else "", theme.DIM
    figures = []
    if "step" in job.figures:
        figures.append(f"pass {job.figures['step']:.0f}")
    if "psnr" in job.figures:
        figures.append(f"{job.figures['psnr']:.2f} dB")
    return "  \u00b7  ".join([part for part in (job.label, *figures) if part]), theme.DIM
