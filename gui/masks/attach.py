"""Puts the mask tool onto the frame viewer, its button into the tool bar and its keys in place."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from gui.core.editor import Editor
from gui.core.streams import FRAME
from gui.masks.masking import masking_of
from gui.masks.overlay import MaskOverlay
from gui.masks.tool import MaskTool
from gui.paint.inhand import hand_button, new_tools
from gui.viewer.pane import ViewerPane

_TIP = (
    "Mask\nDrag a rectangle around an object of a frame, then scribble to correct: its mask goes "
    "through the shot. Again: draw shapes."
)


def attach(editor: Editor) -> None:
    """Gives the frame viewer its mask tool where it has none; to be called again at any time."""
    masking = masking_of(editor)
    for pane, tool in new_tools(editor, masking.tools, MaskTool, (FRAME,)):
        editor.actions.register(pane, "paint", {"paint.masks": masking.toggle})
        keys = {"paint.delete": masking.remove, "paint.abort": tool.abort}
        editor.actions.register(pane, "paint", keys, lambda: masking.on)
        _add_overlay(editor, pane)


def _add_overlay(editor: Editor, pane: ViewerPane) -> None:
    """Masks over the picture: a key, and an entry among the overlays."""
    overlay = MaskOverlay(editor, pane.canvas, FRAME)
    pane.legend.add(overlay)
    editor.actions.register(pane, "viewer", {"viewer.masks": overlay.toggle})
    menu = pane.toolbar.overlays.menu()
    entry = QAction("", menu)
    entry.setCheckable(True)
    entry.triggered.connect(overlay.toggle)
    menu.insertAction(next(iter(menu.actions()), entry), entry)

    def refresh() -> None:
        title, key = editor.actions.action("viewer.masks").title, "viewer.masks"
        entry.setText(f"{title}\t{editor.actions.key_text(key)}")
        entry.setChecked(overlay.on)

    menu.aboutToShow.connect(refresh)
    refresh()


def mask_button(editor: Editor, size: int, parent: QWidget) -> QToolButton:
    """The button that takes the mask tool in hand.

    Args:
        editor: The editor.
        size: Width and height in pixels.
        parent: The bar.
    """
    return hand_button(editor, masking_of(editor), "mask", "paint.masks", _TIP, size, parent)
