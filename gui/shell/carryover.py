"""A new fit that moves the still asks whether the strokes shall come along."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer

from codef_nodes.graph.commands import Command, EditStrokes, Group
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import same
from codef_nodes.worker.protocol import WorkerError
from gui.core.editor import Editor
from gui.core.streams import (
    CANONICAL,
    PAINT,
    fit_of,
    layer_asked,
    space_of,
    still_layer,
    still_segment,
)
from gui.jobs.job import Job
from gui.jobs.outcome import fits_above
from gui.jobs.queue import queue_of
from gui.shell.banner import Banner

_ABOUT = "carry strokes over"
_MOVED = 0.5
"""Pixels of the still from which on a stroke is beside what it was painted on."""
_AGAIN_MS = 300
_TRIES = 20

Strokes = list[dict[str, Any]]


@dataclass(frozen=True)
class _Carried:
    """The strokes of a Paint node on the old fit, and where they belong on the new one."""

    node: str
    before: Strokes
    after: Strokes

    @property
    def distance(self) -> float:
        """How far the farthest end of a stroke moves."""
        return max(map(_apart, self.before, self.after), default=0.0)


class CarryOver(QObject):
    """Compares the stills of the old and the new fit where strokes are, and offers to move them.

    What was painted on a draft of the new fit is on its still already and stays where it is.

    Args:
        editor: The editor.
        banner: Where it asks.
        parent: The owner.
    """

    def __init__(self, editor: Editor, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._editor, self._banner = editor, banner
        self._old: dict[str, dict[str, Strokes]] = {}
        self._noted: Job | None = None
        self._found: list[_Carried] = []
        queue = queue_of(editor)
        queue.changed.connect(self._note)
        queue.recorded.connect(self._recorded)
        queue.finished.connect(self._forget)
        editor.project.replaced.connect(self._clear)

    # What there was before anybody could paint on the new still.

    def _note(self, job: Job) -> None:
        """The first draft of a fit: what is painted from now on is painted on the new still."""
        if not job.draft or job.foreign or job is self._noted:
            return
        self._noted = job
        document = self._editor.project.document
        for fit in {*job.nodes, *fits_above(document, job)}:
            if fit in document and fit not in self._old:
                self._old[fit] = dict(painted_on(document, fit))

    def _forget(self, job: Job) -> None:
        self._noted = None  # it may be started again
        for fit in {*job.nodes, *fits_above(self._editor.project.document, job)}:
            self._old.pop(fit, None)

    def _clear(self) -> None:
        self._old.clear()
        self._leave()

    # Asking.

    def _recorded(self, fit: str, before: Any, after: Any) -> None:
        document, folder = self._editor.project.document, self._editor.project.folder
        noted = self._old.pop(fit, None)
        old, new = ((record or {}).get("path") for record in (before, after))
        if not old or not new or old == new or not (folder / str(old)).is_dir():
            return
        self._leave()
        for node, strokes in (dict(painted_on(document, fit)) if noted is None else noted).items():
            args = {
                "node": node,
                "old": str(folder / str(old)),
                "new": str(folder / str(new)),
                "layer": layer_asked(still_layer(document, node)),
                "segment": still_segment(document, node),
                "strokes": strokes,
            }
            self._ask(node, strokes, args)

    def _ask(self, node: str, strokes: Strokes, args: dict[str, Any], tries: int = _TRIES) -> None:
        workers = self._editor.workers
        if workers is None or node not in self._editor.project.document:
            return

        def done(answer: dict[str, Any]) -> None:
            self._compared(_Carried(node, strokes, answer["strokes"]))

        def failed(error: WorkerError) -> None:
            if error.cancelled and tries:  # by an edit: it is asked again when the hand rests
                QTimer.singleShot(
                    _AGAIN_MS, self, partial(self._ask, node, strokes, args, tries - 1)
                )
            elif not error.cancelled:
                self._editor.say(f"The strokes of {node} stay where they are: {error}")

        workers.view.request("strokes.carry", args, done, failed, owner=self)

    def _compared(self, carried: _Carried) -> None:
        if carried.distance < _MOVED:
            return
        self._found.append(carried)
        count = sum(len(each.before) for each in self._found)
        far = max(each.distance for each in self._found)
        what = "a stroke lies" if count == 1 else f"{count} strokes lie"
        self._banner.show_notice(
            _ABOUT,
            f"The new fit moved the still: {what} up to {far:.0f} pixels beside the place that "
            f"{'it was' if count == 1 else 'they were'} painted on.",
            (("Carry over", self._carry), ("Leave", self._leave)),
        )

    def _leave(self) -> None:
        self._found = []
        self._banner.clear_notice(_ABOUT)

    def _carry(self) -> None:
        """One step of undo; a stroke that was changed or deleted meanwhile is left alone."""
        project = self._editor.project
        commands: list[Command] = []
        for each in self._found:
            left = dict(enumerate(_strokes(project.document, each.node)))
            for before, after in zip(each.before, each.after, strict=True):
                place = next((at for at, stroke in left.items() if same(stroke, before)), None)
                if place is not None:
                    del left[place]
                    commands.append(EditStrokes(each.node, place, 1, [after]))
        self._leave()
        if commands and project.do(Group(commands, "Carry strokes over")):
            self._editor.say("The strokes lie where they were painted; Ctrl+Z takes that back")


def painted_on(document: Document, fit: str) -> Iterator[tuple[str, Strokes]]:
    """The Paint nodes over the stills of a fit, and their strokes."""
    for name, state in document.nodes.items():
        if state.type == PAINT and space_of(document, name) == CANONICAL:
            strokes = _strokes(document, name)
            if strokes and fit_of(document, name) == fit:
                yield name, list(strokes)


def _strokes(document: Document, node: str) -> Strokes:
    found = document.state(node).knobs.get("strokes") if node in document else None
    return found if isinstance(found, list) else []


def _apart(before: dict[str, Any], after: dict[str, Any]) -> float:
    """How far the ends of a stroke moved; in between points may have been added."""
    ends = zip((before["points"][0], before["points"][-1]),
               (after["points"][0], after["points"][-1]), strict=True)  # fmt: skip
    return max(math.dist(one[:2], other[:2]) for one, other in ends)
