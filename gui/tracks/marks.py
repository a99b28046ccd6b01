"""How points to follow look over a picture."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from gui import theme
from gui.pins.marks import draw_label

_DARK = QColor(0, 0, 0, 190)
_ARM, _GAP = 8.0, 2.5


def draw_point(painter: QPainter, at: QPointF, label: str, *, selected: bool) -> None:
    """A crosshair that leaves the pixel free which it is about, and its name.

    Args:
        painter: In the canvas's own pixels.
        at: Where it is.
        label: Its name.
        selected: It is the selected one.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = theme.colour(theme.ACCENT if selected else theme.INFO)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(_DARK, 3.6), QPen(colour, 1.5)):
        painter.setPen(pen)
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            way = QPointF(x, y)
            painter.drawLine(at + way * _GAP, at + way * _ARM)
    painter.restore()
    if label:
        draw_label(painter, at + QPointF(10, -9), label, colour)
