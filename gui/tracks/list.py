"""The placed points in the panel of their node: one row each, to rename or delete."""

from typing import Any

from PySide6.QtWidgets import QTableWidgetItem, QWidget

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.rowlist import Column, RowList, cell

COLUMNS = (
    Column(
        "Point", "Its name in the file. A corner pin takes four: bottom left first, then round."
    ),
    Column("Frame", "The frame that it was placed in.", 8),
)
_NAME = 0


class PointsEditor(RowList):
    """A list of points; Del deletes the selected ones."""

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        self._value: list[dict[str, Any]] = []
        super().__init__(
            knob, COLUMNS, "No points yet: take the track tool.", "points", 5, parent=parent
        )

    def show_value(self, value: JSON) -> None:
        """Fills the list."""
        self._value = [point for point in value if isinstance(point, dict)]
        self.fill(
            [
                [cell(str(point.get("name", "")), editable=True), cell(str(point.get("frame", "")))]
                for point in self._value
            ]
        )

    def removed(self, rows: set[int]) -> None:
        """Points are to go."""
        self.committed.emit([point for n, point in enumerate(self._value) if n not in rows])

    def edited(self, row: int, column: int, item: QTableWidgetItem) -> None:
        """A point is renamed."""
        text = item.text().strip()
        others = {str(point.get("name")) for n, point in enumerate(self._value) if n != row}
        if column == _NAME and text and text not in others:
            points = [dict(point) for point in self._value]
            points[row]["name"] = text
            if points != self._value:
                self.committed.emit(points)
                return
        else:
            self.refused.emit(f"{text or 'no name'} is no name for a point: each needs its own")
        self.show_value(self._value)
