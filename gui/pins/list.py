"""The pins in the panel of their node: one row each, to rename, resize, switch off or delete."""

from typing import Any

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

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.dim import dim_label, small_button
from gui.properties.knobeditor import KnobEditor

COLUMNS = ("Pin", "Keys", "Radius", "Hard", "Fade")
_TIPS = (
    "Its name; unticked, it does not count.",
    "Frames in which it has a place.",
    "Pixels around it beyond which nothing moves.",
    "Ticked, it is met exactly; else it pulls half of the way and yields to others.",
    "Frames before its first and after its last key in which it lets go; empty: it never does.",
)
_ROWS = 5
_NAME, _KEYS, _RADIUS, _HARD, _FADE = range(5)


class PinsEditor(KnobEditor):
    """A table of pins; Del deletes the selected ones."""

    tall = True

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self._value: list[dict[str, Any]] = []
        self._filling = False
        self.table = QTableWidget(0, len(COLUMNS), self)
        for place, (title, tip) in enumerate(zip(COLUMNS, _TIPS, strict=True)):
            head = QTableWidgetItem(title)
            head.setToolTip(tip)
            self.table.setHorizontalHeaderItem(place, head)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        letter = self.fontMetrics().horizontalAdvance("n")
        for place, letters in ((_KEYS, 7), (_RADIUS, 7), (_HARD, 6), (_FADE, 6)):
            header.resizeSection(place, letter * letters)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumWidth(180)
        header.setMinimumSectionSize(28)
        line = self.fontMetrics().lineSpacing() + 6
        self.table.verticalHeader().setDefaultSectionSize(line)
        self.table.setFixedHeight(line * (_ROWS + 1) + 6)
        self.table.installEventFilter(self)
        self.table.itemChanged.connect(self._changed)
        self.note = dim_label("No pins yet: take the pin tool.")
        self.note.setMinimumWidth(40)
        self.remove = small_button("Delete", "Deletes the selected pins.", self)
        self.remove.clicked.connect(self._remove)
        self.table.itemSelectionChanged.connect(self._selected)
        foot = QHBoxLayout()
        foot.addWidget(self.remove)
        foot.addWidget(self.note, 1)
        foot.addStretch(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.table)
        column.addLayout(foot)
        self.setFocusProxy(self.table)
        self._selected()

    def show_value(self, value: JSON) -> None:
        """Fills the table."""
        self._value = [pin for pin in value if isinstance(pin, dict)]
        self._filling = True
        self.table.setRowCount(len(self._value))
        for row, pin in enumerate(self._value):
            for column in range(len(COLUMNS)):
                self.table.setItem(row, column, _cell(pin, column))
        self._filling = False
        self.note.setVisible(not self._value)

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

    def _selected(self) -> None:
        self.remove.setEnabled(bool(self._rows()))

    def _rows(self) -> set[int]:
        return {index.row() for index in self.table.selectedIndexes()}

    def _remove(self) -> None:
        rows = self._rows()
        if rows:
            self.committed.emit([pin for n, pin in enumerate(self._value) if n not in rows])

    def _changed(self, item: QTableWidgetItem) -> None:
        if self._filling:
            return
        pins = [dict(pin) for pin in self._value]
        pin, text = pins[item.row()], item.text().strip()
        ticked = item.checkState() == Qt.CheckState.Checked
        if item.column() == _NAME:
            if ticked != pin.get("enabled", True):
                pin["enabled"] = ticked
            others = {str(each.get("name")) for each in pins if each is not pin}
            if text and text not in others:
                pin["name"] = text
            elif text != pin.get("name"):
                self.refused.emit(f"{text or 'no name'} is no name for a pin: each needs its own")
        elif item.column() == _HARD and ticked != pin.get("hard", True):
            pin["hard"] = ticked
        elif item.column() == _RADIUS and not _set(pin, "radius", text, 1.0):
            self.refused.emit(f"{text} is no radius; type pixels of at least 1")
        elif item.column() == _FADE:
            if not text:
                pin["fade"] = None
            elif not _set(pin, "fade", text, 0):
                self.refused.emit(f"{text} is no number of frames; type 0 or more, or nothing")
        if pins != self._value:
            self.committed.emit(pins)
        else:
            self.show_value(self._value)


def _set(pin: dict[str, Any], name: str, text: str, least: float) -> bool:
    """Sets a number of a pin; whole where ``least`` is."""
    try:
        number = type(least)(text)
    except ValueError:
        return False
    if not least <= number <= 1e6:
        return False
    pin[name] = number
    return True


def _cell(pin: dict[str, Any], column: int) -> QTableWidgetItem:
    fade = pin.get("fade", 12)
    texts = {
        _NAME: str(pin.get("name", "")),
        _KEYS: _keys(pin),
        _RADIUS: f"{float(pin.get('radius', 64.0)):g}",
        _FADE: "" if fade is None else str(fade),
    }
    item = QTableWidgetItem(texts.get(column, ""))
    item.setToolTip(_TIPS[column])
    flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
    if column in (_NAME, _HARD):
        flags |= Qt.ItemFlag.ItemIsUserCheckable
        on = pin.get("enabled" if column == _NAME else "hard", True)
        item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
    if column in (_NAME, _RADIUS, _FADE):
        flags |= Qt.ItemFlag.ItemIsEditable
    item.setFlags(flags)
    return item


def _keys(pin: dict[str, Any]) -> str:
    """The frames of a pin, as short as people read them."""
    frames = sorted(int(frame) for frame in pin.get("frames", {}))
    if len(frames) <= 3:
        return ", ".join(map(str, frames))
    return f"{len(frames)} in {frames[0]}-{frames[-1]}"
