"""What a press with a tool begins: which kind of stroke, where it goes."""

from typing import Any

from PySide6.QtCore import QObject

from engine.errors import UsageError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME, carrier_of, fit_of, space_of
from gui.paint.frames import FrameGesture
from gui.paint.gesture import StrokeGesture
from gui.paint.painting import Painting
from gui.paint.strokedata import strokes_of
from gui.paint.target import Target, canonical_target, frame_target, give_field


def gesture_for(
    editor: Editor, painting: Painting, kind: str, shown: str | None, parent: QObject
) -> StrokeGesture:
    """The gesture of a stroke.

    Args:
        editor: The editor.
        painting: The artist's hand.
        kind: Kind of the tool.
        shown: What the viewer that is painted in shows.
        parent: Owner of the gesture.

    Raises:
        CodefError: Nothing can be painted here; the message says what to do.
    """
    document, clock = editor.project.document, editor.clock
    if shown is None or shown not in document:
        raise UsageError("This viewer shows no node; select one and press 1, then paint.")
    if painting.brush_of(kind).offset is None and kind in ("clone", "heal"):
        raise UsageError("Choose where to copy from first: hold Ctrl and drag from there to here.")
    on_still = space_of(document, shown) == CANONICAL
    space = CANONICAL if on_still or painting.frames_to_canonical else FRAME
    clip = clock.first, clock.last
    if space == CANONICAL and not on_still:
        carrier = carrier_of(document, shown)
        if carrier is None:
            raise UsageError(
                "Nothing leads from here to a canonical; look at the frames of a Propagate."
            )
        header = painting.header(kind, space, clock.frame, clip, painting.drawn_before())
        return FrameGesture(editor, painting, header, carrier, clock.frame, parent)
    target = _target(editor, space, shown)
    node = target.node
    if node in document and document.state(node).disabled:
        raise UsageError(f"{node} is disabled; select it and press D to paint on it.")
    header = painting.header(kind, space, clock.frame, clip, len(strokes_of(document, node)))
    if kind == "reveal":
        give_field(document, target, fit_of(document, shown))

    def begin() -> dict[str, Any]:
        return painting.begin_arguments(node, header, space)

    return StrokeGesture(editor, target, header, begin, painting.journal, parent, space=space)


def _target(editor: Editor, space: str, shown: str) -> Target:
    document, selected = editor.project.document, editor.selection.names
    if space == FRAME:
        return frame_target(document, selected, shown)
    viewing = editor.viewing
    return canonical_target(
        document, selected, viewing.node(CANONICAL), viewing.layer, viewing.stills.shown
    )
