"""A field for one number: sums, the digit at the caret, Esc."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from engine.errors import UsageError
from gui.properties.arithmetic import evaluate
from gui.properties.digits import stepped, written

Number = float | int | None


class NumberField(QLineEdit):
    """Shows a number and tells what a person makes of it.

    Signals:
        typed: A number was typed and confirmed: one step of undo.
        stepping: The arrow keys changed a digit; a run of them is one gesture.
        ended: The run of arrow keys is over.
        reverted: Esc: what was typed is gone; a run of arrow keys is to be taken back.
        refused: The text is no number; why.
        reset: Ctrl+click: back to the default.

    Args:
        whole: Only whole numbers.
        optional: An empty field is allowed and means None.
        minimum: The arrow keys stop there.
        maximum: The arrow keys stop there.
        parent: The widget that owns it.
    """

    typed = Signal(object)
    stepping = Signal(object)
    ended = Signal()
    reverted = Signal()
    refused = Signal(str)
    reset = Signal()

    def __init__(
        self,
        whole: bool = False,
        optional: bool = False,
        minimum: float | None = None,
        maximum: float | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._whole = whole
        self._optional = optional
        self._minimum = minimum
        self._maximum = maximum
        self._value: Number = None
        self._stepping = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.editingFinished.connect(self._finish)

    @property
    def value(self) -> Number:
        """The number that the document holds."""
        return self._value

    def show_value(self, value: Number) -> None:
        """Shows a number; what a person is typing is not overwritten by the same number."""
        same = value == self._value and type(value) is type(self._value)
        self._value = value
        if same and self.isModified() and self.hasFocus():
            return
        text = written(value)
        if text != self.text() and not (self._stepping and self._reads(self.text()) == value):
            caret = self.cursorPosition()
            self.setText(text)
            if self.hasFocus():
                self.setCursorPosition(min(caret, len(text)))
        self.setModified(False)

    def revert(self) -> None:
        """Shows what the document holds again."""
        self.setText(written(self._value))
        self.setModified(False)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide enough for seven digits."""
        width = self.fontMetrics().horizontalAdvance("-00000.000") + 14
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrower where the panel is."""
        width = self.fontMetrics().horizontalAdvance("0.000") + 14
        return QSize(width, super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Up and down change the digit at the caret; Esc reverts."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(key == Qt.Key.Key_Up)
            event.accept()
        elif key == Qt.Key.Key_Escape and (self._stepping or self.text() != written(self._value)):
            self._stepping = False
            self.revert()
            self.reverted.emit()
            event.accept()
        else:
            if event.text():
                self._end()
            super().keyPressEvent(event)
            if key == Qt.Key.Key_Escape:
                event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Ends a run of arrow keys."""
        super().focusOutEvent(event)
        self._end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Another digit: another gesture. With Ctrl: the default."""
        self._end()
        if (
            event.button() == Qt.MouseButton.LeftButton
            and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        ):
            self.revert()  # what was typed is not wanted
            self.reset.emit()
            return
        super().mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Never changes the value: the bin scrolls."""
        event.ignore()

    def _end(self) -> None:
        if self._stepping:
            self._stepping = False
            self.revert()
            self.ended.emit()

    def _finish(self) -> None:
        self._end()
        if not self.isModified():
            return
        text = self.text().strip()
        if text == written(self._value):
            self.setModified(False)
            return
        try:
            value = self._read(text)
        except UsageError as error:
            self.refused.emit(error.message)
            return
        self.setModified(False)
        self.typed.emit(value)

    def _read(self, text: str) -> Number:
        if not text and self._optional:
            return None
        number = evaluate(text, None if self._value is None else float(self._value))
        if not self._whole:
            return number
        if abs(number - round(number)) > 1e-9:
            raise UsageError(f"{text} gives {written(number)}; type a whole number")
        return round(number)

    def _reads(self, text: str) -> Number:
        try:
            return self._read(text)
        except UsageError:
            return None

    def _step(self, up: bool) -> None:
        text, caret = self.text(), self.cursorPosition()
        if self.isModified() and not self._stepping:
            # A sum or number that is typed but not confirmed: go on from what it comes to.
            found = self._reads(text)
            if found is None:
                return
            text = text if stepped(text, caret, up) else written(found)
        moved = stepped(text, caret, up, self._whole)
        if moved is None:
            return
        text, caret = moved
        value = self._reads(text)
        if value is None:
            return
        limited = value
        if self._minimum is not None:
            limited = max(limited, self._minimum)
        if self._maximum is not None:
            limited = min(limited, self._maximum)
        if limited != value:
            value = round(limited) if self._whole else float(limited)
            text = written(value)
        self._stepping = True
        self.setText(text)
        self.setCursorPosition(min(caret, len(text)))
        self.setModified(False)
        self.stepping.emit(value)
