"""The editor of a colour: a swatch as the viewer shows it, and its linear numbers."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from gui import theme
from gui.properties.knobeditor import KnobEditor
from gui.properties.numberfield import NumberField
from gui.properties.numeric import scrub_step
from gui.properties.picker import ColourPicker
from gui.properties.textual import row_of
from gui.properties.viewspace import ViewColours


class ColourEditor(KnobEditor):
    """Three or four numbers, scene-linear, and a picker.

    Args:
        knob: The description.
        space: Gives what the viewer shows, when it is needed.
        parent: The widget that owns it.
    """

    scrubs = True

    def __init__(
        self, knob: Knob, space: Callable[[], ViewColours], parent: QWidget | None = None
    ) -> None:
        super().__init__(knob, parent)
        self._space = space
        self._value: list[float] = []
        self._picker: ColourPicker | None = None
        self.swatch = _Swatch(self)
        self.swatch.setToolTip("Click to pick a colour.")
        self.swatch.clicked.connect(self._open)
        self._row = row_of(self)
        self._row.setSpacing(3)
        self._row.addWidget(self.swatch)
        self.fields: list[NumberField] = []

    def show_value(self, value: JSON) -> None:
        """Shows the numbers and the colour."""
        self._value = [float(number) for number in value]
        while len(self.fields) > len(self._value):
            self.fields.pop().deleteLater()
        while len(self.fields) < len(self._value):
            self._add_field(len(self.fields))
        for field, number in zip(self.fields, self._value, strict=True):
            field.show_value(number)
        self.swatch.show_colour(QColor.fromRgbF(*self._space().shown(self._value)))
        if self._picker is not None:
            self._picker.show_colour(self._value)

    def scrubbed(self, start: JSON, pixels: float) -> JSON:
        """All of red, green and blue by the same amount."""
        step = scrub_step(max(abs(number) for number in start[:3]), self.knob)
        moved = [self.limited(number + pixels * step, False) for number in start[:3]]
        return [*moved, *start[3:]]

    def _add_field(self, at: int) -> None:
        field = NumberField(False, False, self.knob.minimum, self.knob.maximum, self)
        field.setToolTip(("Red", "Green", "Blue", "Alpha")[at] + ", scene-linear")
        field.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        field.setMaximumWidth(96)
        field.typed.connect(lambda value: self.committed.emit(self._with(at, value)))
        field.stepping.connect(lambda value: self.changing.emit(self._with(at, value)))
        field.ended.connect(self.ended)
        field.reverted.connect(self.aborted)
        field.refused.connect(self.refused)
        if at == 0:
            self.setFocusProxy(field)
        self.fields.append(field)
        self._row.addWidget(field, 1)

    def _with(self, at: int, value: float) -> list[float]:
        return [*self._value[:at], float(value), *self._value[at + 1 :]]

    def _open(self) -> None:
        picker = ColourPicker(self._space(), self)
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picker.destroyed.connect(self._closed)
        picker.changing.connect(lambda colour: self.changing.emit(self._picked(colour)))
        picker.committed.connect(lambda colour: self.committed.emit(self._picked(colour)))
        picker.ended.connect(self.ended)
        picker.aborted.connect(self.aborted)
        picker.start(self._value)
        picker.move(self.swatch.mapToGlobal(QPoint(0, self.swatch.height() + 2)))
        self._picker = picker
        picker.show()

    def _closed(self) -> None:
        self._picker = None

    def _picked(self, colour: list[float]) -> list[float]:
        return [*(float(self.limited(number, False)) for number in colour), *self._value[3:]]


class _Swatch(QToolButton):
    """A button that is a colour."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour = QColor(0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_colour(self, colour: QColor) -> None:
        """Shows a colour, already as the display wants it."""
        self._colour = colour
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as a field."""
        return QSize(34, 22)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The colour within a thin line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._colour)
        painter.setPen(QPen(theme.colour(theme.EDGE), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
