"""The editor of strokes in the panel: how many there are; the stroke list has the rest."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui.properties.dim import small_button
from gui.properties.knobeditor import KnobEditor
from gui.properties.textual import row_of


class StrokesEditor(KnobEditor):
    """A count and the way to the list.

    Signals:
        asked: The stroke list is wanted.
    """

    asked = Signal()

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(knob, parent)
        self.count = QLabel(self)
        self.button = small_button(
            "Stroke list", "Shows the strokes, to rename, hide, reorder or remove them.", self
        )
        self.button.clicked.connect(self.asked)
        row = row_of(self)
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(self.button)

    def show_value(self, value: JSON) -> None:
        """Counts them."""
        strokes = list(value)
        hidden = sum(not stroke.get("visible", True) for stroke in strokes)
        text = "no strokes yet" if not strokes else f"{len(strokes)} stroke"
        text += "s" if len(strokes) > 1 else ""
        self.count.setText(text + (f", {hidden} hidden" if hidden else ""))
