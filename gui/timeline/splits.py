"""Where a long shot is split: shown on the timeline, and moved there by hand."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.document import Document
from engine.errors import UsageError
from gui.core.editor import Editor
from gui.core.streams import FRAME, main_path
from gui.timeline.ruler import Ruler

FIT, KNOB = "FitCoDeF", "split"
_AGAIN = "Fit again to use it; segments that stay as they are are kept."


class Splits(QObject):
    """The splits of the fit that the frame viewer hangs on.

    Args:
        editor: The editor.
        ruler: Shows them.
    """

    def __init__(self, editor: Editor, ruler: Ruler) -> None:
        super().__init__(ruler)
        self._editor, self._ruler = editor, ruler
        ruler.split_moved.connect(self.move)
        ruler.menu_asked.connect(self._menu)

    def frames(self) -> tuple[int, ...]:
        """The frames that begin a segment: as the knob says, else as it was fitted."""
        fit = self._fit()
        if fit is None:
            return ()
        asked = numbers_of(self._editor.project.document, fit)
        if asked is not None:
            return asked
        return tuple(segment.own[0] for segment in self._editor.viewing.stills.segments[1:])

    def move(self, old: int, new: int) -> None:
        """Splits the shot elsewhere: one step of undo."""
        self._set([new if frame == old else frame for frame in self.frames()])

    def add(self, frame: int) -> None:
        """Splits the shot before a frame."""
        self._set([*self.frames(), frame])

    def remove(self, frame: int) -> None:
        """Joins the segments on both sides of a split."""
        self._set([each for each in self.frames() if each != frame])

    def propose(self) -> None:
        """Leaves it to the fit again."""
        self._do("auto")

    def _set(self, frames: Sequence[int]) -> None:
        self._do(", ".join(str(frame) for frame in sorted(set(frames))) or "none")

    def _do(self, said: str) -> None:
        fit = self._fit()
        if fit is not None and self._editor.project.do(SetKnob(fit, KNOB, said)):
            self._editor.say(f"{fit} is split: {said}. {_AGAIN}")

    def _fit(self) -> str | None:
        """The fit above what is shown, past nodes that only correct it."""
        document, shown = self._editor.project.document, self._editor.viewing.shown(FRAME)
        if shown.fit is None or shown.fit not in document:
            return None
        path = main_path(document, shown.fit)
        return next((name for name in path if document.state(name).type == FIT), None)

    def _menu(self, frame: int, place: QPoint) -> None:
        menu = self.menu(frame)
        if menu is not None:
            menu.popup(place)

    def menu(self, frame: int) -> QMenu | None:
        """What can be done at a frame; None where no fit is shown."""
        if self._fit() is None:
            return None
        menu = QMenu(self._ruler)
        splits = self.frames()
        step = max(1, round(6 / self._ruler.step))
        near = [each for each in splits if abs(each - frame) <= step]
        split = menu.addAction(f"Split the shot before frame {frame}", lambda: self.add(frame))
        split.setEnabled(not near and frame > self._ruler.first)
        if near:
            menu.addAction(f"Join the shot at frame {near[0]}", lambda: self.remove(near[0]))
        menu.addAction("Let the fit find where to split", self.propose)
        return menu


def numbers_of(document: Document, fit: str) -> tuple[int, ...] | None:
    """The frames that a fit's knob names; None where it leaves them to the fit."""
    try:
        said = str(document.knob_value(fit, KNOB)).strip().lower()
    except UsageError:
        return None
    if said == "auto":
        return None
    words = [word.strip() for word in said.split(",")]
    return tuple(sorted(int(word) for word in words if word.isdecimal()))
