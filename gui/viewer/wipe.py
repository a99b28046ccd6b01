"""The line between A and B: where it lies, its handles, what is on which side."""

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from gui.viewer.viewport import Box, Viewport

ARM = 70.0
"""Logical pixels from the middle of the line to the handle that turns it."""

_NEAR = 9.0


@dataclass(frozen=True)
class Wipe:
    """A line across the picture; A is on its left side (seen along the line, upwards).

    Attributes:
        x: A point of the line, picture pixels.
        y: The same.
        angle: Radians by which the upright line is turned clockwise on the screen.
    """

    x: float = 0.0
    y: float = 0.0
    angle: float = 0.0

    @classmethod
    def middle(cls, box: Box) -> "Wipe":
        """Upright through the middle of a box."""
        return cls((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)

    def half(self, viewport: Viewport, side: str) -> QPolygonF:
        """The part of the widget that shows ``a`` or ``b``."""
        centre = QPointF(*viewport.to_screen(self.x, self.y))
        far = (viewport.width + viewport.height) * 2 + abs(centre.x()) + abs(centre.y())
        along = QPointF(math.sin(self.angle), -math.cos(self.angle)) * far
        across = QPointF(math.cos(self.angle), math.sin(self.angle)) * far
        if side == "a":
            across = across * -1
        one, other = centre + along, centre - along
        return QPolygonF([one, one + across, other + across, other])

    def hit(self, viewport: Viewport, place: QPointF) -> str:
        """What the cursor is on: ``move``, ``turn`` or nothing."""
        centre = QPointF(*viewport.to_screen(self.x, self.y))
        if _distance(place, self._handle(centre)) <= _NEAR:
            return "turn"
        if _distance(place, centre) <= _NEAR + 3:
            return "move"
        return ""

    def dragged(self, what: str, viewport: Viewport, place: QPointF) -> "Wipe":
        """The line after a handle was dragged to a place."""
        if what == "move":
            x, y = viewport.to_picture(place.x(), place.y())
            return replace(self, x=x, y=y)
        centre = QPointF(*viewport.to_screen(self.x, self.y))
        offset = place - centre
        return replace(self, angle=math.atan2(offset.x(), -offset.y()))

    def paint(self, painter: QPainter, viewport: Viewport, colour: QColor) -> None:
        """Draws the line and its handles."""
        centre = QPointF(*viewport.to_screen(self.x, self.y))
        direction = QPointF(math.sin(self.angle), -math.cos(self.angle))
        far = viewport.width + viewport.height + abs(centre.x()) + abs(centre.y())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for width, shade in ((3.0, QColor(0, 0, 0, 110)), (1.0, colour)):
            painter.setPen(QPen(shade, width))
            painter.drawLine(centre - direction * far, centre + direction * far)
        painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
        painter.setBrush(colour)
        painter.drawEllipse(centre, 5.0, 5.0)
        handle = self._handle(centre)
        painter.drawRect(QRectF(handle.x() - 4, handle.y() - 4, 8, 8))
        painter.restore()

    def _handle(self, centre: QPointF) -> QPointF:
        return centre + QPointF(math.sin(self.angle), -math.cos(self.angle)) * ARM


def _distance(one: QPointF, other: QPointF) -> float:
    offset = one - other
    return math.hypot(offset.x(), offset.y())
