"""The cursor of one viewer shown in the other, through the fit."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME, canvas_scale

if TYPE_CHECKING:
    from gui.viewer.canvas import Canvas

_EVERY = 25


class CursorLink(QObject):
    """Shows on a canvas where the cursor of the other viewer is in this picture.

    One question is under way at a time; of what comes meanwhile only the last is asked.

    Args:
        editor: The editor.
        canvas: The canvas that shows it.
        slot: The slot of that canvas.
    """

    def __init__(self, editor: Editor, canvas: "Canvas", slot: str) -> None:
        super().__init__(canvas)
        self._editor, self._canvas, self._slot = editor, canvas, slot
        self._wanted: tuple[float, float] | None = None
        self._asked = False
        self._timer = QTimer(self, singleShot=True, interval=_EVERY)
        self._timer.timeout.connect(self._ask)
        editor.viewing.pointed.connect(self._pointed)

    def _pointed(self, slot: str, place: tuple[float, float] | None) -> None:
        if slot == self._slot:
            # The cursor is in this viewer itself.
            self._wanted = None
            self._canvas.set_linked(None)
            return
        self._wanted = place
        if place is None:
            self._canvas.set_linked(None)
        elif not self._asked and not self._timer.isActive():
            self._timer.start()

    def _ask(self) -> None:
        editor, place = self._editor, self._wanted
        workers, viewing = editor.workers, editor.viewing
        fit = viewing.shown(CANONICAL).fit or viewing.shown(FRAME).fit
        if workers is None or place is None or fit is None or not self._canvas.isVisible():
            return
        self._wanted = None
        self._asked = True
        scale = self._scale()
        to_frame = self._slot == FRAME
        factor = 1 / scale if to_frame else 1.0
        args: dict[str, Any] = {
            "node": fit,
            "frame": editor.clock.frame,
            # From a frame the place itself says which group it belongs to.
            "layer": viewing.layer if to_frame else None,
            "points": [[place[0] * factor, place[1] * factor]],
            "to": "frame" if to_frame else "canonical",
        }
        layer = viewing.layer

        def done(answer: dict[str, Any]) -> None:
            self._asked = False
            self._show(answer, 1.0 if to_frame else scale, None if to_frame else layer)

        workers.view.request("map", args, done, self._failed)

    def _show(self, answer: dict[str, Any], factor: float, layer: int | None) -> None:
        if self._wanted is not None:  # the cursor has gone on
            self._timer.start()
        points = answer.get("points") or []
        if not points or points[0] is None or None in points[0]:
            self._canvas.set_linked(None)
            return
        seen = bool((answer.get("visible") or [True])[0])
        layers = answer.get("layers") or []
        if layer is not None and layers and isinstance(layers[0], int) and layers[0] != layer:
            seen = False  # a place of another group than the one that is shown
        x, y = points[0][:2]
        self._canvas.set_linked((float(x) * factor, float(y) * factor, seen))

    def _failed(self, error: CodefError) -> None:
        self._asked = False
        self._canvas.set_linked(None)
        if self._wanted is not None:
            self._timer.start()

    def _scale(self) -> float:
        document = self._editor.project.document
        node = self._editor.viewing.node(CANONICAL)
        return canvas_scale(document, node) if node is not None and node in document else 1.0
