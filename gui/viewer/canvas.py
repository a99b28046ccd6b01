"""The canvas of a viewer: pictures under a viewport, the mouse, the pen, tools and overlays."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from engine.arrays import AnyArray
from gui.viewer import canvasdrawing
from gui.viewer.viewframe import ViewFrame
from gui.viewer.viewport import Box, Viewport, intersection
from gui.viewer.wipe import Wipe

COMPARE = ("off", "wipe", "difference")
_WHEEL = 1.2
_ZOOM_DRAG = 0.008


class Tool(Protocol):
    """What may take the pointer on a canvas; each method returns whether it did."""

    def press(self, event: Any) -> bool:
        """A mouse button or the pen went down."""

    def move(self, event: Any) -> bool:
        """The mouse or the pen moved, also with nothing pressed."""

    def release(self, event: Any) -> bool:
        """It went up."""

    def key(self, event: QKeyEvent) -> bool:
        """A key that no action took."""

    def paint(self, painter: QPainter) -> Any:
        """Draws over everything else, in widget coordinates."""


Overlay = Callable[[QPainter, "Canvas"], None]


class Canvas(QWidget):
    """Shows pictures and forwards the pointer.

    Tools take the pen with an event filter; a pen that nobody takes comes as a mouse.

    Convention: picture coordinates are full-size pixels from the top left, y down, pixel centres
    at +0.5. What the artist reads counts y from the bottom; that is the info bar's business.

    Attributes:
        viewport: Zoom and pan.
        tool: Takes the pointer first, or None.
        overlays: Draw over the picture, in this order: ``overlay(painter, canvas)``.
        compare: One of ``COMPARE``.
        wipe: The line between A and B.
        roi: Region of interest in picture pixels, or None.
        sample: The sampled box in picture pixels, or None.
        message: A sentence over the picture; with ``failed`` it is an error.
        updating: A newer picture is on its way.
        linked: Where the cursor of the other viewer is in this picture, and whether that place is
            seen here, or None.
        badge: A few words beside the cursor.
        region: The part of the picture that was last asked for, or None for all.
        scale: The scale that it was asked for at.
        fits_data: ``fit`` shows the data window: all that can be painted on.
        format: The display window, or None while it is not known.
        data: The data window, likewise.
    """

    hovered = Signal(float, float)
    """The cursor's place in the picture."""
    left = Signal()
    """The cursor is gone."""
    viewport_changed = Signal()
    sample_changed = Signal()
    roi_changed = Signal()
    updated = Signal(object)
    """A part of the picture was replaced: its box."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 90)
        self.viewport = Viewport()
        self.tool: Tool | None = None
        self.overlays: list[Overlay] = []
        self.compare = "off"
        self.wipe = Wipe()
        self.roi: Box | None = None
        self.sample: Box | None = None
        self.message, self.failed, self.updating = "", False, False
        self.show_marks = True
        self.linked: tuple[float, float, bool] | None = None
        self.badge = ""
        self.region: list[int] | None = None
        self.scale = 1
        self.fits_data = False
        self.format: Box | None = None
        self.data: Box | None = None
        self._frames: dict[str, ViewFrame] = {}
        self._under: ViewFrame | None = None
        self._drag: Callable[[QPointF], None] | None = None
        self._fit = True
        self._draw_roi = False

    # Pictures.

    def frame(self, side: str = "a") -> ViewFrame | None:
        """The picture of a side."""
        return self._frames.get(side)

    def set_frame(
        self, frame: ViewFrame | None, side: str = "a", under: ViewFrame | None = None
    ) -> None:
        """Shows another picture.

        Args:
            frame: The picture, or None for nothing.
            side: ``a``, ``b``, or ``difference``.
            under: Shown where a part of a picture ends, until more of it is there.
        """
        if frame is None:
            self._frames.pop(side, None)
        else:
            self._frames[side] = frame
        if side == "a":
            self._under = under
            if frame is not None:
                aspect = frame.cached.aspect
                if aspect != self.viewport.aspect:
                    self.viewport = replace(self.viewport, aspect=aspect)
                if self.format is None:
                    self.set_windows(frame.display, None)
        self.update()

    def set_windows(self, display: Box | None, data: Box | None) -> None:
        """Sets format and data window, None for none; a view that was fitted stays so."""
        if (display, data) == (self.format, self.data):
            return
        moved = display != self.format or (self.fits_data and data != self.data)
        self.format, self.data = display, data
        if moved and self._fit:
            self.fit()
        self.update()

    def update_region(self, box: Box, array: AnyArray) -> None:
        """Replaces linear pixels of the A side at once, and what the screen shows of them.

        Args:
            box: Full-size pixels, x0, y0, x1, y1.
            array: [h, w, C] at the scale of the picture.
        """
        for frame in (self._frames.get("a"), self._under):
            changed = frame.write(box, array) if frame is not None else None
            if changed is not None:
                self.update(self.screen_rect(changed).toAlignedRect().adjusted(-2, -2, 2, 2))
                self.updated.emit(changed)

    # Places.

    def to_picture(self, point: QPointF) -> tuple[float, float]:
        """The picture's place under a place of the widget."""
        return self.viewport.to_picture(point.x(), point.y())

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the picture is on the widget."""
        return self.viewport.to_screen(x, y)

    def point(self, x: float, y: float) -> QPointF:
        """The same as Qt's point."""
        return QPointF(*self.viewport.to_screen(x, y))

    def screen_rect(self, box: Box) -> QRectF:
        """Where a box of the picture is on the widget."""
        return QRectF(self.point(box[0], box[1]), self.point(box[2], box[3]))

    def visible_box(self) -> Box:
        """The part of the picture's plane that is on the widget."""
        return self.viewport.visible()

    # Zoom.

    def fit(self) -> None:
        """The whole format (or data window) in the widget, and again after each change of size."""
        self._fit = True
        box, data = self.format, self.data
        if data is not None and (self.fits_data or box is None or intersection(box, data) is None):
            box = data
        if box is not None:
            self._use(self.viewport.fitted(box))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms in or out, at the cursor or the middle."""
        self._fit = False
        self._use(self.viewport.zoomed(factor, None if at is None else (at.x(), at.y())))

    def zoom_to(self, zoom: float) -> None:
        """Sets the zoom; 1 is one device pixel for each pixel."""
        self._fit = False
        cursor = self.cursor_place()
        self._use(self.viewport.at_zoom(zoom, None if cursor is None else (cursor.x(), cursor.y())))

    # Marks.

    def set_compare(self, compare: str) -> None:
        """Sets how B is compared with A."""
        if compare == "wipe" and self.compare != "wipe" and self.format is not None:
            inside = intersection(self.format, self.visible_box())
            if inside is not None and not self._shows(self.wipe.x, self.wipe.y):
                self.wipe = Wipe.middle(inside)
        self.compare = compare
        self.update()

    def centre_wipe(self) -> None:
        """Puts the wipe upright into the middle of what is seen."""
        box = self.visible_box()
        self.wipe = Wipe.middle((intersection(self.format, box) if self.format else None) or box)
        self.update()

    def set_roi(self, roi: Box | None) -> None:
        """Sets the region of interest."""
        if roi != self.roi:
            self.roi = roi
            self.roi_changed.emit()
            self.update()

    def draw_roi(self) -> None:
        """The next drag draws a region of interest."""
        self._draw_roi = True
        self.setCursor(Qt.CursorShape.CrossCursor)

    def set_sample(self, box: Box | None) -> None:
        """Sets the sampled box; it covers whole pixels."""
        self.sample = box
        self.sample_changed.emit()
        self.update()

    def set_message(self, text: str, *, failed: bool = False) -> None:
        """Shows a sentence over the picture."""
        if (text, failed) != (self.message, self.failed):
            self.message, self.failed = text, failed
            self.update()

    def set_updating(self, updating: bool) -> None:
        """Marks the picture as old."""
        if updating != self.updating:
            self.updating = updating
            self.update()

    def set_linked(self, linked: tuple[float, float, bool] | None) -> None:
        """Shows where the other viewer's cursor is."""
        if linked != self.linked:
            self.linked = linked
            self.update()

    # Events.

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws everything."""
        painter = QPainter(self)
        canvasdrawing.paint(painter, self, self._frames, self._under)
        if self.tool is not None:
            painter.save()
            self.tool.paint(painter)
            painter.restore()
        canvasdrawing.paint_words(painter, self)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keeps the fit, or the middle."""
        size = self.size()
        self._use(self.viewport.resized(size.width(), size.height(), self.devicePixelRatioF()))
        if self._fit:
            self.fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Pans, zooms, or offers the press to the tool, the wipe, the region, the sampler."""
        button, held = event.button(), event.modifiers()
        place = event.position()
        alt = bool(held & Qt.KeyboardModifier.AltModifier)
        pans = button == Qt.MouseButton.LeftButton if alt else button == Qt.MouseButton.MiddleButton
        if pans and not self._draw_roi:
            self._pan_from(place)
        elif alt and button in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
            self._zoom_from(place)
        elif self.tool is not None and not self._draw_roi and self.tool.press(event):
            pass
        elif button == Qt.MouseButton.LeftButton:
            self._press(place, held)
        elif button == Qt.MouseButton.RightButton and held & Qt.KeyboardModifier.ControlModifier:
            self.set_sample(None)
        else:
            event.ignore()
            return
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Goes on with what the press began, and tells where the cursor is."""
        place = event.position()
        if self._drag is not None:
            self._drag(place)
        elif self.tool is None or not self.tool.move(event):
            self._shape(place)
        self.hovered.emit(*self.to_picture(place))
        if self.badge:
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ends it."""
        if self._drag is not None:
            self._drag = None
            if self._draw_roi:
                self._draw_roi = False
                self.roi_changed.emit()
            self._shape(event.position())
        elif self.tool is not None:
            self.tool.release(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zooms at the cursor."""
        turned = event.angleDelta().y() / 120
        if turned:
            self.zoom_by(_WHEEL**turned, event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Offers keys that no action took to the tool."""
        if self.tool is None or not self.tool.key(event):
            event.ignore()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Tells where the cursor is."""
        self.hovered.emit(*self.to_picture(event.position()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Tells that the cursor is gone."""
        self.badge = ""
        self.left.emit()
        self.update()

    def event(self, event: QEvent) -> bool:
        """Zooms with two fingers on a touchpad."""
        zooms = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == zooms:
            self.zoom_by(1 + event.value(), event.position())
            return True
        return super().event(event)

    # Details.

    def _press(self, place: QPointF, held: Qt.KeyboardModifier) -> None:
        control = bool(held & Qt.KeyboardModifier.ControlModifier)
        if self._draw_roi:
            self._drag_box(place, self._drawn_roi)
        elif control and held & Qt.KeyboardModifier.ShiftModifier:
            self._drag_box(place, self.set_sample)
        elif control:
            self._drag = self._sample_at
            self._sample_at(place)
        elif self.compare == "wipe":
            what = self.wipe.hit(self.viewport, place)
            if what:
                self._drag = lambda now: self._drag_wipe(what, now)

    def _pan_from(self, place: QPointF) -> None:
        start, begun = self.viewport, place
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

        def drag(now: QPointF) -> None:
            self._fit = False
            offset = now - begun
            self._use(start.panned(offset.x(), offset.y()))

        self._drag = drag

    def _zoom_from(self, place: QPointF) -> None:
        start, begun = self.viewport, place

        def drag(now: QPointF) -> None:
            self._fit = False
            way = (now.x() - begun.x()) - (now.y() - begun.y())
            self._use(start.zoomed(2.718 ** (way * _ZOOM_DRAG), (begun.x(), begun.y())))

        self._drag = drag

    def _drag_box(self, place: QPointF, use: Callable[[Box | None], None]) -> None:
        x, y = self.to_picture(place)

        def drag(now: QPointF) -> None:
            other_x, other_y = self.to_picture(now)
            use(_whole((min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))))

        self._drag = drag
        drag(place)

    def _drawn_roi(self, box: Box | None) -> None:
        self.roi = box  # told when the button is up: a region is not asked for while it is drawn
        self.update()

    def _sample_at(self, place: QPointF) -> None:
        x, y = self.to_picture(place)
        self.set_sample(_whole((x, y, x, y)))

    def _drag_wipe(self, what: str, place: QPointF) -> None:
        self.wipe = self.wipe.dragged(what, self.viewport, place)
        self.update()

    def _shape(self, place: QPointF) -> None:
        shape = Qt.CursorShape.CrossCursor if self._draw_roi else Qt.CursorShape.ArrowCursor
        if self.compare == "wipe":
            what = self.wipe.hit(self.viewport, place)
            if what:
                turns = what == "turn"
                shape = Qt.CursorShape.PointingHandCursor if turns else Qt.CursorShape.SizeAllCursor
        if self.tool is None or self._draw_roi:
            self.setCursor(shape)

    def _shows(self, x: float, y: float) -> bool:
        box = self.visible_box()
        return box[0] < x < box[2] and box[1] < y < box[3] and (x, y) != (0, 0)

    def cursor_place(self) -> QPointF | None:
        """Where the cursor is on the widget, or None outside."""
        place = QPointF(self.mapFromGlobal(self.cursor().pos()))
        return place if self.underMouse() and self.rect().contains(place.toPoint()) else None

    def _use(self, viewport: Viewport) -> None:
        viewport = viewport.snapped()
        if viewport != self.viewport:
            self.viewport = viewport
            self.viewport_changed.emit()
            self.update()


def _whole(box: Box) -> Box:
    """A box grown to whole pixels; at least one."""
    x0, y0 = float(int(box[0] // 1)), float(int(box[1] // 1))
    return x0, y0, float(int(box[2] // 1)) + 1, float(int(box[3] // 1)) + 1
