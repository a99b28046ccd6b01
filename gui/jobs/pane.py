"""The jobs pane: what waits, runs and is over, with its log."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui.cache.manager import CacheManager
from gui.core.editor import Editor
from gui.jobs.dialog import RenderDialog, selected_writers
from gui.jobs.job import Job
from gui.jobs.queue import queue_of
from gui.jobs.reveal import reveal
from gui.jobs.row import JobRow

_TICK_MS = 500


class JobsPane(QWidget):
    """Lists the jobs, newest first; F5 and F7 ask what to render.

    Args:
        editor: The editor.

    Attributes:
        queue: The jobs.
        rows: The row of each job.
        dialog: The render dialog while it is open.
        manager: The cache manager while it is open.
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self.queue = queue_of(editor)
        self.rows: dict[Job, JobRow] = {}
        self.dialog: RenderDialog | None = None
        self.manager: CacheManager | None = None
        self._selected: Job | None = None
        self._lines = 0
        self._build()
        for job in self.queue.jobs:
            self._added(job)
        self.queue.added.connect(self._added)
        self.queue.changed.connect(self._changed)
        self.queue.removed.connect(self._removed)
        editor.actions.register(
            None,
            "global",
            {
                "jobs.render_all": self.render_all,
                "jobs.render_selected": self.render_selected,
                "cache.manager": self.manage_caches,
            },
        )
        # The time goes on also while the worker says nothing.
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._update_active)

    @property
    def selected(self) -> Job | None:
        """The job whose log is shown."""
        return self._selected

    def render_all(self) -> None:
        """Asks how to render all writes."""
        self._ask(())

    def render_selected(self) -> None:
        """Asks how to render the selected writes."""
        names = selected_writers(self._editor)
        if not names:
            self._editor.say("Select a node to render first (F5 renders all writes)")
            return
        self._ask(names)

    def manage_caches(self) -> None:
        """Opens the cache manager, or brings it to the front."""
        if self.manager is None:
            self.manager = CacheManager(self._editor, self.window())
            self.manager.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.manager.destroyed.connect(self._manager_gone)
        self.manager.show()
        self.manager.raise_()

    def _manager_gone(self) -> None:
        self.manager = None

    def select(self, job: Job | None) -> None:
        """Shows the log of a job."""
        before, self._selected = self._selected, job
        for each in (before, job):
            if each in self.rows:
                self.rows[each].set_selected(each is job)
        self._log.clear()
        self._lines = 0
        self._update_log()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QWidget()
        bar.setFixedHeight(theme.BAR + 4)
        row = QHBoxLayout(bar)
        row.setContentsMargins(theme.MARGIN, 3, theme.MARGIN, 3)
        row.setSpacing(theme.GAP)
        actions = self._editor.actions
        for title, name, does in (
            ("Render all\u2026", "jobs.render_all", self.render_all),
            ("Render selected\u2026", "jobs.render_selected", self.render_selected),
        ):
            button = QPushButton(title)
            button.setToolTip(actions.tooltip(name))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, does=does: does())
            row.addWidget(button)
        row.addStretch(1)
        self.clear = QPushButton("Clear finished")
        self.clear.setToolTip("Take what is done or cancelled off the list; files stay")
        self.clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clear.clicked.connect(self.queue.clear_finished)
        row.addWidget(self.clear)
        column.addWidget(bar)
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._empty = QLabel("No jobs yet. F5 renders all writes, the Fit pane fits a clip.")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setStyleSheet(f"color: {theme.DIM}; padding: {2 * theme.MARGIN}px;")
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._list)
        self._list.setObjectName("jobList")
        self._list.setStyleSheet(f"#jobList {{ background: {theme.PANE}; }}")
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setFont(theme.mono(theme.SMALL))
        self._log.setFrameShape(QFrame.Shape.NoFrame)
        self._log.setPlaceholderText("Choose a job to read its log.")
        self._log.setMaximumBlockCount(2000)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(scroll)
        split.addWidget(self._log)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([300, 90])
        column.addWidget(split, 1)

    def _ask(self, names: tuple[str, ...]) -> None:
        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        self.dialog = RenderDialog(self._editor, names, self.window())
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None

    def _added(self, job: Job) -> None:
        row = JobRow(job, self._do)
        row.clicked.connect(lambda: self.select(job))
        self.rows[job] = row
        self._column.insertWidget(1, row)
        self._empty.hide()
        self.select(job)
        self._tick.start()

    def _changed(self, job: Job) -> None:
        if job in self.rows:
            self.rows[job].update_job()
        if job is self._selected:
            self._update_log()

    def _removed(self, job: Job) -> None:
        row = self.rows.pop(job, None)
        if row is not None:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        if job is self._selected:
            self.select(next(reversed(self.rows), None))
        self._empty.setVisible(not self.rows)

    def _do(self, job: Job, what: str) -> None:
        queue = self.queue
        if what == "reveal":
            if not reveal(job.folder):
                self._editor.say(f"{job.folder} is not there any more")
            return
        {
            "pause": queue.pause,
            "resume": queue.resume,
            "stop": queue.stop,
            "cancel": queue.cancel,
            "retry": queue.retry,
            "remove": queue.remove,
        }[what](job)

    def _update_log(self) -> None:
        job = self._selected
        if job is None:
            return
        if self._lines > len(job.log):
            self._log.clear()
            self._lines = 0
        for line in job.log[self._lines :]:
            self._log.appendPlainText(line)
        self._lines = len(job.log)

    def _update_active(self) -> None:
        active = [job for job in self.rows if job.active]
        for job in active:
            self.rows[job].update_job()
        if not active and not any(not job.over for job in self.rows):
            self._tick.stop()
