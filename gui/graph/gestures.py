"""Gestures of the mouse or pen in the graph: each lives from the press to the release.

While a gesture lasts only items move; the document is changed once, at its end, so that one
gesture is one step of undo and Esc has nothing to take back.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGraphicsLineItem, QGraphicsRectItem

from codef_nodes.graph.commands import Command, Group, InsertOnWire, Move, SetKnob
from codef_nodes.graph.rewiring import CutWires, can_insert
from gui import theme
from gui.graph import look
from gui.graph.backdrops import BackdropItem
from gui.graph.items import NodeItem
from gui.graph.metrics import SMALLEST_BACKDROP
from gui.graph.wires import Key, WireItem

if TYPE_CHECKING:
    from gui.graph.view import GraphView

SLOP = 4
"""Pixels that a click may wander before it is a drag."""
_CATCH = 30.0
"""A wire this near to the middle of a dragged node would take it, in scene units."""
_SNAP = 6.0  # pixels: near enough to be drawn into line with a neighbour


class Gesture:
    """From a press to its release.

    Args:
        view: Where it happens.
        at: The press, in pixels of the viewport.
    """

    def __init__(self, view: "GraphView", at: QPoint) -> None:
        self.view = view
        self.scene = view.graph
        self.project = view.editor.project
        self.pressed_at = at
        self.start = view.mapToScene(at)

    def move(self, event: QMouseEvent) -> None:
        """The cursor moved."""

    def release(self, event: QMouseEvent) -> None:
        """The button went up: the gesture takes effect."""

    def cancel(self) -> None:
        """Esc, or another gesture: as if it had never begun."""

    def far(self, event: QMouseEvent) -> bool:
        """Whether the cursor has left the place of the press."""
        return (event.position().toPoint() - self.pressed_at).manhattanLength() > SLOP


class Pan(Gesture):
    """Moves the desk under the cursor."""

    def __init__(self, view: "GraphView", at: QPoint) -> None:
        super().__init__(view, at)
        self._last = at
        view.setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, event: QMouseEvent) -> None:
        """The desk follows."""
        now = event.position().toPoint()
        self.view.pan(now - self._last)
        self._last = now

    def release(self, event: QMouseEvent) -> None:
        """The hand opens."""
        self.view.unsetCursor()

    def cancel(self) -> None:
        """The hand opens."""
        self.view.unsetCursor()


class ZoomDrag(Gesture):
    """Zooms at the place of the press: to the right or up is closer."""

    def __init__(self, view: "GraphView", at: QPoint) -> None:
        super().__init__(view, at)
        self._last = at

    def move(self, event: QMouseEvent) -> None:
        """Zooms."""
        now = event.position().toPoint()
        way = (now.x() - self._last.x()) - (now.y() - self._last.y())
        self._last = now
        self.view.zoom_by(1.006**way, QPointF(self.pressed_at))


class Marquee(Gesture):
    """Selects what a rectangle touches; with Shift as well as what is selected."""

    def __init__(self, view: "GraphView", at: QPoint, *, add: bool) -> None:
        super().__init__(view, at)
        self._before = view.editor.selection.names if add else []
        self._frame: QGraphicsRectItem | None = None

    def move(self, event: QMouseEvent) -> None:
        """Draws the rectangle and selects what it touches."""
        if self._frame is None:
            if not self.far(event):
                return
            self._frame = QGraphicsRectItem()
            pen = look.pen(theme.ACCENT, 0.0)
            self._frame.setPen(pen)
            self._frame.setBrush(look.brush(theme.ACCENT, 28))
            self._frame.setZValue(1000)
            self.scene.addItem(self._frame)
        rect = QRectF(self.start, self.view.mapToScene(event.position().toPoint())).normalized()
        self._frame.setRect(rect)
        touched = self.scene.inside(rect)
        self.view.editor.selection.set([*self._before, *touched])

    def release(self, event: QMouseEvent) -> None:
        """A click on nothing selects nothing."""
        if self._frame is None:
            self.view.editor.selection.set(self._before)
        self.cancel()

    def cancel(self) -> None:
        """Takes the rectangle away."""
        if self._frame is not None:
            self.scene.removeItem(self._frame)
            self._frame = None


class MoveNodes(Gesture):
    """Moves nodes; a loose node that is dropped on a wire goes into it.

    Args:
        view: Where it happens.
        at: The press.
        names: What moves.
        click: The selection if the press turns out to be a click, else None.
        gesture: Joins the move to what the press already did, as one step of undo.
    """

    def __init__(
        self,
        view: "GraphView",
        at: QPoint,
        names: list[str],
        click: list[str] | None = None,
        gesture: str | None = None,
    ) -> None:
        super().__init__(view, at)
        self.names, self._click, self._gesture = names, click, gesture
        self._from = {name: QPointF(self.scene.nodes[name].pos()) for name in names}
        self._moving = False
        self._wire: Key | None = None
        self._lines = self._neighbour_lines() if len(names) == 1 else []

    def move(self, event: QMouseEvent) -> None:
        """The items follow; the wire that would take the node lights up."""
        if not self._moving and not self.far(event):
            return
        self._moving = True
        away = self.view.mapToScene(event.position().toPoint()) - self.start
        places = {
            name: start + away for name, start in self._from.items() if name in self.scene.nodes
        }
        if len(places) == 1:
            name = self.names[0]
            places[name] = self._snapped(name, places[name])
        self.scene.preview_move(places)
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self._light(None if alt or len(places) != 1 else self._wire_under())

    def release(self, event: QMouseEvent) -> None:
        """One step: the move, and the insertion."""
        wire = self._wire
        self._light(None)
        if not self._moving:
            if self._click is not None:
                self.view.editor.selection.set(self._click)
            return
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            wire = None
        there = [name for name in self.names if name in self.scene.nodes]
        places = {name: self.scene.nodes[name].pos() for name in there}
        command: Command = Move({name: (round(p.x()), round(p.y())) for name, p in places.items()})
        if wire is not None:
            insert = InsertOnWire(self.names[0], *wire)
            command = Group([insert, command], insert.title)
        if not self.project.do(command, self._gesture):
            self.scene.settle(there)
        self.project.end_gesture()

    def cancel(self) -> None:
        """Everything back to where it was."""
        self._light(None)
        self.scene.settle(self.names)
        self.project.end_gesture()

    def _wire_under(self) -> Key | None:
        item = self.scene.nodes.get(self.names[0])
        if not isinstance(item, NodeItem):
            return None
        body, document = item.body(), self.view.document
        near = self.scene.wires_near(body.center(), min(body.width(), _CATCH))
        return next((key for key in near if can_insert(document, item.name, *key)), None)

    def _light(self, key: Key | None) -> None:
        for old, on in ((self._wire, False), (key, True)):
            wire = self.scene.wires.get(old) if old is not None else None
            if wire is not None and wire.lit != on:
                wire.lit = on
                wire.update()
        self._wire = key

    def _neighbour_lines(self) -> list[float]:
        """Where the middle of the node would be straight in line with a neighbour's."""
        name, document = self.names[0], self.view.document
        near = [*document.sources(name), *(reader for reader, _, _ in document.readers(name))]
        items = [self.scene.nodes.get(each) for each in near]
        return [self._line(item.body().center()) for item in items if item is not None]

    def _line(self, point: QPointF) -> float:
        """The coordinate that stays the same along a stream."""
        return point.y() if self.scene.flow.across else point.x()

    def _snapped(self, name: str, place: QPointF) -> QPointF:
        body = self.scene.nodes[name].body()
        now = self._line(place + body.center() - body.topLeft())
        away = min((line - now for line in self._lines), key=abs, default=0.0)
        if abs(away) > _SNAP / self.view.zoom:
            return place
        return place + (QPointF(0, away) if self.scene.flow.across else QPointF(away, 0))


