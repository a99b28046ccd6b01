"""Items of wires: a straight line from a node to its reader, an arrow at the reader's end."""

from math import hypot

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsLineItem, QStyleOptionGraphicsItem, QWidget

from gui import theme
from gui.graph import look
from gui.graph.metrics import DETAIL_ZOOM

Key = tuple[str, str, int]
"""A wire: its reader, the reader's input, position in a variadic input."""

GRAB = 12.0
"""Width in which a wire can be grabbed; also room for its arrow."""


class WireItem(QGraphicsLineItem):
    """A wire on the desk.

    Attributes:
        key: Which wire it is.
        source: The node that gives.
        kind: Type of what runs in it.
        lit: It would take the node that is dragged over it, or the cursor is over it.
        cut: The cutting stroke crosses it.
    """

    def __init__(self, key: Key, source: str) -> None:
        super().__init__()
        self.setPen(QPen(Qt.GlobalColor.black, GRAB))
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(-1.0)
        self.key, self.source = key, source
        self.kind: str | None = "image"
        self.dashed = self.broken = False
        self.lit = self.cut = False

    def run(self, start: QPointF, end: QPointF) -> None:
        """Leads from one place to another."""
        line = QLineF(start, end)
        if line != self.line():
            self.setLine(line)

    def show_as(self, kind: str | None, *, dashed: bool, broken: bool) -> None:
        """Takes the look of a type; dashed towards viewers, red where types do not fit."""
        if (kind, dashed, broken) != (self.kind, self.dashed, self.broken):
            self.kind, self.dashed, self.broken = kind, dashed, broken
            self.update()

    def nearer_reader(self, point: QPointF) -> bool:
        """Whether a point is closer to the reader's end than to the source's."""
        line = self.line()
        to_end, to_start = point - line.p2(), point - line.p1()
        return hypot(to_end.x(), to_end.y()) < hypot(to_start.x(), to_start.y())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draws the wire."""
        draw_wire(
            painter,
            self.line(),
            theme.ERROR if self.broken or self.cut else look.wire_colour(self.kind),
            painter.worldTransform().m11(),
            dashed=self.dashed or self.cut,
            lit=self.lit,
        )


def draw_wire(
    painter: QPainter,
    line: QLineF,
    colour: str,
    zoom: float,
    *,
    dashed: bool = False,
    lit: bool = False,
) -> None:
    """Draws a wire with its arrow head."""
    if zoom < DETAIL_ZOOM:
        painter.setPen(look.pen(theme.ACCENT if lit else colour, 2.6 if lit else 1.6))
        painter.drawLine(line)
        return
    if lit:
        painter.setPen(look.pen(theme.ACCENT, 5.0, 110))
        painter.drawLine(line)
    painter.setPen(look.pen(colour, 1.5, dashed=dashed))
    painter.drawLine(line)
    length = line.length()
    if length < 10:
        return
    painter.save()
    painter.translate(line.p2())
    painter.rotate(-90 - line.angle())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.brush(colour))
    painter.drawPolygon(look.arrow(9.0, 7.5))
    painter.restore()
