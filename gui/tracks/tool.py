"""The track tool on the canvas of the frame viewer: a click is a point to follow."""

import math
from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QMenu

from gui.core.editor import Editor
from gui.paint.events import PointerEvent
from gui.paint.inhand import CanvasTool
from gui.tracks.edits import Place
from gui.tracks.marks import draw_point
from gui.tracks.tracking import Tracking, tracking_of
from gui.viewer.canvas import Canvas

NEAR = 10.0
"""Screen pixels within which a press takes a point."""


class TrackTool(CanvasTool):
    """Places and moves points on a canvas, whose ``tool`` it is while it is in hand.

    Args:
        editor: The editor.
        canvas: The viewer's canvas.
        slot: The viewer's slot.
    """

    def __init__(self, editor: Editor, canvas: Canvas, slot: str) -> None:
        self.tracking: Tracking = tracking_of(editor)
        super().__init__(self.tracking, editor, canvas, slot)
        #: The point that a drag moves (None: a new one), and where it is now.
        self._name: str | None = None
        self._now: Place | None = None
        self._grip: Place = (0.0, 0.0)
        self._turned()

    def press(self, event: PointerEvent) -> bool:
        """Takes a point, or begins one; the right button opens the menu."""
        held, place = event.modifiers(), event.position()
        if held & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
            return False
        hit = self._hit(place)
        if event.button() == Qt.MouseButton.RightButton:
            if hit is not None:
                self.tracking.select(str(hit["name"]))
            self.menu().popup(self.canvas.mapToGlobal(place.toPoint()))
            return True
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        x, y = self.spots.at(place)
        self._name, self._now, self._grip = None, (x, y), (0.0, 0.0)
        if hit is not None:
            # It keeps its distance from the pointer: a click alone moves nothing.
            self._name, self._now = str(hit["name"]), (float(hit["x"]), float(hit["y"]))
            self._grip = self._now[0] - x, self._now[1] - y
            self.tracking.select(self._name)
        self.canvas.update()
        return True

    def move(self, event: PointerEvent) -> bool:
        """Drags."""
        if self._now is None:
            return False
        x, y = self.spots.at(event.position())
        self._now = x + self._grip[0], y + self._grip[1]
        self.canvas.update()
        return True

    def release(self, event: PointerEvent) -> bool:
        """Ends the drag: one step of undo."""
        if self._now is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        now, name, self._now, self._name = self._now, self._name, None, None
        there = {str(p["name"]): (float(p["x"]), float(p["y"])) for p in self._here()}
        if name is None or there.get(name) != now:
            self.tracking.put(self._editor.clock.frame, now, name)
        self.canvas.update()
        return True

    def key(self, event: QKeyEvent) -> bool:
        """Esc ends a drag; the other keys come through the table of actions."""
        return event.key() == Qt.Key.Key_Escape and self.abort()

    def abort(self) -> bool:
        """Esc: the drag has not happened; returns whether there was one."""
        was = self._now is not None
        self._now = self._name = None
        self.canvas.update()
        return was

    def paint(self, painter: QPainter) -> None:
        """Draws the points that were placed in this frame."""
        if not self.tracking.on:
            return
        for point in self._here():
            name = str(point["name"])
            if name == self._name and self._now is not None:
                continue
            at = self.spots.on(float(point["x"]), float(point["y"]))
            draw_point(painter, at, name, selected=name == self.tracking.selected)
        if self._now is not None:
            draw_point(painter, self.spots.on(*self._now), self._name or "", selected=True)

    def menu(self) -> QMenu:
        """What a right click offers."""
        menu = QMenu(self.canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        tracking = self.tracking
        names = [str(point.get("name")) for point in tracking.points()]
        look = menu.addAction("Show the points followed")
        look.setEnabled(bool(names))
        look.triggered.connect(tracking.look)
        menu.addSeparator()
        remove = menu.addAction("Delete the point\tDel")
        remove.setEnabled(tracking.selected in names)
        remove.triggered.connect(tracking.remove)
        return menu

    def _here(self) -> list[dict[str, Any]]:
        """The points that were placed in this frame."""
        frame = self._editor.clock.frame
        return [p for p in self.tracking.points() if p.get("frame") == frame and "name" in p]

    def _hit(self, place: QPointF) -> dict[str, Any] | None:
        """The nearest point at a place of the canvas."""
        best: tuple[float, dict[str, Any]] | None = None
        for point in self._here():
            there = self.spots.on(float(point["x"]), float(point["y"]))
            far = math.hypot(there.x() - place.x(), there.y() - place.y())
            if far <= NEAR and (best is None or far < best[0]):
                best = far, point
        return None if best is None else best[1]
