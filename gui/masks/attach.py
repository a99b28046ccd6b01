"""Puts the mask tool onto the frame viewer, its button into the tool bar and its keys in place."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.core.streams import FRAME
from gui.masks.masking import masking_of
from gui.masks.tool import MaskTool
from gui.viewer.pane import ViewerPane


def attach(editor: Editor) -> None:
    """Gives the frame viewer its mask tool where it has none; to be called again at any time."""
    masking = masking_of(editor)
    for slot, canvas in editor.viewing.canvases.items():
        known = masking.tools.get(slot)
        if slot != FRAME or (known is not None and known.canvas is canvas):
            continue
        tool = MaskTool(editor, canvas, slot)
        pane = canvas.parentWidget()
        if isinstance(pane, ViewerPane):
            editor.actions.register(pane, "paint", {"paint.masks": masking.toggle})
            keys = {"paint.delete": masking.remove, "paint.abort": tool.abort}
            editor.actions.register(pane, "paint", keys, lambda: masking.on)


def mask_button(editor: Editor, size: int, parent: QWidget) -> QToolButton:
    """The button that takes the mask tool in hand.

    Args:
        editor: The editor.
        size: Width and height in pixels.
        parent: The bar.
    """
    masking = masking_of(editor)
    button = QToolButton(parent)
    button.setIcon(theme.icon("mask"))
    button.setIconSize(QSize(20, 20))
    button.setFixedSize(size, size)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(masking.take)

    def refresh() -> None:
        button.setChecked(masking.on)

    def tip() -> None:
        key = editor.actions.key_text("paint.masks")
        button.setToolTip(
            f"<b>Mask</b>{f'  ({key})' if key else ''}<br>Drag a rectangle around an object of a "
            "frame, then scribble to correct: its mask goes through the shot. Again: draw shapes."
        )

    masking.changed.connect(refresh)
    editor.actions.changed.connect(tip)
    tip()
    return button
