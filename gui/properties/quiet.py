"""Widgets of Qt that leave the wheel to the bin that scrolls."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
)


class QuietCombo(QComboBox):
    """A menu of values that the wheel does not change."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Scrolls the bin."""
        event.ignore()


class QuietTabs(QTabBar):
    """Tabs that the wheel does not turn."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Scrolls the bin."""
        event.ignore()


class TextField(QLineEdit):
    """One line of text; Enter or leaving confirms it, Esc reverts it.

    Signals:
        typed: A text that differs from the one shown was confirmed.
        reverted: Esc: what was typed is gone.
    """

    typed = Signal(object)
    reverted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown = ""
        self.editingFinished.connect(self._finish)

    def show_text(self, text: str) -> None:
        """Shows a text of the document; the same one leaves what is being typed."""
        if text == self._shown and self.isModified() and self.hasFocus():
            return
        self._shown = text
        if text != self.text():
            self.setText(text)
            self.setCursorPosition(0)
        self.setModified(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc reverts."""
        if event.key() == Qt.Key.Key_Escape and self.text() != self._shown:
            self.setText(self._shown)
            self.setModified(False)
            self.reverted.emit()
            event.accept()
        else:
            super().keyPressEvent(event)

    def _finish(self) -> None:
        if self.isModified() and self.text() != self._shown:
            self.setModified(False)
            self.typed.emit(self.text())


class TextArea(QPlainTextEdit):
    """Several lines of text; Ctrl+Enter or leaving confirms them, Esc reverts them.

    Signals:
        typed: A text that differs from the one shown was confirmed.
    """

    typed = Signal(object)

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._shown = ""
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 12)

    def show_text(self, text: str) -> None:
        """Shows a text of the document."""
        if text == self._shown and self.hasFocus():
            return
        self._shown = text
        if text != self.toPlainText():
            self.setPlainText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc reverts, Ctrl+Enter confirms."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape and self.toPlainText() != self._shown:
            self.setPlainText(self._shown)
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.confirm()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Leaving confirms."""
        super().focusOutEvent(event)
        self.confirm()

    def confirm(self) -> None:
        """Tells what was typed."""
        text = self.toPlainText()
        if text != self._shown:
            self._shown = text
            self.typed.emit(text)
