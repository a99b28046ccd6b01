"""A slim slider that shows where the default is and leaves the wheel to the bin."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from codef_nodes.graph.knob import Knob
from gui import theme

_RADIUS = 5.0
_WIDEST = 200.0


def slider_range(knob: Knob) -> tuple[float, float] | None:
    """The range that a slider of a number knob covers, or None where it would help nobody.

    Limits that only keep nonsense out (a gain of up to 1000) are too coarse to drag; the slider
    then covers what is useful around the default, and the field takes the rest.
    """
    low, high, default = knob.minimum, knob.maximum, knob.default
    if low is None or high is None or isinstance(default, bool):
        return None
    usual = float(default) if isinstance(default, int | float) else 1.0
    reach = max(abs(usual), 1.0)
    if high - low > _WIDEST * reach and low < 0:
        return None
    if high - low > 20 * reach and usual > low >= 0:
        high = low + math.ceil(4 * (usual - low))
    return (low, high) if high > low else None


class Slider(QWidget):
    """A value within a range.

    Signals:
        moved: The value while the handle is dragged.
        released: The drag is over.
        aborted: Esc during a drag.

    Args:
        low: Left end.
        high: Right end.
        default: Marked by a tick.
        whole: Whole numbers only.
        parent: The widget that owns it.
    """

    moved = Signal(object)
    released = Signal()
    aborted = Signal()

    def __init__(
        self,
        low: float,
        high: float,
        default: float,
        whole: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._default, self._whole = low, high, default, whole
        self._value = default
        self._dragging = False
        self._from = 0.0
        self._fine_at = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_value(self, value: float) -> None:
        """Places the handle."""
        self._value = value
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide and slim."""
        return QSize(110, 20)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Still to be hit with a pen."""
        return QSize(40, 20)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Takes the handle to the pointer."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.released.emit()  # whatever went before is another gesture
        self._dragging = True
        self.grabKeyboard()
        self._from = event.position().x()
        self._fine_at = self._place(self._clamped())
        if abs(self._from - self._fine_at) > 2 * _RADIUS:
            self._fine_at = self._from
            self._to(self._from)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drags; Shift is fine."""
        if not self._dragging:
            return
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._fine_at += (x - self._from) * (0.1 if fine else 1.0)
        self._from = x
        self._to(self._fine_at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ends the gesture."""
        if self._dragging:
            self._stop()
            self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc takes the drag back."""
        if self._dragging and event.key() == Qt.Key.Key_Escape:
            self._stop()
            self.aborted.emit()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A track, its filled part, a tick at the default, the handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        track = QRectF(_RADIUS, middle - 1.5, self.width() - 2 * _RADIUS, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(theme.VIEWER))
        painter.drawRoundedRect(track, 1.5, 1.5)
        at, tick = self._place(self._clamped()), self._place(self._default)
        painter.setPen(QPen(theme.colour(theme.FAINT), 1))
        painter.drawLine(QPointF(tick, middle + 5), QPointF(tick, middle + 8))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(theme.FAINT))
        zero = self._place(min(max(0.0, self._low), self._high))
        painter.drawRoundedRect(QRectF(min(zero, at), middle - 1.5, abs(at - zero), 3), 1.5, 1.5)
        inside = self._low <= self._value <= self._high
        handle = theme.ACCENT if self._dragging else theme.TEXT
        painter.setBrush(theme.colour(handle, 1.0 if inside else 0.4))
        painter.drawEllipse(QPointF(at, middle), _RADIUS - 0.5, _RADIUS - 0.5)

    def _clamped(self) -> float:
        return min(max(self._value, self._low), self._high)

    def _place(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return _RADIUS + min(max(share, 0.0), 1.0) * (self.width() - 2 * _RADIUS)

    def _to(self, x: float) -> None:
        width = max(self.width() - 2 * _RADIUS, 1.0)
        share = min(max((x - _RADIUS) / width, 0.0), 1.0)
        value = self._low + share * (self._high - self._low)
        # Steps that a person can read: about a third of a pixel.
        step = 10.0 ** math.floor(math.log10((self._high - self._low) / width))
        value = min(max(round(value / step) * step, self._low), self._high)
        value = round(value) if self._whole else round(value, 9)
        if value != self._value:
            self._value = value
            self.update()
            self.moved.emit(value)

    def _stop(self) -> None:
        self._dragging = False
        self.releaseKeyboard()
