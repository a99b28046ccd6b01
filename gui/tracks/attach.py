"""Puts the track tool onto the frame viewer, its button into the tool bar and its keys in place."""

from PySide6.QtWidgets import QToolButton, QWidget

from gui.core.editor import Editor
from gui.core.streams import FRAME
from gui.paint.inhand import hand_button, new_tools
from gui.tracks.tool import TrackTool
from gui.tracks.tracking import tracking_of

_TIP = (
    "Track\nClick a point of a frame: it is followed through the shot, and written for Nuke, After "
    "Effects or as text."
)


def attach(editor: Editor) -> None:
    """Gives the frame viewer its track tool where it has none; to be called again at any time."""
    tracking = tracking_of(editor)
    for pane, tool in new_tools(editor, tracking.tools, TrackTool, (FRAME,)):
        editor.actions.register(pane, "paint", {"paint.tracks": tracking.toggle})
        keys = {"paint.delete": tracking.remove, "paint.abort": tool.abort}
        editor.actions.register(pane, "paint", keys, lambda: tracking.on)


def track_button(editor: Editor, size: int, parent: QWidget) -> QToolButton:
    """The button that takes the track tool in hand.

    Args:
        editor: The editor.
        size: Width and height in pixels.
        parent: The bar.
    """
    return hand_button(editor, tracking_of(editor), "track", "paint.tracks", _TIP, size, parent)
