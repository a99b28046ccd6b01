"""One stroke from the first point to the document: target, journal, worker, undo step."""

import itertools
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from codef_nodes.graph.commands import EditStrokes, Group
from gui.core.editor import Editor
from gui.core.streams import CANONICAL
from gui.paint.drawing import DrawnStroke
from gui.paint.journal import StrokeJournal
from gui.paint.live import LiveStroke
from gui.paint.target import Target

_numbers = itertools.count(1)

IN_VAIN = {
    "erase": "There is no earlier paint of this list to erase there, and the picture stays",
    "clone": "Where the stroke copies from there is no picture, so it changes nothing",
    "heal": "Where the stroke copies from there is no picture, so it changes nothing",
    "reveal": "The frame that shines through does not show this place, so nothing changes",
}
"""Why strokes of some kinds may change nothing."""

Begin = Callable[[], dict[str, Any]]
"""The arguments of ``paint.begin`` as they are now."""


class StrokeGesture(QObject):
    """A stroke that is being drawn.

    The Paint node that it needs is made at its beginning and the stroke is added at its end: one
    step of undo. What the worker does changes nothing about that.

    Args:
        editor: The editor.
        target: Where the stroke goes.
        header: The stroke without points.
        begin: Arguments of ``paint.begin``.
        journal: Keeps the points for a recovery; None where there is none.
        parent: The owner.
        space: What the Paint node's pixels are places of.
    """

    painted = Signal(object)
    """What changed of the picture that is painted on, as the worker says it."""
    followed = Signal(object)
    """What changed of the frame that follows."""
    over = Signal()
    """Committed or aborted."""

    def __init__(
        self,
        editor: Editor,
        target: Target,
        header: dict[str, Any],
        begin: Begin,
        journal: StrokeJournal | None = None,
        parent: QObject | None = None,
        *,
        space: str = CANONICAL,
    ) -> None:
        super().__init__(parent)
        self.space = space
        self._editor, self._target, self._begin = editor, target, begin
        self._journal = journal
        self._name = f"stroke {next(_numbers)}"
        self._live: LiveStroke | None = None
        self._told = False
        self.shown = False
        """Whether the worker has shown any of it."""
        self.running = True
        self.drawn = DrawnStroke(header)

    @property
    def node(self) -> str:
        """The Paint node."""
        return self._target.node

    def start(self) -> bool:
        """Makes the Paint node where there is none; returns whether there is one now."""
        project = self._editor.project
        if self._target.commands:
            made = Group(self._target.commands, f"Paint on {self.node}")
            if not project.do(made, self._name):
                self.running = False
                return False
        if self._target.note:
            self._editor.say(self._target.note)
        if self._journal is not None:
            self._journal.begin(self.node, self.drawn.header)
        if self._editor.workers is not None:
            link = self._editor.workers.view
            link.state_changed.connect(self._worker)
            if link.state != "dead":
                self._connect()
            else:
                self._lost()
        return True

    def add(self, x: float, y: float, pressure: float) -> bool:
        """Takes a point in the strokes' pixels; returns whether it says anything new."""
        if not self.running or not self.drawn.add(x, y, pressure):
            return False
        if self._journal is not None:
            self._journal.drawn(self.drawn.points)
        if self._live is not None:
            self._live.more()
        return True

    def commit(self) -> bool:
        """The pen is up: the stroke goes into the document; returns whether it did."""
        if not self.running:
            return False
        if not self.drawn.points:
            self.abort()
            return False
        self.running = False
        if self._live is not None:
            self._live.end()
        if self._journal is not None:
            self._journal.flush()
            self._journal.end()
        project = self._editor.project
        done = project.do(EditStrokes(self.node, None, 0, [self.drawn.stroke()]), self._name)
        project.end_gesture()
        self._finish()
        return done

    def abort(self) -> None:
        """Esc: nothing happened."""
        if not self.running:
            return
        self.running = False
        if self._live is not None:
            self._live.abort()
        if self._journal is not None:
            self._journal.end()
        self._editor.project.abort_gesture(self._name)
        self._finish()

    def _finish(self) -> None:
        if self._editor.workers is not None:
            self._editor.workers.view.state_changed.disconnect(self._worker)
        self.over.emit()

    def _connect(self) -> None:
        self.drawn.rewind()
        self._live = self._sent(self.drawn, self._begin())

    def _sent(self, drawn: DrawnStroke, begin: dict[str, Any]) -> LiveStroke | None:
        """A stroke on its way to the worker, None where there is none."""
        workers = self._editor.workers
        if workers is None:
            return None
        return LiveStroke(workers.view, drawn, begin, self._painted, self._followed, self._failed)

    def _painted(self, data: dict[str, Any]) -> None:
        self.shown = True
        if isValid(self):  # the answers of a stroke come also when its viewer was closed
            self.painted.emit(data)

    def _followed(self, answer: dict[str, Any]) -> None:
        why = self._in_vain(answer)
        if why:
            self._editor.say(f"{why}; undo it and try elsewhere.")
        self.shown = True
        if isValid(self):
            self.followed.emit(answer)

    def _in_vain(self, answer: dict[str, Any]) -> str:
        """Why a stroke that is done changes nothing, as a sentence without its end."""
        if answer.get("changes", True):
            return ""
        if answer.get("outside"):
            whose = "canonical picture" if self.space == CANONICAL else "picture"
            return f"The stroke lies wholly outside the {whose}, so it changes nothing"
        return IN_VAIN.get(str(self.drawn.header["kind"]), "")

    def _failed(self, message: str) -> None:
        if self.running and not self._told:
            self._told = True
            self._editor.say(message)

    def _worker(self, state: str) -> None:
        if state == "dead":
            self._lost()
        elif state == "starting" and self.running and (self._live is None or self._live.over):
            # Requests queue behind the document that it is given first.
            self._connect()

    def _lost(self) -> None:
        if self._live is not None:
            self._live.drop()
        if self.running:
            self.shown = False
            self._editor.say(
                "The worker that shows pictures is being restarted; the stroke goes on and is "
                "shown when it is back."
            )
