"""The base of editors that show a knob as a list: a row for each thing, to change or delete."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from codef_nodes.graph.knob import Knob
from gui.properties.dim import dim_label, small_button
from gui.properties.knobeditor import KnobEditor

_ENABLED = Qt.ItemFlag.ItemIsEnabled
_FLAGS = _ENABLED | Qt.ItemFlag.ItemIsSelectable


@dataclass(frozen=True)
class Column:
    """A column of a list.

    Attributes:
        title: Its head.
        tip: What it holds.
        letters: Its width in letters; 0: what is left.
    """

    title: str
    tip: str
    letters: int = 0


class RowList(KnobEditor):
    """A list with its rows; Del deletes the selected ones.

    Who derives from it fills it with ``fill`` and overrides ``edited`` and ``removed``.

    Attributes:
        table: The rows.
        foot: The line below, with the button that deletes and a note.
        note: Says what to do while there are no rows.
    """

    wide = True

    def __init__(
        self,
        knob: Knob,
        columns: Sequence[Column],
        note: str,
        what: str,
        rows: int = 5,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(knob, parent)
        self.filling = False
        self.table = QTableWidget(0, len(columns), self)
        for place, column in enumerate(columns):
            head = QTableWidgetItem(column.title)
            head.setToolTip(column.tip)
            self.table.setHorizontalHeaderItem(place, head)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        letter = self.fontMetrics().horizontalAdvance("n")
        for place, column in enumerate(columns):
            if column.letters:
                header.resizeSection(place, letter * column.letters)
            else:
                header.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumWidth(180)
        line = self.fontMetrics().lineSpacing() + 6
        self.table.verticalHeader().setDefaultSectionSize(line)
        self.table.setFixedHeight(line * (rows + 1) + 6)
        self.table.installEventFilter(self)
        self.table.itemChanged.connect(self._changed)
        self.note = dim_label(note)
        self.note.setMinimumWidth(40)
        self.remove = small_button("Delete", f"Deletes the selected {what}.", self)
        self.remove.clicked.connect(self._remove)
        self.table.itemSelectionChanged.connect(self.selected)
        self.foot = QHBoxLayout()
        self.foot.addWidget(self.remove)
        self.foot.addWidget(self.note, 1)
        self.foot.addStretch(0)
        column_of = QVBoxLayout(self)
        column_of.setContentsMargins(0, 0, 0, 0)
        column_of.setSpacing(3)
        column_of.addWidget(self.table)
        column_of.addLayout(self.foot)
        self.setFocusProxy(self.table)
        self.selected()

    def edited(self, row: int, column: int, item: QTableWidgetItem) -> None:
        """A cell was changed by hand."""

    def removed(self, rows: set[int]) -> None:
        """The selected rows are to be deleted."""

    def fill(self, rows: Sequence[Sequence[QTableWidgetItem]]) -> None:
        """Shows rows; emits nothing."""
        self.filling = True
        self.table.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                head = self.table.horizontalHeaderItem(column)
                if not cell.toolTip() and head is not None:
                    cell.setToolTip(head.toolTip())
                self.table.setItem(row, column, cell)
        self.filling = False
        self.note.setVisible(not rows)

    def chosen(self) -> set[int]:
        """The selected rows."""
        return {index.row() for index in self.table.selectedIndexes()}

    def selected(self) -> None:
        """Other rows are selected."""
        self.remove.setEnabled(bool(self.chosen()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Del."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
            and self.table.state() != QAbstractItemView.State.EditingState
        ):
            self._remove()
            return True
        return super().eventFilter(watched, event)

    def _remove(self) -> None:
        rows = self.chosen()
        if rows:
            self.removed(rows)

    def _changed(self, item: QTableWidgetItem) -> None:
        if not self.filling:
            self.edited(item.row(), item.column(), item)


def cell(text: str, *, editable: bool = False, ticked: bool | None = None) -> QTableWidgetItem:
    """A cell of a list.

    Args:
        text: What it shows.
        editable: It can be typed over.
        ticked: It has a tick, set or not; None: no tick.
    """
    item = QTableWidgetItem(text)
    flags = _FLAGS
    if editable:
        flags |= Qt.ItemFlag.ItemIsEditable
    if ticked is not None:
        flags |= Qt.ItemFlag.ItemIsUserCheckable
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
    item.setFlags(flags)
    return item


def is_ticked(item: QTableWidgetItem) -> bool:
    """Whether a cell's tick is set."""
    return item.checkState() == Qt.CheckState.Checked


def frames_text(frames: Sequence[int]) -> str:
    """Frame numbers, as short as people read them."""
    if len(frames) <= 3:
        return ", ".join(map(str, sorted(frames)))
    return f"{len(frames)} in {min(frames)}-{max(frames)}"
