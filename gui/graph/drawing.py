"""How nodes are drawn: functions of a painter, a face and the zoom."""

import re

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPixmap, QPolygonF

from gui import theme
from gui.graph import look
from gui.graph.face import ASIDE, BELOW, LEFT, UP, NodeFace, Spot
from gui.graph.metrics import (
    CAPTION_ZOOM,
    DETAIL_ZOOM,
    DOT_SIZE,
    NODE_HEIGHT,
    NODE_WIDTH,
    STRIP,
    STUB,
    TEXT_ZOOM,
    TICK,
)

_BODY = QRectF(0, 0, NODE_WIDTH, NODE_HEIGHT)
_RING = QRectF(-2, -2, NODE_WIDTH + 4, NODE_HEIGHT + 4)
_SHADE = QRectF(0, 1.5, NODE_WIDTH, NODE_HEIGHT + 1)
_NAME = QRectF(8, 3, NODE_WIDTH - 16, 18)
_NAME_ALONE = QRectF(8, 0, NODE_WIDTH - 16, NODE_HEIGHT - 1)
_CAPTION = QRectF(6, 19, NODE_WIDTH - 12, 14)
_LED = re.compile(r"(?P<path>(?:[A-Za-z]:)?[^:\s]*[/\\][^:]*): (?P<why>[^;]+)(?P<rest>.*)", re.S)
_TOLD = re.compile(r"cannot \w+ (?P<path>[^()]+) \((?P<why>[^()]+)\)(?P<rest>.*)", re.S)
_WORD = re.compile(r"[^\s;,()]*[/\\][^\s;,()]*")
_PLACE = re.compile(r"[/\\~.]|[A-Za-z]:[/\\]|.*\.\w+:?$")
_STRIP = QRectF(-14, NODE_HEIGHT + 2, NODE_WIDTH + 28, STRIP - 2)
_BAR = QRectF(0, NODE_HEIGHT - 5, NODE_WIDTH, 5)
_CLONE = QRectF(3, NODE_HEIGHT - 15, 12, 12)
_CROSS = [QLineF(0, 0, NODE_WIDTH, NODE_HEIGHT), QLineF(0, NODE_HEIGHT, NODE_WIDTH, 0)]
_SIGN = QPolygonF([QPointF(NODE_WIDTH - x, y) for x, y in ((26, 6), (20, 17), (32, 17))])
_STROKE = QLineF(NODE_WIDTH - 26, 9.6, NODE_WIDTH - 26, 12.6)
_POINT = QPointF(NODE_WIDTH - 26, 15.1)
_CENTRE = Qt.AlignmentFlag.AlignCenter
_BEFORE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_OUTPUT = QPointF(NODE_WIDTH / 2, NODE_HEIGHT)
_OUTPUT_ACROSS = QPointF(NODE_WIDTH, NODE_HEIGHT / 2)
_TURNS = {UP: 0.0, ASIDE: 90.0, BELOW: 180.0, LEFT: -90.0}

GOOD, BAD = "good", "bad"


def draw_node(
    painter: QPainter,
    face: NodeFace,
    zoom: float,
    *,
    selected: bool = False,
    hovered: bool = False,
    drop: str = "",
    name: str = "",
    caption: str = "",
    rise: float = 0.0,
) -> None:
    """Draws a node at the origin.

    Args:
        painter: In scene units.
        face: What to draw.
        zoom: Pixels per scene unit.
        selected: With the ring of the selection.
        hovered: With all its inputs and the handle of its output.
        drop: ``good`` or ``bad`` while a wire is dragged, else empty.
        name: The name as it fits.
        caption: The second line as it fits; empty from further away, where the name is larger.
        rise: How far above the node the wires from above arrive.
    """
    ground = look.body(
        face.kind, face.category, unknown=face.unknown, disabled=face.disabled, selected=selected
    )
    if zoom < DETAIL_ZOOM:
        _far(painter, face, ground.rgb(), selected, drop)
        return
    if drop == BAD:
        painter.setOpacity(0.35)
    _inputs(painter, face, zoom, hovered or selected, rise)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.brush("#000000", 90))
    painter.drawRoundedRect(_SHADE, 4, 4)
    painter.setBrush(ground)
    painter.drawRoundedRect(_BODY, 4, 4)
    if face.unknown:
        painter.setBrush(look.hatch("#000000", 70))
        painter.drawRoundedRect(_BODY, 4, 4)
    painter.setPen(look.pen("#ffffff", 1.0, 38))
    painter.drawLine(QLineF(3, 1, NODE_WIDTH - 3, 1))
    if face.told.progress is not None:
        _progress(painter, face.told.progress)
    if face.disabled:
        painter.setPen(look.pen("#0c0c0c", 1.6, 150))
        painter.drawLines(_CROSS)
    if zoom >= TEXT_ZOOM:
        _text(painter, face, zoom, name, caption)
    _state(painter, face)
    if face.told.error:
        _error(painter, face, zoom)
    _outline(painter, face, selected, hovered, drop)
    if face.gives and hovered:
        painter.setPen(look.pen(theme.WELL, 1.0))
        painter.setBrush(look.brush(theme.TEXT))
        painter.drawEllipse(_OUTPUT_ACROSS if face.across else _OUTPUT, 5, 5)
    if drop == BAD:
        painter.setOpacity(1.0)


