"""Items of nodes and dots: thin, rebuilt from the document, never held by an undo step.

They handle no mouse events; the gestures of the view do (see ``view.py``). Their geometry is that
of ``QGraphicsRectItem``, which answers in C++: no Python runs for what is not painted.
"""

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from gui.graph import drawing
from gui.graph.face import UP, NodeFace, Spot
from gui.graph.metrics import CAPTION_ZOOM, DOT_SIZE, NODE_HEIGHT, NODE_WIDTH, STAMP, STRIP, STUB

_TEXT = 50.0
"""Room of the name of an input beyond its arrow."""
_KEEP = Qt.AspectRatioMode.KeepAspectRatio


class NodeItem(QGraphicsRectItem):
    """A node on the desk.

    Attributes:
        face: What it shows.
        selected: It is part of the selection.
        hovered: The cursor is over it.
        drop: ``good`` or ``bad`` while a wire is dragged.
    """

    def __init__(self, face: NodeFace) -> None:
        super().__init__()
        self.setPen(Qt.PenStyle.NoPen)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.selected = self.hovered = False
        self.drop = ""
        self._stamp: QPixmap | None = None
        self._picture: QRectF | None = None
        self.face = face
        self._bound()
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

    @property
    def stamp(self) -> QPixmap | None:
        """The picture above it."""
        return self._stamp

    def show_stamp(self, stamp: QPixmap | None) -> None:
        """Takes a picture, or None for none."""
        self._stamp, self._picture = stamp, None
        if stamp is not None and not stamp.isNull():
            size = QSizeF(stamp.size()).scaled(QSizeF(*STAMP), _KEEP)
            left = (NODE_WIDTH - size.width()) / 2
            self._picture = QRectF(QPointF(left, -2 - size.height()), size)
        self._bound()
        self.update()

    def seen(self) -> QRectF:
        """The node with its stamp."""
        picture = self._picture
        return self.body().united(picture.translated(self.pos())) if picture else self.body()

    @property
    def rise(self) -> float:
        """How far above the node the wires from above arrive: a stamp is in between."""
        return 0.0 if self._picture is None else -self._picture.top() + 2

    def _bound(self) -> None:
        """Room for all that may be drawn: arrows and their names, the stamp, the error."""
        beyond = STUB + _TEXT
        left, right, up, down = 16.0, beyond, beyond + self.rise, STRIP + STUB
        if self.face.across:
            left, right, up, down = beyond, 16.0, max(self.rise, 16.0) + 8.0, STRIP + beyond
        self.setRect(QRectF(-left, -up, NODE_WIDTH + left + right, NODE_HEIGHT + up + down))

    def output(self) -> QPointF:
        """Where wires leave."""
        body = self.body()
        if self.face.across:
            return QPointF(body.right(), body.center().y())
        return QPointF(body.center().x(), body.bottom())

    def input(self, spot: Spot) -> QPointF:
        """Where the wire of an input arrives."""
        rise = self.rise if spot.out == UP else 0.0
        return QPointF(self.x() + spot.x, self.y() + spot.y - rise)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draws the node."""
        zoom = painter.worldTransform().m11()
        near = zoom >= CAPTION_ZOOM
        picture = self._picture
        if picture is not None and self._stamp is not None:
            drawing.draw_stamp(painter, self.face, self._stamp, picture, selected=self.selected)
        drawing.draw_node(
            painter,
            self.face,
            zoom,
            selected=self.selected,
            hovered=self.hovered,
            drop=self.drop,
            name=self._name if near else self._name_large,
            caption=self._caption if near else "",
            rise=self.rise,
        )


class DotItem(NodeItem):
    """A dot on the desk.

    Attributes:
        kind: Type of what runs through it.
    """

    def __init__(self, face: NodeFace, kind: str | None) -> None:
        self.kind = kind
        super().__init__(face)

    def _bound(self) -> None:
        self.setRect(QRectF(-3, -3, DOT_SIZE + 6, DOT_SIZE + 6))

    def body(self) -> QRectF:
        """The dot in scene units."""
        return QRectF(self.x(), self.y(), DOT_SIZE, DOT_SIZE)

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
