"""The stroke list: every stroke of a Paint node, to be changed at any time."""

from collections.abc import Callable

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from codef_nodes.graph.document import Change
from gui import theme
from gui.core.editor import Editor
from gui.core.streams import CANONICAL
from gui.paint.attach import attach
from gui.paint.colours import ColourPanel
from gui.paint.model import (
    BLEND,
    COLOUR,
    LIFETIME,
    LOCKED,
    NAME,
    OPACITY,
    VISIBLE,
    StrokeModel,
)
from gui.paint.painting import painting_of
from gui.paint.rows import RowPainter
from gui.paint.strokedata import value_of
from gui.paint.strokepanel import StrokePanel
from gui.paint.target import PAINT
from gui.properties.dim import icon_button
from gui.properties.picker import ColourPicker

_WIDE = 380


class StrokeList(QWidget):
    """The strokes of the selected Paint node, or of the one that is painted on.

    Args:
        editor: The editor.
        parent: The owner.
    """

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.painting = painting_of(editor)
        self.model = StrokeModel(editor.project, self)
        self.view = _Rows(self)
        self.view.setModel(self.model)
        self._rows = RowPainter(self.painting, self.view)
        self.view.setItemDelegate(self._rows)
        self.panel = StrokePanel(editor, self.model, self)
        self.title = QLabel(self)
        self.empty = QLabel(self)
        self._telling = False
        self._build()
        self._rows.clicked.connect(self._clicked)
        self.view.selectionModel().selectionChanged.connect(self._chosen)
        self.model.refused.connect(editor.say)
        self.model.moved.connect(self.choose)
        self.model.modelReset.connect(self._refresh)
        self.model.rowsInserted.connect(self._refresh)
        self.model.rowsRemoved.connect(self._refresh)
        self.painting.strokes_selected.connect(self._follow_painting)
        editor.selection.changed.connect(self._find_node)
        editor.viewing.changed.connect(self._find_node)
        editor.project.changed.connect(self._document_changed)
        editor.project.replaced.connect(self._find_node)
        attach(editor)
        self._find_node()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A column beside the viewers."""
        return QSize(330, 420)

    @property
    def chosen(self) -> list[int]:
        """Places of the selected strokes, from the bottom."""
        rows = self.view.selectionModel().selectedRows(NAME)
        return sorted(self.model.place(index.row()) for index in rows)

    def choose(self, places: list[int]) -> None:
        """Selects strokes by their places."""
        selection = QItemSelection()
        for place in places:
            if 0 <= place < self.model.rowCount():
                index = self.model.index(self.model.place(place), NAME)
                selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.view.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)
        if len(places) == 1 and not selection.isEmpty():
            self.view.scrollTo(selection.indexes()[0])

    def remove(self) -> bool:
        """Deletes the selected strokes; returns whether there were any."""
        return self.model.remove(self.chosen) if self.chosen else False

    def duplicate(self) -> None:
        """Copies the selected strokes, and selects the copies."""
        copies = self.model.duplicate(self.chosen)
        if copies:
            self.choose(copies)

    def raise_by(self, step: int) -> None:
        """Takes the selected strokes up (1) or down (-1) in the list."""
        chosen = self.chosen
        if chosen:
            to = chosen[-1] + 2 if step > 0 else chosen[0] - 1
            after = self.model.move(chosen, min(max(to, 0), self.model.rowCount()))
            if after:
                self.choose(after)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.colours = ColourPanel(self._editor, self)
        column.addWidget(self.colours)
        head = QHBoxLayout()
        head.setSpacing(2)
        self.title.setStyleSheet(f"color: {theme.DIM};")
        head.addWidget(self.title, 1)
        self.buttons: list[QToolButton] = []
        actions: tuple[tuple[str, str, Callable[[], object]], ...] = (
            ("up", "Takes the selected strokes up: over others.", lambda: self.raise_by(1)),
            ("down", "Takes the selected strokes down: under others.", lambda: self.raise_by(-1)),
            ("plus", "Duplicates the selected strokes.", self.duplicate),
            ("trash", "Deletes the selected strokes (Del).", self.remove),
        )
        for name, tip, call in actions:
            button = icon_button(name, tip, self)
            button.clicked.connect(lambda _=False, run=call: run())
            head.addWidget(button)
            self.buttons.append(button)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setStyleSheet(f"color: {theme.DIM}; padding: 16px;")
        column.addWidget(self.empty, 1)
        column.addWidget(self.panel)

    def _find_node(self, *_: object) -> None:
        """The selected Paint node, else the one of the list, else one that is shown."""
        document = self._editor.project.document
        node = self._editor.selection.current
        if node is None or node not in document or document.state(node).type != PAINT:
            node = self.painting.node
        if node is None or node not in document:
            shown = self._editor.viewing.node(CANONICAL)
            paints = [n for n, state in document.nodes.items() if state.type == PAINT]
            path = document.upstream(shown) if shown is not None and shown in document else []
            node = next((n for n in reversed(path) if n in paints), None)
            node = node or (paints[0] if len(paints) == 1 else None)
        if node != self.painting.node:
            self.painting.select(node, ())
        self._show(node)

    def _show(self, node: str | None) -> None:
        if node != self.model.node:
            self.model.show_node(node)
        self._refresh()

    def _document_changed(self, changes: tuple[Change, ...]) -> None:
        if any(change.kind in ("node", "wire") for change in changes):
            renamed = {c.detail: c.node for c in changes if c.kind == "node" and c.detail}
            node = self.painting.node
            if node in renamed:
                self.painting.select(renamed[node], self.painting.selected)
            self._find_node()

    def _follow_painting(self) -> None:
        if self._telling:
            return
        self._show(self.painting.node)
        self._telling = True
        self.choose(list(self.painting.selected))
        self._telling = False
        self._refresh()

    def _chosen(self) -> None:
        if not self._telling:
            self._telling = True
            self.painting.select(self.model.node, tuple(self.chosen))
            self._telling = False
        self._refresh()

    def _refresh(self, *_: object) -> None:
        count, chosen = self.model.rowCount(), self.chosen
        node = self.model.node
        words = f"{count} stroke{'' if count == 1 else 's'}"
        if chosen:
            words += f", {len(chosen)} selected"
        self.title.setText(f"{node}: {words}" if node else "No Paint node")
        self.empty.setText(
            "Take a brush (N) and paint on the canonical image: each stroke becomes a row here."
        )
        self.view.setVisible(count > 0)
        self.empty.setVisible(count == 0)
        for button in self.buttons:
            button.setEnabled(bool(chosen))
        self.panel.show_places(chosen)

    def _clicked(self, column: int, row: int) -> None:
        """An eye, lock or colour: for all selected rows if that row is one of them."""
        place = self.model.place(row)
        places = self.chosen if place in self.chosen else [place]
        stroke = self.model.stroke(place)
        if column == VISIBLE:
            self.model.set_values(places, {"visible": not value_of(stroke, "visible")})
        elif column == LOCKED:
            self.model.set_values(places, {"locked": not value_of(stroke, "locked")})
        elif column == COLOUR and value_of(stroke, "kind") == "brush":
            self._pick(places, list(value_of(stroke, "colour")))

    def _pick(self, places: list[int], colour: list[float]) -> None:
        brushes = [p for p in places if value_of(self.model.stroke(p), "kind") == "brush"]
        picker = ColourPicker(self.painting.view_colours(), self)
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        project = self._editor.project
        gesture = "stroke colour"
        picker.changing.connect(
            lambda found: self.model.set_values(brushes, {"colour": list(found[:3])}, gesture)
        )
        picker.committed.connect(
            lambda found: self.model.set_values(brushes, {"colour": list(found[:3])})
        )
        picker.ended.connect(project.end_gesture)
        picker.aborted.connect(lambda: project.abort_gesture(gesture))
        picker.start(colour)
        picker.move(self.view.mapToGlobal(self.view.rect().topLeft()))
        picker.show()


class _Rows(QTreeView):
    """The rows: one height, dragged to reorder."""

    def __init__(self, owner: StrokeList) -> None:
        super().__init__(owner)
        self._owner = owner
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setItemsExpandable(False)
        self.setIndentation(0)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDropIndicatorShown(True)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def setModel(self, model: StrokeModel) -> None:  # type: ignore[override]  # noqa: N802
        """Sizes the columns: what is fixed keeps its width, the name takes the rest."""
        super().setModel(model)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(22)
        wide = self.fontMetrics().horizontalAdvance
        for column, width in (
            (VISIBLE, 24),
            (LOCKED, 22),
            (OPACITY, wide("100") + 16),
            (BLEND, wide("difference") + 12),
            (COLOUR, 40),
            (LIFETIME, wide("1001-1100") + 14),
        ):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """A narrow list leaves the blend to the panel below."""
        super().resizeEvent(event)
        self.setColumnHidden(BLEND, event.size().width() < _WIDE)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Del deletes, Ctrl+D duplicates."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._owner.remove()
        else:
            super().keyPressEvent(event)
