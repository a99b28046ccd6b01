"""Lines of strokes on the canonical image, shown in the frame that is looked at."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QPointF, QTimer, Signal

from codef_nodes.worker.protocol import WorkerError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME, fit_of, layer_asked, space_of, still_layer
from gui.paint.painting import Painting
from gui.paint.picking import MOST_LINES
from gui.paint.strokedata import strokes_of

_SOON_MS = 40
_POINTS = 64
"""Points of one line that are mapped: a long stroke is shown by every how-manyth."""


@dataclass(frozen=True)
class CarriedLine:
    """A line on the frame.

    Attributes:
        points: In pixels of the frame.
        visible: Whether the frame shows each of them.
    """

    points: tuple[QPointF, ...]
    visible: tuple[bool, ...]


class CarriedLines(QObject):
    """Asks where the selected strokes of a canonical Paint node are in the frame.

    Args:
        editor: The editor.
        painting: Holds which strokes are selected.
        slot: The viewer's slot; only the frame viewer has such lines.
        parent: The owner.
    """

    changed = Signal()

    def __init__(self, editor: Editor, painting: Painting, slot: str, parent: QObject) -> None:
        super().__init__(parent)
        self._editor, self._painting = editor, painting
        self._about: object = None
        self._asked: object = None
        self._lines: list[CarriedLine] = []
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self._ask)
        if slot == FRAME:
            for signal in (
                painting.strokes_selected,
                painting.tool_changed,
                editor.clock.frame_changed,
                editor.viewing.changed,
                editor.viewing.results_changed,
            ):
                signal.connect(self._look)

    @property
    def lines(self) -> list[CarriedLine]:
        """The lines, as long as they are those of what is shown now."""
        return self._lines if self._about == self._now() else []

    def _look(self, *_: object) -> None:
        if self._painting.kind and self._painting.selected:
            self._soon.start()
        elif self._lines:
            self._lines, self._about = [], None
            self.changed.emit()

    def _now(self) -> tuple[Any, ...] | None:
        """What the lines hang on, or None where there are none."""
        document, node = self._editor.project.document, self._painting.node
        if not self._painting.kind or not self._painting.selected:
            return None
        if node is None or node not in document or space_of(document, node) != CANONICAL:
            return None
        fit = fit_of(document, node)
        if fit is None or self._editor.viewing.shown(FRAME).fit != fit:
            return None
        viewing, frame = self._editor.viewing, self._editor.clock.frame
        return fit, frame, node, self._painting.selected, viewing.signature(node)

    def _ask(self) -> None:
        now, workers = self._now(), self._editor.workers
        if now is None or workers is None or now in (self._about, self._asked):
            return
        fit, frame, node, selected, _ = now
        document = self._editor.project.document
        strokes = strokes_of(document, node)
        runs = [
            _thinned(strokes[place].get("points", []))
            for place in selected[:MOST_LINES]
            if place < len(strokes)
        ]
        args = {
            "node": fit,
            "frame": frame,
            "layer": layer_asked(still_layer(document, node)),
            "points": [[point[0], point[1]] for run in runs for point in run],
            "to": "frame",
            "slot": "strokes",
        }
        self._asked = now

        def done(answer: dict[str, Any]) -> None:
            self._asked, self._about = None, now
            self._lines, at = [], 0
            for run in runs:
                points = answer["points"][at : at + len(run)]
                visible = answer["visible"][at : at + len(run)]
                at += len(run)
                places = tuple(QPointF(x, y) for x, y in points)
                self._lines.append(CarriedLine(places, tuple(map(bool, visible))))
            self.changed.emit()

        def failed(_error: WorkerError) -> None:
            self._asked = None  # the picture tells what is wrong

        workers.view.request("map", args, done, failed)


def _thinned(points: list[Any]) -> list[Any]:
    """A line's points, not too many, both ends kept."""
    if len(points) <= _POINTS:
        return points
    step = (len(points) - 1) / (_POINTS - 1)
    return [points[round(number * step)] for number in range(_POINTS)]
