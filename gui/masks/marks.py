"""How marks and shapes look over a picture."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from gui import theme

INSIDE, OUTSIDE = QColor(96, 214, 120), QColor(240, 92, 84)
_DARK = QColor(0, 0, 0, 170)


def draw_scribble(
    painter: QPainter, points: Sequence[QPointF], inside: bool, radius: float
) -> None:
    """A line over the object (green) or over the background (red)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(INSIDE if inside else OUTSIDE)
    wide = max(2 * radius, 2.0)
    for tint, width, alpha in ((_DARK, wide + 2, 110), (colour, wide, 170)):
        shade = QColor(tint)
        shade.setAlpha(alpha)
        pen = QPen(shade, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if len(points) == 1:
            painter.drawPoint(points[0])
        else:
            painter.drawPolyline(QPolygonF(list(points)))
    painter.restore()


def draw_rectangle(painter: QPainter, start: QPointF, end: QPointF) -> None:
    """A rectangle around the object."""
    painter.save()
    box = QRectF(start, end).normalized()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(_DARK, 3.0), QPen(INSIDE, 1.4, Qt.PenStyle.DashLine)):
        painter.setPen(pen)
        painter.drawRect(box)
    painter.restore()


def draw_shape(
    painter: QPainter,
    points: Sequence[tuple[QPointF, QPointF, QPointF]],
    *,
    closed: bool,
    selected: bool,
    keyed: bool,
) -> None:
    """An outline with its points.

    Args:
        painter: In the canvas's own pixels.
        points: Each point, and the ends of its handles before and after.
        closed: The last point is joined to the first.
        selected: Its points and handles are shown.
        keyed: It has a key in this frame: filled points.
    """
    if not points:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath(points[0][0])
    following = [*points[1:], points[0]] if closed else points[1:]
    for (_, _, leave), (at, arrive, _) in zip(points, following, strict=False):
        path.cubicTo(leave, arrive, at)
    colour = theme.colour(theme.ACCENT if selected else theme.INFO)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(_DARK, 3.2), QPen(colour, 1.5)):
        painter.setPen(pen)
        painter.drawPath(path)
    for at, before, after in points if selected else ():
        painter.setPen(QPen(colour, 1.0))
        for end in (before, after):
            if end != at:
                painter.drawLine(at, end)
                painter.setBrush(_DARK)
                painter.drawEllipse(end, 2.6, 2.6)
        painter.setBrush(colour if keyed else _DARK)
        painter.drawRect(QRectF(at.x() - 3.5, at.y() - 3.5, 7, 7))
    painter.restore()
