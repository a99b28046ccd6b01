"""The editor of a table: names with values."""

import json

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.dim import small_button
from gui.properties.knobeditor import KnobEditor

_ROWS = 4


def cell_value(text: str) -> JSON:
    """What a cell means: JSON where it is that, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def cell_text(value: JSON) -> str:
    """A value for a cell."""
    if isinstance(value, str) and cell_value(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


class TableEditor(KnobEditor):
    """Two columns; a row whose name is emptied goes."""

    tall = True

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self._value: dict[str, JSON] = {}
        self._filling = False
        self.table = QTableWidget(0, 2, self)
        self.table.setHorizontalHeaderLabels(["Name", "Value"])
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        line = self.fontMetrics().lineSpacing() + 6
        self.table.verticalHeader().setDefaultSectionSize(line)
        self.table.setFixedHeight(line * (_ROWS + 1) + 6)
        self.table.viewport().installEventFilter(self)
        self.table.installEventFilter(self)
        add = small_button("Add", "Adds a row.", self)
        remove = small_button("Remove", "Removes the selected rows.", self)
        add.clicked.connect(self._add)
        remove.clicked.connect(self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.table)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(add)
        row.addWidget(remove)
        row.addStretch(1)
        column.addLayout(row)
        self.setFocusProxy(self.table)
        self.table.itemChanged.connect(self._changed)

    def show_value(self, value: JSON) -> None:
        """Fills the table."""
        self._value = dict(value)
        self._filling = True
        self.table.setRowCount(len(self._value))
        for row, (name, held) in enumerate(self._value.items()):
            self.table.setItem(row, 0, QTableWidgetItem(name))
            self.table.setItem(row, 1, QTableWidgetItem(cell_text(held)))
        self._filling = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The wheel scrolls the table only while there is something to scroll; Del removes."""
        if isinstance(event, QWheelEvent) and not self.table.verticalScrollBar().maximum():
            event.ignore()
            return True
        if isinstance(event, QKeyEvent) and watched is self.table:
            deletes = event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
            if deletes and event.type() == QEvent.Type.KeyPress:
                self._remove()
                return True
        return super().eventFilter(watched, event)

    def _add(self) -> None:
        self._filling = True
        row = self.table.rowCount()
        self.table.setRowCount(row + 1)
        name = QTableWidgetItem("")
        self.table.setItem(row, 0, name)
        self.table.setItem(row, 1, QTableWidgetItem(""))
        self._filling = False
        self.table.setCurrentCell(row, 0)
        self.table.editItem(name)

    def _remove(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        self._filling = True
        for row in sorted(rows, reverse=True):
            self.table.removeRow(row)
        self._filling = False
        self._changed()

    def _changed(self) -> None:
        if self._filling:
            return
        found: dict[str, JSON] = {}
        for row in range(self.table.rowCount()):
            name, held = (self.table.item(row, column) for column in (0, 1))
            if name is not None and name.text().strip():
                text = "" if held is None else held.text()
                if text.strip() or name.text().strip() in self._value:
                    found[name.text().strip()] = cell_value(text)
        if found != self._value:
            self.committed.emit(found)
