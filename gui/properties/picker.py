"""A colour picker: picked as the viewer shows it, held scene-linear."""

import colorsys
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.properties.dim import dim_label
from gui.properties.numberfield import NumberField
from gui.properties.viewspace import ViewColours

_SQUARE = 220
_STRIP = 18


class ColourPicker(QWidget):
    """A square of saturation and value, a strip of hues, and the linear numbers.

    Signals:
        changing: The scene-linear colour while something is dragged.
        committed: A colour that was typed.
        ended: The drag is over.
        aborted: Esc during a drag.

    Args:
        space: What the viewer shows.
        parent: The widget that it pops up over.
    """

    changing = Signal(object)
    committed = Signal(object)
    ended = Signal()
    aborted = Signal()

    def __init__(self, space: ViewColours, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._space = space
        self._colour = [0.0, 0.0, 0.0]
        self._before = [0.0, 0.0, 0.0]
        self._hsv = (0.0, 0.0, 0.0)
        self._dragging = False
        self.square = _Area(self, QSize(_SQUARE, _SQUARE), self._paint_square)
        self.strip = _Area(self, QSize(_STRIP, _SQUARE), self._paint_strip)
        self.square.dragged.connect(self._square_to)
        self.strip.dragged.connect(self._strip_to)
        for area in (self.square, self.strip):
            area.released.connect(self._released)
        self._swatch = _Area(self, QSize(_SQUARE + _STRIP + 8, 22), self._paint_swatch)
        self._swatch.setToolTip("Left: the colour before. Right: the colour now.")
        self.fields = [NumberField(parent=self) for _ in range(3)]
        self.shades = [NumberField(parent=self) for _ in range(3)]
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(8)
        areas = QHBoxLayout()
        areas.setSpacing(8)
        areas.addWidget(self.square)
        areas.addWidget(self.strip)
        column.addLayout(areas)
        column.addWidget(self._swatch)
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        for row, (title, names, fields, told) in enumerate(
            (
                ("Linear", "RGB", self.fields, self._typed),
                ("View", "HSV", self.shades, self._typed_shade),
            )
        ):
            grid.addWidget(dim_label(title), row, 0)
            for index, field in enumerate(fields):
                field.setToolTip(f"{names[index]}, {title.lower()}")
                field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                grid.addWidget(field, row, index + 1)
                grid.setColumnStretch(index + 1, 1)
                field.typed.connect(lambda value, at=index, call=told: call(at, value))
                field.stepping.connect(
                    lambda value, at=index, call=told: call(at, value, self.changing)
                )
                field.ended.connect(self.ended)
                field.reverted.connect(self.aborted)
        column.addLayout(grid)
        note = dim_label(f"Picked as seen in {self._space.view.title}")
        note.setWordWrap(True)
        column.addWidget(note)
        self.setFixedSize(self.sizeHint())

    def start(self, colour: list[float]) -> None:
        """Opens with a colour."""
        self._before = list(colour[:3])
        self.show_colour(colour)

    def show_colour(self, colour: list[float]) -> None:
        """Shows a colour of the document."""
        if colour[:3] == self._colour and self._dragging:
            return
        known = colour[:3] == self._colour
        self._colour = list(colour[:3])
        if not known:
            hue, saturation, value = colorsys.rgb_to_hsv(*self._space.shown(self._colour))
            # A grey has no hue, black no saturation either: keep those of the last pick.
            hue = hue if saturation > 1e-4 else self._hsv[0]
            saturation = saturation if value > 1e-4 else self._hsv[1]
            self._hsv = (hue, saturation, value)
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc takes a drag back, else closes; Enter closes."""
        if event.key() == Qt.Key.Key_Escape and self._dragging:
            self._dragging = False
            self.aborted.emit()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """A drag does not outlive the window."""
        super().hideEvent(event)
        self._released()

    def _pick(self, hsv: tuple[float, float, float], told: SignalInstance | None = None) -> None:
        self._hsv = hsv
        self._colour = self._space.picked(colorsys.hsv_to_rgb(*hsv))
        self._refresh()
        (told or self.changing).emit(list(self._colour))

    def _square_to(self, x: float, y: float) -> None:
        self._dragging = True
        self._pick((self._hsv[0], x, 1 - y))

    def _strip_to(self, x: float, y: float) -> None:
        self._dragging = True
        self._pick((min(y, 0.9999), self._hsv[1], self._hsv[2]))

    def _released(self) -> None:
        if self._dragging:
            self._dragging = False
            self.ended.emit()

    def _typed(self, at: int, value: float, told: SignalInstance | None = None) -> None:
        colour = list(self._colour)
        colour[at] = float(value)
        self.show_colour(colour)
        (told or self.committed).emit(colour)

    def _typed_shade(self, at: int, value: float, told: SignalInstance | None = None) -> None:
        hsv = list(self._hsv)
        hsv[at] = min(max(float(value), 0.0), 1.0)
        self._pick((hsv[0], hsv[1], hsv[2]), told or self.committed)

    def _refresh(self) -> None:
        for field, number in zip(self.fields, self._colour, strict=True):
            field.show_value(number)
        for field, number in zip(self.shades, self._hsv, strict=True):
            field.show_value(round(number, 3))
        for area in (self.square, self.strip, self._swatch):
            area.update()

    def _paint_square(self, painter: QPainter, box: QRectF) -> None:
        across = QLinearGradient(box.topLeft(), box.topRight())
        across.setColorAt(0, Qt.GlobalColor.white)
        across.setColorAt(1, QColor.fromHsvF(min(self._hsv[0], 0.9999), 1, 1))
        painter.fillRect(box, across)
        down = QLinearGradient(box.topLeft(), box.bottomLeft())
        down.setColorAt(0, QColor(0, 0, 0, 0))
        down.setColorAt(1, QColor(0, 0, 0, 255))
        painter.fillRect(box, down)
        at = QPointF(
            box.left() + self._hsv[1] * box.width(), box.top() + (1 - self._hsv[2]) * box.height()
        )
        for radius, colour in ((5.5, QColor(0, 0, 0)), (4.5, QColor(255, 255, 255))):
            painter.setPen(QPen(colour, 1.3))
            painter.drawEllipse(at, radius, radius)

    def _paint_strip(self, painter: QPainter, box: QRectF) -> None:
        hues = QLinearGradient(box.topLeft(), box.bottomLeft())
        for step in range(13):
            hues.setColorAt(step / 12, QColor.fromHsvF(min(step / 12, 0.9999), 1, 1))
        painter.fillRect(box, hues)
        at = box.top() + self._hsv[0] * box.height()
        for width, colour in ((3.5, QColor(0, 0, 0)), (1.5, QColor(255, 255, 255))):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(box.left(), at), QPointF(box.right(), at))

    def _paint_swatch(self, painter: QPainter, box: QRectF) -> None:
        half = QRectF(box.left(), box.top(), box.width() / 2, box.height())
        for colour, place in (
            (self._before, half),
            (self._colour, half.translated(half.width(), 0)),
        ):
            painter.fillRect(place, QColor.fromRgbF(*self._space.shown(colour)))


class _Area(QWidget):
    """A painted area that reports drags as shares of its size."""

    dragged = Signal(float, float)
    released = Signal()

    def __init__(
        self, parent: QWidget, size: QSize, draw: Callable[[QPainter, QRectF], None]
    ) -> None:
        super().__init__(parent)
        self._draw = draw
        self.setFixedSize(size)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw(painter, QRectF(self.rect()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Starts a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._tell(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drags."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._tell(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ends the drag."""
        self.released.emit()

    def _tell(self, event: QMouseEvent) -> None:
        place = event.position()
        self.dragged.emit(
            min(max(place.x() / self.width(), 0.0), 1.0),
            min(max(place.y() / self.height(), 0.0), 1.0),
        )
