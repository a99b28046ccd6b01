"""Icons drawn as paths on a 16 by 16 grid: sharp at any scale, no files."""

import math
from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPainterPath, QPen, QPixmap

_TEXT, _FAINT, _ON = "#dedede", "#7c7c7c", "#ffffff"


def icon(name: str, colour: str = _TEXT) -> QIcon:
    """An icon by name; an unknown name gives an empty square, so that nothing breaks."""
    return QIcon(_Engine(name, colour))


def names() -> tuple[str, ...]:
    """Every icon there is."""
    return tuple(_DRAWN)


def draw(painter: QPainter, name: str, rect: QRectF, colour: str | QColor = _TEXT) -> None:
    """Draws an icon into a rectangle."""
    strokes, filled = _shape(name)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(rect.width(), rect.height())
    painter.translate(rect.center() - QPointF(side / 2, side / 2))
    painter.scale(side / 16, side / 16)
    pen = QPen(QColor(colour), 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(strokes, pen)
    painter.fillPath(filled, QColor(colour))
    painter.restore()


class _Engine(QIconEngine):
    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name, self._colour = name, colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = self._colour
        if mode == QIcon.Mode.Disabled:
            colour = _FAINT
        elif state == QIcon.State.On:
            colour = _ON
        draw(painter, self._name, QRectF(rect), colour)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        if made.isNull():  # a button that a layout has squeezed to nothing
            return made
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return made

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._colour)


_Shape = tuple[QPainterPath, QPainterPath]


@cache
def _shape(name: str) -> _Shape:
    strokes, filled = QPainterPath(), QPainterPath()
    _DRAWN.get(name, _square)(strokes, filled)
    return strokes, filled


def _square(s: QPainterPath, f: QPainterPath) -> None:
    s.addRect(3, 3, 10, 10)


def _lines(path: QPainterPath, *points: tuple[float, float], close: bool = False) -> None:
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if close:
        path.closeSubpath()


def _lined(*runs: tuple[tuple[float, float], ...]) -> Callable[[QPainterPath, QPainterPath], None]:
    def drawn(s: QPainterPath, f: QPainterPath) -> None:
        for run in runs:
            _lines(s, *run)

    return drawn


def _filled(*runs: tuple[tuple[float, float], ...]) -> Callable[[QPainterPath, QPainterPath], None]:
    def drawn(s: QPainterPath, f: QPainterPath) -> None:
        for run in runs:
            _lines(f, *run, close=True)

    return drawn


def _bar(left: float, right: float) -> tuple[tuple[float, float], ...]:
    return ((left, 3.5), (right, 3.5), (right, 12.5), (left, 12.5))


def _on(x: float) -> tuple[tuple[float, float], ...]:
    return ((x, 3.5), (x + 5, 8), (x, 12.5))


def _back(x: float) -> tuple[tuple[float, float], ...]:
    return ((x, 3.5), (x - 5, 8), (x, 12.5))


def _search(s: QPainterPath, f: QPainterPath) -> None:
    s.addEllipse(QPointF(6.8, 6.8), 4.3, 4.3)
    _lines(s, (10, 10), (14, 14))


def _pause(s: QPainterPath, f: QPainterPath) -> None:
    f.addRect(4, 3, 3, 10)
    f.addRect(9, 3, 3, 10)


def _stop(s: QPainterPath, f: QPainterPath) -> None:
    f.addRect(4, 4, 8, 8)


def _loop(s: QPainterPath, f: QPainterPath) -> None:
    s.arcMoveTo(3, 3, 10, 10, 30)
    s.arcTo(3, 3, 10, 10, 30, 290)
    _lines(s, (13, 2.5), (13, 6), (9.5, 6))


def _refresh(s: QPainterPath, f: QPainterPath) -> None:
    _loop(s, f)


