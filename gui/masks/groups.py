"""The groups of MaskGroup in its panel: order, names, colours, kinds and how each is fitted."""

from copy import deepcopy
from typing import Any

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QColorDialog, QMenu, QTableWidgetItem, QWidget

from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.work.groupentries import PALETTE, GroupEntry
from codef_nodes.worker.groupcolours import groups_of
from engine.errors import CodefError, UsageError
from engine.fit.groupsettings import settings_from
from gui import theme
from gui.properties.dim import icon_button
from gui.properties.rowlist import Column, RowList, cell, is_ticked

BACKGROUND = "background"
COLUMNS = (
    Column("", "Its colour over the picture; double click for another one.", 4),
    Column("Group", "Its name, front to back; the arrows below change the order."),
    Column("Layer", "Ticked, it gets a still of its own; else the fit leaves it alone.", 6),
    Column("Stiff", "Times the usual stiffness: 10 for a car, 0.3 for cloth; empty: 1.", 6),
    Column("Detail", "Pixels between its finest points: 2, 4, 8 or 16; empty: the fit decides.", 7),
    Column("Steady", "How firmly the frames beside hold it: 0 to 20; empty: the recipe's.", 7),
)
_COLOUR, _NAME, _LAYER, _STIFF, _DETAIL, _STEADY = range(6)
_NUMBERS = {_STIFF: "stiffness", _DETAIL: "detail", _STEADY: "steadiness"}


class GroupsEditor(RowList):
    """The groups, front to back, and the background behind them."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        self._value: dict[str, Any] = {}
        self._groups: list[GroupEntry] = []
        super().__init__(
            knob, COLUMNS, "No groups yet: wire masks, or name folders.", "settings", 6, parent
        )
        self.remove.setText("Reset")
        self.remove.setToolTip("Takes back what is set for the selected groups.")
        self.forward = icon_button("up", "Moves the selected group to the front.", self)
        self.backward = icon_button("down", "Moves the selected group to the back.", self)
        for place, (button, step) in enumerate(((self.forward, -1), (self.backward, 1))):
            button.clicked.connect(lambda _=False, step=step: self._shift(step))
            self.foot.insertWidget(place, button)
        self.table.setIconSize(QSize(22, 12))
        self.table.cellDoubleClicked.connect(self._opened)
        self.selected()

    def look_around(self, document: Document, node: str) -> None:
        """Finds the groups: what is wired, and the mask folders."""
        try:
            self._groups = groups_of(document, node)
        except CodefError:
            self._groups = []  # the node's own error says why

    def show_value(self, value: JSON) -> None:
        """Fills the list."""
        self._value = dict(value)
        rows = [_cells(group) for group in self._groups]
        if self._groups and all(group.source != BACKGROUND for group in self._groups):
            rows.append(_behind(self._entry(BACKGROUND)))
        self.fill(rows)

    def selected(self) -> None:
        """The arrows follow what is selected."""
        super().selected()
        rows = sorted(self.chosen())
        one = len(rows) == 1 and rows[0] < len(self._groups)
        if hasattr(self, "forward"):
            self.forward.setEnabled(one and rows[0] > 0)
            self.backward.setEnabled(one and rows[0] < len(self._groups) - 1)

    def removed(self, rows: set[int]) -> None:
        """What is set for groups goes; their places stay."""
        table = deepcopy(self._value)
        for row in rows:
            kept = {k: v for k, v in self._entry(self._source(row)).items() if k == "place"}
            table.pop(self._source(row), None)
            if kept:
                table[self._source(row)] = kept
        self.committed.emit(table)

    def edited(self, row: int, column: int, item: QTableWidgetItem) -> None:
        """Something is set for a group."""
        source, text = self._source(row), item.text().strip()
        entry = dict(self._entry(source))
        if column == _NAME:
            others = {group.name for n, group in enumerate(self._groups) if n != row}
            if text in others or text == BACKGROUND:
                self.refused.emit(f"there is a group {text!r} already; each needs its own name")
            else:
                _put(entry, "name", "" if text == source else text)
        elif column == _LAYER:
            _put(entry, "kind", "" if is_ticked(item) else "ignore")
        elif column in _NUMBERS:
            try:
                said = settings_from({_NUMBERS[column]: text}, item.text()).as_dict()
                _put(entry, _NUMBERS[column], said.get(_NUMBERS[column]))
            except UsageError as error:
                self.refused.emit(error.message)
        self._write(source, entry)

    def colour_menu(self, row: int) -> QMenu:
        """The colours that a group may have."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number, colour in enumerate(PALETTE):
            entry = menu.addAction(swatch(colour), f"Colour {number + 1}")
            entry.triggered.connect(lambda _=False, c=colour: self.recolour(row, c))
        menu.addSeparator()
        menu.addAction("Other…").triggered.connect(lambda: self._other(row))
        menu.addAction("By its place").triggered.connect(lambda: self.recolour(row, ""))
        return menu

    def recolour(self, row: int, colour: str) -> None:
        """Gives a group a colour; empty: the one of its place."""
        source = self._source(row)
        entry = dict(self._entry(source))
        _put(entry, "colour", colour)
        self._write(source, entry)

    def _opened(self, row: int, column: int) -> None:
        item = self.table.item(row, column)
        if column == _COLOUR and item is not None and row < len(self._groups):
            box = self.table.visualItemRect(item)
            at = self.table.viewport().mapToGlobal(QPoint(box.left(), box.bottom()))
            self.colour_menu(row).popup(at)

    def _other(self, row: int) -> None:
        picked = QColorDialog.getColor(
            QColor(self._groups[row].colour), self, "Colour of the group"
        )
        if picked.isValid():
            self.recolour(row, picked.name())

    def _shift(self, step: int) -> None:
        rows = sorted(self.chosen())
        if len(rows) != 1 or not 0 <= rows[0] + step < len(self._groups):
            return
        sources = [group.source for group in self._groups]
        moved = sources.pop(rows[0])
        sources.insert(rows[0] + step, moved)
        table = deepcopy(self._value)
        for place, source in enumerate(sources):
            table[source] = {**self._entry(source), "place": place}
        self.committed.emit(table)
        self.table.selectRow(rows[0] + step)

    def _source(self, row: int) -> str:
        return self._groups[row].source if row < len(self._groups) else BACKGROUND

    def _entry(self, source: str) -> dict[str, Any]:
        entry = self._value.get(source)
        return dict(entry) if isinstance(entry, dict) else {}

    def _write(self, source: str, entry: dict[str, Any]) -> None:
        table = {k: v for k, v in deepcopy(self._value).items() if k != source}
        if entry:
            table[source] = entry
        if table != self._value:
            self.committed.emit(table)
        else:
            self.show_value(self._value)


