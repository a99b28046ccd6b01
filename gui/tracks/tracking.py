"""Whether the track tool is in hand, and the points that it places; they are what is selected."""

from typing import Any

from gui.core.editor import Editor
from gui.core.streams import FRAME
from gui.paint.inhand import InHand
from gui.tracks.edits import Home, Place, home_of, points_of, setting, with_point

_NO_FIT = "Points are followed by a fit: show a picture that comes through one."


class Tracking(InHand):
    """The points of what the frame viewer shows."""

    def toggle(self) -> None:
        """The key."""
        self.take(not self.on)

    def home(self) -> Home | None:
        """Where points go now."""
        editor = self._editor
        names = editor.selection.names
        return home_of(editor.project.document, editor.viewing.node(FRAME), names)

    def points(self) -> list[dict[str, Any]]:
        """The points there, as they are stored."""
        home = self.home()
        return [] if home is None else points_of(self._editor.project.document, home.node)

    def put(self, frame: int, place: Place, name: str | None = None) -> bool:
        """Places a point in a frame: the one of a name, or a new one."""
        home = self.home()
        if home is None:
            self._editor.say(_NO_FIT)
            return False
        points, name = with_point(self.points(), frame, place, name)
        if not self._editor.project.do(setting(home, points, f"Place {name}")):
            return False
        self.select(name)
        if home.commands:
            self._editor.node_made.emit(home.node)
            self._editor.say(
                f"Made {home.node}: look at it to see its points followed, render it to write them."
            )
        return True

    def remove(self) -> bool:
        """Deletes the selected point; returns whether there was one."""
        home, points = self.home(), self.points()
        kept = [point for point in points if point.get("name") != self.selected]
        if home is None or len(kept) == len(points):
            return False
        return self._editor.project.do(setting(home, kept, f"Delete {self.selected}"))

    def look(self) -> None:
        """Shows the points followed, in the frame viewer."""
        home = self.home()
        if home is not None and not home.commands:
            self._editor.viewing.show(home.node, FRAME)

    def _taken(self) -> None:
        if self.home() is None:
            self._editor.say(_NO_FIT)
        else:
            self._editor.say("Click a point of a frame to follow it through the shot.")


def tracking_of(editor: Editor) -> Tracking:
    """The one of an editor; made at the first call."""
    found = editor.findChild(Tracking)
    return found if isinstance(found, Tracking) else Tracking(editor)
