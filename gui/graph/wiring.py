"""The gesture that drags a wire: to a reader, to a source, or away."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPoint, QPointF, QRectF
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from codef_nodes.graph.commands import Command, Connect, Disconnect, Group
from codef_nodes.graph.rewiring import CutWires, best_input, drop_targets, source_targets
from codef_nodes.graph.types import compatible, gives, takes
from gui.graph import look
from gui.graph.gestures import Gesture
from gui.graph.items import NodeItem
from gui.graph.metrics import STUB
from gui.graph.wires import Key, draw_wire

if TYPE_CHECKING:
    from gui.graph.view import GraphView

_SHORT = 24  # pixels: a wire let go nearer than this to where it began is only forgotten


class LooseWire(QGraphicsItem):
    """The wire that follows the cursor."""

    def __init__(self, colour: str) -> None:
        super().__init__()
        self._line, self._colour = QLineF(), colour
        self.setZValue(900)

    def run(self, start: QPointF, end: QPointF) -> None:
        """Leads from one place to another."""
        self.prepareGeometryChange()
        self._line = QLineF(start, end)
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """Where it is."""
        rect = QRectF(self._line.p1(), self._line.p2()).normalized()
        return rect.adjusted(-12, -12, 12, 12)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draws it."""
        draw_wire(painter, self._line, self._colour, painter.worldTransform().m11())


class DragWire(Gesture):
    """Drags a new wire, or an end of one that is there.

    The whole body of a node is a target; those that take the wire light up, the others say why
    not. Let go over nothing, a new wire asks what to create and one that was there is gone.

    Args:
        view: Where it happens.
        at: The press.
        source: The node that gives, when the reader is looked for.
        reader: The input that reads, when the source is looked for.
        old: The wire that was picked up.
    """

    def __init__(
        self,
        view: "GraphView",
        at: QPoint,
        *,
        source: str | None = None,
        reader: tuple[str, str, int] | None = None,
        old: Key | None = None,
    ) -> None:
        super().__init__(view, at)
        self._source, self._reader, self._old = source, reader, old
        self._wire: LooseWire | None = None
        self._targets: dict[str, str | None] = {}

    def move(self, event: QMouseEvent) -> None:
        """The loose end follows; a node under it says what would happen."""
        if self._wire is None:
            if not self.far(event):
                return
            self._begin()
        at = event.position().toPoint()
        point = self.view.mapToScene(at)
        over = self.scene.node_at(point)
        end, text, good = point, "", True
        if over in self._targets:
            reason = self._targets[over]
            good = reason is None
            if reason is not None:
                text = reason
            else:
                end, text = self._docked(over, point)
        self._lead(end)
        self.view.hint.say(text, at, good=good)

    def release(self, event: QMouseEvent) -> None:
        """One step, a question, or nothing."""
        began = self._wire is not None
        self.cancel()
        if not began:
            return
        at = event.position().toPoint()
        point = self.view.mapToScene(at)
        over = self.scene.node_at(point)
        if over is None:
            self._drop_on_nothing(at, point)
        elif over in self._targets:
            reason = self._targets[over]
            if reason is None:
                self._connect(over, point)
            else:
                self.project.problem.emit(reason)

    def cancel(self) -> None:
        """The wires as they were."""
        if self._wire is not None:
            self.scene.removeItem(self._wire)
            self._wire = None
            self.scene.mark_targets(None)
        if self._old is not None and self._old in self.scene.wires:
            self.scene.wires[self._old].show()
        self.view.hint.hide()

    # Details.

    def _begin(self) -> None:
        document = self.view.document
        if self._source is not None:
            kind = gives(document, self._source)
            self._targets = drop_targets(document, self._source)
        else:
            node, port, _ = self._known_reader()
            kind = takes(document, node, port)
            self._targets = source_targets(document, node, port)
        if self._old is not None and self._old in self.scene.wires:
            self.scene.wires[self._old].hide()
        self._wire = LooseWire(look.wire_colour(kind))
        self.scene.addItem(self._wire)
        self.scene.mark_targets(self._targets)

    def _known_reader(self) -> tuple[str, str, int]:
        if self._reader is None:
            raise TypeError("the gesture was made for a source")
        return self._reader

    def _lead(self, end: QPointF) -> None:
        if self._wire is None:
            return
        if self._source is not None:
            item = self.scene.nodes.get(self._source)
            if isinstance(item, NodeItem):
                self._wire.run(item.output(), end)
            return
        node, port, index = self._known_reader()
        item = self.scene.nodes.get(node)
        if isinstance(item, NodeItem):
            spot = item.face.spot(port, index)
            self._wire.run(end, item.input(spot) if spot is not None else item.body().center())

    def _docked(self, over: str, point: QPointF) -> tuple[QPointF, str]:
        """Where the loose end snaps to on a good node, and what that means."""
        item = self.scene.nodes[over]
        if not isinstance(item, NodeItem):
            return point, ""
        if self._source is None:
            node, port, _ = self._known_reader()
            return item.output(), f"{over} → {node}.{port}"
        port, index = self._port(over, point)
        spot = item.face.spot(port, index if index is not None else 0)
        end = item.input(spot) if spot is not None else point
        return end, f"{self._source} → {over}.{port}"

    def _port(self, over: str, point: QPointF) -> tuple[str, int | None]:
        """The input that a wire dropped there goes to: that under the cursor, else the best."""
        document, item = self.view.document, self.scene.nodes[over]
        source = self._source or ""
        given = gives(document, source)
        if isinstance(item, NodeItem):
            near, away = None, 14.0
            for spot in item.face.spots:
                gap = point - item.input(spot)
                distance = spot.beside(gap.x(), gap.y())
                inside = spot.depth(gap.x(), gap.y()) < (STUB if spot.out[0] else STUB / 2)
                if (
                    distance < away
                    and inside
                    and compatible(given, takes(document, over, spot.port))
                ):
                    near, away = spot, distance
            if near is not None:
                return near.port, near.index
        port = best_input(document, source, over)
        described = document.node_class(over).port(port)
        variadic = described is not None and described.variadic
        return port, len(document.wires(over, port)) if variadic else None

    def _connect(self, over: str, point: QPointF) -> None:
        document = self.view.document
        commands: list[Command] = []
        if self._source is not None:
            source, node = self._source, over
            port, place = self._port(over, point)
        else:
            node, port, place = self._known_reader()
            source = over
        described = document.node_class(node).port(port)
        variadic = described is not None and described.variadic
        index = None
        wires = document.wires(node, port)
        if variadic and place is not None and place < len(wires):
            # Dropped on a wire of a variadic input: that one is replaced.
            commands.append(Disconnect(node, port, place))
            index = place
        if self._old is not None:
            if (node, port) == self._old[:2] and source == self._kept_source():
                return
            if not commands or self._old[:2] != (node, port):
                old_node, old_port, old_index = self._old
                commands.append(Disconnect(old_node, old_port, old_index))
                index = None
        commands.append(Connect(source, node, port, index))
        self.project.do(Group(commands, commands[-1].title) if len(commands) > 1 else commands[0])

    def _kept_source(self) -> str:
        wire = self.scene.wires.get(self._old) if self._old is not None else None
        return wire.source if wire is not None else ""

    def _drop_on_nothing(self, at: QPoint, point: QPointF) -> None:
        if self._old is not None:
            self.project.do(CutWires({self._old}))
            return
        if (at - self.pressed_at).manhattanLength() < _SHORT:
            return
        if self._source is not None:
            self.view.search_asked.emit(at, self._source, None)
        else:
            self.view.search_asked.emit(at, None, self._known_reader())
