"""What a paint tool shows over the picture: its ring, where it copies from, what is new."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QPainter

from gui import theme
from gui.paint import marks
from gui.paint.drawing import DrawnStroke
from gui.paint.source import Source
from gui.paint.strokeplaces import StrokePlaces

if TYPE_CHECKING:
    from gui.paint.tool import PaintTool

_ARMS = 12
"""Reach of crosses and ticks beside a ring, in canvas pixels."""


class ToolMarks:
    """Draws the marks of a paint tool.

    Args:
        tool: The tool.
        places: Where its strokes are on the canvas.
        source: Where it copies from.
    """

    def __init__(self, tool: "PaintTool", places: StrokePlaces, source: Source) -> None:
        self._tool, self._places, self._source = tool, places, source

    def paint(self, painter: QPainter, selected: Iterable[Iterable[tuple[float, float]]]) -> None:
        """Draws them.

        Args:
            painter: On the canvas.
            selected: The lines of the strokes that are selected.
        """
        tool, places = self._tool, self._places
        for line in selected:
            marks.spine(painter, places.line(line))
        for carried in tool.carried.lines:
            on_frame = places.line((point.x(), point.y()) for point in carried.points)
            marks.carried(painter, on_frame, carried.visible)
        if not tool.painting.draws:
            return
        unseen = tool.unseen
        if unseen is not None:
            self._paint_unseen(painter, unseen)
        place = tool.ring_place
        if place is None:
            return
        brush = tool.painting.brush
        radius = 0.5 * brush.size * places.step
        marks.ring(painter, place, radius, brush.hardness, tool.canvas.viewport.aspect)
        source = self._source.of(place)
        if source is not None:
            if tool.mode == "source":
                marks.link(painter, source, place)
            marks.cross(painter, source)

    def box(self) -> QRect:
        """Where ring and crosses are on the canvas; everywhere while a stroke is not shown yet."""
        tool = self._tool
        place = tool.ring_place
        if place is None:
            return QRect()
        if tool.unseen is not None:
            return tool.canvas.rect()
        reach = 0.5 * tool.painting.brush.size * self._places.step + _ARMS
        wide = reach * max(tool.canvas.viewport.aspect, 1.0)
        box = QRectF(place.x() - wide, place.y() - reach, 2 * wide, 2 * reach)
        source = self._source.of(place)
        if source is not None:
            arms = 2 * _ARMS
            box = box.united(QRectF(source.x() - _ARMS, source.y() - _ARMS, arms, arms))
        return box.toAlignedRect()

    def _paint_unseen(self, painter: QPainter, stroke: DrawnStroke) -> None:
        painting, places = self._tool.painting, self._places
        tool = painting.tool
        coloured = tool is not None and tool.coloured
        colour = painting.screen_colour() if coloured else QColor(theme.TEXT)
        colour.setAlphaF(0.55 if coloured else 0.25)
        line = places.line((point[0], point[1]) for point in stroke.points)
        marks.drawn_line(painter, line, painting.brush.size * places.step, colour)
