"""The scene: items kept in step with the document. It changes nothing itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QObject, QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsScene

from codef_nodes.graph.document import Change, Document
from codef_nodes.graph.port import ANY
from codef_nodes.graph.registry import UnknownNode
from codef_nodes.graph.rewiring import hides_inputs
from codef_nodes.graph.types import Readers, compatible, gives, readers_of_all, takes
from gui.core.editor import Editor
from gui.graph.backdrops import BackdropItem
from gui.graph.drawing import BAD, GOOD
from gui.graph.face import NodeFace, Spot, face_of
from gui.graph.items import DotItem, NodeItem
from gui.graph.metrics import STUB
from gui.graph.wires import GRAB, Key, WireItem

Item = NodeItem | BackdropItem
_REACH = 10.0  # pixels around an arrow or a handle


@dataclass(frozen=True)
class Hit:
    """What is at a place.

    Attributes:
        kind: ``node``, ``output``, ``input``, ``wire``, ``header``, ``grip`` or ``nothing``.
        name: The node, or the reader of the wire.
        port: The input.
        index: Which wire of it.
    """

    kind: str
    name: str = ""
    port: str = ""
    index: int = 0


NOTHING = Hit("nothing")


class GraphScene(QGraphicsScene):
    """Items by name and by wire, and questions about places.

    Args:
        editor: Whose document, selection and faces are shown.
        parent: The pane.
    """

    rebuilding = Signal()
    """All items are about to go: whatever is under way with them must end."""

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.nodes: dict[str, Item] = {}
        self.wires: dict[Key, WireItem] = {}
        self.keys: dict[str, str] = {}
        """Digits that show a node in a viewer, drawn on it."""
        self._touching: dict[str, set[Key]] = {}
        self._hovered: Item | WireItem | None = None
        editor.project.changed.connect(self.follow)
        editor.project.replaced.connect(self.rebuild)
        editor.selection.changed.connect(self.show_selection)
        editor.faces.changed.connect(self._told)
        self.rebuild()

    @property
    def document(self) -> Document:
        """The document that is shown."""
        return self._editor.project.document

    # In step with the document.

    def rebuild(self) -> None:
        """Makes everything anew: another document is open."""
        self.rebuilding.emit()
        self.clear()
        self.nodes.clear()
        self.wires.clear()
        self._touching.clear()
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
        around = self._through_dots(rewired, readers)
        for name in fresh:
            if name not in around:
                self._refresh(name)
        for name in around:
            if name in document:
                self._wire(name, readers)
        if wired:
            self.show_selection()
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
        return face_of(self.document, name, self._editor.faces.face(name), self.keys.get(name, ""))

    def _add(self, name: str) -> None:
        face, document = self._face(name), self.document
        item: Item
        if face.kind == "Backdrop" and not face.unknown:
            item = BackdropItem(face, document)
        elif face.kind == "Dot" and not face.unknown:
            item = DotItem(face, gives(document, name))
        else:
            item = NodeItem(face)
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
        hidden = hides_inputs(self.document, name) and not self.nodes[name].selected
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
                if name in self.document and hides_inputs(self.document, name):
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

    # Questions about places.

    def extent(self, names: Iterable[str] | None = None) -> QRectF:
        """What nodes cover; None: all of them."""
        rect = QRectF()
        for name in self.nodes if names is None else names:
            item = self.nodes.get(name)
            if item is not None:
                rect = rect.united(item.body())
        return rect

    def hit(self, point: QPointF, zoom: float) -> Hit:
        """What is at a place, seen from above.

        Args:
            point: In scene units.
            zoom: Pixels per scene unit: what is thin can be grabbed from some pixels away.
        """
        reach = _REACH / max(zoom, 0.2)
        box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        found = self.items(box)
        nodes = [item for item in found if isinstance(item, NodeItem)]
        for item in nodes:
            if item.body().contains(point) and not self._on_output(item, point, reach * 0.6):
                return Hit("node", item.name)
        for item in nodes:
            if isinstance(item, DotItem):
                continue
            if self._on_output(item, point, reach):
                return Hit("output", item.name)
            spot = _nearest_stub(item, point, reach * 0.8)
            if spot is not None:
                return Hit("input", item.name, spot.port, spot.index)
        wire = self.wire_at(point, zoom)
        if wire is not None:
            return Hit("wire", *wire)
        for backdrop in (item for item in found if isinstance(item, BackdropItem)):
            if backdrop.grip().contains(point):
                return Hit("grip", backdrop.name)
            if backdrop.header().contains(point):
                return Hit("header", backdrop.name)
        return NOTHING

    def node_at(self, point: QPointF) -> str | None:
        """The node whose body, arrows included, is at a place: where a wire can be dropped."""
        for item in self.items(point):
            if isinstance(item, NodeItem) and item.body().adjusted(-4, -STUB, 4, 6).contains(point):
                return item.name
        return None

    def wire_at(self, point: QPointF, zoom: float, leave_out: Iterable[str] = ()) -> Key | None:
        """The wire at a place.

        Args:
            point: In scene units.
            zoom: Pixels per scene unit.
            leave_out: Wires of these nodes do not count.
        """
        reach = max(GRAB / 2, 6.0 / max(zoom, 0.2))
        box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        away, best = reach, None
        for item in self.items(box):
            if not isinstance(item, WireItem) or {item.key[0], item.source} & set(leave_out):
                continue
            distance = _distance(item, point)
            if distance < away:
                away, best = distance, item.key
        return best

    def wires_across(self, start: QPointF, end: QPointF) -> list[Key]:
        """The wires that a straight cut crosses."""
        cut, crossed = QLineF(start, end), QLineF.IntersectionType.BoundedIntersection
        box = QRectF(start, end).normalized().adjusted(-1, -1, 1, 1)
        return [
            item.key
            for item in self.items(box)
            if isinstance(item, WireItem) and item.line().intersects(cut)[0] == crossed
        ]

    def inside(self, rect: QRectF, *, whole: bool = False) -> list[str]:
        """Nodes in a rectangle, by place: touched by it, or wholly in it; backdrops only wholly."""
        found = [
            item
            for item in self.items(rect)
            if isinstance(item, NodeItem | BackdropItem)
            and (
                rect.contains(item.body())
                if whole or isinstance(item, BackdropItem)
                else rect.intersects(item.body())
            )
        ]
        return [
            item.name for item in sorted(found, key=lambda item: (item.y(), item.x(), item.name))
        ]

    def on_backdrop(self, name: str) -> list[str]:
        """What lies on a backdrop and moves with it."""
        item = self.nodes[name]
        return [each for each in self.inside(item.body(), whole=True) if each != name]

    @staticmethod
    def _on_output(item: NodeItem, point: QPointF, reach: float) -> bool:
        if not item.face.gives:
            return False
        away = point - item.output()
        return abs(away.x()) <= reach and -reach * 0.5 <= away.y() <= reach


def _nearest_stub(item: NodeItem, point: QPointF, reach: float) -> Spot | None:
    """The arrow of an input under a point, wired or not."""
    best, away = None, reach
    for spot in item.face.spots:
        place = item.input(spot)
        across = point.y() - place.y() if spot.side else point.x() - place.x()
        along = point.x() - place.x() if spot.side else place.y() - point.y()
        length = 9.0 if spot.wired else STUB
        if abs(across) < away and -2 <= along <= max(length, reach):
            best, away = spot, abs(across)
    return best


def _distance(wire: WireItem, point: QPointF) -> float:
    """Distance of a point from a wire."""
    line = wire.line()
    dx, dy = line.dx(), line.dy()
    squared = dx * dx + dy * dy
    at = 0.0
    if squared > 0:
        at = ((point.x() - line.x1()) * dx + (point.y() - line.y1()) * dy) / squared
        at = min(max(at, 0.0), 1.0)
    x, y = line.x1() + at * dx - point.x(), line.y1() + at * dy - point.y()
    return float((x * x + y * y) ** 0.5)
