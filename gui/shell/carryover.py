"""A new fit that moves the still asks whether strokes and pins shall come along."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer

from codef_nodes.graph.commands import Command, EditStrokes, Group, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import same
from codef_nodes.worker.protocol import WorkerError
from gui.core.editor import Editor
from gui.core.streams import (
    CANONICAL,
    PAINT,
    fit_of,
    layer_asked,
    main_path,
    space_of,
    still_layer,
    still_segment,
)
from gui.jobs.job import Job
from gui.jobs.outcome import fits_above
from gui.jobs.queue import queue_of
from gui.pins.edits import KNOB as PIN_KNOB
from gui.pins.edits import Placed, moved_to, pinned_on, pins_of
from gui.shell.banner import Banner

_ABOUT = "carry strokes over"
_MOVED = 0.5
"""Pixels of the still from which on a stroke is beside what it was painted on."""
_AGAIN_MS = 300
_TRIES = 20

Strokes = list[dict[str, Any]]
_Before = tuple[dict[str, Strokes], list[Placed]]
"""The strokes of Paint nodes, and the pins, on the stills of a fit."""


@dataclass(frozen=True)
class _Carried:
    """What lies on a still of the old fit, as strokes, and where it belongs on the new one.

    Attributes:
        node: The Paint or Pins node.
        before: On the old still.
        after: On the new one.
        pins: The pins that these are, each a stroke of one point.
        segment: Of a long shot that of the new still, for pins.
    """

    node: str
    before: Strokes
    after: Strokes
    pins: Placed | None = None
    segment: int = 0

    @property
    def distance(self) -> float:
        """How far the farthest end of a stroke moves."""
        return max(map(_apart, self.before, self.after), default=0.0)


class CarryOver(QObject):
    """Compares the stills of the old and the new fit where strokes and pins are, and offers to move
    them.

    What was painted on a draft of the new fit is on its still already and stays where it is.

    Args:
        editor: The editor.
        banner: Where it asks.
        parent: The owner.
    """

    def __init__(self, editor: Editor, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._editor, self._banner = editor, banner
        self._old: dict[str, _Before] = {}
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
                self._old[fit] = _before(document, fit)

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
        folders = {"old": str(folder / str(old)), "new": str(folder / str(new))}
        strokes, pins = _before(document, fit) if noted is None else noted
        args: dict[str, Any]
        for node, painted in strokes.items():
            args = {
                "node": node,
                **folders,
                "layer": layer_asked(still_layer(document, node)),
                "segment": still_segment(document, node),
                "strokes": painted,
            }
            self._ask(args)
        for placed in pins:
            args = {
                "node": placed.node,
                **folders,
                "layer": placed.layer,
                "segment": placed.segment,
                "strokes": placed.dots,
                "follow": True,
            }
            self._ask(args, placed)

    def _ask(self, args: dict[str, Any], pins: Placed | None = None, tries: int = _TRIES) -> None:
        node = args["node"]
        workers = self._editor.workers
        if workers is None or node not in self._editor.project.document:
            return

        def done(answer: dict[str, Any]) -> None:
            there = int(answer["segment"])
            self._compared(_Carried(node, args["strokes"], answer["strokes"], pins, there))

        def failed(error: WorkerError) -> None:
            if error.cancelled and tries:  # by an edit: it is asked again when the hand rests
                QTimer.singleShot(_AGAIN_MS, self, partial(self._ask, args, pins, tries - 1))
            elif not error.cancelled:
                what = "strokes" if pins is None else "pins"
                self._editor.say(f"The {what} of {node} stay where they are: {error}")

        workers.view.request("strokes.carry", args, done, failed, owner=self)

    def _compared(self, carried: _Carried) -> None:
        renumbered = carried.pins is not None and carried.pins.segment != carried.segment
        if carried.distance < _MOVED and not renumbered:
            return
        self._found.append(carried)
        far = max(each.distance for each in self._found)
        what, one = _counted(self._found)
        if far < _MOVED:
            said = f"The new fit has other stills: {what} on the still of another number now."
        else:
            said = (
                f"The new fit moved the still: {what} up to {far:.0f} pixels beside the place that "
                f"{'it was' if one else 'they were'} "
                f"{'painted on' if all(each.pins is None for each in self._found) else 'set on'}."
            )
        choices = (("Carry over", self._carry), ("Leave", self._leave))
        self._banner.show_notice(_ABOUT, said, choices)

    def _leave(self) -> None:
        self._found = []
        self._banner.clear_notice(_ABOUT)

    def _carry(self) -> None:
        """One step of undo; what was changed or deleted meanwhile is left alone."""
        project = self._editor.project
        commands: list[Command] = []
        pins: dict[str, list[dict[str, Any]]] = {}
        for each in self._found:
            if each.pins is not None:
                there = pins.get(each.node) or pins_of(project.document, each.node)
                pins[each.node] = moved_to(there, each.pins, each.after, each.segment)
                continue
            left = dict(enumerate(_strokes(project.document, each.node)))
            for before, after in zip(each.before, each.after, strict=True):
                place = next((at for at, stroke in left.items() if same(stroke, before)), None)
                if place is not None:
                    del left[place]
                    commands.append(EditStrokes(each.node, place, 1, [after]))
        what, _ = _counted(self._found, verb=False)
        commands += [SetKnob(node, PIN_KNOB, list(held)) for node, held in pins.items() if held]
        self._leave()
        title = "Carry strokes over" if not pins else "Carry strokes and pins over"
        if commands and project.do(Group(commands, title)):
            self._editor.say(f"{what} carried over to the new still; Ctrl+Z takes that back")


def _before(document: Document, fit: str) -> _Before:
    return dict(painted_on(document, fit)), list(pinned_on(document, fit))


def _counted(found: Sequence[_Carried], *, verb: bool = True) -> tuple[str, bool]:
    """How many strokes and pins there are, in words, and whether it is one thing."""
    strokes = sum(len(each.before) for each in found if each.pins is None)
    pins = sum(len(each.before) for each in found if each.pins is not None)
    words = []
    for count, name in ((strokes, "stroke"), (pins, "pin")):
        if count:
            words.append(f"a {name}" if count == 1 else f"{count} {name}s")
    one = strokes + pins == 1
    said = " and ".join(words)
    return (f"{said} {'lies' if one else 'lie'}" if verb else said.capitalize()), one


def painted_on(document: Document, fit: str) -> Iterator[tuple[str, Strokes]]:
    """The Paint nodes over the stills of a fit, and their strokes."""
    for name, state in document.nodes.items():
        if state.type == PAINT and space_of(document, name) == CANONICAL:
            strokes = _strokes(document, name)
            near = fit_of(document, name)
            # Past what only corrects a fit, such as pins.
            if strokes and near is not None and fit in main_path(document, near):
                yield name, list(strokes)


def _strokes(document: Document, node: str) -> Strokes:
    found = document.state(node).knobs.get("strokes") if node in document else None
    return found if isinstance(found, list) else []


def _apart(before: dict[str, Any], after: dict[str, Any]) -> float:
    """How far the ends of a stroke moved; in between points may have been added."""
    ends = zip((before["points"][0], before["points"][-1]),
               (after["points"][0], after["points"][-1]), strict=True)  # fmt: skip
    return max(math.dist(one[:2], other[:2]) for one, other in ends)
