"""The view of the desk: panning, zooming, and who gets a press of the mouse."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QLineF, QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsView, QToolTip, QWidget

from codef_nodes.graph.document import Document
from gui import theme
from gui.core.editor import Editor
from gui.graph import look
from gui.graph.drops import dropped_paths
from gui.graph.gestures import Gesture
from gui.graph.hint import Hint
from gui.graph.metrics import DETAIL_ZOOM
from gui.graph.places import NOTHING, Hit
from gui.graph.presses import Presses
from gui.graph.scene import GraphScene
from gui.graph.tips import tip_for

SMALLEST, LARGEST = 0.04, 4.0
_GRID = 100.0
_LEFT, _CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


class GraphView(QGraphicsView):
    """The desk.

    Args:
        editor: Whose document is edited.
        scene: Its items.

    Attributes:
        cutting: The next drag cuts wires.
    """

    open_requested = Signal(str)
    """A node was double-clicked."""
    search_asked = Signal(QPoint, object, object)
    """A wire was let go over nothing: place, the source or None, the input or None."""
    menu_asked = Signal(QPoint, object)
    """The right button: place, and what is there."""
    files_dropped = Signal(object, QPoint)
    """Paths of files and folders, and where they were let go."""
    zoomed = Signal()

    def __init__(self, editor: Editor, scene: GraphScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.editor, self.graph = editor, scene
        self.cutting = False
        self.gesture: Gesture | None = None
        self.zoom = 1.0
        self._presses = Presses(self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setBackgroundBrush(look.brush(theme.WELL))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        scene.rebuilding.connect(self.cancel)
        self.hint = Hint(self)

    @property
    def document(self) -> Document:
        """The document that is shown."""
        return self.editor.project.document

    # Where we look.

    def pan(self, by: QPoint) -> None:
        """Moves the desk by pixels."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - by.x())
        down.setValue(down.value() - by.y())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms, the place under a pixel staying there; None: the middle."""
        place = QPointF(self.viewport().rect().center()) if at is None else at
        wanted = min(max(self.zoom * factor, SMALLEST), LARGEST)
        if wanted == self.zoom:
            return
        before = self.mapToScene(place.toPoint())
        self._look(wanted)
        after = self.mapFromScene(before)
        self.pan(place.toPoint() - after)

    def frame(self, names: Iterable[str] | None = None) -> None:
        """Shows nodes as large as fits, but not above 100 %; None: all of them."""
        rect = self.graph.extent(names)
        if rect.isEmpty():
            rect = QRectF(-200, -100, 400, 200)
        rect = rect.adjusted(-60, -50, 60, 50)
        size = self.viewport().size()
        fit = min(size.width() / rect.width(), size.height() / rect.height())
        self._look(min(max(fit, SMALLEST), 1.0))
        self.centerOn(rect.center())

    def bring(self, names: Sequence[str]) -> None:
        """Brings nodes into sight where they are not; the zoom changes only if they do not fit."""
        body = self.graph.extent(names)
        seen = self.mapToScene(self.viewport().rect()).boundingRect()
        if seen.contains(body):
            return
        if body.width() > seen.width() or body.height() > seen.height():
            self.frame(names)
        else:
            self.centerOn(body.center())

    def _look(self, zoom: float) -> None:
        self.zoom = zoom
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self.zoomed.emit()

    def cursor_place(self) -> QPointF:
        """The place under the cursor, or the middle when the cursor is elsewhere."""
        at = self.viewport().mapFromGlobal(self.cursor().pos())
        if not self.viewport().rect().contains(at):
            at = self.viewport().rect().center()
        return self.mapToScene(at)

    # Gestures.

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begins a gesture."""
        event.accept()
        if self.gesture is not None:
            return  # a second button during a gesture means nothing
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.gesture = self._presses.gesture(event, self._hit(event))
        self._hear_esc(self.gesture is not None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Leads the gesture on, or lights up what the cursor is over."""
        event.accept()
        if self.gesture is not None:
            self.gesture.move(event)
            return
        at = event.position().toPoint()
        self.graph.hover(self.graph.hit(self.mapToScene(at), self.zoom))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ends the gesture."""
        event.accept()
        if self.gesture is not None and not event.buttons():
            gesture, self.gesture = self.gesture, None
            self._hear_esc(False)
            gesture.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Opens a node."""
        event.accept()
        hit = self._hit(event)
        if event.button() == _LEFT and hit.kind in ("node", "header"):
            self.cancel()
            self.open_requested.emit(hit.name)
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zooms at the cursor; a touchpad's two fingers pan, with Ctrl they zoom."""
        event.accept()
        pixels = event.pixelDelta()
        if not pixels.isNull() and not event.modifiers() & _CTRL:
            self.pan(pixels)
            return
        turned = event.angleDelta().y()
        if turned:
            self.zoom_by(1.0015**turned, event.position())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """The menu of what is under the cursor."""
        event.accept()
        if self.gesture is None:
            hit = self.graph.hit(self.mapToScene(event.pos()), self.zoom)
            self.menu_asked.emit(event.pos(), hit)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Keys are actions (see ``pane.py``); the arrow keys must not scroll."""
        event.ignore()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Esc ends a gesture, wherever the focus is and before it means anything else."""
        if (
            event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and (self.gesture is not None or self.cutting)
        ):
            event.accept()
            return event.type() == QEvent.Type.ShortcutOverride or self.cancel()
        return super().eventFilter(watched, event)

    def _hear_esc(self, on: bool) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
            if on:
                application.installEventFilter(self)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is under the cursor any more."""
        self.graph.hover(NOTHING)
        super().leaveEvent(event)

    def cancel(self) -> bool:
        """Ends the gesture as if it had never begun; returns whether there was one."""
        gesture, self.gesture = self.gesture, None
        self._hear_esc(False)
        if gesture is not None:
            gesture.cancel()
        armed, self.cutting = self.cutting, False
        if armed:
            self.unsetCursor()
        return gesture is not None or armed

    def arm_cutting(self) -> None:
        """The next drag cuts wires."""
        self.cutting = True
        self._hear_esc(True)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def _hit(self, event: QMouseEvent) -> Hit:
        return self.graph.hit(self.mapToScene(event.position().toPoint()), self.zoom)

    # Files from outside.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files and folders are welcome."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802 - Qt's name
        """Anywhere."""
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """They become clips."""
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths, event.position().toPoint())

    # What is drawn beside the items.

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Shows the whole message of what is under the cursor."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = ""
            if self.gesture is None:
                hit = self.graph.hit(self.mapToScene(event.pos()), self.zoom)
                text = tip_for(self.graph, hit)
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        if event.type() == QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1.0 + event.value(), event.position())
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The middle stays in the middle."""
        old = event.oldSize()
        super().resizeEvent(event)
        if old.isValid() and not old.isEmpty():
            grown = event.size() - old
            self.pan(QPoint(grown.width() // 2, grown.height() // 2))

    def drawBackground(self, painter: QPainter, rect: QRectF | QLineF) -> None:  # type: ignore[override] # noqa: N802
        """Faint lines that show how far one has moved."""
        area = QRectF(rect)  # type: ignore[arg-type]
        painter.fillRect(area, self.backgroundBrush())
        if self.zoom < DETAIL_ZOOM:
            return
        left, top = area.left() // _GRID * _GRID, area.top() // _GRID * _GRID
        lines = []
        while left <= area.right():
            lines.append(QLineF(left, area.top(), left, area.bottom()))
            left += _GRID
        while top <= area.bottom():
            lines.append(QLineF(area.left(), top, area.right(), top))
            top += _GRID
        painter.setPen(look.pen("#262626", 0.0))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawLines(lines)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(look.pen(theme.CLONE, 1.2, 170, dashed=True))
        painter.drawLines(self.graph.clone_lines())