class ResizeBackdrop(Gesture):
    """Drags the corner of a backdrop."""

    def __init__(self, view: "GraphView", at: QPoint, name: str) -> None:
        super().__init__(view, at)
        item = self.scene.nodes[name]
        if not isinstance(item, BackdropItem):
            raise TypeError(f"{name} is no backdrop")
        self._item, self._name = item, name
        self._size = item.rect().size()

    def move(self, event: QMouseEvent) -> None:
        """The corner follows."""
        away = self.view.mapToScene(event.position().toPoint()) - self.start
        self._item.resize(
            max(self._size.width() + away.x(), SMALLEST_BACKDROP[0]),
            max(self._size.height() + away.y(), SMALLEST_BACKDROP[1]),
        )

    def release(self, event: QMouseEvent) -> None:
        """One step."""
        rect = self._item.rect()
        size = [round(rect.width()), round(rect.height())]
        self.project.do(SetKnob(self._name, "size", size))

    def cancel(self) -> None:
        """The size that the document has."""
        if self._name in self.view.document:
            self._item.resize(self._size.width(), self._size.height())


class CutStroke(Gesture):
    """A straight stroke that cuts the wires it crosses."""

    def __init__(self, view: "GraphView", at: QPoint) -> None:
        super().__init__(view, at)
        self._line = QGraphicsLineItem()
        self._line.setPen(look.pen(theme.ERROR, 0.0, dashed=True))
        self._line.setZValue(1000)
        self.scene.addItem(self._line)
        self._crossed: list[Key] = []
        view.setCursor(Qt.CursorShape.CrossCursor)

    def move(self, event: QMouseEvent) -> None:
        """What would be cut turns red."""
        end = self.view.mapToScene(event.position().toPoint())
        self._line.setLine(self.start.x(), self.start.y(), end.x(), end.y())
        self._mark(self.scene.wires_across(self.start, end))

    def release(self, event: QMouseEvent) -> None:
        """One step."""
        crossed = self._crossed
        self.cancel()
        if not crossed and not self.far(event):
            key = self.scene.wire_at(self.start, self.view.zoom)
            crossed = [key] if key is not None else []
        if crossed:
            self.project.do(CutWires(set(crossed)))

    def cancel(self) -> None:
        """Takes the line away."""
        self._mark([])
        self.scene.removeItem(self._line)
        self.view.unsetCursor()

    def _mark(self, keys: list[Key]) -> None:
        for key in {*self._crossed, *keys}:
            wire: WireItem | None = self.scene.wires.get(key)
            if wire is not None and wire.cut != (key in keys):
                wire.cut = key in keys
                wire.update()
        self._crossed = keys


__all__ = ["CutStroke", "Gesture", "Marquee", "MoveNodes", "Pan", "ResizeBackdrop", "ZoomDrag"]
