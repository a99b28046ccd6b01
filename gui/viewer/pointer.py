"""The mouse on a canvas: pan, zoom, wipe, region of interest, sampler; the tool first."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from gui.viewer.viewport import Box

if TYPE_CHECKING:
    from gui.viewer.canvas import Canvas

_ZOOM_DRAG = 0.008


class Pointer:
    """What the mouse does on a canvas.

    Args:
        canvas: The canvas, which forwards its mouse events.
    """

    def __init__(self, canvas: "Canvas") -> None:
        self._canvas = canvas
        self._drag: Callable[[QPointF], None] | None = None
        self._draw_roi = False

    def draw_roi(self) -> None:
        """The next drag draws a region of interest."""
        self._draw_roi = True
        self._canvas.setCursor(Qt.CursorShape.CrossCursor)

    def press(self, event: QMouseEvent) -> bool:
        """A button goes down; returns whether that means anything here."""
        canvas = self._canvas
        button, held = event.button(), event.modifiers()
        place = event.position()
        alt = bool(held & Qt.KeyboardModifier.AltModifier)
        pans = button == Qt.MouseButton.LeftButton if alt else button == Qt.MouseButton.MiddleButton
        if pans and not self._draw_roi:
            self._pan_from(place)
        elif alt and button in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
            self._zoom_from(place)
        elif canvas.tool is not None and not self._draw_roi and canvas.tool.press(event):
            pass
        elif button == Qt.MouseButton.LeftButton:
            self._press(place, held)
        elif button == Qt.MouseButton.RightButton and held & Qt.KeyboardModifier.ControlModifier:
            canvas.set_sample(None)
        else:
            return False
        return True

    def move(self, event: QMouseEvent) -> None:
        """The mouse moves, with or without a button."""
        tool = self._canvas.tool
        if self._drag is not None:
            self._drag(event.position())
        elif tool is None or not tool.move(event):
            self._shape(event.position())

    def release(self, event: QMouseEvent) -> None:
        """A button goes up."""
        canvas = self._canvas
        if self._drag is not None:
            self._drag = None
            if self._draw_roi:
                self._draw_roi = False
                canvas.roi_changed.emit()
            self._shape(event.position())
        elif canvas.tool is not None:
            canvas.tool.release(event)

    def _press(self, place: QPointF, held: Qt.KeyboardModifier) -> None:
        control = bool(held & Qt.KeyboardModifier.ControlModifier)
        if self._draw_roi:
            self._drag_box(place, self._drawn_roi)
        elif control and held & Qt.KeyboardModifier.ShiftModifier:
            self._drag_box(place, self._canvas.set_sample)
        elif control:
            self._drag = self._sample_at
            self._sample_at(place)
        elif self._canvas.compare == "wipe":
            what = self._canvas.wipe.hit(self._canvas.viewport, place)
            if what:
                self._drag = lambda now: self._drag_wipe(what, now)

    def _pan_from(self, place: QPointF) -> None:
        start, begun = self._canvas.viewport, place
        self._canvas.setCursor(Qt.CursorShape.ClosedHandCursor)

        def drag(now: QPointF) -> None:
            offset = now - begun
            self._canvas.move_view(start.panned(offset.x(), offset.y()))

        self._drag = drag

    def _zoom_from(self, place: QPointF) -> None:
        start, begun = self._canvas.viewport, place

        def drag(now: QPointF) -> None:
            way = (now.x() - begun.x()) - (now.y() - begun.y())
            self._canvas.move_view(
                start.zoomed(2.718 ** (way * _ZOOM_DRAG), (begun.x(), begun.y()))
            )

        self._drag = drag

    def _drag_box(self, place: QPointF, use: Callable[[Box | None], None]) -> None:
        x, y = self._canvas.to_picture(place)

        def drag(now: QPointF) -> None:
            other_x, other_y = self._canvas.to_picture(now)
            use(_whole((min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))))

        self._drag = drag
        drag(place)

    def _drawn_roi(self, box: Box | None) -> None:
        # Told when the button is up: a region is not asked for while it is drawn.
        self._canvas.roi = box
        self._canvas.update()

    def _sample_at(self, place: QPointF) -> None:
        x, y = self._canvas.to_picture(place)
        self._canvas.set_sample(_whole((x, y, x, y)))

    def _drag_wipe(self, what: str, place: QPointF) -> None:
        self._canvas.wipe = self._canvas.wipe.dragged(what, self._canvas.viewport, place)
        self._canvas.update()

    def _shape(self, place: QPointF) -> None:
        shape = Qt.CursorShape.CrossCursor if self._draw_roi else Qt.CursorShape.ArrowCursor
        if self._canvas.compare == "wipe":
            what = self._canvas.wipe.hit(self._canvas.viewport, place)
            if what:
                turns = what == "turn"
                shape = Qt.CursorShape.PointingHandCursor if turns else Qt.CursorShape.SizeAllCursor
        if self._canvas.tool is None or self._draw_roi:
            self._canvas.setCursor(shape)


def _whole(box: Box) -> Box:
    """A box grown to whole pixels; at least one."""
    x0, y0 = float(int(box[0] // 1)), float(int(box[1] // 1))
    return x0, y0, float(int(box[2] // 1)) + 1, float(int(box[3] // 1)) + 1
