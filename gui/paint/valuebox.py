"""A number in a small box: drag to scrub, click to type, Ctrl+click for the default."""

import math

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.paint.colour import number
from gui.properties.numberfield import NumberField

_SLACK = 3


class ValueBox(QWidget):
    """A title, a number, and a bar that shows where in its range it is.

    Signals:
        moved: The number while it is scrubbed.
        ended: The scrub is over: what follows is another step.
        aborted: Esc during a scrub.
        typed: A number that was typed, or the default.

    Args:
        title: One word.
        low: Smallest number.
        high: Where the bar is full; typed numbers may go on to ``most``.
        default: What Ctrl+click gives.
        curved: Small numbers get more of the bar (sizes).
        decimals: Digits that scrubbing keeps.
        percent: Shown as per cent.
        most: Largest number; default: ``high``.
        parent: The owner.
    """

    moved = Signal(float)
    ended = Signal()
    aborted = Signal()
    typed = Signal(float)

    def __init__(
        self,
        title: str,
        low: float,
        high: float,
        default: float,
        *,
        curved: bool = False,
        decimals: int = 2,
        percent: bool = False,
        most: float | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self._low, self._high, self._default = low, high, default
        self._most = high if most is None else most
        self._curve = 2.2 if curved else 1.0
        self._decimals, self._percent = decimals, percent
        self._value: float | None = default
        self._before: float | None = default
        self._from: float | None = None
        self._at = 0.0
        self._dragging = False
        self._field = NumberField(False, False, low, self._most, self)
        self._field.hide()
        self._field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._field.typed.connect(self._type)
        self._field.stepping.connect(lambda value: self.moved.emit(float(value)))
        self._field.ended.connect(self.ended)
        self._field.installEventFilter(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def value(self) -> float | None:
        """The number; None where several are shown that differ."""
        return self._value

    def show_value(self, value: float | None) -> None:
        """Shows a number."""
        if value != self._value:
            self._value = value
            self._field.show_value(value)
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Title and number side by side."""
        wide = self.fontMetrics().horizontalAdvance(f"{self.title}  {self._text(self._high)}")
        return QSize(max(wide + 12, 64), 22)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As the hint: nothing is cut off."""
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begins a scrub or a click."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.typed.emit(self._default)
            return
        self._from, self._dragging = event.position().x(), False
        self._before = self._value
        self._at = self._share(self._default if self._value is None else self._value)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Scrubs; Shift is fine."""
        if self._from is None:
            return
        x = event.position().x()
        if not self._dragging and abs(x - self._from) < _SLACK:
            return
        if not self._dragging:
            self._dragging = True
            self.grabKeyboard()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._at += (x - self._from) / max(self.width(), 1) * (0.1 if fine else 1.0)
        self._at = min(max(self._at, 0.0), 1.0)
        self._from = x
        value = self._low + (self._high - self._low) * self._at**self._curve
        value = round(value, self._decimals if value < 10 else min(self._decimals, 1))
        if value != self._value:
            self._value = value
            self.update()
            self.moved.emit(value)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ends the scrub; a click opens the field."""
        if self._from is None:
            return
        dragged = self._dragging
        self._stop()
        if dragged:
            self.ended.emit()
        else:
            self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc takes the scrub back."""
        if self._dragging and event.key() == Qt.Key.Key_Escape:
            self._stop()
            self._value = self._before
            self.update()
            self.aborted.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The field covers the box."""
        self._field.setFixedSize(self.size())

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The field goes when it is left."""
        kind = event.type()
        escape = (
            isinstance(event, QKeyEvent)
            and kind == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        )
        if escape or kind == QEvent.Type.FocusOut:
            if escape:
                self._field.revert()
            self._field.hide()
            return escape
        return False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A well, the bar, title and number."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        hot = self.underMouse() and self.isEnabled()
        painter.setPen(theme.colour(theme.EDGE if hot else theme.RAISED))
        painter.setBrush(theme.colour(theme.WELL))
        painter.drawRoundedRect(box, theme.RADIUS, theme.RADIUS)
        if self._value is not None and self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(theme.RAISED))
            inner = box.adjusted(1, 1, -1, -1)
            inner.setWidth(inner.width() * min(self._share(self._value), 1.0))
            if inner.width() >= 1:
                painter.drawRoundedRect(inner, 2, 2)
        words = self.rect().adjusted(6, 0, -6, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        dim = theme.DIM if self.isEnabled() else theme.FAINT
        painter.setPen(theme.colour(dim))
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignLeft, self.title)
        painter.setPen(theme.colour(theme.TEXT if self.isEnabled() else theme.FAINT))
        font = QFont(self.font())
        painter.setFont(font)
        text = "mixed" if self._value is None else self._text(self._value)
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, text)

    def _text(self, value: float) -> str:
        return f"{100 * value:.0f} %" if self._percent else number(value)

    def _share(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return float(math.pow(min(max(share, 0.0), 1.0), 1 / self._curve))

    def _open(self) -> None:
        self._field.show_value(self._value)
        self._field.show()
        self._field.setFocus(Qt.FocusReason.MouseFocusReason)
        self._field.selectAll()

    def _type(self, value: float) -> None:
        self._field.hide()
        self.typed.emit(min(max(float(value), self._low), self._most))

    def _stop(self) -> None:
        if self._dragging:
            self.releaseKeyboard()
        self._from, self._dragging = None, False
