"""A stroke drawn on a frame that becomes a stroke of the canonical."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from codef_nodes.graph.commands import EditStrokes, Group
from codef_nodes.worker.protocol import WorkerError
from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import fit_of
from gui.paint.drawing import DrawnStroke
from gui.paint.gesture import StrokeGesture
from gui.paint.target import Target, give_field, layer_target

if TYPE_CHECKING:
    from gui.paint.painting import Painting

_TRIES = 4
_DIED = 1
_SOON_MS = 50


class FrameGesture(StrokeGesture):
    """Collects points in a frame's pixels; the worker takes them through the inverse map.

    While it is drawn its points are mapped and painted on the canonical, and the frame follows:
    what is seen is what it becomes. At its end the whole stroke is taken over, sizes and offsets
    as well, and goes into the document in the order in which strokes were drawn.

    Args:
        editor: The editor.
        painting: Knows what the viewers show and which strokes still wait for their answer.
        header: The stroke without points.
        carrier: The Propagate through which the frame is seen.
        frame: The frame that is painted on.
        parent: The owner.
    """

    def __init__(
        self,
        editor: Editor,
        painting: "Painting",
        header: dict[str, Any],
        carrier: str,
        frame: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(editor, Target(carrier), header, dict, None, parent)
        self._painting, self._carrier, self._frame = painting, carrier, frame
        self._segment = editor.viewing.stills.at(frame)
        self._selected = list(editor.selection.names)
        self._mapped: DrawnStroke | None = None
        self._layer: int | None = None
        self._asked = self._busy = False
        self._tries = 0
        self.answer: dict[str, Any] | None = None
        """The stroke as the worker took it over."""
        self.failure = ""
        """Why it cannot be taken over."""
        self._why = ""

    def start(self) -> bool:
        """The worker is asked with the first point."""
        workers = self._editor.workers
        if workers is None:
            self._editor.say("The picture process is not running: nothing leads to the canonical.")
            self.running = False
            return False
        workers.view.state_changed.connect(self._worker)
        return True

    def add(self, x: float, y: float, pressure: float) -> bool:
        """Takes a point in the frame's pixels."""
        if not self.running or not self.drawn.add(x, y, pressure):
            return False
        if not self._asked:
            self._asked = True
            first = {**self.drawn.header, "points": [self.drawn.points[0]]}
            self._request("strokes.to_canonical", {"strokes": [first]}, self._placed)
        self._map()
        return True

    def commit(self) -> bool:
        """The pen is up: the whole stroke is taken over; the document gets it with the answer."""
        if not self.running:
            return False
        self.running = False
        if not self.drawn.points:
            self._finish()
            return False
        self._painting.waiting.append(self)
        self._take_over()
        return True

    def abort(self) -> None:
        """Esc: nothing happened."""
        if self.running:
            self.running = False
            self._undo()
            self._finish()

    def settle(self) -> None:
        """Its turn has come: goes into the document, or says why not."""
        if self.answer is None:
            self._undo()
            self._editor.say(self.failure)
            self._finish()
            return
        if self._live is not None:
            self._live.end()
        answer, project = self.answer, self._editor.project
        if self._carrier in project.document:
            layer, name = int(answer["layers"][0]), str(answer["names"][0])
            try:
                target = self._target_of(layer, name)
            except CodefError as error:
                self._editor.say(error.message)
            else:
                stroke = {**answer["strokes"][0], "name": self.drawn.header["name"]}
                if target.commands:
                    project.do(Group(target.commands, f"Paint on {target.node}"), self._name)
                if self._live is None:
                    self._show_whole(target.node, stroke)
                project.do(EditStrokes(target.node, None, 0, [stroke]), self._name)
                project.end_gesture()
                self._painting.list_node(target.node)
                if target.note:
                    self._editor.say(target.note)
        self._finish()

    def drop(self) -> None:
        """The document that it was for is closed."""
        self._finish()

    # Live.

    def _show_whole(self, node: str, stroke: dict[str, Any]) -> None:
        """A stroke quicker than the answers: its pixels come before the whole pictures do."""
        whole = DrawnStroke({key: value for key, value in stroke.items() if key != "points"})
        whole.points = [list(point) for point in stroke["points"]]
        self._live = self._sent(whole, self._painting.begin_arguments(node, whole.header))
        if self._live is not None:
            self._live.end()

    def _placed(self, answer: dict[str, Any]) -> None:
        """The first point's answer: the layer, and the brush as it is on the canonical."""
        if not self.running or self._mapped is not None:
            return
        project = self._editor.project
        self._layer = int(answer["layers"][0])
        try:
            self._target = self._target_of(self._layer, str(answer["names"][0]))
        except CodefError:
            return  # said at the end, once
        if self._target.commands:
            made = Group(self._target.commands, f"Paint on {self.node}")
            if not project.do(made, self._name):
                return
            self._editor.say(self._target.note)
            self._target = Target(self.node)
        stroke = {key: value for key, value in answer["strokes"][0].items() if key != "points"}
        self._mapped = DrawnStroke(stroke)
        self._connect()
        self._map()

    def _connect(self) -> None:
        if self._mapped is None:
            return
        self._mapped.rewind()
        begin = self._painting.begin_arguments(self.node, self._mapped.header)
        self._live = self._sent(self._mapped, begin)

    def _map(self) -> None:
        """Sends points on their way; those that come meanwhile go together next time."""
        if self._mapped is None or self._busy or not self.drawn.waiting:
            return
        points = self.drawn.take()
        self._busy = True
        args = {"layer": self._layer, "to": "canonical", "points": [p[:2] for p in points]}

        def done(answer: dict[str, Any]) -> None:
            self._busy = False
            if self._mapped is not None and self._live is not None:
                for (x, y), point in zip(answer["points"], points, strict=True):
                    self._mapped.add(x, y, point[2])
                self._live.more()
            self._map()

        self._request("map", args, done)

    def _request(self, verb: str, args: dict[str, Any], done: Any) -> None:
        workers = self._editor.workers
        if workers is not None:
            args = {"node": self._carrier, "frame": self._frame, "segment": self._segment, **args}
            workers.view.request(verb, args, done, self._refused)

    def _refused(self, error: WorkerError) -> None:
        self._busy = False

    # The end.

    def _take_over(self) -> None:
        workers = self._editor.workers
        if workers is None:
            self._unanswered(WorkerError(1, "the picture process is not running"))
            return
        args = {
            "node": self._carrier,
            "frame": self._frame,
            "segment": self._segment,
            "strokes": [self.drawn.stroke()],
        }
        workers.view.request("strokes.to_canonical", args, self._answered, self._unanswered)

    def _answered(self, answer: dict[str, Any]) -> None:
        self.answer, self._why = answer, ""
        self._painting.settle_waiting()

    def _unanswered(self, error: WorkerError) -> None:
        workers = self._editor.workers
        self._tries += 1
        self._why = error.message
        if workers is not None and error.code == _DIED and self._tries < _TRIES:
            # Its death is told after the requests that it takes along.
            QTimer.singleShot(_SOON_MS, self, self._wait_or_settle)
        else:
            self._give_up()

    def _wait_or_settle(self) -> None:
        """A worker that died is asked again when it is back; another failure is one."""
        workers = self._editor.workers
        if self._why and (workers is None or workers.view.state == "ready"):
            self._give_up()

    def _give_up(self) -> None:
        self.failure = self._why
        self._painting.settle_waiting()

    def _worker(self, state: str) -> None:
        if state == "dead":
            self._lost()
        elif state == "starting":
            if self in self._painting.waiting and self.answer is None:
                self._why = ""
                self._take_over()
            elif self.running and self._mapped is not None:
                self._connect()

    def _target_of(self, layer: int, name: str) -> Target:
        document = self._editor.project.document
        target = layer_target(document, self._selected, self._carrier, layer, name, self._segment)
        if self.drawn.header["kind"] == "reveal":
            give_field(document, target, fit_of(document, self._carrier))
        return target

    def _undo(self) -> None:
        if self._live is not None:
            self._live.abort()
        self._editor.project.abort_gesture(self._name)
