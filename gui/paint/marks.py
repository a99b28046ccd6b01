"""What the tools draw over the picture: the brush's ring, source crosses, lines of strokes."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from gui import theme

_DARK, _LIGHT = QColor(0, 0, 0, 170), QColor(255, 255, 255, 220)


def _pens(width: float = 1.0, dashes: Sequence[float] = ()) -> list[QPen]:
    """A dark pen below a light one: seen on any picture."""
    pens = [QPen(_DARK, width + 1.6), QPen(_LIGHT, width)]
    for pen in pens:
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashes:
        pens[1].setDashPattern(list(dashes))
    return pens


def ring(
    painter: QPainter, centre: QPointF, radius: float, hardness: float, aspect: float = 1.0
) -> None:
    """The brush: its edge, and inside where it starts to fade.

    Args:
        painter: In the canvas's own pixels.
        centre: Where the pointer is.
        radius: In the canvas's pixels, down.
        hardness: Share of the radius that is fully covered.
        aspect: Width of a picture pixel over its height.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in _pens(1.0):
        painter.setPen(pen)
        painter.drawEllipse(centre, radius * aspect, radius)
    inner = radius * hardness
    if 3 < inner < radius - 2:
        pen = QPen(QColor(255, 255, 255, 110), 1)
        pen.setStyle(Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawEllipse(centre, inner * aspect, inner)
    if radius < 4:
        # A ring this small cannot be seen: four ticks point at it.
        for pen in _pens(1.0):
            painter.setPen(pen)
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                start = centre + QPointF(dx, dy) * (radius + 3)
                painter.drawLine(start, start + QPointF(dx, dy) * 5)
    painter.restore()


def cross(painter: QPainter, centre: QPointF, size: float = 8.0) -> None:
    """Where a clone copies from."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for pen in _pens(1.2):
        painter.setPen(pen)
        painter.drawLine(centre - QPointF(size, 0), centre + QPointF(size, 0))
        painter.drawLine(centre - QPointF(0, size), centre + QPointF(0, size))
    painter.restore()


def link(painter: QPainter, source: QPointF, target: QPointF) -> None:
    """From the source to the brush."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for pen in _pens(1.0, (4, 4)):
        painter.setPen(pen)
        painter.drawLine(source, target)
    painter.restore()


def spine(painter: QPainter, points: Iterable[QPointF], chosen: bool = True) -> None:
    """The line of a stroke, with its ends.

    Args:
        painter: In the canvas's own pixels.
        points: The stroke's.
        chosen: Selected; else it is only pointed at.
    """
    places = list(points)
    if not places:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    colour = QColor(theme.ACCENT if chosen else theme.TEXT)
    for pen in (QPen(_DARK, 3.2), QPen(colour, 1.4)):
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(places))
    painter.setPen(QPen(_DARK, 1))
    painter.setBrush(colour)
    painter.drawRect(int(places[0].x()) - 3, int(places[0].y()) - 3, 6, 6)
    if len(places) > 1:
        painter.drawEllipse(places[-1], 3.2, 3.2)
    painter.restore()


def carried(painter: QPainter, points: Sequence[QPointF], visible: Sequence[bool]) -> None:
    """The line of a stroke as a frame shows it; dotted where something hides it.

    Args:
        painter: In the canvas's own pixels.
        points: The line's.
        visible: For each of them whether the frame shows it.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    accent = QColor(theme.ACCENT)
    for seen in (False, True):
        pens = [QPen(_DARK, 3.0), QPen(accent, 1.2)] if seen else [QPen(accent, 1.0)]
        for pen in pens:
            if not seen:
                pen.setStyle(Qt.PenStyle.DotLine)
            painter.setPen(pen)
            for place in range(len(points) - 1):
                if (visible[place] and visible[place + 1]) == seen:
                    painter.drawLine(points[place], points[place + 1])
    painter.restore()


def drawn_line(painter: QPainter, points: Sequence[QPointF], width: float, colour: QColor) -> None:
    """A stroke that no worker shows yet: a translucent band of its width."""
    if not points:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, max(width, 1.0))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    if len(points) == 1:
        path.lineTo(points[0] + QPointF(0.01, 0))
    painter.strokePath(path, pen)
    painter.restore()
