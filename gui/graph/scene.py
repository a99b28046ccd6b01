"""The scene: items kept in step with the document. It changes nothing itself."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QLineF, QObject, QPointF, Signal
from PySide6.QtGui import QPixmap

from codef_nodes.graph.clones import family
from codef_nodes.graph.document import Change, Document
from codef_nodes.graph.flags import HIDE_INPUTS, flag
from codef_nodes.graph.port import ANY
from codef_nodes.graph.registry import UnknownNode
from codef_nodes.graph.types import Readers, compatible, gives, readers_of_all, takes
from gui.core.editor import Editor
from gui.graph.backdrops import BackdropItem
from gui.graph.drawing import BAD, GOOD
from gui.graph.face import NodeFace, face_of
from gui.graph.flow import PREFERENCE, Flow, flow_of
from gui.graph.items import DotItem, NodeItem
from gui.graph.places import Hit, Item, Places
from gui.graph.wires import Key, WireItem


class GraphScene(Places):
    """Items that follow the document.

    Args:
        editor: Whose document, selection and faces are shown.
        parent: The pane.
    """

    rebuilding = Signal()
    """All items are about to go: whatever is under way with them must end."""

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.keys: dict[str, str] = {}
        """Digits that show a node in a viewer, drawn on it."""
        self._stamps: dict[str, QPixmap] = {}
        self._touching: dict[str, set[Key]] = {}
        self._hovered: Item | WireItem | None = None
        editor.project.changed.connect(self.follow)
        editor.project.replaced.connect(self.rebuild)
        editor.selection.changed.connect(self.show_selection)
        editor.faces.changed.connect(self._told)
        editor.preferences.changed.connect(self._turn)
        self.rebuild()

    @property
    def flow(self) -> Flow:
        """Which way streams run."""
        return flow_of(self._editor.preferences.get(PREFERENCE))

    @property
    def document(self) -> Document:
        """The document that is shown."""
        return self._editor.project.document

    def _turn(self, preference: str) -> None:
        if preference == PREFERENCE:
            self.rebuild()

    # In step with the document.

    def rebuild(self) -> None:
        """Makes everything anew: another document is open."""
        self.rebuilding.emit()
        self.clear()
        self.nodes.clear()
        self.wires.clear()
        self._touching.clear()
        self._stamps.clear()
        self._hovered = None
        document = self.document
        for name in document.nodes:
            self._add(name)
        readers = readers_of_all(document)
        for name in document.nodes:
            self._wire(name, readers)
        self.show_selection()
        self.grow()

    def follow(self, changes: tuple[Change, ...]) -> None:
        """Brings the items to what the document holds after a step."""
        document = self.document
        wired = any(change.kind in ("node", "wire") for change in changes)
        readers = readers_of_all(document) if wired else {}
        fresh: dict[str, None] = {}
        rewired: dict[str, None] = {}
        for change in changes:
            name = change.node
            if name is None:
                continue
            if change.kind == "node":
                if change.detail:
                    self._remove(change.detail, rewired)
                self._remove(name, rewired)
                if name in document:
                    self._add(name)
                    rewired[name] = None
                    rewired |= dict.fromkeys(reader for reader, _ in readers.get(name, ()))
            elif name in document:
                if change.kind == "layout":
                    self._place(name)
                if change.kind == "wire":
                    rewired[name] = None
                if change.kind == "layout" and not isinstance(self.nodes[name], BackdropItem):
                    self._hide_wires(name)
                fresh[name] = None
        if any(change.kind in ("node", "layout") for change in changes):
            fresh |= {name: None for name in document.nodes if family(document, name) is not None}
        around = self._through_dots(rewired, readers)
        for name in fresh:
            if name not in around:
                self._refresh(name)
        for name in around:
            if name in document:
                self._wire(name, readers)
        if wired:
            self.show_selection()
        self._redraw_clone_lines(fresh)
        self.grow()

    def _through_dots(self, rewired: Mapping[str, None], readers: Readers) -> dict[str, None]:
        """With the nodes whose wires may have another type now: those around rewired dots."""
        document, found = self.document, dict(rewired)
        waiting = [name for name in rewired if name in document]
        while waiting:
            name = waiting.pop()
            dot = isinstance(self.nodes.get(name), DotItem)
            near = set(document.sources(name))
            if dot:
                near |= {reader for reader, _ in readers.get(name, ())}
            for other in near:
                other_dot = isinstance(self.nodes.get(other), DotItem)
                if other not in found and (dot or other_dot):
                    found[other] = None
                    if other_dot:
                        waiting.append(other)
        return found

    def _face(self, name: str) -> NodeFace:
        told = self._editor.faces.face(name)
        return face_of(self.document, name, told, self.keys.get(name, ""), self.flow)

    def _add(self, name: str) -> None:
        face, document = self._face(name), self.document
        item: Item
        if face.kind == "Backdrop" and not face.unknown:
            item = BackdropItem(face, document)
        elif face.kind == "Dot" and not face.unknown:
            item = DotItem(face, gives(document, name))
        else:
            item = NodeItem(face)
            item.show_stamp(self._stamps.get(name))
        item.setPos(QPointF(*document.state(name).position))
        self.nodes[name] = item
        self._touching.setdefault(name, set())
        self.addItem(item)

    def _remove(self, name: str, rewired: dict[str, None]) -> None:
        item = self.nodes.pop(name, None)
        if item is None:
            return
        if self._hovered is item:
            self._hovered = None
        self.removeItem(item)
        for key in list(self._touching.get(name, ())):
            rewired[key[0]] = None
            self._unwire(key)
        self._touching.pop(name, None)

    def _refresh(self, name: str) -> None:
        item = self.nodes.get(name)
        if item is None:
            return
        face = self._face(name)
        if isinstance(item, BackdropItem):
            item.show_face(face, self.document)
            return
        moved = face.spots != item.face.spots
        if face != item.face:
            item.show_face(face)
        if isinstance(item, DotItem):
            kind = gives(self.document, name)
            if kind != item.kind:
                item.kind = kind
                item.update()
        if moved:
            self._run_wires(name)

    def _told(self, name: str) -> None:
        if name in self.nodes and name in self.document:
            self._refresh(name)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Draws other digits on the nodes."""
        changed = {
            name for name in self.keys.keys() | keys.keys() if self.keys.get(name) != keys.get(name)
        }
        self.keys = dict(keys)
        for name in changed & self.nodes.keys():
            self._refresh(name)

    def show_stamp(self, name: str, stamp: QPixmap | None) -> None:
        """Draws a small picture above a node, or takes it away."""
        if stamp is None:
            self._stamps.pop(name, None)
        else:
            self._stamps[name] = stamp
        item = self.nodes.get(name)
        if isinstance(item, NodeItem) and not isinstance(item, DotItem):
            item.show_stamp(stamp)
            self._run_wires(name)

    def _wire(self, name: str, readers: Readers) -> None:
        """Makes the wires of a node's inputs what the document says."""
        document = self.document
        if isinstance(self.nodes[name], BackdropItem):
            return
        self._refresh(name)
        wanted: dict[Key, str] = {
            (name, port, index): source
            for port in document.state(name).inputs
            for index, source in enumerate(document.wires(name, port))
        }
        for key in [key for key in self._touching[name] if key[0] == name]:
            if wanted.get(key) != self.wires[key].source:
                self._unwire(key)
        dashed = document.state(name).type == "Viewer"
        for key, source in wanted.items():
            wire = self.wires.get(key)
            if wire is None:
                wire = WireItem(key, source)
                self.wires[key] = wire
                self._touching[name].add(key)
                self._touching[source].add(key)
                self.addItem(wire)
            given = gives(document, source, readers)
            taken = takes(document, name, key[1], readers)
            unknown = document.node_class(name) is UnknownNode
            broken = not unknown and not compatible(given, taken or ANY)
            shown = taken if given == ANY and taken else given
            wire.show_as(shown, dashed=dashed, broken=broken)
        self._run_wires(name)
        self._hide_wires(name)

    def _hide_wires(self, name: str) -> None:
        """Hides the wires of a node's inputs where the artist wants that; never while it is
        selected."""
        hidden = bool(flag(self.document, name, HIDE_INPUTS)) and not self.nodes[name].selected
        for key in self._touching[name]:
            if key[0] == name and self.wires[key].isVisible() == hidden:
                self.wires[key].setVisible(not hidden)

    def _unwire(self, key: Key) -> None:
        wire = self.wires.pop(key)
        if self._hovered is wire:
            self._hovered = None
        self._touching.get(key[0], set()).discard(key)
        self._touching.get(wire.source, set()).discard(key)
        self.removeItem(wire)

    def _place(self, name: str) -> None:
        item = self.nodes.get(name)
        if item is not None:
            item.setPos(QPointF(*self.document.state(name).position))
            self._run_wires(name)

    def _run_wires(self, name: str) -> None:
        """Leads the wires of a node to where it is."""
        for key in self._touching.get(name, ()):
            wire = self.wires[key]
            source, reader = self.nodes.get(wire.source), self.nodes.get(key[0])
            if not isinstance(source, NodeItem) or not isinstance(reader, NodeItem):
                continue
            spot = reader.face.spot(key[1], key[2])
            if spot is not None:
                wire.run(source.output(), reader.input(spot))

    def clone_lines(self) -> list[QLineF]:
        """From each clone to the next of its family."""
        lines = []
        for name, item in self.nodes.items():
            for other in item.face.clones:
                after = self.nodes.get(other)
                if other > name and after is not None:
                    lines.append(QLineF(item.body().center(), after.body().center()))
                    break
        return lines

    def _redraw_clone_lines(self, names: Iterable[str]) -> None:
        """The lines between clones are drawn behind everything, where no item asks for it."""
        if any(self.nodes[name].face.clones for name in names if name in self.nodes):
            self.update()

    def grow(self) -> None:
        """Makes room to pan: far more than the nodes take. It never shrinks, so nothing jumps."""
        need = self.extent().adjusted(-20000, -20000, 20000, 20000)
        if not self.sceneRect().contains(need):
            self.setSceneRect(self.sceneRect().united(need))

    # Moved by hand, before the document hears of it.

    def preview_move(self, places: Mapping[str, QPointF]) -> None:
        """Shows nodes elsewhere while they are dragged."""
        for name, place in places.items():
            item = self.nodes.get(name)
            if item is not None:
                item.setPos(place)
        for name in places:
            self._run_wires(name)
        self._redraw_clone_lines(places)

    def settle(self, names: Iterable[str]) -> None:
        """Puts nodes back to where the document has them."""
        for name in names:
            if name in self.document:
                self._place(name)
                self._refresh(name)

    # What is marked.

    def show_selection(self) -> None:
        """Marks the selected nodes."""
        chosen = set(self._editor.selection.names)
        for name, item in self.nodes.items():
            if item.selected != (name in chosen):
                item.selected = name in chosen
                item.setZValue(
                    item.zValue() if isinstance(item, BackdropItem) else float(item.selected)
                )
                item.update()
                if name in self.document and flag(self.document, name, HIDE_INPUTS):
                    self._hide_wires(name)

    def hover(self, hit: Hit) -> None:
        """Marks what the cursor is over."""
        target: Item | WireItem | None = None
        if hit.kind == "wire":
            target = self.wires.get((hit.name, hit.port, hit.index))
        elif hit.kind != "nothing":
            target = self.nodes.get(hit.name)
        if target is self._hovered:
            return
        for item, on in ((self._hovered, False), (target, True)):
            if isinstance(item, WireItem):
                item.lit = on
            elif item is not None:
                item.hovered = on
            if item is not None:
                item.update()
        self._hovered = target

    def mark_targets(self, targets: Mapping[str, str | None] | None) -> None:
        """Lights up the nodes that a wire can be dropped on and dims the others.

        Args:
            targets: Name of a node to None or to why not; None ends it.
        """
        for name, item in self.nodes.items():
            drop = ""
            if targets is not None and name in targets:
                drop = GOOD if targets[name] is None else BAD
            if item.drop != drop:
                item.drop = drop
                item.update()
