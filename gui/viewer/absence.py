"""Why a viewer shows no picture, in one sentence for the artist."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL

if TYPE_CHECKING:
    from gui.viewer.showing import Showing

_NOTHING = {
    CANONICAL: "Nothing to show yet: fit a clip and its canonical picture appears here.",
    "frame": "Nothing to show yet: drop a clip on the node graph, or press R there.",
}


def nothing_to_ask(showing: "Showing", wants: Collection[object]) -> str | None:
    """Why a viewer can ask for nothing.

    Args:
        showing: Of the viewer.
        wants: What it would ask for.

    Returns:
        A sentence; empty: there is a reason, but none to tell; None: there is no reason.
    """
    editor = showing.editor
    if not wants:
        return _NOTHING[showing.slot]
    if editor.project.safe:
        return "Opened safely: nothing is evaluated until you allow it."
    if editor.workers is None:
        return "The picture process is not running."
    return "" if showing.paused or not showing.canvas.isVisible() else None


def reason(editor: Editor, error: CodefError | None) -> tuple[str, bool]:
    """What to say of an error, and whether it is a failure: a fit under way is none."""
    if error is None:
        return "", False
    if error.node is not None and editor.faces.face(error.node).fit == "fitting":
        return f"{error.node} is being fitted; its first draft appears here.", False
    text = str(error)
    return text[:1].upper() + text[1:], True
