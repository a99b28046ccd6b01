"""How a row of the stroke list is drawn and clicked: a painter, no widgets."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui import theme
from gui.icons import draw
from gui.paint.bar import bright, swatch
from gui.paint.brush import BY_KIND
from gui.paint.model import COLOUR, KIND, LOCKED, NAME, VALUE, VISIBLE
from gui.paint.painting import Painting

Index = QModelIndex | QPersistentModelIndex
_ICON = 14


class RowPainter(QStyledItemDelegate):
    """Draws eye, lock, icon and name, colour; hidden strokes are dim.

    Signals:
        clicked: Column and row of an eye, lock or colour that was clicked.

    Args:
        painting: Knows how colours look in the viewer.
        parent: The list.
    """

    clicked = Signal(int, int)

    def __init__(self, painting: Painting, parent: QWidget) -> None:
        super().__init__(parent)
        self._painting = painting

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """All rows are as high."""
        return QSize(super().sizeHint(option, index).width(), theme.ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        column = index.column()
        if column not in (VISIBLE, LOCKED, NAME, COLOUR):
            super().paint(painter, self._dimmed(option, index), index)
            return
        box: QRectF = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        visible = bool(index.sibling(index.row(), VISIBLE).data(VALUE))
        if column == NAME:
            shifted = self._dimmed(option, index)
            shifted.rect = option.rect.adjusted(22, 0, 0, 0)
            if chosen:
                painter.fillRect(box, theme.colour(theme.ACCENT_DIM))
            super().paint(painter, shifted, index)
            kind = str(index.data(KIND))
            name = kind if kind in BY_KIND else "help"
            place = QRectF(box.left() + 4, box.center().y() - _ICON / 2, _ICON, _ICON)
            draw(painter, name, place, theme.TEXT if visible else theme.FAINT)
            return
        if chosen:
            painter.fillRect(box, theme.colour(theme.ACCENT_DIM))
        place = QRectF(0, 0, _ICON, _ICON)
        place.moveCenter(box.center())
        on = bool(index.data(VALUE))
        if column == VISIBLE:
            draw(painter, "eye" if on else "eye_off", place, theme.TEXT if on else theme.FAINT)
        elif column == LOCKED:
            draw(painter, "lock" if on else "unlock", place, theme.TEXT if on else theme.HOVER)
        elif index.data(KIND) == "brush":
            colour = index.data(VALUE)
            shown = QColor.fromRgbF(*self._painting.view_colours().shown(colour))
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            cell = QRectF(0, 0, 30, 16)
            cell.moveCenter(box.center())
            swatch(painter, cell, shown)
            if max(colour) > 1:
                bright(painter, cell)
            painter.restore()

    def editorEvent(  # noqa: N802 - Qt's name
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """A press on an eye, lock or colour."""
        column = index.column()
        if column not in (VISIBLE, LOCKED, COLOUR) or not isinstance(event, QMouseEvent):
            return super().editorEvent(event, model, option, index)
        presses = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        if event.type() in presses and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(column, index.row())
            return True
        return False

    def _dimmed(self, option: QStyleOptionViewItem, index: Index) -> QStyleOptionViewItem:
        made = QStyleOptionViewItem(option)
        if not index.sibling(index.row(), VISIBLE).data(VALUE):
            palette = made.palette
            for role in (palette.ColorRole.Text, palette.ColorRole.HighlightedText):
                palette.setColor(role, theme.colour(theme.FAINT))
            made.palette = palette
        return made
