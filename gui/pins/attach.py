"""Puts the pin tool onto the viewers, its button into the tool bar and its keys into the table."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.pins.pinning import pinning_of
from gui.pins.tool import PinTool
from gui.viewer.pane import ViewerPane


def attach(editor: Editor) -> None:
    """Gives every viewer that has none its pin tool; to be called again at any time."""
    pinning = pinning_of(editor)
    for slot, canvas in editor.viewing.canvases.items():
        known = pinning.tools.get(slot)
        if known is not None and known.canvas is canvas:
            continue
        tool = PinTool(editor, canvas, slot)
        pane = canvas.parentWidget()
        if isinstance(pane, ViewerPane):
            editor.actions.register(pane, "paint", {"paint.pins": pinning.toggle})
            editor.actions.register(
                pane,
                "paint",
                {
                    "paint.smaller": lambda: pinning.resize(-1),
                    "paint.larger": lambda: pinning.resize(1),
                    "paint.delete": pinning.remove,
                    "paint.abort": tool.abort,
                },
                lambda: pinning.on,
            )


def pin_button(editor: Editor, size: int, parent: QWidget) -> QToolButton:
    """The button that takes the pin tool in hand.

    Args:
        editor: The editor.
        size: Width and height in pixels.
        parent: The bar.
    """
    pinning = pinning_of(editor)
    button = QToolButton(parent)
    button.setIcon(theme.icon("pin"))
    button.setIconSize(QSize(20, 20))
    button.setFixedSize(size, size)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(pinning.take)

    def refresh() -> None:
        button.setChecked(pinning.on)

    def tip() -> None:
        key = editor.actions.key_text("paint.pins")
        button.setToolTip(
            f"<b>Pin</b>{f'  ({key})' if key else ''}<br>Drag a point of a frame, or of the still, "
            "to where it belongs: the fit follows around it, at once and nowhere else."
        )

    pinning.changed.connect(refresh)
    editor.actions.changed.connect(tip)
    tip()
    return button
