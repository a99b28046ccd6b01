"""A shown graph pane, and a mouse for it."""

from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, Connect, Group
from codef_nodes.graph.document import Document
from codef_nodes.graph.serialise import as_text
from gui.core.editor import Editor
from gui.graph.backdrops import BackdropItem
from gui.graph.items import NodeItem
from gui.graph.pane import GraphPane

LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)
NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


class Desk:
    """A graph pane on a shown window, driven by real events."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.pane = GraphPane(editor)
        self.pane.resize(900, 700)
        self.pane.show()
        QApplication.processEvents()
        self.view, self.scene = self.pane.view, self.pane.scene
        self.problems: list[str] = []
        editor.project.problem.connect(self.problems.append)

    @property
    def document(self) -> Document:
        return self.editor.project.document

    @property
    def text(self) -> str:
        return as_text(self.document)

    def add(self, kind: str, name: str, x: float, y: float, **wires: Any) -> None:
        steps: list[Any] = [AddNode(kind, name, (x, y))]
        for port, sources in wires.items():
            for source in sources if isinstance(sources, list) else [sources]:
                steps.append(Connect(source, name, port))
        assert self.editor.project.do(Group(steps)), self.problems

    def look(self) -> None:
        self.view.frame()
        QApplication.processEvents()

    # Places in pixels of the viewport.

    def node(self, name: str) -> QPoint:
        item = self.scene.nodes[name]
        if isinstance(item, BackdropItem):
            return self.view.mapFromScene(item.header().center())
        return self.view.mapFromScene(item.body().center())

    def output(self, name: str) -> QPoint:
        item = self.scene.nodes[name]
        assert isinstance(item, NodeItem)
        return self.view.mapFromScene(item.output() + QPointF(0, 3))

    def input(self, name: str, port: str, index: int = 0) -> QPoint:
        item = self.scene.nodes[name]
        assert isinstance(item, NodeItem)
        spot = item.face.spot(port, index)
        assert spot is not None
        return self.view.mapFromScene(item.input(spot) - QPointF(0, 6))

    def wire(self, reader: str, port: str, index: int = 0, at: float = 0.5) -> QPoint:
        return self.view.mapFromScene(self.scene.wires[reader, port, index].line().pointAt(at))

    # The mouse.

    def send(self, kind: QEvent.Type, at: QPoint, button: Any, buttons: Any, held: Any) -> None:
        widget = self.view.viewport()
        event = QMouseEvent(
            kind, QPointF(at), QPointF(widget.mapToGlobal(at)), button, buttons, held
        )
        QApplication.sendEvent(widget, event)

    def press(self, at: QPoint, held: Any = NONE, button: Any = LEFT) -> None:
        self.send(QEvent.Type.MouseButtonPress, at, button, button, held)

    def move(self, at: QPoint, held: Any = NONE, button: Any = LEFT) -> None:
        self.send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, button, held)

    def release(self, at: QPoint, held: Any = NONE, button: Any = LEFT) -> None:
        self.send(QEvent.Type.MouseButtonRelease, at, button, Qt.MouseButton.NoButton, held)

    def click(self, at: QPoint, held: Any = NONE, button: Any = LEFT) -> None:
        self.press(at, held, button)
        self.release(at, held, button)

    def drag(
        self, start: QPoint, end: QPoint, held: Any = NONE, button: Any = LEFT, *, drop: Any = None
    ) -> None:
        """Presses, moves in steps and lets go; ``drop``: what is held at the end instead."""
        last = held if drop is None else drop
        self.press(start, held, button)
        for step in range(1, 6):
            self.move(start + (end - start) * step / 5, last, button)
        self.release(end, last, button)

    def key(self, key: Any, held: Any = NONE) -> None:
        """A key while the cursor is over the graph."""
        QCursor.setPos(self.view.viewport().mapToGlobal(QPoint(450, 350)))
        QTest.keyClick(QApplication.focusWidget() or self.view, key, held)
        QApplication.processEvents()
