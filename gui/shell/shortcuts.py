"""The shortcut sheet, made from the one table, and its editor."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui.core.actions import Actions
from gui.core.keymap import Action

PANE_TITLES = {
    "global": "Everywhere",
    "graph": "Node graph",
    "viewer": "Viewers",
    "paint": "Viewers, with a brush in hand",
    "properties": "Properties",
    "timeline": "Timeline",
    "playback": "Viewers and timeline",
}
_ID = Qt.ItemDataRole.UserRole


class ShortcutSheet(QDialog):
    """Every action with its keys. Select one and press other keys to change it."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(620, 700)
        column = QVBoxLayout(self)
        intro = QLabel("A key acts on the pane under the cursor.")
        intro.setStyleSheet(f"color: {theme.DIM};")
        self.filter = QLineEdit(placeholderText="Find an action or a key")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels(["Action", "Keys"])
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(14)
        self.tree.currentItemChanged.connect(lambda *_: self._select())
        column.addWidget(intro)
        column.addWidget(self.filter)
        column.addWidget(self.tree, 1)
        column.addLayout(self._edit_row())
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setMinimumHeight(32)
        self.told.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.told)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.all_button = buttons.addButton("Reset all", QDialogButtonBox.ButtonRole.ResetRole)
        self.all_button.setAutoDefault(False)
        self.all_button.clicked.connect(self._reset_all)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self._fill()
        self._select()

    @property
    def current(self) -> Action | None:
        """The selected action."""
        item = self.tree.currentItem()
        name = None if item is None else item.data(0, _ID)
        return None if name is None else self._actions.action(name)

    def show_action(self, name: str) -> None:
        """Selects an action."""
        for item in self._items():
            if item.data(0, _ID) == name:
                self.tree.setCurrentItem(item)
                return

    def assign(self) -> None:
        """Gives the selected action the keys that were pressed, unless they collide."""
        action = self.current
        sequence = self.keys.keySequence()
        if action is None or sequence.isEmpty():
            return
        key = sequence.toString(QKeySequence.SequenceFormat.PortableText)
        others = self._actions.conflicts(action.id, key)
        if others:
            names = ", ".join(f"{o.title.rstrip('…')} ({PANE_TITLES[o.pane]})" for o in others)
            self._tell(f"{sequence.toString()} is taken by {names}. Give that another key first.")
            return
        self._actions.set_keys(action.id, [key, *self._actions.keys(action.id)[1:]])
        self._refresh()

    def clear(self) -> None:
        """Takes all keys from the selected action."""
        if self.current is not None:
            self._actions.set_keys(self.current.id, [])
            self._refresh()

    def reset(self) -> None:
        """Gives the selected action the keys that it came with, unless they collide."""
        action = self.current
        if action is None:
            return
        for key in action.keys:
            others = self._actions.conflicts(action.id, key)
            if others:
                self._tell(f"{key} is taken by {others[0].title} now. Give that another key first.")
                return
        self._actions.set_keys(action.id, None)
        self._refresh()

    def _reset_all(self) -> None:
        for action in self._actions.table:
            self._actions.set_keys(action.id, None)
        self._refresh()

    def _edit_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.set_button = QPushButton("Set")
        self.clear_button = QPushButton("No key")
        self.reset_button = QPushButton("Reset")
        self.set_button.clicked.connect(self.assign)
        self.clear_button.clicked.connect(self.clear)
        self.reset_button.clicked.connect(self.reset)
        row.addWidget(QLabel("New key"))
        row.addWidget(self.keys, 1)
        for button in (self.set_button, self.clear_button, self.reset_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    def _fill(self) -> None:
        heads: dict[tuple[str, str], QTreeWidgetItem] = {}
        for action in self._actions.table:
            place = (action.pane, action.group)
            if place not in heads:
                pane, group = PANE_TITLES[action.pane], action.group
                title = pane if pane == group else f"{pane}: {group}"
                head = QTreeWidgetItem(self.tree, [title, ""])
                head.setFont(0, theme.font(bold=True))
                head.setFlags(Qt.ItemFlag.ItemIsEnabled)
                head.setExpanded(True)
                heads[place] = head
            item = QTreeWidgetItem(heads[place], [action.title.rstrip("…"), ""])
            item.setData(0, _ID, action.id)
        self._heads = list(heads.values())
        self._refresh()
        self.tree.setColumnWidth(0, 400)

    def _items(self) -> list[QTreeWidgetItem]:
        return [item for head in self._heads for item in _children(head)]

    def _refresh(self) -> None:
        native = QKeySequence.SequenceFormat.NativeText
        for item in self._items():
            name = item.data(0, _ID)
            keys = self._actions.keys(name)
            item.setText(1, ",  ".join(QKeySequence(key).toString(native) for key in keys))
            own = keys != self._actions.action(name).keys
            item.setFont(1, theme.font(bold=own))
        self.keys.clear()
        self._tell("")

    def _select(self) -> None:
        for widget in (self.keys, self.set_button, self.clear_button, self.reset_button):
            widget.setEnabled(self.current is not None)
        self.keys.clear()
        self._tell("")

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for item in self._items():
            whole = f"{item.text(0)} {item.text(1)}".casefold()
            item.setHidden(not all(word in whole for word in words))
        for head in self._heads:
            head.setHidden(all(item.isHidden() for item in _children(head)))

    def _tell(self, text: str) -> None:
        self.told.setText(text)
        self.told.setStyleSheet(f"color: {theme.WARNING};")


def _children(head: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (head.child(place) for place in range(head.childCount()))
    return [item for item in found if item is not None]
