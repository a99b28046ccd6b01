"""How pins look over a picture."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from gui import theme

_DARK = QColor(0, 0, 0, 190)
_LIGHT = QColor(255, 255, 255, 150)
"""Between the dark rim, for bright pictures, and the colour: seen on the darkest plate."""
_SIZE = 5.0


def draw_pin(
    painter: QPainter,
    at: QPointF,
    *,
    keyed: bool,
    hard: bool,
    selected: bool,
    visible: bool = True,
    radius: float = 0.0,
    aspect: float = 1.0,
    label: str = "",
) -> None:
    """One pin: a diamond when it is hard and a disc when it is soft, filled where it has a key.

    Args:
        painter: In the canvas's own pixels.
        at: Where it is.
        keyed: It has a key in this frame.
        hard: It is met exactly.
        selected: It is the selected one.
        visible: The frame shows its point, and it counts.
        radius: Of the circle beyond which nothing moves; 0 draws none.
        aspect: Width of a picture pixel over its height.
        label: Its name, beside it.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = theme.colour(theme.ACCENT if selected else theme.INFO, 1.0 if visible else 0.5)
    if radius > 0:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        dashes = QPen(colour, 1.8)
        dashes.setCapStyle(Qt.PenCapStyle.FlatCap)
        dashes.setDashPattern([4, 3])
        for pen in (QPen(_DARK, 3.6), QPen(_LIGHT, 1.8), dashes):
            painter.setPen(pen)
            painter.drawEllipse(at, radius * aspect, radius)
    painter.translate(at)
    size = _SIZE + (1.0 if selected else 0.0)
    if hard:
        painter.rotate(45)
    shape = QRectF(-size, -size, 2 * size, 2 * size)
    if hard:
        shape = shape.adjusted(0.8, 0.8, -0.8, -0.8)
    fill = colour if keyed else QColor(0, 0, 0, 90)
    none = Qt.BrushStyle.NoBrush
    for pen, brush in (
        (QPen(_DARK, 5.0), none),
        (QPen(_LIGHT, 3.2), none),
        (QPen(colour, 1.6), fill),
    ):
        painter.setPen(pen)
        painter.setBrush(brush)
        if hard:
            painter.drawRect(shape)
        else:
            painter.drawEllipse(shape)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_DARK if keyed else colour)
    painter.drawEllipse(QPointF(0, 0), 1.4, 1.4)
    painter.restore()
    if label:
        draw_label(painter, at + QPointF(10, -9), label, colour)


def draw_way(painter: QPainter, start: QPointF, end: QPointF) -> None:
    """From where the point was to where it is dragged."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for pen in (QPen(_DARK, 3.0), QPen(theme.colour(theme.ACCENT), 1.2)):
        painter.setPen(pen)
        painter.drawLine(start, end)
    painter.setPen(QPen(theme.colour(theme.ACCENT), 1.2))
    painter.setBrush(_DARK)
    painter.drawEllipse(start, 3.0, 3.0)
    painter.restore()


def draw_label(painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
    """A name beside a mark, on a dark ground."""
    painter.save()
    painter.setFont(theme.font(theme.SIZE - 1))
    box = painter.fontMetrics().boundingRect(text).adjusted(-4, -1, 4, 2)
    box.translate(int(at.x()), int(at.y()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 20, 20, 200))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
