"""The curve of quality over time."""

import math
from bisect import bisect_right

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.jobs.job import duration

Point = tuple[float, float]
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 10, 16, 18
_PIXELS = 600


class CurveView(QWidget):
    """Decibels over seconds; a dashed curve is the fit before, to compare with."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: list[Point] = []
        self._before: list[Point] = []
        self._hover: float | None = None
        self.setMouseTracking(True)
        self.setMinimumHeight(84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setToolTip("How well the canonical image gives the frames back, over time")

    def set_points(self, points: list[Point], before: list[Point] | None = None) -> None:
        """Shows a curve.

        Args:
            points: Seconds and decibels, by time.
            before: The curve of the fit before; None keeps it.
        """
        self._points = _clean(points)
        if before is not None:
            self._before = _clean(before)
        self.update()

    @property
    def points(self) -> list[Point]:
        """What is shown."""
        return self._points

    def bounds(self) -> tuple[float, float, float, float]:
        """Seconds and decibels that the axes span: left, right, low, high."""
        both = self._points + self._before
        last = max((seconds for seconds, _ in both), default=1.0)
        low = min((psnr for _, psnr in both), default=20.0)
        high = max((psnr for _, psnr in both), default=40.0)
        step = _step((high - low) / 2)
        return (
            0.0,
            max(last, 1.0),
            math.floor(low / step) * step,
            (math.floor(high / step) + 1) * step,
        )

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A low strip."""
        return QSize(260, 110)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Shows the value under the cursor."""
        self._hover = event.position().x()
        self.update()

    def leaveEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Shows the newest value again."""
        self._hover = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws axes, curves and a value."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour(theme.WELL))
        plot = QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)
        painter.setFont(theme.font(theme.SMALL))
        if not self._points and not self._before:
            painter.setPen(theme.colour(theme.DIM))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No quality measured yet")
            painter.end()
            return
        self._axes(painter, plot)
        if self._before:
            pen = QPen(theme.colour(theme.DIM), 1.2, Qt.PenStyle.DashLine)
            painter.strokePath(self._path(self._before, plot), pen)
        if self._points:
            painter.strokePath(
                self._path(self._points, plot), QPen(theme.colour(theme.ACCENT), 1.8)
            )
            self._value(painter, plot)
        painter.end()

    def _axes(self, painter: QPainter, plot: QRectF) -> None:
        _, last, low, high = self.bounds()
        step = _step((high - low) / 2)
        level = low
        while level <= high + 1e-9:
            y = self._place((0.0, level), plot).y()
            painter.setPen(QPen(theme.colour(theme.RAISED), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(theme.colour(theme.DIM))
            painter.drawText(
                QRectF(0, y - 8, _LEFT - 5, 16),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                f"{level:g}",
            )
            level += step
        painter.setPen(theme.colour(theme.DIM))
        under = QRectF(plot.left(), plot.bottom() + 2, plot.width(), _BOTTOM - 2)
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, duration(last))

    def _value(self, painter: QPainter, plot: QRectF) -> None:
        chosen = self._points[-1]
        if self._hover is not None and plot.width() > 0:
            seconds = (self._hover - plot.left()) / plot.width() * self.bounds()[1]
            index = bisect_right([each for each, _ in self._points], seconds)
            chosen = self._points[max(index - 1, 0)]
        place = self._place(chosen, plot)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(theme.ACCENT))
        painter.drawEllipse(place, 3, 3)
        painter.setPen(theme.colour(theme.TEXT))
        text = f"{chosen[1]:.2f} dB at {duration(chosen[0])}"
        painter.drawText(
            QRectF(plot.left(), 0, plot.width(), _TOP - 1),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            text,
        )

    def _path(self, points: list[Point], plot: QRectF) -> QPainterPath:
        stride = max(len(points) // _PIXELS, 1)
        few = points[::stride]
        few = few if few[-1] == points[-1] else [*few, points[-1]]
        path = QPainterPath(self._place(few[0], plot))
        for point in few[1:]:
            path.lineTo(self._place(point, plot))
        return path

    def _place(self, point: Point, plot: QRectF) -> QPointF:
        first, last, low, high = self.bounds()
        across = (point[0] - first) / max(last - first, 1e-9)
        up = (point[1] - low) / max(high - low, 1e-9)
        return QPointF(plot.left() + across * plot.width(), plot.bottom() - up * plot.height())


def _clean(points: list[Point]) -> list[Point]:
    return [(float(s), float(p)) for s, p in points if math.isfinite(s) and math.isfinite(p)]


def _step(wanted: float) -> float:
    """A round number of decibels near the one that is wanted."""
    for step in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0):
        if step >= wanted:
            return step
    return 50.0
