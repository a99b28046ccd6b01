"""Items of backdrops: a titled field behind everything else."""

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from codef_nodes.graph.document import Document
from codef_nodes.nodes.backdrop import SIZE
from engine.errors import UsageError
from gui import theme
from gui.graph import drawing, look
from gui.graph.face import NodeFace
from gui.graph.metrics import DETAIL_ZOOM, GRIP, HEADER, SMALLEST_BACKDROP

_TEXT = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
_TITLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def backdrop_size(document: Document, name: str) -> tuple[float, float]:
    """Size of a backdrop as the document says, but never too small to be grabbed."""
    size = _knob(document, name, "size", list(SIZE))
    return max(float(size[0]), SMALLEST_BACKDROP[0]), max(float(size[1]), SMALLEST_BACKDROP[1])


def _knob(document: Document, name: str, knob: str, otherwise: object) -> list[float]:
    try:
        value = document.knob_value(name, knob)
    except UsageError:  # the file holds a value that the knob refuses: draw it all the same
        value = otherwise
    return list(value)


class BackdropItem(QGraphicsRectItem):
    """A backdrop on the desk.

    Attributes:
        face: What it shows.
        selected: It is part of the selection.
        hovered: The cursor is over its title.
    """

    def __init__(self, face: NodeFace, document: Document) -> None:
        super().__init__()
        self.setPen(Qt.PenStyle.NoPen)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.selected = self.hovered = False
        self.drop = ""
        self.face = face
        self._ground = QColor("#444444")
        self._note = ""
        self.show_face(face, document)

    @property
    def name(self) -> str:
        """Name of the node."""
        return self.face.name

    def show_face(self, face: NodeFace, document: Document) -> None:
        """Shows the backdrop as the document has it now."""
        self.face = face
        self._ground = look.field_colour(_knob(document, face.name, "colour", [0.1, 0.1, 0.1]))
        try:
            self._note = str(document.knob_value(face.name, "text"))
        except UsageError:
            self._note = ""
        self.resize(*backdrop_size(document, face.name))
        self.update()

    def resize(self, width: float, height: float) -> None:
        """Takes a size; small ones lie over large ones."""
        self.setRect(0, 0, width, height)
        self.setZValue(-10.0 - width * height * 1e-7)

    def body(self) -> QRectF:
        """Its field in scene units."""
        return self.rect().translated(self.pos())

    def header(self) -> QRectF:
        """Its title in scene units; dragging it moves what lies on the backdrop."""
        return QRectF(self.x(), self.y(), self.rect().width(), HEADER)

    def grip(self) -> QRectF:
        """The corner that resizes it, in scene units."""
        corner = self.body().bottomRight() - QPointF(GRIP, GRIP)
        return QRectF(corner.x(), corner.y(), GRIP, GRIP)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draws the backdrop."""
        rect, zoom = self.rect(), painter.worldTransform().m11()
        ground = self._ground
        painter.fillRect(rect, ground)
        head = QRectF(0, 0, rect.width(), HEADER)
        painter.fillRect(head, ground.lighter(135))
        edge = theme.ACCENT if self.selected else "#0e0e0e"
        painter.setPen(look.pen(edge, 2.0 if self.selected else 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
        # The title stays readable from far away, as far as the backdrop has room for it.
        size = int(min(max(14.0, 13.0 / max(zoom, 0.05)), rect.height() / 3, 90.0))
        title = self.face.label.strip().split("\n", 1)[0] or self.face.name
        painter.setFont(look.font(size, bold=True))
        painter.setPen(look.pen(look.text_on(ground)))
        line = max(HEADER, size * 1.6)
        shown = drawing.elided_title(title, size, rect.width() - 20)
        painter.drawText(QRectF(10, 0, rect.width() - 20, line), _TITLE, shown)
        if zoom < DETAIL_ZOOM:
            return
        if self._note:
            painter.setFont(look.font(11))
            painter.setPen(look.pen(look.text_on(ground), 1.0, 210))
            painter.drawText(rect.adjusted(10, line + 4, -10, -6), _TEXT, self._note)
        painter.setPen(look.pen("#ffffff", 1.2, 110))
        corner = rect.bottomRight()
        for step in (5.0, 9.0, 13.0):
            painter.drawLine(
                QLineF(corner.x() - step, corner.y() - 3, corner.x() - 3, corner.y() - step)
            )
