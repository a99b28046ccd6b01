"""The ruler of the timeline: frames, playhead, in and out, marks, and the cached bar."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme

_SIDE = 14.0
_BAR = 4.0
_HEIGHT = 36
_REFERENCE = "#7fb2e5"
_MISSING = "#c0483c"
_KEY = "#f0c94a"
_SPLIT = "#b48ae0"
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000)


@dataclass
class Marks:
    """What the ruler shows beside the frames.

    Attributes:
        cached: Frames by ``ram``, ``disk`` and ``stale``.
        missing: Frames that the clip lacks.
        reference: The frame that the canonical image is aligned to, or None.
        keys: Frames with keys, marks or pins of the selected nodes.
        splits: Frames that begin a segment of a long shot.
    """

    cached: dict[str, set[int]] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    reference: int | None = None
    keys: set[int] = field(default_factory=set)
    splits: tuple[int, ...] = ()


class Ruler(QWidget):
    """Frames from left to right; dragging scrubs, triangles are in and out, flags are splits."""

    scrubbed = Signal(int)
    in_moved = Signal(int)
    out_moved = Signal(int)
    split_moved = Signal(int, int)
    """A split was dragged: the frame that began the segment, and the one that is to begin it."""
    menu_asked = Signal(int, QPoint)
    """The right button at a frame, and the place on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first, self.last, self.frame = 1, 100, 1
        self.in_point, self.out_point = 1, 100
        self.marks = Marks()
        self._drag = ""
        self._split: tuple[int, int] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as may be."""
        return QSize(400, _HEIGHT)

    def set_range(self, first: int, last: int, in_point: int, out_point: int) -> None:
        """Sets what is shown and what is played."""
        self.first, self.last = first, max(first, last)
        self.in_point, self.out_point = in_point, out_point
        self.update()

    def set_frame(self, frame: int) -> None:
        """Moves the playhead."""
        if frame != self.frame:
            self.frame = frame
            self.update()

    def set_marks(self, marks: Marks) -> None:
        """Shows other marks."""
        if marks != self.marks:
            self.marks = marks
            self.update()

    def x_of(self, frame: float) -> float:
        """Where the middle of a frame is."""
        return _SIDE + (frame - self.first + 0.5) * self.step

    def frame_at(self, x: float) -> int:
        """The frame at a place, within the range."""
        frame = self.first + int((x - _SIDE) // self.step)
        return min(max(frame, self.first), self.last)

    @property
    def step(self) -> float:
        """Logical pixels for each frame."""
        return max(self.width() - 2 * _SIDE, 1.0) / (self.last - self.first + 1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws all of it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.PANE))
        base = self.height() - _BAR - 3
        self._played(painter, base)
        self._ticks(painter, base)
        self._cached(painter, self.height() - _BAR - 1)
        self._special(painter, base)
        self._splits(painter, base)
        self._playhead(painter)
        painter.end()

    def _played(self, painter: QPainter, base: float) -> None:
        left, right = self.x_of(self.in_point - 0.5), self.x_of(self.out_point + 0.5)
        painter.fillRect(QRectF(_SIDE, 0, self.width() - 2 * _SIDE, base), QColor(theme.WELL))
        painter.fillRect(QRectF(left, 0, right - left, base), QColor("#3a3a3a"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        trimmed = (self.in_point, self.out_point) != (self.first, self.last)
        painter.setBrush(QColor(theme.ACCENT if trimmed else theme.FAINT))
        painter.drawPolygon(_triangle(left, base, -1))
        painter.drawPolygon(_triangle(right, base, 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _ticks(self, painter: QPainter, base: float) -> None:
        painter.setFont(theme.mono(theme.SMALL))
        metrics = painter.fontMetrics()
        widest = max(
            metrics.horizontalAdvance(str(self.last)), metrics.horizontalAdvance(str(self.first))
        )
        label = _spaced(self.step, widest + 18)
        minor = _spaced(self.step, 5)
        start = -(-self.first // minor) * minor
        for frame in range(start, self.last + 1, minor):
            major = frame % label == 0
            painter.setPen(QColor(theme.EDGE if major else "#4a4a4a"))
            x = round(self.x_of(frame)) + 0.5
            painter.drawLine(QPointF(x, base - (9 if major else 4)), QPointF(x, base - 1))
        painter.setPen(QColor(theme.DIM))
        for frame in self._labelled(label):
            text = str(frame)
            width = metrics.horizontalAdvance(text)
            left = min(max(self.x_of(frame) - width / 2, 2), self.width() - width - 2)
            painter.drawText(QPointF(left, 12), text)

    def _labelled(self, label: int) -> list[int]:
        """The frames whose numbers are written: round ones, and the ends where there is room."""
        start = -(-self.first // label) * label
        return list(range(start, self.last + 1, label))

    def _cached(self, painter: QPainter, top: float) -> None:
        painter.fillRect(QRectF(_SIDE, top, self.width() - 2 * _SIDE, _BAR), QColor(theme.LINE))
        for kind in ("stale", "disk", "ram"):
            colour = QColor(theme.CACHED[kind])
            for first, last in runs(self.marks.cached.get(kind, ())):
                first, last = max(first, self.first), min(last, self.last)
                if first <= last:
                    left, right = self.x_of(first - 0.5), self.x_of(last + 0.5)
                    painter.fillRect(QRectF(left, top, right - left, _BAR), colour)

    def _special(self, painter: QPainter, base: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for first, last in runs(self.marks.missing):
            left, right = self.x_of(first - 0.5), self.x_of(last + 0.5)
            box = QRectF(left, base - 5, max(right - left, 2.0), 5)
            painter.fillRect(box, QColor(_MISSING))
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.setBrush(QColor(_KEY))
        for key in self.marks.keys:
            if self.first <= key <= self.last:
                painter.drawPolygon(_diamond(self.x_of(key), base - 5, 4))
        reference = self.marks.reference
        if reference is not None and self.first <= reference <= self.last:
            x, y = self.x_of(reference), base - 6
            painter.setPen(QPen(QColor(theme.LINE), 1))
            painter.setBrush(QColor(_REFERENCE))
            painter.drawPolygon(_diamond(x, y, 5))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _splits(self, painter: QPainter, base: float) -> None:
        """A line before the first frame of each segment, with a flag to drag it by."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for split in self.marks.splits:
            moved = self._split is not None and self._split[0] == split
            frame = self._split[1] if moved and self._split is not None else split
            if not self.first < frame <= self.last:
                continue
            x = round(self.x_of(frame - 0.5)) + 0.5
            colour = QColor(_SPLIT).lighter(125) if moved else QColor(_SPLIT)
            painter.setPen(QPen(colour, 1))
            painter.drawLine(QPointF(x, 0), QPointF(x, base - 1))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(_flag(x, base))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _playhead(self, painter: QPainter) -> None:
        outside = not self.first <= self.frame <= self.last
        x = self.x_of(min(max(self.frame, self.first), self.last))
        colour = QColor(theme.ERROR if outside else theme.ACCENT)
        if self.step > 3:
            shade = QColor(colour)
            shade.setAlpha(60)
            painter.fillRect(QRectF(x - self.step / 2, 0, self.step, self.height()), shade)
        painter.setPen(QPen(colour, 1))
        painter.drawLine(QPointF(round(x) + 0.5, 0), QPointF(round(x) + 0.5, self.height()))
        font = theme.mono(theme.SMALL)
        font.setBold(True)
        painter.setFont(font)
        text = str(self.frame)
        width = painter.fontMetrics().horizontalAdvance(text) + 8
        left = min(max(x - width / 2, 0), self.width() - width)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(left, 0, width, 15), 2, 2)
        painter.setPen(QColor("#1a1a1a"))
        painter.drawText(QRectF(left, 0, width, 15), Qt.AlignmentFlag.AlignCenter, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Scrubs, or takes the in or out point."""
        if event.button() == Qt.MouseButton.RightButton:
            place = event.position()
            self.menu_asked.emit(self.frame_at(place.x()), self.mapToGlobal(place.toPoint()))
        if event.button() != Qt.MouseButton.LeftButton:
            return
        split = self._flag_at(event.position())
        if split is not None:
            self._drag, self._split = "split", (split, split)
            return
        self._drag = self._handle(event.position()) or "frame"
        self._move(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Goes on with it; says what is under the cursor."""
        if self._drag:
            self._move(event.position().x())
            return
        split = self._flag_at(event.position())
        handle = self._handle(event.position()) or ("split" if split is not None else "")
        shape = Qt.CursorShape.SizeHorCursor if handle else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        told = self._told(self.frame_at(event.position().x()))
        if split is not None:
            told = f"The shot is split before frame {split}: drag to split it elsewhere"
        self.setToolTip(told)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ends it."""
        moved, self._split, self._drag = self._split, None, ""
        if moved is not None:
            self.update()
            if moved[0] != moved[1]:
                self.split_moved.emit(*moved)

    def _move(self, x: float) -> None:
        frame = self.frame_at(x)
        if self._drag == "split" and self._split is not None:
            self._split = self._split[0], max(self.frame_at(x + self.step / 2), self.first + 1)
            self.update()
        elif self._drag == "in":
            self.in_moved.emit(min(frame, self.out_point))
        elif self._drag == "out":
            self.out_moved.emit(max(frame, self.in_point))
        else:
            self.scrubbed.emit(frame)

    def _flag_at(self, place: QPointF) -> int | None:
        """The split whose flag is at a place."""
        base = self.height() - _BAR - 3
        if not base - 17 <= place.y() <= base - 7:
            return None
        return next(
            (s for s in self.marks.splits if -3 <= place.x() - self.x_of(s - 0.5) <= 9), None
        )

    def _handle(self, place: QPointF) -> str:
        if place.y() < self.height() - _BAR - 12:
            return ""
        if abs(place.x() - self.x_of(self.in_point - 0.5) + 4) <= 5:
            return "in"
        if abs(place.x() - self.x_of(self.out_point + 0.5) - 4) <= 5:
            return "out"
        return ""

    def _told(self, frame: int) -> str:
        words = [f"Frame {frame}"]
        if frame in self.marks.missing:
            words.append("missing on the disk")
        if frame == self.marks.reference:
            words.append("reference frame of the canonical image")
        if frame in self.marks.splits:
            words.append("the first of a segment of the shot")
        if frame in self.marks.keys:
            words.append("a key of the selected node")
        where = {"ram": "in memory", "disk": "on disk", "stale": "cached before the last change"}
        for kind, text in where.items():
            if frame in self.marks.cached.get(kind, ()):
                words.append(text)
        return ", ".join(words)


def runs(frames: Iterable[int]) -> list[tuple[int, int]]:
    """Frame numbers as runs of consecutive ones: first and last of each."""
    found: list[tuple[int, int]] = []
    for frame in sorted(frames):
        if found and found[-1][1] == frame - 1:
            found[-1] = found[-1][0], frame
        else:
            found.append((frame, frame))
    return found


def _spaced(step: float, least: float) -> int:
    """The smallest round number of frames that takes so many pixels."""
    for count in _STEPS:
        if count * step >= least:
            return count
    return max(int(least / step), _STEPS[-1])


def _triangle(x: float, base: float, way: int) -> QPolygonF:
    return QPolygonF([QPointF(x, base - 9), QPointF(x + way * 7, base - 1), QPointF(x, base - 1)])


def _flag(x: float, base: float) -> QPolygonF:
    top = base - 17
    corners = ((x, top), (x + 8, top), (x + 5.5, top + 4), (x + 8, top + 8), (x, top + 8))
    return QPolygonF([QPointF(*corner) for corner in corners])


def _diamond(x: float, y: float, size: float) -> QPolygonF:
    corners = ((x, y - size), (x + size, y), (x, y + size), (x - size, y))
    return QPolygonF([QPointF(*corner) for corner in corners])
