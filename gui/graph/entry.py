"""Two small fields over the graph: rename in place, and find."""

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QWidget

from gui import theme
from gui.graph.fuzzy import best_of


class RenameField(QLineEdit):
    """The name of a node, edited where it stands. Enter takes it, Esc leaves it."""

    renamed = Signal(str, str)
    """The node and what was typed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._view, self._name = parent, ""
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.returnPressed.connect(self._take)
        self.hide()

    def edit(self, name: str, text: str, place: QRect) -> None:
        """Opens over a place of the parent.

        Args:
            name: The node.
            text: What stands there now.
            place: Where the node's name is drawn.
        """
        self._name = name
        self.setText(text)
        place.setHeight(max(place.height(), self.sizeHint().height()))
        place.setWidth(max(place.width(), 120))
        self.setGeometry(place)
        self.show()
        self.raise_()
        self.selectAll()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc leaves the name as it is."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """A click elsewhere takes what was typed."""
        super().focusOutEvent(event)
        self._take()

    def _take(self) -> None:
        if not self.isVisible():
            return
        name, text = self._name, self.text().strip()
        self._leave()
        self.renamed.emit(name, text)

    def _leave(self) -> None:
        self.hide()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)


class FindBar(QFrame):
    """Finds nodes by name, label, type or file while one types."""

    found = Signal(object)
    """Names of the nodes that fit, best first; the first is to be shown."""
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pane = parent
        self.setObjectName("findBar")
        self.setStyleSheet(
            f"#findBar {{ background: {theme.PANE}; border: 1px solid {theme.EDGE};"
            " border-radius: 4px; }"
        )
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find a node…")
        self.field.setMinimumWidth(190)
        self.count = QLabel("")
        self.count.setMinimumWidth(56)
        self.count.setStyleSheet(f"color: {theme.DIM}")
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 5, 8, 5)
        row.setSpacing(8)
        row.addWidget(self.field)
        row.addWidget(self.count)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self._texts: dict[str, list[str]] = {}
        self._matches: list[str] = []
        self._at = 0
        self.hide()

    def ask(self, texts: dict[str, list[str]]) -> None:
        """Opens at the top of the parent.

        Args:
            texts: Name of each node to what it can be found by, the name first.
        """
        self._texts = texts
        self.adjustSize()
        self.move((self._pane.width() - self.width()) // 2, 10)
        self.show()
        self.raise_()
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search(self.field.text())

    def close_find(self) -> None:
        """Closes; what was found stays selected."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Enter goes to the next, Shift+Enter back; Esc or a click elsewhere closes."""
        if isinstance(event, QFocusEvent) and event.lostFocus():
            if event.reason() == Qt.FocusReason.MouseFocusReason:
                self.close_find()
            return False
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key = event.key()
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_Escape:
            self.close_find()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._step(-1 if back or key == Qt.Key.Key_Up else 1)
        else:
            return False
        return True

    def _search(self, typed: str) -> None:
        scored: list[tuple[float, str]] = []
        if typed.strip():
            for name, texts in self._texts.items():
                fit = best_of(typed, texts)
                if fit is not None:
                    scored.append((-fit, name))
        self._matches = [name for _, name in sorted(scored)]
        self._at = 0
        self._tell(typed)

    def _step(self, by: int) -> None:
        if self._matches:
            self._at = (self._at + by) % len(self._matches)
            self._tell(self.field.text())

    def _tell(self, typed: str) -> None:
        if not typed.strip():
            self.count.setText("")
            return
        total = len(self._matches)
        self.count.setText(f"{self._at + 1} of {total}" if total else "nothing")
        if total:
            self.found.emit(self._matches[self._at :] + self._matches[: self._at])
