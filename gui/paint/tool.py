"""The paint tools on the canvas of one viewer: events become gestures."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QTabletEvent

from codef_nodes.graph.document import Document
from engine.errors import CodefError
from gui import theme
from gui.core.editor import Editor
from gui.core.streams import main_source
from gui.paint import marks
from gui.paint.events import PointerEvent, sample_of
from gui.paint.gesture import StrokeGesture
from gui.paint.painting import Painting, painting_of
from gui.paint.pen import PenFilter, Sample
from gui.paint.picking import StrokePicker
from gui.paint.start import gesture_for
from gui.paint.target import (
    canvas_scale,
)
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
        self._anchor: tuple[float, float] | None = None
        self._last: tuple[str, tuple[float, float]] | None = None
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
        if not self.painting.kind:
            return
        scale = self._scale()
        for line in self._picker.selected_lines():
            marks.spine(painter, [self.canvas.point(x * scale, y * scale) for x, y in line])
        if not self.painting.draws:
            return
        gesture = self._gesture
        if gesture is not None and not gesture.shown:
            self._paint_unseen(painter, gesture)
        place = self._ring_place()
        if place is None:
            return
        brush = self.painting.brush
        radius = 0.5 * brush.size * self._step()
        marks.ring(painter, place, radius, brush.hardness, self.canvas.viewport.aspect)
        source = self._source_of(place)
        if source is not None:
            if self._mode == "source":
                marks.link(painter, source, place)
            marks.cross(painter, source)

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
            if self._picker.press(self._at(place), NEAR / self._step(), add):
                self._mode = "drag"
        elif held & Qt.KeyboardModifier.ShiftModifier:
            self._mode, self._before = "shift", self.painting.brush.size
        elif held & Qt.KeyboardModifier.ControlModifier and tool.sourced:
            self._mode, self._anchor = "source", self._at(place)
        else:
            self._draw("erase" if sample.eraser else tool.kind, sample)

    def _move(self, sample: Sample) -> None:
        before = self._marked()
        self._place = QPointF(sample.x, sample.y)
        if self._mode == "shift" and self._wandered():
            self._mode = "resize"
        if self._mode == "resize":
            across = self._place.x() - self._start.x()
            self.painting.set(
                size=self._before + 2 * across / (self._step() * self.canvas.viewport.aspect)
            )
        elif self._mode == "source" and self._anchor is not None and self._wandered():
            x, y = self._at(self._place)
            self.painting.set(offset=(self._anchor[0] - x, self._anchor[1] - y))
        elif self._mode == "draw" and self._gesture is not None:
            self._gesture.add(*self._at(self._place), sample.pressure)
        elif self._mode == "drag" and self._wandered():
            self._picker.drag(self._at(self._start), self._at(self._place))
        if self.painting.draws:
            # Only what the ring leaves and where it goes: a whole canvas is slow to draw.
            self.canvas.update(before)
            self.canvas.update(self._marked())

    def _release(self, sample: Sample) -> None:
        mode, self._mode = self._mode, ""
        place = QPointF(sample.x, sample.y)
        if mode == "draw" and self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            # A pen's last event has no pressure: it only says where.
            gesture.commit()
            self._last = (gesture.node, self._at(place))
            if gesture.drawn.header["kind"] == "brush":
                self.painting.used_colour()
            self.painting.drawing_changed.emit(False)
        elif mode == "shift":
            self._line(place)
        elif mode == "source":
            if self._wandered():
                self._anchor = None
            else:
                self._editor.say("The source is set: the next stroke copies from there.")
        elif mode == "drag":
            self._picker.release()
        self.canvas.update()

    # Strokes.

    def _draw(self, kind: str, sample: Sample, start: tuple[float, float] | None = None) -> None:
        here = self._at(QPointF(sample.x, sample.y))
        self._settle_source(here)
        try:
            gesture = gesture_for(self._editor, self.painting, kind, self.shown, self)
        except CodefError as error:
            self._editor.say(error.message)
            return
        if not gesture.start():
            return
        self._gesture, self._mode = gesture, "draw"
        gesture.pixels.connect(lambda answer: self.painting.show_pixels(answer, gesture.space))
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
        viewing = self._editor.viewing
        return viewing.node(self.slot)

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

    def _at(self, place: QPointF) -> tuple[float, float]:
        """A place of the canvas in the strokes' pixels."""
        x, y = self.canvas.to_picture(place)
        scale = self._scale()
        return x / scale, y / scale

    def _on(self, x: float, y: float) -> QPointF:
        """A point of the strokes' pixels on the canvas."""
        scale = self._scale()
        return self.canvas.point(x * scale, y * scale)

    def _scale(self) -> float:
        shown = self.shown
        return canvas_scale(self._document, shown) if shown in self._document and shown else 1.0

    def _step(self) -> float:
        """Canvas pixels for each pixel of a stroke, down."""
        return self.canvas.viewport.step * self._scale()

    # Where clones copy from.

    def _settle_source(self, here: tuple[float, float]) -> None:
        """After Ctrl+click the next press says what the source is the source of."""
        if self._anchor is not None:
            self.painting.set(offset=(self._anchor[0] - here[0], self._anchor[1] - here[1]))
            self._anchor = None

    def _source_of(self, place: QPointF) -> QPointF | None:
        tool = self.painting.tool
        if tool is None or not tool.sourced:
            return None
        if self._anchor is not None:
            return self._on(*self._anchor)
        offset = self.painting.brush.offset
        if offset is None or (tool.kind == "reveal" and offset == (0.0, 0.0)):
            return None
        x, y = self._at(place)
        return self._on(x + offset[0], y + offset[1])

    # Drawing over the picture.

    def _ring_place(self) -> QPointF | None:
        return self._start if self._mode == "resize" else self._place

    def _marked(self) -> QRect:
        """Where ring and crosses are on the canvas; everywhere while a stroke is not shown yet."""
        place = self._ring_place()
        if place is None:
            return QRect()
        if self._gesture is not None and not self._gesture.shown:
            return self.canvas.rect()
        reach = 0.5 * self.painting.brush.size * self._step() + 12
        wide = reach * max(self.canvas.viewport.aspect, 1.0)
        box = QRectF(place.x() - wide, place.y() - reach, 2 * wide, 2 * reach)
        source = self._source_of(place)
        if source is not None:
            box = box.united(QRectF(source.x() - 12, source.y() - 12, 24, 24))
        return box.toAlignedRect()

    def _paint_unseen(self, painter: QPainter, gesture: StrokeGesture) -> None:
        tool = self.painting.tool
        coloured = tool is not None and tool.coloured
        colour = self.painting.screen_colour() if coloured else QColor(theme.TEXT)
        colour.setAlphaF(0.55 if coloured else 0.25)
        scale = self._scale()
        points = [self.canvas.point(p[0] * scale, p[1] * scale) for p in gesture.drawn.points]
        marks.drawn_line(painter, points, self.painting.brush.size * self._step(), colour)

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
