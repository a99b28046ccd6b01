"""Puts the paint tools onto the viewers and their keys into the table of actions."""

from collections.abc import Callable

from gui.core.editor import Editor
from gui.paint.eyedropper import pick
from gui.paint.inhand import new_tools
from gui.paint.painting import Painting, painting_of
from gui.paint.tool import PaintTool

_SOFTER = 0.1


def attach(editor: Editor) -> None:
    """Gives every viewer that has none its paint tools; to be called again at any time."""
    painting = painting_of(editor)
    for pane, tool in new_tools(editor, painting.tools, PaintTool):
        # The newest registration is asked first: paint hides Q of the viewer.
        editor.actions.register(pane, "paint", taking(painting))
        editor.actions.register(
            pane, "paint", working(editor, painting, tool), lambda: bool(painting.kind)
        )


def taking(painting: Painting) -> dict[str, Callable[[], object]]:
    """Keys that take a tool in hand."""
    return {
        "paint.brush": lambda: painting.press_key("N"),
        "paint.clone": lambda: painting.press_key("C"),
        "paint.heal": lambda: painting.press_key("H"),
        "paint.blur": lambda: painting.press_key("X"),
        "paint.dodge": lambda: painting.press_key("E"),
    }


def working(editor: Editor, painting: Painting, tool: PaintTool) -> dict[str, Callable[[], object]]:
    """Keys that count while a tool is in hand."""

    def harder(by: float) -> None:
        painting.set(hardness=round(min(max(painting.brush.hardness + by, 0.0), 1.0), 3))

    return {
        "paint.select": lambda: painting.press_key("Q"),
        "paint.smaller": lambda: painting.step_size(-1),
        "paint.larger": lambda: painting.step_size(1),
        "paint.softer": lambda: harder(-_SOFTER),
        "paint.harder": lambda: harder(_SOFTER),
        "paint.pick": lambda: pick(editor, painting, tool),
        "paint.abort": tool.abort,
        "paint.delete": lambda: painting.remove_selected(),
    }
