"""What the info bar says about the cursor's pixel and the sampled box."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL
from gui.viewer.infobar import InfoBar, Sampled, y_up
from gui.viewer.viewframe import ViewFrame
from gui.viewer.viewport import Box
from gui.viewer.views import luminance

if TYPE_CHECKING:
    from gui.viewer.canvas import Canvas


class Sampler(QObject):
    """Reads linear values: from the pixels that are here, else from the worker.

    Convention: what it shows counts y up from the bottom-left of the format.

    Args:
        editor: The editor.
        canvas: The canvas whose cursor and sampled box it reads.
        bar: Where it says so.
        slot: The viewer's slot.
    """

    def __init__(self, editor: Editor, canvas: "Canvas", bar: InfoBar, slot: str) -> None:
        super().__init__(canvas)
        self._editor, self._canvas, self._bar, self._slot = editor, canvas, bar, slot
        self._place: tuple[float, float] | None = None
        self._asked: tuple[Any, ...] | None = None
        self._timer = QTimer(self, singleShot=True, interval=40)
        self._timer.timeout.connect(self._ask)
        canvas.hovered.connect(self._hover)
        canvas.left.connect(self._leave)
        canvas.sample_changed.connect(self.refresh)
        canvas.updated.connect(lambda _: self.refresh())

    def refresh(self) -> None:
        """Reads again: another picture is there, or another box."""
        self._tell_cursor()
        box = self._canvas.sample
        if box is None:
            self._asked = None
            self._bar.set(sampled=None)
            return
        frame = self._frame()
        pixels = frame.box(box) if frame is not None and frame.scale == 1 else None
        if pixels is not None:
            self._asked = None
            self._bar.set(sampled=Sampled.of(pixels, self._up(box)))
        elif not self._timer.isActive():
            self._timer.start()

    def _frame(self) -> ViewFrame | None:
        canvas = self._canvas
        if canvas.compare == "difference" and canvas.frame("difference") is not None:
            return canvas.frame("difference")
        return canvas.frame("a")

    def _hover(self, x: float, y: float) -> None:
        self._place = x, y
        self._tell_cursor()

    def _leave(self) -> None:
        self._place = None
        self._bar.set(x=None, y=None, values=None)

    def _tell_cursor(self) -> None:
        if self._place is None:
            return
        x, y = self._place
        bottom = self._bottom()
        frame = self._frame()
        values = None if frame is None else frame.at(x, y)
        working = str(self._editor.project.document.settings["working_space"])
        try:
            weights = luminance(working)
        except CodefError:
            weights = self._bar.facts.weights
        scale = 1 if frame is None else frame.scale
        self._bar.set(
            x=int(x // 1),
            y=int(bottom - 1 - y // 1),
            values=values,
            names=() if frame is None else _names(frame),
            weights=weights,
            note="" if scale == 1 else f"mean of {scale}x{scale}",
        )
        unseen = (
            self._slot == CANONICAL
            and values is not None
            and len(values) == 4
            and float(values[3]) <= 0
        )
        self._canvas.badge = "not seen in any frame" if unseen else ""

    def _bottom(self) -> float:
        return self._canvas.format[3] if self._canvas.format is not None else 0.0

    def _up(self, box: Box) -> Box:
        bottom = self._bottom()
        return box[0], y_up(box[3], bottom), box[2], y_up(box[1], bottom)

    def _ask(self) -> None:
        workers, box = self._editor.workers, self._canvas.sample
        node = self._editor.viewing.node(self._slot)
        if workers is None or box is None or node is None or self._canvas.compare == "difference":
            return
        frame = self._editor.clock.frame
        asked = node, frame, box
        self._asked = asked

        def done(answer: dict[str, Any]) -> None:
            if self._asked == asked:
                sampled = Sampled(
                    self._up(box),
                    list(answer["mean"]),
                    list(answer["min"]),
                    list(answer["max"]),
                    int(answer["count"]),
                )
                self._bar.set(sampled=sampled)

        args = {"node": node, "frame": frame, "box": [int(v) for v in box]}
        workers.view.request("sample", args, done, None, owner=self)


def _names(frame: ViewFrame) -> tuple[str, ...]:
    return tuple(name.rsplit(".", 1)[-1].upper()[:1] for name in frame.channels)