def swatch(colour: str) -> QIcon:
    """A colour as a small picture."""
    picture = QPixmap(22, 12)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(QPen(theme.colour(theme.EDGE), 1))
    painter.drawRoundedRect(1, 1, 19, 10, 2, 2)
    painter.end()
    return QIcon(picture)


def _cells(group: GroupEntry) -> list[QTableWidgetItem]:
    colour = cell("")
    colour.setIcon(swatch(group.colour))
    name = cell(group.name, editable=True)
    if group.name != group.source:
        name.setToolTip(f"The group of {group.source}.")
    return [colour, name, cell("", ticked=group.kind != "ignore"), *_numbers(dict(group.entry))]


def _behind(entry: dict[str, Any]) -> list[QTableWidgetItem]:
    name = cell(BACKGROUND)
    name.setForeground(theme.colour(theme.DIM))
    name.setToolTip("What no mask covers.")
    return [cell(""), name, cell(""), *_numbers(entry)]


def _numbers(entry: dict[str, Any]) -> list[QTableWidgetItem]:
    values = [entry.get(name) for name in _NUMBERS.values()]
    return [
        cell(f"{v:g}" if isinstance(v, int | float) else str(v or ""), editable=True)
        for v in values
    ]


def _put(entry: dict[str, Any], name: str, value: Any) -> None:
    """Sets one thing, or takes it away where it is nothing."""
    if value in ("", None):
        entry.pop(name, None)
    else:
        entry[name] = value