def draw_stamp(
    painter: QPainter, face: NodeFace, stamp: QPixmap, place: QRectF, *, selected: bool = False
) -> None:
    """Draws the picture above a clip node, in a frame of the node's colour."""
    ground = look.body(
        face.kind, face.category, unknown=False, disabled=face.disabled, selected=selected
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(place.adjusted(-2, -2, 2, 6), 3, 3)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if face.disabled:
        painter.setOpacity(0.4)
    painter.drawPixmap(place, stamp, QRectF(stamp.rect()))
    painter.setOpacity(1.0)


def draw_dot(
    painter: QPainter, kind: str | None, *, selected: bool, hovered: bool, drop: str = ""
) -> None:
    """Draws a dot at the origin, in the colour of its wire."""
    radius = DOT_SIZE / 2
    centre = QPointF(radius, radius)
    ring = theme.ACCENT if selected else theme.GOOD if drop == GOOD else "#101010"
    painter.setPen(look.pen(ring, 2.0 if selected or drop == GOOD else 1.0))
    painter.setBrush(look.brush(look.wire_colour(kind), 90 if drop == BAD else 255))
    painter.drawEllipse(centre, radius - 1, radius - 1)
    if hovered:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.brush("#ffffff"))
        painter.drawEllipse(centre, 2.5, 2.5)


def elided(text: str, pixels: int, width: float, *, bold: bool = False) -> str:
    """A text as it fits into a width of scene units."""
    metrics = QFontMetricsF(look.font(pixels, bold=bold))
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)


def name_width(face: NodeFace) -> float:
    """Room for the name between the state dot and the digits."""
    if face.told.note:
        return NODE_WIDTH - 60
    return NODE_WIDTH - (32 if face.told.fit or face.keys else 14)


def _far(painter: QPainter, face: NodeFace, ground: int, selected: bool, drop: str) -> None:
    """From far away: a plain field; what asks for attention keeps its colour."""
    painter.fillRect(_BODY, look.lighter(ground, 45 if drop == BAD else 118))
    edge = ""
    if face.told.error:
        edge = theme.ERROR
    if selected:
        edge = theme.ACCENT
    if drop == GOOD:
        edge = theme.GOOD
    if edge:
        painter.setPen(look.pen(edge, 6.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(_RING)
    if face.told.progress is not None:
        _progress(painter, face.told.progress)
    elif face.told.fit and face.told.fit != "none":
        painter.fillRect(
            QRectF(NODE_WIDTH - 26, 8, 20, NODE_HEIGHT - 16), look.brush(theme.FIT[face.told.fit])
        )
    if face.disabled:
        painter.setPen(look.pen("#0c0c0c", 4.0))
        painter.drawLines(_CROSS)


def _text(painter: QPainter, face: NodeFace, zoom: float, name: str, caption: str) -> None:
    near, second = zoom >= CAPTION_ZOOM, bool(caption)
    painter.setPen(look.pen("#ffffff" if not face.disabled else theme.DIM))
    painter.setFont(look.font(12 if near else 17, bold=True))
    painter.drawText(_NAME if second else _NAME_ALONE, _CENTRE, name)
    if second:
        painter.setPen(look.pen("#ffffff", 1.0, 185))
        painter.setFont(look.font(10))
        painter.drawText(_CAPTION, _CENTRE, caption)
    if face.clones and near:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.brush(theme.CLONE))
        painter.drawEllipse(_CLONE)
        painter.setPen(look.pen("#101010"))
        painter.setFont(look.font(9, bold=True))
        painter.drawText(_CLONE, _CENTRE, "C")
    if face.keys and near:
        tag = QRectF(4, 4, 7.0 * len(face.keys) + 5, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.brush("#000000", 120))
        painter.drawRoundedRect(tag, 3, 3)
        painter.setPen(look.pen(theme.ACCENT))
        painter.setFont(look.font(9, bold=True))
        painter.drawText(tag, _CENTRE, face.keys)


def _state(painter: QPainter, face: NodeFace) -> None:
    fit = face.told.fit
    if not fit:
        return
    centre = QPointF(NODE_WIDTH - 12, 12)
    colour = theme.FIT.get(fit, theme.FAINT)
    if fit == "none":
        painter.setPen(look.pen("#ffffff", 1.4, 130))
        painter.setBrush(look.brush("#000000", 60))
        painter.drawEllipse(centre, 3.8, 3.8)
        return
    painter.setPen(look.pen("#101010", 1.2))
    painter.setBrush(look.brush(colour))
    painter.drawEllipse(centre, 4.6, 4.6)
    if face.told.note:
        _warning(painter)


def _warning(painter: QPainter) -> None:
    """Beside the state of the fit: there is something to read about it."""
    painter.setBrush(look.brush(theme.WARNING))
    painter.drawPolygon(_SIGN)
    painter.setPen(look.pen("#101010", 1.5))
    painter.drawLine(_STROKE)
    painter.drawPoint(_POINT)


def _progress(painter: QPainter, fraction: float) -> None:
    painter.fillRect(_BAR, look.brush("#000000", 130))
    painter.fillRect(
        QRectF(_BAR.x(), _BAR.y(), _BAR.width() * fraction, _BAR.height()), look.brush(theme.INFO)
    )


def _error(painter: QPainter, face: NodeFace, zoom: float) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.brush("#3d1714"))
    painter.drawRoundedRect(_STRIP, 3, 3)
    if zoom < TEXT_ZOOM:
        return
    painter.setPen(look.pen(theme.ERROR))
    painter.setFont(look.font(10))
    text = reason_first(without_name(face.told.error, face.name))
    text = elided_end(text, 10, NODE_WIDTH + 18)
    painter.drawText(_STRIP, _CENTRE, text)


