"""What to render: which writes, which frames, and what to do about trouble and existing files."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import UsageError
from engine.io.frames import format_frames, parse_frames
from gui import theme
from gui.core.editor import Editor
from gui.jobs.job import Job
from gui.jobs.queue import queue_of

_KEPT = "render_dialog"


class RenderDialog(QDialog):
    """Asks and queues the render. What was chosen is remembered.

    Args:
        editor: The editor.
        nodes: What to render; none: every enabled node that writes.
        parent: The window.

    Attributes:
        job: The render that was queued.
    """

    def __init__(
        self, editor: Editor, nodes: tuple[str, ...] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._nodes = editor, nodes
        self.job: Job | None = None
        self.setWindowTitle("Render selected" if nodes else "Render all writes")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumWidth(420)
        kept = editor.preferences.get(_KEPT)
        kept = kept if isinstance(kept, dict) else {}
        names = list(nodes) or writers(editor)
        what = QLabel(", ".join(names) if names else "no enabled node writes anything")
        what.setWordWrap(True)
        what.setTextFormat(Qt.TextFormat.PlainText)
        clock = editor.clock
        low, high = clock.in_point, clock.out_point
        self.all = QRadioButton("All frames of each write")
        self.marked = QRadioButton(f"In to out, {low}-{high}")
        self.current = QRadioButton(f"Current frame, {clock.frame}")
        self.custom = QRadioButton("Frames")
        self.frames = QLineEdit(str(kept.get("frames") or format_frames(range(low, high + 1))))
        self.frames.setPlaceholderText("1001-1100x2, 1044")
        self.frames.textEdited.connect(lambda _: self.custom.setChecked(True))
        self._range = (low, high)
        group = QButtonGroup(self)
        for button in (self.all, self.marked, self.current, self.custom):
            group.addButton(button)
        self._choices = {
            "all": self.all,
            "marked": self.marked,
            "current": self.current,
            "custom": self.custom,
        }
        self._choices.get(str(kept.get("range")), self.all).setChecked(True)
        self.keep_going = QCheckBox("Go on when a frame fails")
        self.keep_going.setToolTip("The frames that fail are listed at the end.")
        self.keep_going.setChecked(kept.get("continue") is True)
        self.skip = QCheckBox("Skip frames whose file is there")
        self.skip.setToolTip("Renders only what is missing.")
        self.skip.setChecked(kept.get("skip_existing") is True)
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setStyleSheet(f"color: {theme.ERROR};")
        self.trouble.hide()
        buttons = QDialogButtonBox()
        self.ok = buttons.addButton("Render", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.ok.setEnabled(bool(names))
        self.ok.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.addWidget(QLabel("Nodes"), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(what, 0, 1, 1, 2)
        grid.addWidget(QLabel("Range"), 1, 0)
        for row, button in enumerate((self.all, self.marked, self.current), 1):
            grid.addWidget(button, row, 1, 1, 2)
        grid.addWidget(self.custom, 4, 1)
        grid.addWidget(self.frames, 4, 2)
        grid.setColumnStretch(1, 0)
        grid.setColumnStretch(2, 1)
        grid.addWidget(QLabel("Options"), 5, 0)
        grid.addWidget(self.keep_going, 5, 1, 1, 2)
        grid.addWidget(self.skip, 6, 1, 1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * theme.MARGIN,) * 4)
        column.setSpacing(theme.MARGIN + 4)
        column.addLayout(grid)
        column.addWidget(self.trouble)
        column.addWidget(buttons)

    def accept(self) -> None:
        """Queues the render, unless the range is none."""
        try:
            frames = self._wanted()
        except UsageError as error:
            self.trouble.setText(str(error))
            self.trouble.show()
            self.frames.setFocus()
            return
        kept = next(name for name, button in self._choices.items() if button.isChecked())
        self._editor.preferences.set(
            _KEPT,
            {
                "range": kept,
                "frames": self.frames.text() if kept == "custom" else "",
                "continue": self.keep_going.isChecked(),
                "skip_existing": self.skip.isChecked(),
            },
        )
        self.job = queue_of(self._editor).render(
            self._nodes,
            frames,
            keep_going=self.keep_going.isChecked(),
            skip_existing=self.skip.isChecked(),
        )
        super().accept()

    def _wanted(self) -> tuple[int, ...] | None:
        if self.all.isChecked():
            return None
        if self.marked.isChecked():
            low, high = self._range
            return tuple(range(low, high + 1))
        if self.current.isChecked():
            return (self._editor.clock.frame,)
        return parse_frames(self.frames.text())


def writers(editor: Editor) -> list[str]:
    """The enabled nodes that write."""
    document = editor.project.document
    return [
        name
        for name, state in document.nodes.items()
        if not state.disabled and document.node_class(name).writes
    ]


def selected_writers(editor: Editor) -> tuple[str, ...]:
    """The selected nodes that write, in click order; disabled ones are left out."""
    there = set(writers(editor))
    return tuple(name for name in editor.selection.names if name in there)
