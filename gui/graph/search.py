"""The search that opens at the cursor: type a few letters, Enter creates the node."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from codef_nodes.graph.document import Document
from gui import theme
from gui.graph.catalogue import Entry, Wanted, candidates, matching_alias, ranked, title_of
from gui.graph.look import tone

_WIDTH, _ROWS, _ROW = 280, 10, 24
_ENTRY, _ALIAS = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class NodeSearch(QFrame):
    """A field and a list, over the graph. Works by keyboard alone; Esc or a click outside closes.

    Args:
        parent: The pane that it lies over.
    """

    chosen = Signal(str, bool)
    """Id of the entry to create, and whether it only branches off (Shift+Enter)."""
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pane = parent
        self.setObjectName("nodeSearch")
        self.setStyleSheet(
            f"#nodeSearch {{ background: {theme.PANE}; border: 1px solid {theme.EDGE};"
            f" border-radius: 4px; }}"
            "#nodeSearch QListWidget { border: 0; background: transparent }"
        )
        self.field = QLineEdit()
        self.field.setClearButtonEnabled(False)
        self.list = QListWidget()
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(4)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda item: self._choose(item, branch=False))
        self._entries: list[Entry] = []
        self._recent: list[str] = []
        self.hide()

    def ask(
        self, document: Document, at: QPoint, recent: list[str], wanted: Wanted | None = None
    ) -> None:
        """Opens at a place of the parent.

        Args:
            document: Where the node would come to be.
            at: The place.
            recent: Entries used before, the last one first.
            wanted: What the node must fit.
        """
        self._entries, self._recent = candidates(document, wanted), recent
        fitting = "Create a node…"
        if wanted is not None and wanted.source is not None:
            fitting = f"Reads {wanted.source}…"
        elif wanted is not None and wanted.reader is not None:
            fitting = f"Feeds {wanted.reader[0]}.{wanted.reader[1]}…"
        self.field.setPlaceholderText(fitting)
        self.field.clear()
        self._fill("")
        size = self._fitting_size()
        room = self._pane.rect().size() - size - QSize(4, 4)
        place = QPoint(
            max(4, min(at.x() - 20, room.width())), max(4, min(at.y() - 16, room.height()))
        )
        self.setGeometry(QRect(place, size))
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def shown_types(self) -> list[str]:
        """Types in the list, from the top."""
        return [entry.cls.type for entry in self.shown()]

    def shown(self) -> list[Entry]:
        """What is in the list, from the top."""
        return [self.list.item(row).data(_ENTRY) for row in range(self.list.count())]

    def close_search(self) -> None:
        """Closes without choosing."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Arrows walk the list while the field keeps the caret."""
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.close_search()
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key, last = event.key(), self.list.count() - 1
        row = self.list.currentRow()
        if key in (Qt.Key.Key_Escape,):
            self.close_search()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            item = self.list.currentItem()
            if item is not None:
                shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._choose(item, branch=shift)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Tab):
            self.list.setCurrentRow(0 if row >= last else row + 1)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Backtab):
            self.list.setCurrentRow(last if row <= 0 else row - 1)
        elif key == Qt.Key.Key_PageDown:
            self.list.setCurrentRow(min(row + _ROWS, last))
        elif key == Qt.Key.Key_PageUp:
            self.list.setCurrentRow(max(row - _ROWS, 0))
        else:
            return False
        return True

    def _choose(self, item: QListWidgetItem, *, branch: bool) -> None:
        entry = item.data(_ENTRY)
        self.hide()
        self.closed.emit()
        self.chosen.emit(entry.id, branch)

    def _fill(self, typed: str) -> None:
        self.list.clear()
        for entry in ranked(typed, self._entries, self._recent):
            item = QListWidgetItem(entry.title)
            item.setData(_ENTRY, entry)
            item.setData(_ALIAS, matching_alias(typed, entry))
            item.setToolTip(entry.cls.help)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        if self.isVisible():
            self.resize(self._fitting_size())

    def _fitting_size(self) -> QSize:
        rows = min(max(self.list.count(), 1), _ROWS)
        return QSize(_WIDTH, self.field.sizeHint().height() + rows * _ROW + 20)


class _Rows(QStyledItemDelegate):
    """A row: a swatch of the node's colour, its title, its category or the alias that was found."""

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: object
    ) -> QSize:
        return QSize(_WIDTH - 30, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        entry, alias = index.data(_ENTRY), index.data(_ALIAS)  # type: ignore[attr-defined]
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tone(theme.ACCENT_DIM))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 3, 3)
        swatch = QRect(rect.x() + 7, rect.center().y() - 5, 11, 11)
        painter.setPen(tone("#101010"))
        painter.setBrush(theme.node_colour(entry.cls.type, entry.cls.category).lighter(115))
        painter.drawRoundedRect(swatch, 2, 2)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font())
        painter.setPen(tone("#ffffff" if chosen else theme.TEXT))
        painter.drawText(rect.adjusted(26, 0, -8, 0), middle, entry.title)
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(tone("#e8dcc8" if chosen else theme.DIM))
        right = f"“{alias}”" if alias else entry.cls.category
        if entry.operation and entry.stem == entry.cls.type:
            right = title_of(entry.cls)  # Plus is a Merge
        painter.drawText(rect.adjusted(26, 0, -8, 0), middle | Qt.AlignmentFlag.AlignRight, right)
        painter.restore()
