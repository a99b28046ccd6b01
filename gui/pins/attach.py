"""Puts the pin tool onto the viewers, its button into the tool bar and its keys into the table."""

from PySide6.QtWidgets import QToolButton, QWidget

from gui.core.editor import Editor
from gui.paint.inhand import hand_button, new_tools
from gui.pins.pinning import pinning_of
from gui.pins.tool import PinTool

_TIP = (
    "Pin\nDrag a point of a frame, or of the still, to where it belongs: the fit follows around "
    "it, at once and nowhere else."
)


def attach(editor: Editor) -> None:
    """Gives every viewer that has none its pin tool; to be called again at any time."""
    pinning = pinning_of(editor)
    for pane, tool in new_tools(editor, pinning.tools, PinTool):
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
    return hand_button(editor, pinning_of(editor), "pin", "paint.pins", _TIP, size, parent)
