"""The strokes of a Paint node as a Qt model: one row each, the topmost first, no widgets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from codef_nodes.graph.commands import Command, EditStrokes, Group
from codef_nodes.graph.edits import Edit, Put, RenameKey, Splice
from engine.errors import UsageError
from gui.core.project import Project
from gui.paint.brush import BY_KIND, lifetime_text, lifetime_typed
from gui.paint.strokedata import (
    KNOB,
    counted,
    removal,
    runs,
    share,
    step_title,
    strokes_of,
    value_of,
)

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("visible", "locked", "name", "opacity", "blend", "colour", "lifetime")
TITLES = ("", "", "Name", "%", "Blend", "", "Frames")
VISIBLE, LOCKED, NAME, OPACITY, BLEND, COLOUR, LIFETIME = range(7)
MIME = "application/x-codef-strokes"

VALUE = Qt.ItemDataRole.UserRole + 1
"""The value itself: a bool, text, number, colour or lifetime."""
KIND = Qt.ItemDataRole.UserRole + 2
"""Kind of the stroke."""


class StrokeModel(QAbstractTableModel):
    """The strokes of one Paint node. Every change goes through the project as one step of undo.

    Rows count from the top, places from the bottom, as the document's list does.
    """

    refused = Signal(str)
    """A change that makes no sense, in one sentence."""

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._node: str | None = None
        self._strokes: list[dict[str, Any]] = []
        project.edited.connect(self._follow)
        project.replaced.connect(lambda: self.show_node(None))

    @property
    def node(self) -> str | None:
        """The Paint node whose strokes these are."""
        return self._node

    def show_node(self, node: str | None) -> None:
        """Shows the strokes of another node; None: of none."""
        self.beginResetModel()
        self._node = node
        self._strokes = self._stored()
        self.endResetModel()

    def stroke(self, place: int) -> Mapping[str, Any]:
        """A stroke as the document holds it; never change it."""
        return self._strokes[place]

    @property
    def strokes(self) -> Sequence[Mapping[str, Any]]:
        """All strokes, bottom first; never change them."""
        return self._strokes

    def place(self, row: int) -> int:
        """From a row to its place in the document's list, and back: the same function."""
        return len(self._strokes) - 1 - row

    # Reading, for views.

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's
        """One for each stroke."""
        return 0 if parent.isValid() else len(self._strokes)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's
        """``COLUMNS``."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows, and its value."""
        if not index.isValid() or not 0 <= index.row() < len(self._strokes):
            return None
        stroke = self._strokes[self.place(index.row())]
        value = value_of(stroke, COLUMNS[index.column()])
        if role == VALUE:
            return value
        if role == KIND:
            return value_of(stroke, "kind")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(stroke, index.column())
        if role == Qt.ItemDataRole.EditRole:
            if index.column() == LIFETIME:
                return lifetime_text(value)
            if index.column() == OPACITY:
                return f"{100 * value:.4g}"
            return value
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(stroke, index.column(), value)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == OPACITY:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Names, opacities, blends and lifetimes are edited in place; locked strokes are not."""
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        base |= Qt.ItemFlag.ItemIsDragEnabled
        stroke = self._strokes[self.place(index.row())]
        if index.column() in (NAME, OPACITY, LIFETIME) and not value_of(stroke, "locked"):
            base |= Qt.ItemFlag.ItemIsEditable
        return base

    # Changing.

    def setData(  # noqa: N802 - Qt's name
        self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """What was typed into a cell."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        key = COLUMNS[index.column()]
        try:
            if key == "lifetime":
                value = lifetime_typed(str(value))
            elif key == "opacity":
                value = share(str(value))
        except UsageError as error:
            self.refused.emit(error.message)
            return False
        return self.set_values([self.place(index.row())], {key: value})

    def set_values(
        self, places: Iterable[int], values: Mapping[str, Any], gesture: str | None = None
    ) -> bool:
        """Gives several strokes the same values, in one step of undo.

        Args:
            places: Which, from the bottom. Locked ones only change ``locked`` and ``visible``.
            values: Keys of a stroke and what they become.
            gesture: A drag: its changes are one step.

        Returns:
            Whether anything changed.
        """
        changed: dict[int, dict[str, Any]] = {}
        for place in places:
            stroke = self._strokes[place]
            if value_of(stroke, "locked") and not set(values) <= {"locked", "visible"}:
                continue
            after = {**stroke, **values}
            if after.get("locked") is False:
                del after["locked"]
            changed[place] = after
        return self._replace(changed, step_title(values), gesture)

    def set_strokes(
        self, strokes: Mapping[int, dict[str, Any]], title: str, gesture: str | None = None
    ) -> bool:
        """Replaces whole strokes, in one step of undo."""
        return self._replace(strokes, title, gesture)

    def remove(self, places: Iterable[int]) -> bool:
        """Deletes strokes; locked ones stay."""
        gone = [p for p in sorted(set(places)) if not value_of(self._strokes[p], "locked")]
        return self._project.do(removal(self._name(), gone)) if gone else False

    def duplicate(self, places: Iterable[int]) -> list[int]:
        """Copies strokes, each above itself; returns the places of the copies."""
        chosen = sorted(set(places))
        commands: list[Command] = []
        for place in reversed(chosen):
            stroke = self._strokes[place]
            name = f"{value_of(stroke, 'name') or BY_KIND[value_of(stroke, 'kind')].title} copy"
            copy = {key: value for key, value in stroke.items() if key != "locked"}
            commands.append(EditStrokes(self._name(), place + 1, 0, [{**copy, "name": name}]))
        if not self._do(commands, f"Duplicate {counted(len(chosen))}"):
            return []
        return [place + 1 + before for before, place in enumerate(chosen)]

    def move(self, places: Iterable[int], to: int) -> list[int]:
        """Takes strokes to another place of the list, together and in their order.

        Args:
            places: Which, from the bottom.
            to: Before which place, in the list as it is now; its length means the top.

        Returns:
            Their places afterwards; empty when nothing moved.
        """
        chosen = sorted(set(places))
        below = sum(place < to for place in chosen)
        start = to - below
        after = list(range(start, start + len(chosen)))
        if not chosen or after == chosen:
            return []
        moved = [self._strokes[place] for place in chosen]
        node = self._name()
        commands: list[Command] = [
            EditStrokes(node, first, count) for first, count in reversed(runs(chosen))
        ]
        commands.append(EditStrokes(node, start, 0, moved))
        return after if self._do(commands, f"Move {counted(len(chosen))}") else []

    # Drag and drop within the list.

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """Rows are moved."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """Places of strokes of this list."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """The places that are dragged."""
        places = sorted({self.place(index.row()) for index in indexes})
        data = QMimeData()
        data.setData(MIME, QByteArray(",".join(map(str, places)).encode()))
        return data

    def dropMimeData(  # noqa: N802 - Qt's name
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Takes the dragged strokes to where they were dropped.

        Always False: the view would remove the dragged rows, which this has already moved.
        """
        if action != Qt.DropAction.MoveAction or not data.hasFormat(MIME):
            return False
        if row < 0:
            row = parent.row() if parent.isValid() else len(self._strokes)
        places = [int(text) for text in bytes(data.data(MIME).data()).split(b",") if text]
        if all(0 <= place < len(self._strokes) for place in places):
            after = self.move(places, len(self._strokes) - row)
            if after:
                self.moved.emit(after)
        return False

    moved = Signal(object)
    """list[int]: where strokes that were dragged are now."""

    # Details.

    def _name(self) -> str:
        if self._node is None:
            raise UsageError("no Paint node is shown")
        return self._node

    def _replace(
        self, strokes: Mapping[int, dict[str, Any]], title: str, gesture: str | None
    ) -> bool:
        commands = [EditStrokes(self._name(), p, 1, [stroke]) for p, stroke in strokes.items()]
        return self._do(commands, title, gesture)

    def _do(self, commands: Sequence[Command], title: str, gesture: str | None = None) -> bool:
        if not commands:
            return False
        return self._project.do(Group(list(commands), title), gesture)

    def _stored(self) -> list[dict[str, Any]]:
        return [] if self._node is None else list(strokes_of(self._project.document, self._node))

    def _follow(self, edits: list[Edit]) -> None:
        """Tells the views about exactly the rows that changed."""
        if self._node is None:
            return
        changed: list[int] = []
        for edit in edits:
            if isinstance(edit, RenameKey) and edit.path == ("nodes",):
                if edit.before == self._node:
                    self._node = edit.after
                continue
            if edit.path[:2] != ("nodes", self._node):
                continue
            if len(edit.path) == 2:
                self.show_node(self._node if self._node in self._project.document else None)
                return
            if edit.path[2:4] != ("knobs", KNOB)[: len(edit.path) - 2]:
                continue
            if isinstance(edit, Splice) and len(edit.path) == 4:
                self._splice(edit)
            elif isinstance(edit, Put | Splice) and len(edit.path) > 4:
                changed.append(self.place(int(edit.path[4])))
            else:
                self.show_node(self._node)
                return
        stored = self._stored()
        if len(self._strokes) != len(stored):
            self.show_node(self._node)
            return
        self._strokes[:] = stored
        if changed:
            # Once for all: a list that is told a thousand times is slow.
            last = len(stored) - 1
            top, bottom = min(min(changed), last), min(max(changed), last)
            self.dataChanged.emit(self.index(top, 0), self.index(bottom, len(COLUMNS) - 1))

    def _splice(self, edit: Splice) -> None:
        first, gone, new = edit.index, len(edit.removed), len(edit.added)
        if gone:
            top = self.place(first + gone - 1)
            self.beginRemoveRows(QModelIndex(), top, top + gone - 1)
            del self._strokes[first : first + gone]
            self.endRemoveRows()
        if new:
            row = len(self._strokes) - first
            self.beginInsertRows(QModelIndex(), row, row + new - 1)
            # The document's own objects are taken at the end of the step.
            self._strokes[first:first] = edit.added
            self.endInsertRows()

    def _text(self, stroke: Mapping[str, Any], column: int, value: Any) -> str | None:
        if column == NAME:
            return str(value) or BY_KIND[value_of(stroke, "kind")].title
        if column == OPACITY:
            return f"{100 * value:.0f}"
        if column == BLEND:
            plain = value_of(stroke, "kind") != "brush" or value == "over"
            return "" if plain else str(value)
        if column == LIFETIME:
            return lifetime_text(value)
        return None

    def _tip(self, stroke: Mapping[str, Any], column: int) -> str:
        if column == VISIBLE:
            return "Shown; click to hide" if value_of(stroke, "visible") else "Hidden"
        if column == LOCKED:
            return "Locked; click to unlock" if value_of(stroke, "locked") else "Click to lock"
        if column == COLOUR and value_of(stroke, "kind") == "brush":
            red, green, blue = value_of(stroke, "colour")
            return f"Scene-linear {red:.4g}, {green:.4g}, {blue:.4g}"
        if column == LIFETIME:
            return f"Frames in which it shows: {lifetime_text(value_of(stroke, 'lifetime'))}"
        kind = BY_KIND[value_of(stroke, "kind")].title
        return f"{kind}, size {value_of(stroke, 'size'):.4g} px, {len(stroke['points'])} points"
