"""What a key event means: the ways it may be written, and whether a text field wants it."""

import sys

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_US_SHIFTED = {ord(symbol): digit for symbol, digit in zip("!@#$%^&*()", "1234567890", strict=True)}
_FIRST_DIGIT = {"xcb": 10, "wayland": 10, "windows": 2}
_PURE = (
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_Meta,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_unknown,
)
_TYPING = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Space,
)
_EDITING = (
    QKeySequence.StandardKey.Undo,
    QKeySequence.StandardKey.Redo,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.SelectAll,
    QKeySequence.StandardKey.DeleteStartOfWord,
    QKeySequence.StandardKey.DeleteEndOfWord,
)


def sequences(event: QKeyEvent) -> list[str]:
    """A key press as portable text, in every way that the table may write it, best first.

    Shift+1 arrives as ``!`` on one keyboard and as something else on the next; ``+`` needs Shift
    on most; keys of the number block count as their plain twins.
    """
    key = Qt.Key(event.key())
    if key in _PURE or event.key() == 0:
        return []
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    ways = [_text(held, key)]
    shifted = bool(held & Qt.KeyboardModifier.ShiftModifier)
    if shifted and 0x20 < event.key() < 0x100 and not chr(event.key()).isalnum():
        plain = held & ~Qt.KeyboardModifier.ShiftModifier
        ways.append(_text(plain, key))
        digit = _digit(event)
        if digit:
            ways.append(_text(held, Qt.Key(ord(digit))))
        if event.key() in (0x7B, 0x7D):  # Shift+[ is {
            ways.append(_text(held, Qt.Key(event.key() - 0x20)))
    return ways


def types_text(widget: QWidget | None, event: QKeyEvent) -> bool:
    """Whether a widget is being typed into and needs the key for that.

    A widget with the property ``ownKeys`` takes them all.
    """
    if widget is not None and widget.property("ownKeys"):
        return True
    if isinstance(widget, QKeySequenceEdit):
        return True
    if isinstance(widget, QComboBox):
        if not widget.isEditable():
            return False
    elif not isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit | QAbstractSpinBox):
        return False
    held = event.modifiers() & ~(
        Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
    )
    if event.key() in _TYPING:
        return True
    if any(event.matches(standard) for standard in _EDITING):
        return True
    if held in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier):
        # Alt composes characters on some keyboards; a text arrives then.
        printable = event.text().isprintable() and event.text() != ""
        return printable and (not held or sys.platform == "darwin")
    altgr = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    return held == altgr and event.text() != "" and event.text().isprintable()


def _text(held: Qt.KeyboardModifier, key: Qt.Key) -> str:
    combination = QKeyCombination(held, key)
    return QKeySequence(combination).toString(QKeySequence.SequenceFormat.PortableText)


def _digit(event: QKeyEvent) -> str:
    """The digit on the key that gave a symbol, as well as it can be known."""
    first = _FIRST_DIGIT.get(QGuiApplication.platformName())
    if first is not None and 0 <= event.nativeScanCode() - first < 10:
        return "1234567890"[event.nativeScanCode() - first]
    return _US_SHIFTED.get(event.key(), "")
