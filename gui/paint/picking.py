"""The select tool: which strokes are clicked, and moving them."""

import copy
from collections.abc import Callable
from typing import Any

from codef_nodes.graph.commands import Command, EditStrokes, Group
from gui.core.editor import Editor
from gui.core.streams import CANONICAL, space_of
from gui.paint.hit import Spines, moved
from gui.paint.painting import Painting
from gui.paint.strokedata import strokes_of

MOST_LINES = 50
"""Of more selected strokes the first ones show their lines."""

_GESTURE = "move strokes"

Place = tuple[float, float]


class StrokePicker:
    """Selects and moves strokes of the Paint node whose list is shown.

    Args:
        editor: The editor.
        painting: Holds which strokes are selected.
        shown: Gives the node that the viewer shows.
    """

    def __init__(self, editor: Editor, painting: Painting, shown: Callable[[], str | None]) -> None:
        self._editor, self._painting, self._shown = editor, painting, shown
        self._spines: tuple[object, Spines] | None = None
        self._grabbed: dict[int, dict[str, Any]] = {}

    @property
    def node(self) -> str | None:
        """The Paint node whose strokes can be clicked in this viewer."""
        document, node, shown = self._editor.project.document, self._painting.node, self._shown()
        if node is None or shown is None or node not in document or shown not in document:
            return None
        return node if space_of(document, node) == space_of(document, shown) else None

    def press(self, place: Place, within: float, add: bool) -> bool:
        """Selects what is at a place; returns whether a drag moves it.

        Args:
            place: In the strokes' pixels.
            within: How far from a line still counts.
            add: Adds it to the selection, or takes it out.
        """
        node = self.node
        if node is None:
            return False
        found = self._searchable(node).nearest(*place, within)
        chosen = self._painting.selected
        if add:
            if found is not None:
                self._painting.select(node, tuple(sorted({*chosen} ^ {found})))
            return False
        if found is None:
            self._painting.select(node, ())
            return False
        if found not in chosen:
            self._painting.select(node, (found,))
        strokes = strokes_of(self._editor.project.document, node)
        # Copies: the document changes its own in place.
        self._grabbed = {each: copy.deepcopy(strokes[each]) for each in self._painting.selected}
        return True

    def drag(self, start: Place, now: Place) -> None:
        """Moves what was grabbed, from where it was."""
        node = self.node
        if node is None:
            return
        by = now[0] - start[0], now[1] - start[1]
        commands: list[Command] = [
            EditStrokes(node, place, 1, [moved(stroke, *by)])
            for place, stroke in self._grabbed.items()
            if not stroke.get("locked")
        ]
        if commands:
            title = "Move strokes" if len(commands) > 1 else "Move a stroke"
            self._editor.project.do(Group(commands, title), _GESTURE)

    def release(self) -> None:
        """The drag is one step of undo."""
        self._editor.project.end_gesture()

    def abort(self) -> None:
        """The drag has not happened."""
        self._editor.project.abort_gesture(_GESTURE)

    def selected_lines(self) -> list[list[Place]]:
        """The lines of the selected strokes, in the strokes' pixels."""
        node = self.node
        if node is None:
            return []
        strokes = strokes_of(self._editor.project.document, node)
        return [
            [(point[0], point[1]) for point in strokes[place].get("points", [])]
            for place in self._painting.selected[:MOST_LINES]
            if place < len(strokes)
        ]

    def _searchable(self, node: str) -> Spines:
        document = self._editor.project.document
        still = space_of(document, node) == CANONICAL
        frame = None if still else self._editor.clock.frame
        # Two counts: revisions start again with another document.
        key = (id(document), document.revision, node, frame)
        if self._spines is None or self._spines[0] != key:
            self._spines = (key, Spines(strokes_of(document, node), frame))
        return self._spines[1]
