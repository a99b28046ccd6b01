"""Why a viewer shows no picture, or an older one, in a few words for the artist."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL

if TYPE_CHECKING:
    from gui.viewer.fetch import Want
    from gui.viewer.showing import Showing

_NOTHING = {
    CANONICAL: "Nothing to show yet: fit a clip and its canonical picture appears here.",
    "frame": "Nothing to show yet: drop a clip on the node graph, or press R there.",
}


class Withheld:
    """What a viewer does not ask for again by itself.

    Attributes:
        errors: What failed, and why.
        stopped: What Esc has stopped.
    """

    def __init__(self) -> None:
        self.errors: dict[Want, CodefError] = {}
        self.stopped: set[Want] = set()

    def __contains__(self, want: object) -> bool:
        return want in self.errors or want in self.stopped

    def clear(self) -> None:
        """All may be asked for again."""
        self.errors.clear()
        self.stopped.clear()

    def error_of(self, wants: Iterable["Want"]) -> CodefError | None:
        """The first error among some wishes."""
        return next((self.errors[want] for want in wants if want in self.errors), None)


def halt(showing: "Showing", wants: Iterable["Want"]) -> str:
    """What keeps a viewer from getting newer pictures, and the key that lets it; empty: nothing."""
    actions = showing.editor.actions
    if showing.paused:
        return f"paused: {actions.key_text('viewer.pause')} goes on"
    if any(want in showing.withheld.stopped for want in wants):
        return f"stopped: {actions.key_text('viewer.refresh')} updates"
    return ""


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
        return editor.viewing.coming or _NOTHING[showing.slot]
    if editor.project.safe:
        return "Opened safely: nothing is evaluated until you allow it."
    if editor.workers is None:
        return "The picture process is not running."
    return "" if showing.paused or not showing.canvas.isVisible() else None


def reason(editor: Editor, error: CodefError | None) -> tuple[str, bool]:
    """What to say of an error, and whether it is a failure: a fit to come or under way is none."""
    if error is None:
        return "", False
    face = editor.faces.face(error.node or "")
    if face.fit == "fitting":
        return f"{error.node} is being fitted; its first draft appears here.", False
    text = str(error)
    return text[:1].upper() + text[1:], face.fit != "none" or bool(face.error)
