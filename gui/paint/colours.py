"""The brush's colour: the picker, linear numbers, stops, and colours at hand."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.paint.bar import ColourButton
from gui.paint.colour import exposed
from gui.paint.painting import painting_of
from gui.paint.swatches import Swatches
from gui.properties.dim import small_button
from gui.properties.numberfield import NumberField

_NAMES = ("Red", "Green", "Blue")


class ColourPanel(QWidget):
    """Everything about the colour of the next stroke.

    Args:
        editor: The editor.
        parent: The owner.
    """

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.painting = painting_of(editor)
        self.button = ColourButton(editor, self)
        self.fields = [NumberField(parent=self) for _ in _NAMES]
        self.swatches = Swatches(editor, self)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        row.addWidget(self.button)
        for at, field in enumerate(self.fields):
            field.setToolTip(f"{_NAMES[at]}, scene-linear; above 1 is brighter than white.")
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            field.typed.connect(lambda value, at=at: self._typed(at, float(value)))
            field.stepping.connect(lambda value, at=at: self._typed(at, float(value)))
            field.refused.connect(editor.say)
            row.addWidget(field, 1)
        for text, stops, tip in (
            ("\u2212\u00bd", -0.5, "Half a stop darker."),
            ("+\u00bd", 0.5, "Half a stop brighter."),
        ):
            step = small_button(text, tip, self)
            step.clicked.connect(lambda _=False, by=stops: self._expose(by))
            row.addWidget(step)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        column.addLayout(row)
        column.addWidget(self.swatches, 0, Qt.AlignmentFlag.AlignLeft)
        self.painting.colour_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        for field, value in zip(self.fields, self.painting.colour, strict=True):
            field.show_value(float(f"{value:.5g}"))

    def _typed(self, at: int, value: float) -> None:
        colour = list(self.painting.colour)
        colour[at] = value
        self.painting.set_colour((colour[0], colour[1], colour[2]))

    def _expose(self, stops: float) -> None:
        self.painting.set_colour(exposed(self.painting.colour, stops))
