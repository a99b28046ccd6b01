"""A scripted artist: mouse and keys over the real window. Pictures of the manual are made with it,
and the tests that go through the tutorial."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QCursor, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPushButton, QWidget

from engine.errors import UsageError
from gui.fit.panel import FitPanel
from gui.graph.pane import GraphPane
from gui.jobs.pane import JobsPane
from gui.properties.bin import PropertiesBin
from gui.properties.page import KnobPage
from gui.properties.row import KnobRow
from gui.shell.window import MainWindow
from gui.viewer.canvas import Canvas
from gui.viewer.pane import ViewerPane

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Place = tuple[float, float]
Pane = TypeVar("Pane", bound=QWidget)


class Hands:
    """Works a window as an artist does.

    Args:
        window: The window, shown.

    Attributes:
        said: What the status line said.
        patience: How many times as long it waits as was asked for, on a busy machine.
    """

    patience = 1.0

    def __init__(self, window: MainWindow) -> None:
        self.window, self.editor = window, window.editor
        self.said: list[str] = []
        self.editor.status.connect(self.said.append)

    # The panes.

    @property
    def graph(self) -> GraphPane:
        """The node graph."""
        return _is(self.window.docks["graph"].pane, GraphPane)

    @property
    def bin(self) -> PropertiesBin:
        """The properties."""
        return _is(self.window.docks["properties"].pane, PropertiesBin)

    @property
    def fit(self) -> FitPanel:
        """The fit panel."""
        return _is(self.window.docks["fit"].pane, FitPanel)

    @property
    def jobs(self) -> JobsPane:
        """The jobs."""
        return _is(self.window.docks["jobs"].pane, JobsPane)

    def viewer(self, slot: str) -> ViewerPane:
        """The viewer ``canonical`` or ``frame``."""
        return _is(self.window.docks[slot].pane, ViewerPane)

    def canvas(self, slot: str) -> Canvas:
        """The picture in that viewer."""
        return self.viewer(slot).canvas

    def bring(self, pane: str) -> None:
        """Clicks the tab of a pane."""
        dock = self.window.docks[pane]
        dock.show()
        dock.raise_()
        QTest.qWait(20)

    # Waiting.

    def wait(self, condition: Callable[[], object], seconds: float = 40.0, what: str = "") -> None:
        """Lets the window live until something holds.

        Raises:
            UsageError: It did not in that time.
        """
        end = time.monotonic() + self.patience * seconds
        while not condition():
            if time.monotonic() > end:
                last = "; ".join(self.said[-3:])
                raise UsageError(f"waited {seconds:g} s in vain {what} (the window said: {last})")
            QTest.qWait(10)

    def settled(self, *slots: str) -> bool:
        """Whether the viewers show what they should show now, not an older picture."""
        for slot in slots or ("canonical", "frame"):
            pane = self.viewer(slot)
            frame, wants = pane.canvas.frame(), pane.showing.wants(self.editor.clock.frame)
            if frame is None or frame.pixels is None or not wants:
                return False
            if frame.tag != (wants[0].key, wants[0].frame, wants[0].signature):
                return False
        return True

    # Mouse and keys.

    def over(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Moves the cursor over a widget."""
        QCursor.setPos(widget.mapToGlobal(widget.rect().center() if at is None else at))

    def key(self, widget: QWidget, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        """A key while the cursor is over a widget."""
        self.over(widget)
        # Beyond the edge of a small offscreen screen nothing is under the cursor.
        there = QApplication.widgetAt(QCursor.pos())
        QTest.keyClick((QApplication.focusWidget() if there else None) or widget, key, held)
        QApplication.processEvents()

    def type(self, field: QLineEdit, text: str) -> None:
        """Replaces the text of a field and confirms it."""
        field.setFocus(Qt.FocusReason.MouseFocusReason)
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        QApplication.processEvents()

    def click(self, where: QWidget, text: str) -> None:
        """Presses the button that says something.

        Raises:
            UsageError: There is none that can be pressed.
        """
        for button in where.findChildren(QPushButton):
            if button.text() == text and button.isVisible() and button.isEnabled():
                return self.press(button)
        raise UsageError(f"no button {text!r} can be pressed there")

    def press(self, button: QAbstractButton) -> None:
        """Presses a button."""
        QTest.mouseClick(button, LEFT)
        QApplication.processEvents()

    # The node graph.

    def drop(self, paths: Iterable[Path], at: QPoint | None = None) -> None:
        """Drops files and folders on the graph and waits for their nodes."""
        before = len(self.editor.project.document.nodes)
        target = self.graph.view.viewport()
        at = target.rect().center() if at is None else at
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        copy = Qt.DropAction.CopyAction
        QApplication.sendEvent(target, QDragEnterEvent(at, copy, data, LEFT, NONE))
        QApplication.sendEvent(target, QDropEvent(QPointF(at), copy, data, LEFT, NONE))
        self.wait(lambda: len(self.editor.project.document.nodes) > before, 60, "for the nodes")

    def create(self, words: str) -> str:
        """Tab, some letters, Enter: makes a node and returns its name."""
        self.search(words)
        QTest.keyClick(self.graph.search.field, Qt.Key.Key_Return)
        QApplication.processEvents()
        return str(self.editor.selection.current)

    def search(self, words: str) -> None:
        """Tab and some letters."""
        self.key(self.graph.view.viewport(), Qt.Key.Key_Tab)
        QTest.keyClicks(self.graph.search.field, words)

    def select(self, *names: str) -> None:
        """Clicks nodes, Shift held from the second on."""
        for number, name in enumerate(names):
            self._click_node(name, SHIFT if number else NONE)

    def wire(self, source: str, reader: str) -> None:
        """Drags from the output of a node onto the body of another."""
        view, scene = self.graph.view, self.graph.scene
        start = scene.nodes[source].body()
        here = view.mapFromScene(QPointF(start.center().x(), start.bottom() + 3))
        there = view.mapFromScene(scene.nodes[reader].body().center())
        self.drag(view.viewport(), here, there)

    def drag(self, widget: QWidget, here: QPoint, there: QPoint) -> None:
        """Presses, moves and lets go."""
        self._mouse(widget, QEvent.Type.MouseButtonPress, here)
        for step in range(1, 6):
            self._mouse(widget, QEvent.Type.MouseMove, here + (there - here) * step / 5)
        self._mouse(widget, QEvent.Type.MouseButtonRelease, there)

    def _click_node(self, name: str, held: Qt.KeyboardModifier) -> None:
        view = self.graph.view
        at = view.mapFromScene(self.graph.scene.nodes[name].body().center())
        if not view.viewport().rect().adjusted(8, 8, -8, -8).contains(at):
            self.key(view.viewport(), Qt.Key.Key_Escape)
            self.graph.reveal(name)
            at = view.mapFromScene(self.graph.scene.nodes[name].body().center())
        self.over(view.viewport(), at)
        QTest.mouseClick(view.viewport(), LEFT, held, at)
        QApplication.processEvents()

    # Properties.

    def row(self, node: str, knob: str) -> KnobRow:
        """The row of a knob in the panel of a node, which is opened: Enter over the graph.

        Raises:
            UsageError: The panel has no such knob.
        """
        if self.bin.panel(node) is None or self.bin.panels[0].node != node:
            self.select(node)
            self.key(self.graph.view.viewport(), Qt.Key.Key_Return)
        self.bring("properties")
        panel = self.bin.panel(node)
        for tab in range(panel.tabs.count() if panel is not None else 0):
            if panel is None:
                break
            panel.tabs.setCurrentIndex(tab)
            page = panel.page()
            if isinstance(page, KnobPage) and knob in page.rows:
                return page.rows[knob]
        raise UsageError(f"the panel of {node} has no knob {knob}")

    def set_knob(self, node: str, knob: str, text: str) -> None:
        """Types a value into a field of the properties bin."""
        row = self.row(node, knob)
        field = row.editor.findChild(QLineEdit)
        if not isinstance(field, QLineEdit):
            raise UsageError(f"nothing can be typed into {node}.{knob}")
        self.type(field, text)

    # Painting.

    def draw(self, canvas: Canvas, places: Sequence[Place], *, lift: bool = True) -> None:
        """A stroke through places of the picture."""
        start = canvas.point(*places[0]).toPoint()
        self.over(canvas, start)
        self._mouse(canvas, QEvent.Type.MouseButtonPress, start)
        self.draw_on(canvas, places[1:])
        if lift:
            self.lift(canvas)

    def draw_on(self, canvas: Canvas, places: Sequence[Place]) -> None:
        """Moves on with the button held down."""
        for place in places:
            point = canvas.point(*place).toPoint()
            self.over(canvas, point)
            self._mouse(canvas, QEvent.Type.MouseMove, point)

    def lift(self, canvas: Canvas) -> None:
        """Lets the button go where the cursor is."""
        at = canvas.mapFromGlobal(QCursor.pos())
        self._mouse(canvas, QEvent.Type.MouseButtonRelease, at)

    def _mouse(self, widget: QWidget, kind: QEvent.Type, at: QPoint) -> None:
        nothing = Qt.MouseButton.NoButton
        button = nothing if kind == QEvent.Type.MouseMove else LEFT
        held = nothing if kind == QEvent.Type.MouseButtonRelease else LEFT
        place = QPointF(widget.mapToGlobal(at))
        QApplication.sendEvent(widget, QMouseEvent(kind, QPointF(at), place, button, held, NONE))
        QApplication.processEvents()


def _is(pane: QWidget, kind: type[Pane]) -> Pane:
    if not isinstance(pane, kind):
        raise UsageError(f"the pane {type(pane).__name__} is no {kind.__name__}")
    return pane
