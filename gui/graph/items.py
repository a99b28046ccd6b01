"""Items of nodes and dots: thin, rebuilt from the document, never held by an undo step.

They handle no mouse events; the gestures of the view do (see ``view.py``). Their geometry is that
of ``QGraphicsRectItem``, which answers in C++: no Python runs for what is not painted.
"""

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from gui.graph import drawing
from gui.graph.face import NodeFace, Spot
from gui.graph.metrics import CAPTION_ZOOM, DOT_SIZE, NODE_HEIGHT, NODE_WIDTH, STAMP, STRIP, STUB

_NODE_BOUNDS = QRectF(-16, -STUB - 46, NODE_WIDTH + STUB + 66, NODE_HEIGHT + STRIP + STUB + 52)
_KEEP = Qt.AspectRatioMode.KeepAspectRatio


class NodeItem(QGraphicsRectItem):
    """A node on the desk.

    Attributes:
        face: What it shows.
        selected: It is part of the selection.
        hovered: The cursor is over it.
        drop: ``good`` or ``bad`` while a wire is dragged.
        stamp: A small picture of what it loads, drawn above it.
    """

    def __init__(self, face: NodeFace) -> None:
        super().__init__(_NODE_BOUNDS)
        self.setPen(Qt.PenStyle.NoPen)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.selected = self.hovered = False
        self.drop = ""
        self.stamp: QPixmap | None = None
        self.show_face(face)

    @property
    def name(self) -> str:
        """Name of the node."""
        return self.face.name

    def show_face(self, face: NodeFace) -> None:
        """Shows another face."""
        self.face = face
        self._name = drawing.elided(face.name, 12, drawing.name_width(face), bold=True)
        room = 44 if face.told.fit else 12
        self._name_large = drawing.elided(face.name, 17, NODE_WIDTH - room, bold=True)
        caption = face.caption
        if face.told.progress is not None:
            caption = f"{face.told.label or 'working'}  {face.told.progress * 100:.0f} %"
        self._caption = drawing.elided(caption, 10, NODE_WIDTH - 12)
        self.update()

    def body(self) -> QRectF:
        """The node itself in scene units, without arrows and messages."""
        return QRectF(self.x(), self.y(), NODE_WIDTH, NODE_HEIGHT)

    def seen(self) -> QRectF:
        """The node with its stamp."""
        picture = self._picture()
        return self.body().united(picture.translated(self.pos())) if picture else self.body()

    def _picture(self) -> QRectF | None:
        """Where the stamp is, in the node's own coordinates."""
        if self.stamp is None or self.stamp.isNull():
            return None
        size = QSizeF(self.stamp.size()).scaled(QSizeF(*STAMP), _KEEP)
        left = (NODE_WIDTH - size.width()) / 2
        return QRectF(QPointF(left, -2 - size.height()), size)

    def output(self) -> QPointF:
        """Where wires leave."""
        return QPointF(self.x() + NODE_WIDTH / 2, self.y() + NODE_HEIGHT)

    def input(self, spot: Spot) -> QPointF:
        """Where the wire of an input arrives."""
        return QPointF(self.x() + spot.x, self.y() + spot.y)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draws the node."""
        zoom = painter.worldTransform().m11()
        near = zoom >= CAPTION_ZOOM
        picture = self._picture()
        if picture is not None and self.stamp is not None:
            drawing.draw_stamp(painter, self.face, self.stamp, picture, selected=self.selected)
        drawing.draw_node(
            painter,
            self.face,
            zoom,
            selected=self.selected,
            hovered=self.hovered,
            drop=self.drop,
            name=self._name if near else self._name_large,
            caption=self._caption if near else "",
        )


class DotItem(NodeItem):
    """A dot on the desk.

    Attributes:
        kind: Type of what runs through it.
    """

    def __init__(self, face: NodeFace, kind: str | None) -> None:
        self.kind = kind
        super().__init__(face)
        self.setRect(QRectF(-3, -3, DOT_SIZE + 6, DOT_SIZE + 6))

    def body(self) -> QRectF:
        """The dot in scene units."""
        return QRectF(self.x(), self.y(), DOT_SIZE, DOT_SIZE)

    def output(self) -> QPointF:
        """Where wires leave."""
        return QPointF(self.x() + DOT_SIZE / 2, self.y() + DOT_SIZE)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draws the dot."""
        drawing.draw_dot(
            painter, self.kind, selected=self.selected, hovered=self.hovered, drop=self.drop
        )
