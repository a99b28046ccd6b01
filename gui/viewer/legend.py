"""The legend of a viewer's overlays: rows below the picture, so that it never covers any of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import theme

_ROW, _SIGN, _SPACE, _GAP = 19, 34, 6, 20
Sign = Callable[[QPainter, QRectF], None]
"""Draws what stands for something into a box."""


@dataclass(frozen=True)
class Entry:
    """One thing that is drawn over the picture.

    Attributes:
        name: What it is called.
        sign: What stands for it, or None while it is not there.
        before: A word at the left of the sign, such as the low end of a ramp.
        after: A word at its right, a figure, or what is wrong.
        failed: ``after`` says what is wrong.
    """

    name: str
    sign: Sign | None = None
    before: str = ""
    after: str = ""
    failed: bool = False


class Explained(Protocol):
    """What draws over a picture and says what its signs are."""

    changed: Any
    """Signal: the legend is another."""

    def legend(self) -> Sequence[Entry]:
        """What is drawn now."""
        ...


class LegendBar(QWidget):
    """Says what is drawn over the picture; of no height while nothing is.

    Attributes:
        entries: What it says.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self._sources: list[Explained] = []
        self._on = True
        self._places: list[QRect] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(0)

    def add(self, source: Explained) -> None:
        """Explains one more source."""
        self._sources.append(source)
        source.changed.connect(self.refresh)

    def set_on(self, on: bool) -> None:
        """Overlays are shown, or hidden."""
        self._on = on
        self.refresh()

    def refresh(self) -> None:
        """Asks the sources again."""
        self.entries = [each for source in self._sources if self._on for each in source.legend()]
        self._lay()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as there is room."""
        return QSize(320, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another width may need another number of rows."""
        self._lay()

    def event(self, event: QEvent) -> bool:
        """The whole of what had to be cut."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for place, entry in zip(self._places, self.entries, strict=True):
                if place.contains(event.pos()) and entry.after:
                    QToolTip.showText(event.globalPos(), f"{entry.name}: {entry.after}", self)
                    return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws the entries."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.PANE))
        painter.setFont(theme.font(theme.SMALL))
        for place, entry in zip(self._places, self.entries, strict=True):
            _draw(painter, QRectF(place), entry)
        painter.end()

    def _lay(self) -> None:
        metrics = QFontMetrics(theme.font(theme.SMALL))
        room = self.width() - 2 * theme.MARGIN
        x = y = 0
        self._places = []
        for entry in self.entries:
            wide = min(_width(metrics, entry), room)
            if x and x + wide > room:
                x, y = 0, y + _ROW
            self._places.append(QRect(theme.MARGIN + x, y, wide, _ROW))
            x += wide + _GAP
        self.setFixedHeight(y + _ROW if self.entries else 0)


def _width(metrics: QFontMetrics, entry: Entry) -> int:
    words = [word for word in (entry.name, entry.before, entry.after) if word]
    parts = [metrics.horizontalAdvance(word) + 2 for word in words]
    if entry.sign is not None:
        parts.append(_SIGN)
    return sum(parts) + _SPACE * (len(parts) - 1)


def _draw(painter: QPainter, place: QRectF, entry: Entry) -> None:
    metrics, flags = painter.fontMetrics(), Qt.AlignmentFlag.AlignVCenter
    left = place.left()
    colour = theme.ERROR if entry.failed else theme.DIM
    for word, shade in ((entry.name, theme.TEXT), (entry.before, theme.DIM)):
        left = _word(painter, QRectF(left, place.top(), place.right() - left, _ROW), word, shade)
    if entry.sign is not None:
        painter.save()
        entry.sign(painter, QRectF(left, place.top() + 4, _SIGN, _ROW - 8))
        painter.restore()
        left += _SIGN + _SPACE
    room = QRectF(left, place.top(), place.right() - left, _ROW)
    text = metrics.elidedText(entry.after, Qt.TextElideMode.ElideRight, int(room.width()))
    painter.setPen(QColor(colour))
    painter.drawText(room, flags | Qt.AlignmentFlag.AlignLeft, text)


def _word(painter: QPainter, room: QRectF, word: str, colour: str) -> float:
    if not word:
        return room.left()
    painter.setPen(QColor(colour))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word)
    return room.left() + painter.fontMetrics().horizontalAdvance(word) + 2 + _SPACE
