"""The node graph pane."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from codef_nodes.graph.document import Change
from engine.errors import UsageError
from gui import theme
from gui.core.editor import Editor
from gui.graph.arranging import Arranging
from gui.graph.backdrops import BackdropItem
from gui.graph.catalogue import Entry, Wanted, entry_of, remembered
from gui.graph.create import create
from gui.graph.dropping import Dropping
from gui.graph.editing import Editing
from gui.graph.entry import FindBar, RenameField
from gui.graph.info import InfoCard
from gui.graph.items import DotItem
from gui.graph.loading import browse_clips
from gui.graph.menus import popup
from gui.graph.metrics import HEADER
from gui.graph.scene import GraphScene
from gui.graph.search import NodeSearch
from gui.graph.stamps import Stamps
from gui.graph.view import GraphView
from gui.graph.viewerkeys import ViewerKeys

_RECENT = "graph_recent_nodes"
_QUIET = ("Dot", "Backdrop")
"""Types whose properties do not open when one is made."""


class GraphPane(QWidget):
    """The node graph: a view of the editor's document.

    Args:
        editor: What is edited.
    """

    open_requested = Signal(str)
    """A node should be opened in the properties bin."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.scene = GraphScene(editor, self)
        self.view = GraphView(editor, self.scene, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.editing = Editing(editor, self.scene, self._cursor)
        self.arranging = Arranging(editor, self.scene, self.editing, self._cursor)
        self.viewer_keys = ViewerKeys(editor, self.scene, self)
        self.stamps = Stamps(editor, self.scene, self)
        self.dropping = Dropping(editor, self)
        self.dropping.made.connect(self._show_dropped)
        editor.node_made.connect(self._show_made)
        self.search = NodeSearch(self)
        self.find_bar = FindBar(self)
        self.rename_field = RenameField(self.view)
        self.info_card = InfoCard(editor, self.view)
        self._welcome = QLabel(self.view)
        self._welcome.setTextFormat(Qt.TextFormat.RichText)
        self._welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._welcome.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._welcome.setStyleSheet(f"color: {theme.DIM}; background: transparent")
        self._wanted: Wanted | None = None
        self._search_at = QPoint()
        self._framed = False
        self.view.open_requested.connect(self.open_requested)
        self.view.search_asked.connect(self._ask_for_wire)
        self.view.menu_asked.connect(lambda at, hit: popup(self, at, hit))
        self.view.files_dropped.connect(self._drop_files)
        self.view.zoomed.connect(self.rename_field.hide)
        self.search.chosen.connect(self._create_chosen)
        self.search.closed.connect(self.view.setFocus)
        self.find_bar.found.connect(self._show_found)
        self.find_bar.closed.connect(self.view.setFocus)
        self.rename_field.renamed.connect(self.editing.rename)
        editor.project.replaced.connect(self._start_again)
        editor.project.changed.connect(self._follow)
        editor.actions.register(self, "graph", self._handlers())
        self._greet()

    # Creating.

    def create_node(self, name: str, *, branch: bool = False) -> str | None:
        """Makes a node: below the selected one and wired to it, else at the cursor.

        Args:
            name: Type of the node, or the id of an operation (``ImageOperation.blur``).
            branch: Leave the readers of the selected node as they are.

        Returns:
            Its name, or None if it was refused.
        """
        return self._create(name, self._cursor(), below=self._below(), branch=branch)

    def create_at(self, name: str, place: tuple[float, float]) -> str | None:
        """The same, at a place of the desk where nothing is selected."""
        return self._create(name, place, below=self._below())

    def open_search(self) -> None:
        """The search at the cursor."""
        at = self.view.viewport().mapFromGlobal(self.cursor().pos())
        if not self.view.viewport().rect().contains(at):
            at = self.view.viewport().rect().center()
        self._wanted = None
        self._search_at = at
        self.search.ask(self.editor.project.document, self._over(at), self._recent())

    def _ask_for_wire(
        self, at: QPoint, source: str | None, reader: tuple[str, str, int] | None
    ) -> None:
        self._wanted = Wanted(source, reader)
        self._search_at = at
        document = self.editor.project.document
        self.search.ask(document, self._over(at), self._recent(), self._wanted)

    def _over(self, at: QPoint) -> QPoint:
        return self.view.viewport().mapTo(self, at)

    def _create_chosen(self, name: str, branch: bool) -> None:
        point = self.view.mapToScene(self._search_at)
        place = (point.x(), point.y())
        self._create(
            name,
            place,
            below=None if self._wanted is not None else self._below(),
            wanted=self._wanted,
            branch=branch,
        )
        self._wanted = None

    def _create(
        self,
        name: str,
        place: tuple[float, float],
        *,
        below: str | None = None,
        wanted: Wanted | None = None,
        branch: bool = False,
    ) -> str | None:
        entry = entry_of(self.editor.project.document, name)
        if name == "Backdrop" and wanted is None:
            made = self.arranging.backdrop()
        else:
            made = self._run_creation(entry, place, below, wanted, branch)
        if made is not None:
            self.editor.preferences.set(_RECENT, remembered(self._recent(), entry.id))
            if name not in _QUIET:
                self.open_requested.emit(made)
        return made

    def _run_creation(
        self,
        entry: Entry,
        place: tuple[float, float],
        below: str | None,
        wanted: Wanted | None,
        branch: bool,
    ) -> str | None:
        try:
            creation = create(
                self.editor.project.document,
                entry.cls.type,
                place,
                below=below,
                wanted=wanted,
                branch=branch,
                knobs=entry.knobs,
                stem=entry.stem,
                flow=self.scene.flow,
            )
        except UsageError as error:
            self.editor.project.problem.emit(str(error))
            return None
        if not self.editor.project.do(creation.command):
            return None
        self.reveal(creation.name)
        return creation.name

    def _below(self) -> str | None:
        """The selected node that a new one goes below."""
        name = self.editor.selection.current
        if name is None or isinstance(self.scene.nodes.get(name), BackdropItem):
            return None
        return name

    def _recent(self) -> list[str]:
        kept = self.editor.preferences.get(_RECENT, [])
        return [each for each in kept if isinstance(each, str)] if isinstance(kept, list) else []

    def _cursor(self) -> tuple[float, float]:
        place = self.view.cursor_place()
        return place.x(), place.y()

    def _drop_files(self, paths: list[Path], at: QPoint) -> None:
        self.dropping.load(paths, self.view.mapToScene(at))

    def load_clips(self) -> None:
        """Asks for clips and makes their nodes at the cursor."""
        place = self.view.cursor_place()
        browse_clips(self.editor, self, lambda paths: self.dropping.load(paths, place))

    # Looking.

    def frame(self) -> None:
        """Shows the selected nodes, or all."""
        self.view.frame(self.editor.selection.names or None)

    def reveal(self, name: str) -> None:
        """Selects a node and brings it into view (problems of a job lead here)."""
        if name not in self.scene.nodes:
            return
        self.editor.selection.set([name])
        self.view.bring([name])

    def _show_made(self, name: str) -> None:
        """A node that a tool made, wherever there was room for it, and its panel."""
        self.reveal(name)
        self.open_requested.emit(name)

    def _show_dropped(self, last: str) -> None:
        """The new nodes, wherever there was room for them, and the panel of the last."""
        self.view.bring(self.editor.selection.names)
        self.open_requested.emit(last)

    def open_find(self) -> None:
        """The find bar."""
        texts = {}
        for name, item in self.scene.nodes.items():
            face = item.face
            texts[name] = [name, face.label, face.title, face.kind, face.caption]
        self.find_bar.ask(texts)

    def _show_found(self, names: list[str]) -> None:
        self.editor.selection.set(names[:1])
        self.view.centerOn(self.scene.extent(names[:1]).center())

    def rename(self) -> None:
        """Edits the name of the current node in place."""
        name = self.editor.selection.current
        item = self.scene.nodes.get(name or "")
        if name is None or item is None:
            return
        body = item.body()
        text = name
        if isinstance(item, BackdropItem):
            body.setHeight(HEADER)
            body.setWidth(min(body.width(), 240.0))
            text = item.face.label or name
        elif isinstance(item, DotItem):
            body.adjust(-40, -4, 40, 4)
        corner = self.view.mapFromScene(body.topLeft())
        far = self.view.mapFromScene(body.bottomRight())
        self.rename_field.edit(name, text, QRect(corner, far))

    def _select_all(self) -> None:
        self.editor.selection.set(self.scene.nodes)

    def show_info(self) -> bool:
        """A card about the current node's result."""
        name = self.editor.selection.current
        if name is None:
            return False
        body = self.scene.nodes[name].body()
        self.info_card.ask(name, self.view.mapFromScene(body.topRight()) + QPoint(12, 0))
        return True

    def _open(self) -> bool:
        name = self.editor.selection.current
        if name is None:
            return False
        self.open_requested.emit(name)
        return True

    # In step.

    def _follow(self, changes: tuple[Change, ...]) -> None:
        if any(change.kind in ("node", "wire") for change in changes):
            self.view.cancel()  # what a gesture holds may be gone
        self._greet()

    def _start_again(self) -> None:
        self.view.cancel()
        self.search.close_search()
        self.info_card.close_card()
        self.view.frame()
        self._greet()

    def _greet(self) -> None:
        """Says how to begin while there is nothing."""
        empty = not self.scene.nodes
        if empty:
            keys = self.editor.actions.key_text
            rows = "<br>".join(
                f"<b style='color: {theme.TEXT}'>{keys(name) or '—'}</b>&nbsp;&nbsp;{text}"
                for name, text in (
                    ("graph.create", "creates a node"),
                    ("graph.load", "loads a clip"),
                )
            )
            self._welcome.setText(
                f"<div style='font-size: 11pt; line-height: 150%'>{rows}<br>"
                "or drop a folder of frames here</div>"
            )
            self._welcome.adjustSize()
            centre = self.view.rect().center() - self._welcome.rect().center()
            self._welcome.move(centre)
        self._welcome.setVisible(empty)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """What lies over the graph keeps its place."""
        super().resizeEvent(event)
        self._greet()
        if self.find_bar.isVisible():
            self.find_bar.move((self.width() - self.find_bar.width()) // 2, 10)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """The first time, the whole graph is shown."""
        super().showEvent(event)
        if not self._framed:
            self._framed = True
            self.view.frame()

    # Actions.

    def _creates(self, name: str) -> Callable[[], object]:
        return lambda: self.create_node(name)

    def _views(self, number: int, side: str) -> Callable[[], object]:
        return lambda: self.viewer_keys.view_in(number, side)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        do, view = self.editing, self.view
        handlers: dict[str, Callable[[], object]] = {
            "create": self.open_search,
            "load": self.load_clips,
            "write": self._creates("WriteSequence"),
            "paint": self._creates("Paint"),
            "grade": self._creates("ImageOperation.grade"),
            "blur": self._creates("ImageOperation.blur"),
            "merge": self._creates("Merge"),
            "dot": self._creates("Dot"),
            "backdrop": self.arranging.backdrop,
            "note": lambda: self.arranging.backdrop(note=True),
            "connect": do.connect,
            "connect_backward": lambda: do.connect(backward=True),
            "connect_a": do.connect_a,
            "swap": do.swap,
            "disconnect": do.disconnect,
            "extract": do.extract,
            "cut_wires": view.arm_cutting,
            "hide_wires": do.hide_wires,
            "disable": do.disable,
            "rename": self.rename,
            "open": self._open,
            "info": self.show_info,
            "delete": do.delete,
            "tidy": self.arranging.tidy,
            "snap": self.arranging.snap,
            "copy": do.copy,
            "cut": do.cut,
            "paste": do.paste,
            "duplicate": do.duplicate,
            "paste_values": do.paste_values,
            "version_up": lambda: do.version(1),
            "version_down": lambda: do.version(-1),
            "clone": lambda: do.duplicate(clones=True),
            "copy_clones": lambda: do.copy(clones=True),
            "declone": do.declone,
            "stamp": lambda: do.stamp(self.stamps.wanted),
            "select_all": self._select_all,
            "select_connected": lambda: self.editor.selection.set(do.connected()),
            "find": self.open_find,
            "frame": self.frame,
            "zoom_in": lambda: view.zoom_by(1.25),
            "zoom_out": lambda: view.zoom_by(0.8),
        }
        for number in range(1, 11):
            handlers[f"view_{number}"] = self._views(number, "a")
            handlers[f"view_b_{number}"] = self._views(number, "b")
        return {f"graph.{name}": handler for name, handler in handlers.items()}