def _bounce(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (2.5, 8), (13.5, 8))
    _lines(s, (5, 5.5), (2.5, 8), (5, 10.5))
    _lines(s, (11, 5.5), (13.5, 8), (11, 10.5))


def _once(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (2.5, 8), (11, 8))
    _lines(s, (8.5, 5.5), (11, 8), (8.5, 10.5))
    _lines(s, (13.5, 4), (13.5, 12))


def _ring(x: float, y: float, radius: float) -> Callable[[QPainterPath, QPainterPath], None]:
    def drawn(s: QPainterPath, f: QPainterPath) -> None:
        s.addEllipse(QPointF(x, y), radius, radius)

    return drawn


def _eye(s: QPainterPath, f: QPainterPath) -> None:
    s.moveTo(1.5, 8)
    s.quadTo(8, 0.5, 14.5, 8)
    s.quadTo(8, 15.5, 1.5, 8)
    f.addEllipse(QPointF(8, 8), 2.2, 2.2)


def _hidden(s: QPainterPath, f: QPainterPath) -> None:
    s.moveTo(1.5, 8)
    s.quadTo(8, 0.5, 14.5, 8)
    s.quadTo(8, 15.5, 1.5, 8)
    _lines(s, (3, 13.5), (13, 2.5))


def _lock(s: QPainterPath, f: QPainterPath) -> None:
    f.addRoundedRect(3.5, 7, 9, 6.5, 1, 1)
    s.arcMoveTo(5, 2.5, 6, 8, 0)
    s.arcTo(5, 2.5, 6, 8, 0, 180)


def _unlock(s: QPainterPath, f: QPainterPath) -> None:
    s.addRoundedRect(3.5, 7, 9, 6.5, 1, 1)
    s.arcMoveTo(5, 2, 6, 8, 30)
    s.arcTo(5, 2, 6, 8, 30, 150)


def _folder(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (2, 12.5), (2, 3.5), (6, 3.5), (7.5, 5), (14, 5), (14, 12.5), close=True)


def _save(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (2.5, 2.5), (11, 2.5), (13.5, 5), (13.5, 13.5), (2.5, 13.5), close=True)
    s.addRect(5, 9, 6, 4.5)
    s.addRect(5, 2.5, 5, 3)


def _brush(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (13.5, 2.5), (7, 9))
    f.moveTo(7, 8.2)
    f.quadTo(3.5, 8.5, 3.2, 12)
    f.quadTo(3, 13.2, 2, 13.8)
    f.quadTo(7.5, 14.6, 8.2, 9.6)
    f.closeSubpath()


def _erase(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (6, 13), (2.5, 9.5), (9, 3), (13, 7), (7, 13), close=True)
    _lines(s, (5.7, 6.3), (9.7, 10.3))
    _lines(s, (6, 13.5), (13.5, 13.5))


def _clone(s: QPainterPath, f: QPainterPath) -> None:
    s.addEllipse(QPointF(8, 4.2), 2.2, 2.2)
    _lines(s, (7, 6.2), (6.5, 9), (3, 9), (3, 11.5), (13, 11.5), (13, 9), (9.5, 9), (9, 6.2))
    _lines(s, (3, 13.8), (13, 13.8))


def _reveal(s: QPainterPath, f: QPainterPath) -> None:
    s.addRect(2.5, 2.5, 8, 8)
    f.addRect(6, 6, 7.5, 7.5)


def _heal(s: QPainterPath, f: QPainterPath) -> None:
    s.addRoundedRect(2.2, 5.8, 11.6, 4.4, 2.2, 2.2)
    _lines(s, (6, 5.8), (6, 10.2))
    _lines(s, (10, 5.8), (10, 10.2))
    f.addEllipse(QPointF(8, 8), 0.8, 0.8)


def _dodge(s: QPainterPath, f: QPainterPath) -> None:
    s.addEllipse(QPointF(7, 6), 3.5, 3.5)
    _lines(s, (7, 9.5), (7, 14))


