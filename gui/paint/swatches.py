"""Colours at hand: a row to start with and those used last."""

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.paint.bar import bright, swatch
from gui.paint.colour import RGB
from gui.paint.painting import painting_of

_CELL, _GAP, _COLUMNS = 20, 3, 12

SHADES: tuple[RGB, ...] = (
    (0.0, 0.0, 0.0),
    (0.05, 0.05, 0.05),
    (0.18, 0.18, 0.18),
    (0.4, 0.4, 0.4),
    (0.8, 0.8, 0.8),
    (1.0, 1.0, 1.0),
)
"""Scene-linear greys, middle grey among them."""

HUES: tuple[RGB, ...] = (
    (0.8, 0.1, 0.1),
    (0.9, 0.4, 0.1),
    (0.9, 0.8, 0.1),
    (0.1, 0.9, 0.1),
    (0.1, 0.5, 1.0),
    (0.6, 0.2, 0.8),
)
"""Colours of the screen, turned into linear ones through the view."""


class Swatches(QWidget):
    """Two rows of colours: the ones to start with, and the recent ones.

    Args:
        editor: The editor.
        parent: The owner.
    """

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painting = painting_of(editor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._painting.recent_changed.connect(self.update)
        self._painting.colour_changed.connect(self.update)

    @property
    def colours(self) -> list[RGB | None]:
        """What each cell holds, row by row; None is an empty one."""
        view = self._painting.view_colours()
        start = [*SHADES, *(_rgb(view.picked(hue)) for hue in HUES)]
        recent: list[RGB | None] = [*self._painting.recent.colours]
        return [*start, *recent, *[None] * (_COLUMNS - len(recent))]

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Two rows."""
        return QSize(_COLUMNS * (_CELL + _GAP) - _GAP, 2 * (_CELL + _GAP) - _GAP)

    def cell(self, index: int) -> QRect:
        """Where a cell is."""
        row, column = divmod(index, _COLUMNS)
        return QRect(column * (_CELL + _GAP), row * (_CELL + _GAP), _CELL, _CELL)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The cells; the brush's colour has an edge."""
        from PySide6.QtGui import QColor

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view = self._painting.view_colours()
        for index, colour in enumerate(self.colours):
            box = QRectF(self.cell(index))
            if colour is None:
                painter.setPen(theme.colour(theme.RAISED))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
                continue
            swatch(painter, box, QColor.fromRgbF(*view.shown(colour)))
            if max(colour) > 1:
                bright(painter, box)
            if colour == self._painting.colour:
                painter.setPen(theme.colour(theme.ACCENT))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Takes a colour."""
        colour = self._at(event)
        if colour is not None and event.button() == Qt.MouseButton.LeftButton:
            self._painting.set_colour(colour)

    def event(self, event: QEvent) -> bool:
        """The numbers of the cell under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            colour = self._at(event)
            text = "" if colour is None else "Scene-linear " + ", ".join(f"{v:.4g}" for v in colour)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def _at(self, event: QMouseEvent | QHelpEvent) -> RGB | None:
        place = event.position().toPoint() if isinstance(event, QMouseEvent) else event.pos()
        for index, colour in enumerate(self.colours):
            if self.cell(index).contains(place):
                return colour
        return None


def _rgb(values: list[float]) -> RGB:
    red, green, blue = values[:3]
    return red, green, blue