def elided_end(text: str, pixels: int, width: float) -> str:
    """A sentence as far as it fits."""
    metrics = QFontMetricsF(look.font(pixels))
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)


def reason_first(message: str) -> str:
    """A message whose reason is read first: of files the name only, and behind the reason."""
    found = _LED.fullmatch(message) or _TOLD.fullmatch(message)
    if found is not None:
        last = re.split(r"[/\\]", found["path"].rstrip("/\\"))[-1]
        message = f"{found['why'].rstrip('.')}: {last}{found['rest']}"

    def name(word: re.Match[str]) -> str:
        text = word[0]
        return re.split(r"[/\\]", text.rstrip("/\\"))[-1] if _PLACE.match(text) else text

    return _WORD.sub(name, message)


def without_name(message: str, name: str) -> str:
    """A message under a node need not begin with the node's name."""
    for start in (f"{name}: ", f"{name} "):
        if message.startswith(start):
            return message[len(start) :]
    return message


def _outline(painter: QPainter, face: NodeFace, selected: bool, hovered: bool, drop: str) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if drop == GOOD:
        painter.setPen(look.pen(theme.GOOD, 2.2))
        painter.drawRoundedRect(_RING, 5, 5)
    elif selected:
        painter.setPen(look.pen(theme.ACCENT, 2.0))
        painter.drawRoundedRect(_RING, 5, 5)
    elif face.told.error:
        painter.setPen(look.pen(theme.ERROR, 1.4))
        painter.drawRoundedRect(_BODY, 4, 4)
    elif face.unknown:
        painter.setPen(look.pen(theme.ERROR, 1.2, dashed=True))
        painter.drawRoundedRect(_BODY, 4, 4)
    else:
        painter.setPen(look.pen("#ffffff" if hovered else "#0e0e0e", 1.0, 120 if hovered else 255))
        painter.drawRoundedRect(_BODY, 4, 4)


def _inputs(painter: QPainter, face: NodeFace, zoom: float, near: bool, rise: float) -> None:
    for spot in face.spots:
        named = zoom >= CAPTION_ZOOM and (near or len(spot.port) <= 2)
        if spot.wired and not named:
            continue
        painter.save()
        painter.translate(spot.x, spot.y - (rise if spot.out == UP else 0.0))
        if named:
            _port_name(painter, spot)
        if not spot.wired:
            painter.rotate(_TURNS[spot.out])
            _stub(painter, spot, near)
        painter.restore()


def _stub(painter: QPainter, spot: Spot, near: bool) -> None:
    """The arrow of an input that nothing is wired to: down to the origin."""
    long = near or not spot.optional
    colour = look.wire_colour(spot.type)
    painter.setPen(look.pen(colour, 1.4, 255 if long else 110))
    painter.drawLine(QLineF(0, -STUB if long else -TICK, 0, -7 if long else 0))
    if long:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.brush(colour))
        painter.drawPolygon(look.arrow(7.0, 7.0))


def _port_name(painter: QPainter, spot: Spot) -> None:
    """The name of an input that is at the origin."""
    painter.setPen(look.pen(look.wire_colour(spot.type)))
    if len(spot.port) <= 2:
        painter.setFont(look.font(9, bold=True))
        at = QPointF(-14, -4) if spot.out == LEFT else QPointF(6, -6)
        painter.drawText(at, spot.port.upper())
        return
    if spot.wired:
        return
    painter.setFont(look.font(9))
    text = spot.port.replace("_", " ")
    if spot.out == ASIDE:
        painter.drawText(QPointF(STUB + 4, 3), text)
    elif spot.out == LEFT:
        painter.drawText(QRectF(-STUB - 64, -7, 60, 14), _BEFORE, text)
    else:
        painter.save()
        painter.translate(2, -STUB - 3 if spot.out == UP else STUB + 9)
        painter.rotate(-52 if spot.out == UP else 52)
        painter.drawText(QPointF(0, 0), text)
        painter.restore()


def elided_title(text: str, pixels: int, width: float) -> str:
    """A bold title as far as it fits."""
    metrics = QFontMetricsF(look.font(pixels, bold=True))
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