def _burn(s: QPainterPath, f: QPainterPath) -> None:
    f.addEllipse(QPointF(7, 6), 3.9, 3.9)
    _lines(s, (7, 9.5), (7, 14))


def _blur(s: QPainterPath, f: QPainterPath) -> None:
    s.moveTo(8, 2)
    s.quadTo(12.5, 7.5, 12.5, 9.7)
    s.arcTo(3.5, 5.2, 9, 9, 0, -180)
    s.quadTo(3.5, 7.5, 8, 2)


def _smear(s: QPainterPath, f: QPainterPath) -> None:
    for y in (4.0, 8.0, 12.0):
        s.moveTo(2.5, y)
        s.quadTo(6, y - 2.5, 8.5, y)
        s.quadTo(11, y + 2.5, 13.5, y)


def _pen_size(s: QPainterPath, f: QPainterPath) -> None:
    """A line that swells: pressure makes it wide."""
    f.moveTo(2, 11.2)
    f.quadTo(9, 10.5, 12.5, 6.5)
    f.arcTo(8.6, 7.4, 6, 6, 60, -150)
    f.quadTo(7, 12.6, 2, 11.2)
    f.closeSubpath()
    _lines(s, (9, 6.5), (13.5, 2))


def _pen_opacity(s: QPainterPath, f: QPainterPath) -> None:
    """A disc whose lower half is filled: pressure makes it opaque."""
    s.addEllipse(QPointF(7.5, 9.5), 4.5, 4.5)
    f.moveTo(3, 9.5)
    f.arcTo(3, 5, 9, 9, 180, 180)
    f.closeSubpath()
    _lines(s, (9.5, 6), (13.5, 2))


def _pen_hardness(s: QPainterPath, f: QPainterPath) -> None:
    """A dot within a ring: pressure makes the edge hard."""
    f.addEllipse(QPointF(7.5, 9.5), 2, 2)
    s.addEllipse(QPointF(7.5, 9.5), 4.5, 4.5)
    _lines(s, (9.5, 6), (13.5, 2))


def _build_up(s: QPainterPath, f: QPainterPath) -> None:
    """Two discs, filled where they meet: paint gathers."""
    one, other = QPainterPath(), QPainterPath()
    one.addEllipse(QPointF(5.7, 8), 4.2, 4.2)
    other.addEllipse(QPointF(10.3, 8), 4.2, 4.2)
    s.addPath(one)
    s.addPath(other)
    f.addPath(one.intersected(other))


def _picker(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (9, 5), (3, 11), (2.5, 13.5), (5, 13), (11, 7))
    f.addEllipse(QPointF(12, 4), 2.2, 2.2)
    _lines(s, (8, 4), (12, 8))


def _grid(s: QPainterPath, f: QPainterPath) -> None:
    for x in (3.0, 8.0, 13.0):
        s.moveTo(x, 2.5)
        s.quadTo(x + 1.6, 8, x - 0.6, 13.5)
        s.moveTo(2.5, x)
        s.quadTo(8, x - 1.6, 13.5, x + 0.6)


def _layers(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (8, 2.5), (14, 5.8), (8, 9), (2, 5.8), close=True)
    _lines(s, (2, 8.6), (8, 11.8), (14, 8.6))
    _lines(s, (2, 11.2), (8, 14.4), (14, 11.2))


def _wipe(s: QPainterPath, f: QPainterPath) -> None:
    s.addRect(2.5, 3, 11, 10)
    f.addRect(8, 3, 5.5, 10)


def _difference(s: QPainterPath, f: QPainterPath) -> None:
    s.addEllipse(QPointF(6, 8), 4, 4)
    s.addEllipse(QPointF(10, 8), 4, 4)


def _pin(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (5, 2.5), (11, 2.5))
    _lines(f, (6, 2.5), (10, 2.5), (10.3, 7), (12.5, 9.5), (3.5, 9.5), (5.7, 7), close=True)
    _lines(s, (8, 9.5), (8, 14))


