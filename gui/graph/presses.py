"""Which gesture a press of the mouse begins."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from codef_nodes.graph.commands import AddNode, Group, InsertOnWire
from gui.graph.gestures import (
    CutStroke,
    Gesture,
    Marquee,
    MoveNodes,
    Pan,
    ResizeBackdrop,
    ZoomDrag,
)
from gui.graph.metrics import DOT_SIZE
from gui.graph.places import Hit
from gui.graph.wiring import DragWire

if TYPE_CHECKING:
    from gui.graph.view import GraphView

_LEFT, _MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
_RIGHT = Qt.MouseButton.RightButton
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier


class Presses:
    """Reads presses: the button, what is held, and what is under the cursor.

    Args:
        view: The desk.
    """

    def __init__(self, view: "GraphView") -> None:
        self._view = view
        self._dots = 0

    def gesture(self, event: QMouseEvent, hit: Hit) -> Gesture | None:
        """The gesture that a press begins, or None.

        Args:
            event: The press.
            hit: What is under the cursor.
        """
        view = self._view
        at, button, held = event.position().toPoint(), event.button(), event.modifiers()
        if held & _ALT and button in (_MIDDLE, _RIGHT):
            return ZoomDrag(view, at)
        if button == _MIDDLE or (button == _LEFT and held & _ALT):
            return Pan(view, at)
        if button == _RIGHT:
            return CutStroke(view, at) if held & _CTRL else None
        if button != _LEFT:
            return None
        if view.cutting:
            view.cutting = False
            return CutStroke(view, at)
        if hit.kind == "output":
            return DragWire(view, at, source=hit.name)
        if hit.kind == "input":
            return self._from_input(at, hit)
        if hit.kind == "wire":
            return self._on_wire(at, hit, held)
        if hit.kind in ("node", "header"):
            return self._on_node(at, hit, held)
        if hit.kind == "grip":
            return ResizeBackdrop(view, at, hit.name)
        return Marquee(view, at, add=bool(held & _SHIFT))

    def _from_input(self, at: QPoint, hit: Hit) -> Gesture:
        key = (hit.name, hit.port, hit.index)
        wire = self._view.graph.wires.get(key)
        if wire is not None:  # the head of a wire is picked up
            return DragWire(self._view, at, source=wire.source, old=key)
        return DragWire(self._view, at, reader=key)

    def _on_wire(self, at: QPoint, hit: Hit, held: Qt.KeyboardModifier) -> Gesture | None:
        key = (hit.name, hit.port, hit.index)
        wire = self._view.graph.wires[key]
        if held & _CTRL:
            return self._new_dot(at, key)
        if wire.nearer_reader(self._view.mapToScene(at)):
            return DragWire(self._view, at, source=wire.source, old=key)
        return DragWire(self._view, at, reader=key, old=key)

    def _new_dot(self, at: QPoint, key: tuple[str, str, int]) -> Gesture | None:
        """Ctrl+click on a wire: a dot there, which can be dragged on at once."""
        view = self._view
        place = view.mapToScene(at) - QPointF(DOT_SIZE / 2, DOT_SIZE / 2)
        self._dots += 1
        gesture = f"dot {self._dots}"
        name = view.document.free_name("Dot")
        made = [
            AddNode("Dot", name, (round(place.x()), round(place.y()))),
            InsertOnWire(name, *key),
        ]
        if not view.editor.project.do(Group(made, "Add dot"), gesture):
            return None
        view.editor.selection.set([name])
        return MoveNodes(view, at, [name], gesture=gesture)

    def _on_node(self, at: QPoint, hit: Hit, held: Qt.KeyboardModifier) -> Gesture | None:
        view, selection = self._view, self._view.editor.selection
        name, click = hit.name, None
        if held & _SHIFT:
            if name in selection:
                selection.toggle(name)
                return None
            selection.add(name)
        elif name in selection:
            click = [name]
        else:
            selection.set([name])
        if held & _CTRL and hit.kind == "node":  # Nuke: with all that it reads
            for above in view.document.upstream(name):
                selection.add(above)
            click = None
        moving = dict.fromkeys(selection.names)
        for each in list(moving):
            if view.document.state(each).type == "Backdrop":
                moving |= dict.fromkeys(view.graph.on_backdrop(each))
        return MoveNodes(view, at, list(moving), click)
