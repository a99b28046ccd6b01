"""Gain and gamma of a viewer: a label to drag, a number to type, red when not the default."""

import math

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QToolButton, QWidget

from gui import theme

_DRAG = 0.01
_SHORT = {"gain": "\N{MULTIPLICATION SIGN}", "gamma": "\N{GREEK SMALL LETTER GAMMA}"}


class _Label(QLabel):
    dragged = Signal(float)
    pressed = Signal()
    reset = Signal()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._from: QPointF | None = None
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.reset.emit()
            return
        self._from = event.globalPosition()
        self.pressed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._from is not None:
            fine = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
            self.dragged.emit((event.globalPosition().x() - self._from.x()) * _DRAG * fine)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self.reset.emit()


class LookField(QWidget):
    """One factor of the view, 1 by default.

    Args:
        title: Its name.
        help_text: A sentence for the tooltip.
        stops: Buttons that go up and down by a stop (a factor of two).
        low: Smallest value.
        high: Largest value.
    """

    changed = Signal(float)

    def __init__(
        self, title: str, help_text: str, *, stops: bool = False, low: float, high: float
    ) -> None:
        super().__init__()
        self._value, self._low, self._high, self._start = 1.0, low, high, 1.0
        self._title = title
        self._arrows: list[QToolButton] = []
        self.label = _Label(title)
        self.label.setToolTip(
            f"{help_text}\nDrag to change, Ctrl+click or double click to go back to 1."
        )
        self.edit = QLineEdit("1.00")
        self.edit.setFixedWidth(44)
        self.edit.setToolTip(help_text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 0, 3, 0)
        row.setSpacing(4)
        row.addWidget(self.label)
        if stops:
            row.addWidget(self._button("left", "One stop darker", 0.5))
        row.addWidget(self.edit)
        if stops:
            row.addWidget(self._button("right", "One stop brighter", 2.0))
        self.label.dragged.connect(lambda way: self.set_value(self._start * math.exp2(way)))
        self.label.pressed.connect(self._begin)
        self.label.reset.connect(lambda: self.set_value(1.0))
        self.edit.editingFinished.connect(self._typed)
        self._tell()

    @property
    def value(self) -> float:
        """The factor."""
        return self._value

    def set_value(self, value: float) -> None:
        """Sets the factor within its limits."""
        value = min(max(value, self._low), self._high)
        if abs(value - 1) < 1e-6:
            value = 1.0
        same = value == self._value
        self._value = value
        self._tell()
        if not same:
            self.changed.emit(value)

    def set_compact(self, compact: bool) -> None:
        """Takes little room: a short name and no arrows."""
        self.label.setText(_SHORT.get(self._title, self._title) if compact else self._title)
        self.edit.setFixedWidth(38 if compact else 44)
        self.edit.setStyleSheet("padding: 2px 1px;" if compact else "")
        for arrow in self._arrows:
            arrow.setVisible(not compact)

    def _button(self, icon: str, tip: str, factor: float) -> QToolButton:
        button = QToolButton()
        button.setIcon(theme.icon(icon))
        button.setToolTip(tip)
        button.setFixedSize(14, 20)
        button.setAutoRaise(True)
        button.clicked.connect(lambda _=False: self.set_value(self._value * factor))
        self._arrows.append(button)
        return button

    def _begin(self) -> None:
        self._start = self._value

    def _typed(self) -> None:
        text = self.edit.text().strip().replace(",", ".")
        try:
            value = float(text)
        except ValueError:
            value = self._value
        self.set_value(value if math.isfinite(value) else self._value)
        # Later: Return goes on to the parents, and must not be a key of the viewer.
        QTimer.singleShot(0, self.edit, self.edit.clearFocus)

    def _tell(self) -> None:
        self.edit.setText(f"{self._value:.3g}" if self._value >= 10 else f"{self._value:.2f}")
        colour = theme.DIM if self._value == 1 else theme.ERROR
        self.label.setStyleSheet(f"color: {colour};")
