"""The paint tools on the canvas of one viewer: events become gestures."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QTabletEvent

from codef_nodes.graph.document import Document
from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.streams import FRAME, main_source
from gui.paint.carried import CarriedLines
from gui.paint.drawing import DrawnStroke
from gui.paint.events import PointerEvent, sample_of
from gui.paint.gesture import StrokeGesture
from gui.paint.painting import Painting, painting_of
from gui.paint.pen import PenFilter, Sample
from gui.paint.picking import StrokePicker
from gui.paint.source import Source
from gui.paint.start import gesture_for
from gui.paint.strokeplaces import StrokePlaces
from gui.paint.toolmarks import ToolMarks
from gui.viewer.canvas import Canvas

SLACK = 3.0
"""Screen pixels that a click may wander."""

NEAR = 6.0
"""Screen pixels within which a click hits the line of a stroke."""


class PaintTool(QObject):
    """Paints on a canvas: becomes its ``tool`` and hears its tablet events.

    Args:
        editor: The editor.
        canvas: The viewer's canvas.
        slot: The viewer's slot, ``canonical`` or ``frame``.

    Attributes:
        painting: What both viewers share.
        carried: Lines of canonical strokes that the viewer shows on a frame.
    """

    def __init__(self, editor: Editor, canvas: Canvas, slot: str) -> None:
        super().__init__(canvas)
        self._editor, self.canvas, self.slot = editor, canvas, slot
        self.painting: Painting = painting_of(editor)
        self.painting.tools[slot] = self
        self._filter = PenFilter()
        self._place: QPointF | None = None
        self._mode = ""
        self._start = QPointF()
        self._before = 0.0
        self._gesture: StrokeGesture | None = None
        self._last: tuple[str, tuple[float, float]] | None = None
        self._places = StrokePlaces(editor, canvas, slot)
        self._source = Source(self.painting, self._places)
        self._marks = ToolMarks(self, self._places, self._source)
        self.carried = CarriedLines(editor, self.painting, slot, self)
        self.carried.changed.connect(canvas.update)
        self._picker = StrokePicker(editor, self.painting, lambda: self.shown)
        canvas.installEventFilter(self)
        canvas.setAttribute(Qt.WidgetAttribute.WA_TabletTracking, True)
        self.painting.tool_changed.connect(self._tool_changed)
        self.painting.brush_changed.connect(canvas.update)
        self.painting.strokes_selected.connect(canvas.update)
        editor.project.changed.connect(self._document_changed)
        editor.project.replaced.connect(self.abort)
        self._tool_changed(self.painting.kind)

    # What the canvas calls.

    def press(self, event: PointerEvent) -> bool:
        """The pointer goes down; returns whether the tools take it."""
        held = event.modifiers()
        if not self.painting.kind or event.button() != Qt.MouseButton.LeftButton:
            return False
        if held & Qt.KeyboardModifier.AltModifier:
            return False  # pans
        tool = self.painting.tool
        if held & Qt.KeyboardModifier.ControlModifier and not (tool and tool.sourced):
            return False  # samples
        self._feed(event)
        return True

    def move(self, event: PointerEvent) -> bool:
        """The pointer moves, up or down; returns whether the tools take it."""
        if not self.painting.kind:
            return False
        held = bool(event.buttons() & Qt.MouseButton.LeftButton)
        if held and not self._mode and not self._filter.pen_down:
            return False  # a pan that began elsewhere
        self._feed(event)
        return bool(self._mode)

    def release(self, event: PointerEvent) -> bool:
        """The pointer goes up; returns whether it was ours."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        ours = bool(self._mode)
        self._feed(event)
        return ours

    def key(self, event: QKeyEvent) -> bool:
        """Esc ends a gesture; the other keys come through the table of actions."""
        if event.key() == Qt.Key.Key_Escape and self._mode:
            return self.abort()
        return False

    def paint(self, painter: QPainter) -> None:
        """Draws what belongs to the tools over the picture, in the canvas's pixels."""
        if self.painting.kind:
            self._marks.paint(painter, self._picker.selected_lines())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The pen, and the pointer leaving the canvas.

        A tablet event that nobody accepts comes again as a mouse event: so a pen can pan.
        """
        if isinstance(event, QTabletEvent):
            kind, taken = event.type(), False
            if kind == QEvent.Type.TabletPress:
                taken = self.press(event)
            elif kind == QEvent.Type.TabletMove:
                taken = self.move(event)
            elif kind == QEvent.Type.TabletRelease:
                taken = self.release(event)
            event.setAccepted(taken)
            if taken:
                self.canvas.hovered.emit(*self.canvas.to_picture(event.position()))
            return taken
        if event.type() == QEvent.Type.Leave and not self._mode:
            self._place = None
            self.canvas.update()
        return False

    # Gestures.

    @property
    def gesture(self) -> StrokeGesture | None:
        """The stroke that is being drawn, or that the document is about to get.

        While there is one, viewers keep its pixels: an older picture must not take their place.
        """
        waiting = self.painting.waiting
        return self._gesture or (waiting[0] if waiting else None)

    @property
    def place(self) -> QPointF | None:
        """Where the pointer is on the canvas, or None."""
        return self._place

    @property
    def mode(self) -> str:
        """``draw``, ``shift``, ``resize``, ``source``, ``drag`` or empty."""
        return self._mode

    @property
    def ring_place(self) -> QPointF | None:
        """Where the brush's ring is on the canvas: it stays while it is resized."""
        return self._start if self._mode == "resize" else self._place

    @property
    def unseen(self) -> DrawnStroke | None:
        """The stroke that is being drawn, while no worker shows any of it."""
        gesture = self._gesture
        return gesture.drawn if gesture is not None and not gesture.shown else None

    def abort(self) -> bool:
        """Esc: the gesture has not happened; returns whether there was one."""
        mode, self._mode = self._mode, ""
        if self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.abort()
            self.painting.drawing_changed.emit(False)
        elif mode == "resize":
            self.painting.set(size=self._before)
        elif mode == "drag":
            self._picker.abort()
        self.canvas.update()
        return bool(mode)

    def _feed(self, event: PointerEvent) -> None:
        held = event.modifiers()
        for sample in self._filter.feed(sample_of(event)):
            if sample is None:
                self.abort()
            elif sample.phase == "press":
                self._press(sample, held)
            elif sample.phase == "move":
                self._move(sample)
            else:
                self._release(sample)

    def _press(self, sample: Sample, held: Qt.KeyboardModifier) -> None:
        place = QPointF(sample.x, sample.y)
        self._place = self._start = place
        tool = self.painting.tool
        if tool is None:
            return
        if tool.kind == "select":
            add = bool(held & Qt.KeyboardModifier.ShiftModifier)
            if self._picker.press(self._places.at(place), NEAR / self._places.step, add):
                self._mode = "drag"
        elif held & Qt.KeyboardModifier.ShiftModifier:
            self._mode, self._before = "shift", self.painting.brush.size
        elif held & Qt.KeyboardModifier.ControlModifier and tool.sourced:
            self._mode = "source"
            self._source.begin(place)
        else:
            self._draw("erase" if sample.eraser else tool.kind, sample)

    def _move(self, sample: Sample) -> None:
        before = self._marks.box()
        self._place = QPointF(sample.x, sample.y)
        if self._mode == "shift" and self._wandered():
            self._mode = "resize"
        if self._mode == "resize":
            across = self._place.x() - self._start.x()
            self.painting.set(
                size=self._before + 2 * across / (self._places.step * self.canvas.viewport.aspect)
            )
        elif self._mode == "source" and self._wandered():
            self._source.drag(self._place)
        elif self._mode == "draw" and self._gesture is not None:
            self._gesture.add(*self._places.at(self._place), sample.pressure)
        elif self._mode == "drag" and self._wandered():
            self._picker.drag(self._places.at(self._start), self._places.at(self._place))
        if self.painting.draws:
            # Only what the ring leaves and where it goes: a whole canvas is slow to draw.
            self.canvas.update(before)
            self.canvas.update(self._marks.box())

    def _release(self, sample: Sample) -> None:
        mode, self._mode = self._mode, ""
        place = QPointF(sample.x, sample.y)
        if mode == "draw" and self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            # A pen's last event has no pressure: it only says where.
            gesture.commit()
            self._last = (gesture.node, self._places.at(place))
            if gesture.drawn.header["kind"] == "brush":
                self.painting.used_colour()
            self.painting.drawing_changed.emit(False)
        elif mode == "shift":
            self._line(place)
        elif mode == "source":
            if self._wandered():
                self._source.forget()
            else:
                self._editor.say("The source is set: the next stroke copies from there.")
        elif mode == "drag":
            self._picker.release()
        self.canvas.update()

    # Strokes.

    def _draw(self, kind: str, sample: Sample, start: tuple[float, float] | None = None) -> None:
        here = self._places.at(QPointF(sample.x, sample.y))
        self._source.settle(here)
        try:
            gesture = gesture_for(self._editor, self.painting, kind, self.shown, self)
        except CodefError as error:
            self._editor.say(error.message)
            return
        if not gesture.start():
            return
        self._gesture, self._mode = gesture, "draw"
        show = self.painting.show_pixels
        gesture.painted.connect(lambda data: show(data, gesture.space))
        gesture.followed.connect(lambda answer: show(answer, FRAME))
        self.painting.drawing_changed.emit(True)
        if start is not None:
            gesture.add(*start, 1.0)
        gesture.add(*here, sample.pressure)
        self.painting.list_node(gesture.node)
        self.canvas.update()

    def _line(self, place: QPointF) -> None:
        """Shift+click: a straight stroke from the end of the last one."""
        if self._last is None or self._last[0] not in self._document:
            self._editor.say("Draw a stroke first; Shift+click then draws a straight line from it.")
            return
        sample = Sample("press", False, place.x(), place.y(), 0)
        self._draw(self.painting.kind, sample, self._last[1])
        if self._gesture is not None:
            self._mode = "draw"
            self._release(Sample("release", False, place.x(), place.y(), 0))

    # The viewer.

    @property
    def _document(self) -> Document:
        return self._editor.project.document

    @property
    def shown(self) -> str | None:
        """The node that the viewer shows."""
        return self._places.shown

    def region(self) -> dict[str, Any]:
        """What of the picture the viewer shows, as ``paint.begin`` wants it."""
        return {"region": self.canvas.region, "scale": self.canvas.scale}

    def shows(self, node: str) -> bool:
        """Whether the viewer shows a node's own picture, perhaps through dots."""
        document, here = self._document, self.shown
        while here is not None and here in document and here != node:
            state = document.state(here)
            here = main_source(document, here) if state.disabled or state.type == "Dot" else None
        return here == node

    def show_pixels(self, picture: dict[str, Any] | None) -> None:
        """Replaces a part of the picture on the canvas by a picture of the worker's."""
        workers = self._editor.workers
        if picture is None or workers is None:
            return
        try:
            pixels = workers.view.open_picture(picture)
        except CodefError:
            return  # the worker has ended; the viewer asks again
        self.canvas.update_region(picture["data"], pixels)

    # Being told.

    def _wandered(self) -> bool:
        return self._place is not None and (
            (self._place - self._start).manhattanLength() > SLACK or self._mode in ("resize",)
        )

    def _tool_changed(self, kind: str) -> None:
        if self._mode:
            self.abort()
        canvas = self.canvas
        if kind:
            canvas.tool = self
            draws = self.painting.draws
            canvas.setCursor(Qt.CursorShape.CrossCursor if draws else Qt.CursorShape.ArrowCursor)
        elif canvas.tool is self:
            canvas.tool = None
            canvas.unsetCursor()
        canvas.update()

    def _document_changed(self, changes: object) -> None:
        self.canvas.update()
