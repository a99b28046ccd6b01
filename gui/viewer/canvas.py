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
from gui.viewer.pointer import Pointer
from gui.viewer.viewframe import ViewFrame
from gui.viewer.viewport import Box, Viewport, intersection
from gui.viewer.wipe import Wipe

COMPARE = ("off", "wipe", "difference")
_WHEEL = 1.2


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
        update_share: How much of it is done, where that is known.
        halted: Why no newer picture is on its way, and the key that lets it; empty: nothing.
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
        self.update_share: float | None = None
        self.halted = ""
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
        self._fit = True
        self._pointer = Pointer(self)

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
        self.move_view(self.viewport.zoomed(factor, None if at is None else (at.x(), at.y())))

    def zoom_to(self, zoom: float) -> None:
        """Sets the zoom; 1 is one device pixel for each pixel."""
        cursor = self.cursor_place()
        self.move_view(
            self.viewport.at_zoom(zoom, None if cursor is None else (cursor.x(), cursor.y()))
        )

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
        self._pointer.draw_roi()

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

    def set_updating(self, updating: bool, share: float | None = None) -> None:
        """Marks the picture as old.

        Args:
            updating: A newer one is on its way.
            share: How much of it is done, where that is known.
        """
        if (updating, share) != (self.updating, self.update_share):
            self.updating, self.update_share = updating, share
            self.update()

    def set_halted(self, words: str) -> None:
        """Says that no newer picture is on its way; empty: nothing keeps it."""
        if words != self.halted:
            self.halted = words
            self.update()

    def set_linked(self, linked: tuple[float, float, bool] | None) -> None:
        """Shows where the other viewer's cursor is."""
        if linked != self.linked:
            for place in (self.linked, linked):
                if place is not None:
                    self.update(canvasdrawing.linked_box(self, place))
            self.linked = linked

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
        event.setAccepted(self._pointer.press(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Goes on with what the press began, and tells where the cursor is."""
        self._pointer.move(event)
        self.hovered.emit(*self.to_picture(event.position()))
        if self.badge:
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ends it."""
        self._pointer.release(event)

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

    def _shows(self, x: float, y: float) -> bool:
        box = self.visible_box()
        return box[0] < x < box[2] and box[1] < y < box[3] and (x, y) != (0, 0)

    def cursor_place(self) -> QPointF | None:
        """Where the cursor is on the widget, or None outside."""
        place = QPointF(self.mapFromGlobal(self.cursor().pos()))
        return place if self.underMouse() and self.rect().contains(place.toPoint()) else None

    def move_view(self, viewport: Viewport) -> None:
        """Shows another part of the picture's plane: no longer all of it."""
        self._fit = False
        self._use(viewport)

    def _use(self, viewport: Viewport) -> None:
        viewport = viewport.snapped()
        if viewport != self.viewport:
            self.viewport = viewport
            self.viewport_changed.emit()
            self.update()
