"""Small parts that several editors share."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from gui import theme

#: Width of the labels' column, the same in all panels.
LABELS = 104


def dim_label(text: str) -> QLabel:
    """Text of less weight: units, captions."""
    label = QLabel(text)
    label.setStyleSheet(f"color: {theme.DIM};")
    return label


def icon_button(
    name: str, tip: str, parent: QWidget | None = None, checkable: bool = False
) -> QToolButton:
    """A flat button with an icon; Tab passes it by.

    Args:
        name: One of ``gui.icons``.
        tip: What it does.
        parent: The widget that owns it.
        checkable: It stays in.
    """
    button = QToolButton(parent)
    button.setIcon(theme.icon(name))
    button.setToolTip(tip)
    button.setAutoRaise(True)
    button.setCheckable(checkable)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def small_button(text: str, tip: str, parent: QWidget | None = None) -> QToolButton:
    """A button with a word or two, as high as a field."""
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setStyleSheet(
        f"QToolButton {{ background: {theme.RAISED}; border: 1px solid {theme.LINE};"
        f" padding: 1px 7px; }} QToolButton:hover {{ background: {theme.HOVER}; }}"
        f" QToolButton:pressed {{ background: {theme.PRESSED}; }}"
    )
    return button