def _mask(s: QPainterPath, f: QPainterPath) -> None:
    s.addRect(1.5, 2.5, 13, 11)
    f.addEllipse(4.5, 5, 7, 6)


def _track(s: QPainterPath, f: QPainterPath) -> None:
    s.addEllipse(QPointF(8, 8), 3.6, 3.6)
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        _lines(s, (8 + 2 * x, 8 + 2 * y), (8 + 6.4 * x, 8 + 6.4 * y))


def _trash(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (2.5, 4.5), (13.5, 4.5))
    _lines(s, (6, 4.5), (6, 2.5), (10, 2.5), (10, 4.5))
    _lines(s, (4, 4.5), (4.6, 13.5), (11.4, 13.5), (12, 4.5))


def _gear(s: QPainterPath, f: QPainterPath) -> None:
    s.addEllipse(QPointF(8, 8), 2, 2)
    s.addEllipse(QPointF(8, 8), 4.4, 4.4)
    for step in range(8):
        x, y = math.cos(step * math.pi / 4), math.sin(step * math.pi / 4)
        _lines(s, (8 + 4.6 * x, 8 + 4.6 * y), (8 + 6.2 * x, 8 + 6.2 * y))


def _menu(s: QPainterPath, f: QPainterPath) -> None:
    for y in (4.0, 8.0, 12.0):
        _lines(s, (3, y), (13, y))


def _warning(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (8, 2), (14.5, 13.5), (1.5, 13.5), close=True)
    _lines(s, (8, 6.3), (8, 9.3))
    f.addEllipse(QPointF(8, 11.6), 0.9, 0.9)


def _info(s: QPainterPath, f: QPainterPath) -> None:
    s.addEllipse(QPointF(8, 8), 6, 6)
    _lines(s, (8, 7.5), (8, 11.5))
    f.addEllipse(QPointF(8, 4.9), 0.9, 0.9)


def _help(s: QPainterPath, f: QPainterPath) -> None:
    s.addEllipse(QPointF(8, 8), 6, 6)
    s.arcMoveTo(6, 3.9, 4, 4, 180)
    s.arcTo(6, 3.9, 4, 4, 180, -220)
    s.lineTo(8, 9.3)
    f.addEllipse(QPointF(8, 11.4), 0.9, 0.9)


def _roi(s: QPainterPath, f: QPainterPath) -> None:
    for x, y, dx, dy in ((2.5, 3, 3, 3), (13.5, 3, -3, 3), (2.5, 13, 3, -3), (13.5, 13, -3, -3)):
        _lines(s, (x + dx, y), (x, y), (x, y + dy))


def _star(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (8, 2), (9.8, 6.2), (14, 6.5), (10.8, 9.3), (11.9, 13.6), (8, 11.2), (4.1, 13.6),
           (5.2, 9.3), (2, 6.5), (6.2, 6.2), close=True)  # fmt: skip


def _monitor(s: QPainterPath, f: QPainterPath) -> None:
    s.addRect(2, 3, 12, 8)
    _lines(s, (8, 11), (8, 13.5))
    _lines(s, (5, 13.5), (11, 13.5))


def _nodes(s: QPainterPath, f: QPainterPath) -> None:
    s.addRoundedRect(5, 1.8, 6, 3.4, 1, 1)
    s.addRoundedRect(1.5, 10.8, 6, 3.4, 1, 1)
    s.addRoundedRect(8.5, 10.8, 6, 3.4, 1, 1)
    _lines(s, (8, 5.2), (8, 8), (4.5, 8), (4.5, 10.8))
    _lines(s, (8, 8), (11.5, 8), (11.5, 10.8))


