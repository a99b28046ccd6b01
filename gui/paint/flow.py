"""A layout that breaks a line of controls where the pane is narrow."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class FlowLayout(QLayout):
    """Puts widgets side by side and goes on below when a line is full.

    Widgets that want to grow share what is left of their line.

    Args:
        parent: The widget whose layout it becomes.
        gap: Between widgets, across and down.
    """

    def __init__(self, parent: QWidget | None = None, gap: int = 4) -> None:
        super().__init__(parent)
        self._gap = gap
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        """Appends."""
        self._items.append(item)

    def count(self) -> int:
        """How many items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """An item, or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """Takes an item out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """Grows nowhere by itself."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Narrow means high."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Height of all lines."""
        return self._lay(QRect(0, 0, width, 0), place=False)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802 - Qt's name
        """Places the widgets."""
        super().setGeometry(rect)
        self._lay(rect, place=True)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """One widget at least."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        """The widest widget."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _lay(self, rect: QRect, place: bool) -> int:
        inner = rect.marginsRemoved(self.contentsMargins())
        lines: list[list[QLayoutItem]] = [[]]
        x = 0
        for item in self._items:
            if item.isEmpty():
                continue
            wide = item.sizeHint().width()
            if lines[-1] and x + wide > inner.width():
                lines.append([])
                x = 0
            lines[-1].append(item)
            x += wide + self._gap
        y = inner.y()
        for line in lines:
            high = max((item.sizeHint().height() for item in line), default=0)
            if place:
                self._place(line, inner, y, high)
            y += high + (self._gap if line else 0)
        bottom = self.contentsMargins().bottom()
        return y - self._gap - rect.y() + bottom if self._items else 0

    def _place(self, line: list[QLayoutItem], inner: QRect, y: int, high: int) -> None:
        hints = [item.sizeHint() for item in line]
        left = inner.width() - sum(h.width() for h in hints) - self._gap * (len(line) - 1)
        grows = [_grows(item.widget()) for item in line]
        # What grows may grow by a third: a bar over a wide pane stays readable.
        share = max(left, 0) // max(sum(grows), 1)
        x = inner.x()
        for item, hint, grow in zip(line, hints, grows, strict=True):
            wide = hint.width() + (min(share, hint.width() // 2) if grow else 0)
            top = y + (high - hint.height()) // 2
            item.setGeometry(QRect(QPoint(x, top), QSize(wide, hint.height())))
            x += wide + self._gap


def _grows(widget: QWidget | None) -> bool:
    if widget is None:
        return False
    return widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Expanding
