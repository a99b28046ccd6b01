"""Pens, brushes and fonts of the graph, made once."""

from functools import cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QIcon, QPen, QPixmap, QPolygonF

from gui import theme

_DARK_TEXT = "#141414"


@cache
def tone(name: str, alpha: int = 255) -> QColor:
    """A colour."""
    made = QColor(name)
    made.setAlpha(alpha)
    return made


@cache
def brush(name: str, alpha: int = 255) -> QBrush:
    """A plain brush."""
    return QBrush(tone(name, alpha))


@cache
def hatch(name: str, alpha: int = 255) -> QBrush:
    """A hatched brush."""
    return QBrush(tone(name, alpha), Qt.BrushStyle.BDiagPattern)


@cache
def pen(name: str, width: float = 1.0, alpha: int = 255, *, dashed: bool = False) -> QPen:
    """A pen in scene units."""
    made = QPen(tone(name, alpha), width)
    made.setCapStyle(Qt.PenCapStyle.RoundCap)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        made.setCapStyle(Qt.PenCapStyle.FlatCap)
        made.setDashPattern([5.0, 3.5])
    return made


@cache
def font(pixels: int, *, bold: bool = False, italic: bool = False) -> QFont:
    """The program's font at a size in scene units."""
    made = theme.font()
    made.setPixelSize(pixels)
    made.setBold(bold)
    made.setItalic(italic)
    return made


@cache
def body(kind: str, category: str, *, unknown: bool, disabled: bool, selected: bool) -> QColor:
    """Ground of a node."""
    made = QColor(theme.UNKNOWN_NODE) if unknown else theme.node_colour(kind, category)
    if disabled:
        grey = made.lightness() * 3 // 4
        made = QColor(grey, grey, grey)
    return made.lighter(128) if selected else made


@cache
def lighter(rgb: int, percent: int) -> QColor:
    """A lighter (over 100) or darker colour."""
    return QColor(rgb).lighter(percent)


@cache
def swatch(kind: str, category: str) -> QIcon:
    """The colour of a node type, for menus."""
    pixmap = QPixmap(12, 12)
    pixmap.fill(theme.node_colour(kind, category).lighter(115))
    return QIcon(pixmap)


def wire_colour(kind: str | None) -> str:
    """Colour of a wire by the type of what runs in it."""
    return theme.WIRE.get(kind or "", theme.DIM)


@cache
def arrow(length: float, width: float) -> QPolygonF:
    """An arrow head whose tip is at the origin, pointing down."""
    return QPolygonF([QPointF(0, 0), QPointF(-width / 2, -length), QPointF(width / 2, -length)])


def field_colour(linear: list[float]) -> QColor:
    """A scene-linear colour of a knob as the screen shows it."""

    def encoded(value: float) -> float:
        value = min(max(value, 0.0), 1.0)
        return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055

    red, green, blue = (encoded(value) for value in linear[:3])
    return QColor.fromRgbF(red, green, blue)


def text_on(ground: QColor) -> str:
    """Light or dark text, whichever is read better."""
    return _DARK_TEXT if ground.lightnessF() > 0.6 else theme.TEXT
