"""The base of all editors of a knob's value."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob


class KnobEditor(QWidget):
    """Shows a value and tells what a person makes of it; changes no document.

    Signals:
        committed: A whole step: typed, chosen, clicked.
        changing: One moment of a gesture: a slider, a scrub, the picker.
        ended: The gesture is over.
        aborted: The gesture is taken back.
        refused: What was typed is no value; why.

    Args:
        knob: The description.
        parent: The widget that owns it.
    """

    committed = Signal(object)
    changing = Signal(object)
    ended = Signal()
    aborted = Signal()
    refused = Signal(str)

    #: Dragging the label changes the value.
    scrubs = False
    #: Has several lines: its label stands beside the first.
    tall = False
    #: Takes the whole width of the panel, below its label.
    wide = False

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.knob = knob
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def look_around(self, document: Document, node: str) -> None:
        """Sees what else of the document it shows, before each ``show_value``."""

    def show_value(self, value: JSON) -> None:
        """Shows a value of the document; emits nothing."""
        raise NotImplementedError

    def scrubbed(self, start: JSON, pixels: float) -> JSON:
        """The value when its label has been dragged so far from ``start``."""
        return start

    def limited(self, number: float, whole: bool) -> float | int:
        """A number within the knob's limits, with no more digits than a person reads."""
        if self.knob.minimum is not None:
            number = max(number, self.knob.minimum)
        if self.knob.maximum is not None:
            number = min(number, self.knob.maximum)
        return round(number) if whole else float(f"{number:.6g}")
