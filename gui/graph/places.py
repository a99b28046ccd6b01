"""What is where on the desk: items by name and by wire, and questions about places."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsScene

from gui.graph.backdrops import BackdropItem
from gui.graph.face import Spot
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


class Places(QGraphicsScene):
    """The items.

    Attributes:
        nodes: By the node's name.
        wires: By reader, input and position.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.nodes: dict[str, Item] = {}
        self.wires: dict[Key, WireItem] = {}

    def extent(self, names: Iterable[str] | None = None) -> QRectF:
        """What nodes cover; None: all of them."""
        rect = QRectF()
        for name in self.nodes if names is None else names:
            item = self.nodes.get(name)
            if item is not None:
                rect = rect.united(item.seen() if isinstance(item, NodeItem) else item.body())
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
            if item.seen().contains(point) and not self._on_output(item, point, reach * 0.6):
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
            if isinstance(item, NodeItem):
                reach = (-STUB, -4, 6, 4) if item.face.across else (-4, -STUB, 4, 6)
                if item.seen().adjusted(*reach).contains(point):
                    return item.name
        return None

    def wire_at(self, point: QPointF, zoom: float) -> Key | None:
        """The wire at a place.

        Args:
            point: In scene units.
            zoom: Pixels per scene unit.
        """
        return next(iter(self.wires_near(point, max(GRAB / 2, 6.0 / max(zoom, 0.2)))), None)

    def wires_near(self, point: QPointF, reach: float) -> list[Key]:
        """The wires that pass a place within a distance, the nearest first."""
        box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        found = [
            (distance, item.key)
            for item in self.items(box)
            if isinstance(item, WireItem) and (distance := _distance(item, point)) < reach
        ]
        return [key for _, key in sorted(found)]

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
        along, across = away.y(), away.x()
        if item.face.across:
            along, across = across, along
        return abs(across) <= reach and -reach * 0.5 <= along <= reach


def _nearest_stub(item: NodeItem, point: QPointF, reach: float) -> Spot | None:
    """The arrow of an input under a point, wired or not."""
    best, away = None, reach
    for spot in item.face.spots:
        gap = point - item.input(spot)
        beside, outside = spot.beside(gap.x(), gap.y()), -spot.depth(gap.x(), gap.y())
        length = 9.0 if spot.wired else STUB
        if beside < away and -2 <= outside <= max(length, reach):
            best, away = spot, beside
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