def _film(s: QPainterPath, f: QPainterPath) -> None:
    s.addRect(2, 3, 12, 10)
    for x in (3.4, 6.4, 9.4, 12.0):
        f.addRect(x - 0.3, 4.2, 1.2, 1.4)
        f.addRect(x - 0.3, 10.4, 1.2, 1.4)


def _curve(s: QPainterPath, f: QPainterPath) -> None:
    _lines(s, (2.5, 2.5), (2.5, 13.5), (13.5, 13.5))
    s.moveTo(3, 12)
    s.cubicTo(5, 4, 8, 5, 13.5, 3.5)


def _maximise(s: QPainterPath, f: QPainterPath) -> None:
    s.addRect(2.5, 3, 11, 10)
    _lines(s, (2.5, 5.2), (13.5, 5.2))


_DRAWN: dict[str, Callable[[QPainterPath, QPainterPath], None]] = {
    "play": _filled(((4, 2.5), (13, 8), (4, 13.5))),
    "play_back": _filled(((12, 2.5), (3, 8), (12, 13.5))),
    "pause": _pause,
    "stop": _stop,
    "next": _filled(((3.5, 3.5), (9.5, 8), (3.5, 12.5)), _bar(11, 13)),
    "previous": _filled(((12.5, 3.5), (6.5, 8), (12.5, 12.5)), _bar(3, 5)),
    "first": _filled(_back(14), _back(9), _bar(2, 3.5)),
    "last": _filled(_on(2), _on(7), _bar(12.5, 14)),
    "loop": _loop,
    "bounce": _bounce,
    "once": _once,
    "refresh": _refresh,
    "retry": _refresh,
    "undo": _lined(((6, 3), (2.5, 6.5), (6, 10)), ((2.5, 6.5), (10, 6.5), (13, 9), (13, 13))),
    "redo": _lined(((10, 3), (13.5, 6.5), (10, 10)), ((13.5, 6.5), (6, 6.5), (3, 9), (3, 13))),
    "plus": _lined(((8, 3), (8, 13)), ((3, 8), (13, 8))),
    "minus": _lined(((3, 8), (13, 8))),
    "close": _lined(((4, 4), (12, 12)), ((12, 4), (4, 12))),
    "check": _lined(((3, 8.5), (6.5, 12), (13, 4))),
    "up": _lined(((3.5, 10), (8, 5.5), (12.5, 10))),
    "down": _lined(((3.5, 6), (8, 10.5), (12.5, 6))),
    "left": _lined(((10, 3.5), (5.5, 8), (10, 12.5))),
    "right": _lined(((6, 3.5), (10.5, 8), (6, 12.5))),
    "search": _search,
    "dot": lambda s, f: f.addEllipse(QPointF(8, 8), 4, 4),
    "ring": _ring(8, 8, 5),
    "eye": _eye,
    "eye_off": _hidden,
    "lock": _lock,
    "unlock": _unlock,
    "folder": _folder,
    "save": _save,
    "brush": _brush,
    "erase": _erase,
    "clone": _clone,
    "reveal": _reveal,
    "heal": _heal,
    "dodge": _dodge,
    "burn": _burn,
    "blur": _blur,
    "smear": _smear,
    "pen_size": _pen_size,
    "pen_opacity": _pen_opacity,
    "pen_hardness": _pen_hardness,
    "build_up": _build_up,
    "picker": _picker,
    "select": _filled(((3.5, 2), (13, 8.5), (8.6, 9.2), (6.4, 13.6))),
    "grid": _grid,
    "layers": _layers,
    "wipe": _wipe,
    "difference": _difference,
    "roi": _roi,
    "pin": _pin,
    "mask": _mask,
    "track": _track,
    "trash": _trash,
    "gear": _gear,
    "menu": _menu,
    "warning": _warning,
    "info": _info,
    "help": _help,
    "star": _star,
    "monitor": _monitor,
    "nodes": _nodes,
    "film": _film,
    "curve": _curve,
    "maximise": _maximise,
}  # fmt: skip
