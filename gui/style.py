"""The style below the theme's sheet: Fusion, with ticks whose edge is seen on dark ground."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOption, QWidget

from gui.icons import draw

_TICKS = (
    QStyle.PrimitiveElement.PE_IndicatorCheckBox,
    QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck,
    QStyle.PrimitiveElement.PE_IndicatorMenuCheckMark,
)
_RADIO = QStyle.PrimitiveElement.PE_IndicatorRadioButton
_STATE = QStyle.StateFlag


class Style(QProxyStyle):
    """Draws check boxes in windows, lists and menus alike, and radio buttons beside them.

    Args:
        edge: Colour of the box's edge.
        faint: The same when it cannot be used.
        ground: Inside an empty box.
        lit: Edge of a ticked box, or one with the focus.
        mark: The tick itself.
    """

    def __init__(self, *, edge: str, faint: str, ground: str, lit: str, mark: str) -> None:
        super().__init__("Fusion")
        self._edge, self._faint, self._ground = QColor(edge), QColor(faint), QColor(ground)
        self._lit, self._mark = QColor(lit), QColor(mark)

    def drawPrimitive(  # noqa: N802 - Qt's name
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """A box with a tick, or a bar where it is neither on nor off; a ring with a dot."""
        if element not in (*_TICKS, _RADIO):
            super().drawPrimitive(element, option, painter, widget)
            return
        state = option.state
        rect = QRectF(option.rect)
        usable = bool(state & _STATE.State_Enabled)
        on = bool(state & _STATE.State_On)
        size = min(rect.width(), rect.height(), 14.0)
        box = QRectF(0, 0, size, size)
        box.moveCenter(rect.center())
        box.adjust(0.5, 0.5, -0.5, -0.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = self._edge if usable else self._faint
        if usable and (on or state & _STATE.State_HasFocus):
            edge = self._lit
        painter.setPen(edge)
        painter.setBrush(self._ground if usable else QColor(Qt.GlobalColor.transparent))
        corner = box.width() / 2 if element == _RADIO else 2
        painter.drawRoundedRect(box, corner, corner)
        mark = self._mark if usable else self._faint
        if on and element == _RADIO:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mark)
            painter.drawEllipse(box.center(), box.width() / 4, box.width() / 4)
        elif on:
            draw(painter, "check", box.adjusted(0.5, 0.5, -0.5, -0.5), mark)
        elif state & _STATE.State_NoChange:
            bar = QRectF(0, 0, box.width() - 6, 2)
            bar.moveCenter(box.center())
            painter.fillRect(bar, mark)
        painter.restore()
