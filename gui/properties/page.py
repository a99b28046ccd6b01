"""A page of a panel: its rows are made when it is first looked at."""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QWidget

from codef_nodes.graph.knob import Knob
from gui import theme
from gui.core.project import Project
from gui.properties.dim import LABELS, dim_label
from gui.properties.factory import Surroundings
from gui.properties.pages import Section
from gui.properties.row import KnobRow


class KnobPage(QWidget):
    """Rows of knobs, aligned.

    Signals:
        strokes_asked: The stroke list is wanted.

    Args:
        project: The document.
        node: Name of the node.
        sections: The knobs.
        around: What editors ask.
        parent: The panel.
    """

    strokes_asked = Signal()

    def __init__(
        self,
        project: Project,
        node: str,
        sections: Iterable[Section],
        around: Surroundings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows: dict[str, KnobRow] = {}
        self._project, self._node, self._around = project, node, around
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 8, 8, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, LABELS)
        line = 0
        for section in sections:
            if section.title:
                grid.addWidget(_heading(section.title), line, 0, 1, 2)
                line += 1
            for knob in section.knobs:
                line = self._row(knob).place(grid, line)
        grid.setRowStretch(line + 1, 1)
        if not self.rows:
            empty = dim_label("Nothing is changed here.")
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(empty, line, 0, 1, 2)

    def refresh(self, knob: str) -> None:
        """Shows a knob's value again."""
        row = self.rows.get(knob)
        if row is not None:
            row.refresh()

    def refresh_lists(self) -> None:
        """Shows again what hangs on wires and other knobs too."""
        for row in self.rows.values():
            if row.knob.kind == "groups":
                row.refresh()

    def refresh_all(self) -> None:
        """Shows every value again."""
        for row in self.rows.values():
            row.refresh()

    def _row(self, knob: Knob) -> KnobRow:
        row = KnobRow(self._project, self._node, knob, self._around, self)
        row.strokes_asked.connect(self.strokes_asked)
        self.rows[knob.name] = row
        return row


def _heading(title: str) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 8, 0, 2)
    row.setSpacing(8)
    label = dim_label(title)
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    line.setStyleSheet(f"color: {theme.RAISED};")
    row.addWidget(label)
    row.addWidget(line, 1)
    return box
