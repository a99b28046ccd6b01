"""The fit pane."""

from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.errors import UsageError
from gui import theme
from gui.core.editor import Editor
from gui.fit.curve import CurveView
from gui.fit.figures import live_rows, reason_rows, report_rows, state_words
from gui.fit.grouping import GroupOffer
from gui.fit.knobrow import KnobRow
from gui.fit.parts import FigureList, button
from gui.fit.preview import FitPreview
from gui.fit.reports import Reports
from gui.icons import icon
from gui.jobs.job import ENDING, PAUSED, RUNNING, WAITING, Job, duration
from gui.jobs.queue import queue_of
from gui.jobs.reveal import reveal
from gui.roundtrip.exportdialog import ExportDialog
from gui.roundtrip.placedialog import PlaceDialog
from gui.roundtrip.trip import Arrival, trip_of

_TICK_MS = 700
EXPORT_TIP = "Take the canonical image to a paint program and bring its edits back as a layer"


class FitPanel(QWidget):
    """Start, pause, resume and stop the fit of the selected, or the only, fit node.

    Args:
        editor: The editor.

    Attributes:
        node: The fit that is shown, or None.
        start: Starts the fit; fits again when there is one.
        hold: Pauses and resumes.
        stop: Ends the fit and keeps what it has.
        cancel: Gives the fit up.
        preview: The canonical image.
        curve: Quality over time.
        figures: What there is to say about the fit.
        knobs: Recipe and time.
        offer: Makes a group of what one still does not explain.
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self._queue = queue_of(editor)
        self.node: str | None = None
        self._memory: int | None = None
        self._reports = Reports(editor, self._update)
        self._draft = ""
        self.preview = FitPreview(editor)
        self.curve = CurveView()
        self.figures = FigureList()
        self.offer = GroupOffer(editor)
        self.knobs = KnobRow(editor)
        self._build()
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._look)
        editor.selection.changed.connect(self._choose)
        project = editor.project
        project.changed.connect(self._choose)
        project.replaced.connect(self._replaced)
        editor.faces.changed.connect(self._face_changed)
        editor.viewing.results_changed.connect(self.preview.refresh)
        editor.viewing.revisions.bumped.connect(self.preview.refresh)
        editor.workers_started.connect(self.preview.refresh)
        self._queue.added.connect(self._job_changed)
        self._queue.changed.connect(self._job_changed)
        trip = trip_of(editor)
        trip.guessed.connect(self._look_at)
        trip.troubled.connect(project.problem)
        editor.actions.register(None, "global", {"roundtrip.export": self.export_canonical})
        self._choose()

    @property
    def job(self) -> Job | None:
        """The newest fit job of the node."""
        return None if self.node is None else self._queue.fit_of(self.node)

    # What the buttons do.

    def fit(self) -> None:
        """Starts the fit, or fits again."""
        if self.node is not None:
            self._queue.fit(self.node)

    def toggle_hold(self) -> None:
        """Pauses the fit, or lets it go on."""
        job = self.job
        if job is not None and job.state == RUNNING:
            self._queue.pause(job)
        elif job is not None:
            self._queue.resume(job)

    def finish(self) -> None:
        """Ends the fit and keeps what it has."""
        if self.job is not None:
            self._queue.stop(self.job)

    def give_up(self) -> None:
        """Cancels the fit; a checkpoint stays."""
        if self.job is not None:
            self._queue.cancel(self.job)

    def export_canonical(self) -> None:
        """Asks how to take the canonical image to a paint program."""
        if self.node is None:
            self._editor.say("There is no fit in the graph to export from")
            return
        dialog = ExportDialog(self._editor, self.node, self._editor.viewing.layer, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _look_at(self, arrival: Arrival) -> None:
        dialog = PlaceDialog(self._editor, arrival, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    # Building.

    def _build(self) -> None:
        self._nodes = QComboBox()
        self._nodes.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._nodes.setToolTip("The fit node that is shown")
        self._nodes.activated.connect(lambda _: self._picked(self._nodes.currentText()))
        self._dot = QLabel()
        self._word = QLabel()
        self._word.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        top = QHBoxLayout()
        top.setSpacing(theme.GAP + 2)
        self._name = QLabel()
        self._name.setFont(theme.font(bold=True))
        top.addWidget(self._nodes)
        top.addWidget(self._name)
        top.addWidget(self._dot)
        top.addWidget(self._word, 1)
        self.start = button("Fit", "play", "Fit the clip", self.fit)
        self.hold = button("Pause", "pause", "", self.toggle_hold)
        self.stop = button(
            "Stop", "stop", "End the fit now and keep what it has reached", self.finish
        )
        self.cancel = button(
            "", "close", "Give the fit up; a checkpoint stays and the next fit goes on from it",
            self.give_up,
        )  # fmt: skip
        self.folder = button("", "folder", "Show the folder of the finished fit", self._reveal)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        for each in (self.start, self.hold, self.stop, self.cancel):
            buttons.addWidget(each)
        buttons.addStretch(1)
        self.export = button("Export\u2026", "", EXPORT_TIP, self.export_canonical)
        buttons.addWidget(self.export)
        buttons.addWidget(self.folder)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(True)
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(*(theme.MARGIN,) * 4)
        column.setSpacing(theme.MARGIN - 1)
        column.addLayout(top)
        column.addWidget(self.knobs)
        column.addLayout(buttons)
        column.addWidget(self.bar)
        column.addWidget(self.preview, 3)
        column.addWidget(self.curve, 1)
        column.addWidget(self.figures)
        column.addWidget(self.offer)
        self._none = QLabel(
            "No fit in the graph. Press Tab over the graph and create FitCoDeF below the clip."
        )
        self._none.setWordWrap(True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.setStyleSheet(f"color: {theme.DIM}; padding: {2 * theme.MARGIN}px;")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside.setMinimumWidth(0)
        scroll.setWidget(self._inside)
        self._scroll = scroll
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        whole.addWidget(self._none)

    # Which fit.

    def fits(self) -> list[str]:
        """The nodes of the document that fit."""
        document = self._editor.project.document
        return [name for name in document.nodes if document.node_class(name).asset]

    def _choose(self, *_: object) -> None:
        """Shows the fit that is selected or nearest above what is, else the one shown before."""
        document, fits = self._editor.project.document, self.fits()
        current = self._editor.selection.current
        wanted = self.node if self.node in fits else (fits[0] if fits else None)
        if current in fits:
            wanted = current
        elif current is not None and current in document:
            try:
                above = [name for name in document.upstream(current) if name in fits]
            except UsageError:  # a cycle
                above = []
            wanted = above[-1] if above else wanted
        self._picked(wanted)

    def _picked(self, node: str | None) -> None:
        other, self.node = node != self.node, node
        fits = self.fits()
        if [self._nodes.itemText(i) for i in range(self._nodes.count())] != fits:
            self._nodes.clear()
            self._nodes.addItems(fits)
        if node is not None:
            self._nodes.setCurrentText(node)
        self._nodes.setVisible(len(fits) > 1)
        self._name.setVisible(len(fits) <= 1)
        self._name.setText(node or "")
        self._scroll.setVisible(node is not None)
        self._none.setVisible(node is None)
        if other:
            self._draft, self._memory = "", None
            self.curve.set_points([], [])
            self.preview.show_node(node)
            self._reports.ask(node)
        self._update()

    def _replaced(self) -> None:
        self.node = None
        self.preview.show_node(None)
        self._reports.forget()
        self._choose()

    # What is shown.

    def _job_changed(self, job: Job) -> None:
        if job.nodes != (self.node,) and job.draft == self._draft:
            return
        if job.draft != self._draft and job.active:
            self._draft = job.draft
            self.preview.refresh()
        if job.kind == "fit" and job.nodes == (self.node,):
            if job.state == WAITING and not job.curve:
                self.curve.set_points([], self.curve.points or None)
            if job.over and job.result.get("report") and self.node is not None:
                self._reports.note(self.node, job.result["report"])
                self.preview.refresh()
            self._update()

    def _face_changed(self, name: str) -> None:
        if name == self.node:
            self._update()

    def _look(self) -> None:
        """The clock goes on also while the worker says nothing; memory is asked for."""
        job, workers = self.job, self._editor.workers
        if job is None or not job.active:
            self._tick.stop()
            return
        if workers is not None and self.isVisible():

            def done(answer: dict[str, Any]) -> None:
                rss = answer.get("rss")
                self._memory = int(rss) if isinstance(rss, int) else None

            workers.jobs.request("status", {}, done, lambda _: None, owner=self)
        self._update()

    def _update(self) -> None:
        if self.node is None or self.node not in self._editor.project.document:
            return
        job = self.job
        active = job is not None and job.active
        face = self._editor.faces.face(self.node)
        self._say_state(job, face.fit or "none", face.error)
        waiting = job is not None and job.state == WAITING
        fitted = self._reports.path(self.node) is not None
        self.start.setText("Fit again" if fitted else "Fit")
        self.start.setVisible(not active and not waiting)
        self.hold.setVisible(active)
        paused = job is not None and job.state == PAUSED
        self.hold.setText("Resume" if paused else "Pause")
        self.hold.setIcon(icon("play" if paused else "pause"))
        self.hold.setToolTip(
            "Let the fit go on" if paused else "Takes no processor and no time of the budget"
        )
        ending = job is not None and job.state == ENDING
        self.hold.setEnabled(not ending)
        self.stop.setVisible(active)
        self.stop.setEnabled(not ending)
        self.cancel.setVisible(active or waiting)
        self.cancel.setEnabled(job is None or job.label != "cancelling")
        self.folder.setVisible(fitted and not active)
        self.export.setVisible(fitted and not active)
        self.bar.setVisible(active)
        if job is not None and active:
            self.bar.setValue(round(job.fraction * 1000))
            words = [job.label or "starting"]
            if job.seconds_left is not None:
                words.append(f"{duration(job.seconds_left)} left")
            self.bar.setFormat("  \u00b7  ".join(words).replace("%", "%%"))
            if not self._tick.isActive():
                self._tick.start()
        self.knobs.show_node(self.node)
        self._update_curve(job)
        self._update_rows(job)
        self._update_badge(job)

    def _say_state(self, job: Job | None, fit: str, error: str) -> None:
        text, colour = state_words(job, fit)
        self._word.setText(text)
        self._word.setToolTip(error or text)
        self._dot.setPixmap(icon("dot", colour).pixmap(QSize(12, 12)))

    def _update_curve(self, job: Job | None) -> None:
        if job is not None and (job.active or job.curve):
            self.curve.set_points(job.curve)
            return
        curve = self._reports.of(self.node).get("psnr_curve") or []
        self.curve.set_points([(float(a), float(b)) for a, b in curve if b is not None])

    def _update_rows(self, job: Job | None) -> None:
        if job is not None and job.active:
            rows = live_rows(job, self._memory)
        else:
            rows = report_rows(self._reports.of(self.node))
            if job is not None and job.error:
                rows.insert(0, ("Trouble", job.error))
        path = self._reports.path(self.node)
        if path is not None:
            rows.append(("In use", path))
        report = self._reports.of(self.node)
        rows += reason_rows(report)
        self.figures.show_rows(rows)
        self.offer.show_fit(self.node or "", report)

    def _update_badge(self, job: Job | None) -> None:
        self.preview.set_hint(
            "The first draft comes within seconds; paint on it while the fit goes on."
            if job is not None and job.active
            else "Press Fit: a first draft to paint on is there within seconds."
        )
        if job is not None and job.active and job.draft:
            psnr = job.figures.get("psnr")
            self.preview.set_badge("draft" if psnr is None else f"draft, {psnr:.1f} dB")
        else:
            self.preview.set_badge("")

    def _reveal(self) -> None:
        path = self._reports.path(self.node)
        if path is not None and not reveal(self._editor.project.folder / path):
            self._editor.say(f"{path} is not there any more")
