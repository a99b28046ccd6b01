"""How a canvas is drawn: pictures, windows, compare, marks, words."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen

from gui import theme
from gui.viewer.viewframe import ViewFrame
from gui.viewer.viewport import Box

if TYPE_CHECKING:
    from gui.viewer.canvas import Canvas

_WINDOW = QColor(255, 255, 255, 70)
_ROI = QColor("#e5e5e5")
_SAMPLE = QColor("#ffd24a")
_LINKED = QColor("#ffb347")
_PAD = 6
_MARK = 16
_BESIDE, _HIDDEN = QPointF(14, 8), "hidden here"
_BREAKS = re.compile(r"[/\\_]")


def paint(
    painter: QPainter,
    canvas: "Canvas",
    frames: Mapping[str, ViewFrame],
    under: ViewFrame | None,
) -> None:
    """Draws all but the tool and the words.

    Args:
        painter: On the canvas.
        canvas: What is drawn.
        frames: Pictures by side.
        under: What lies under the A side.
    """
    painter.fillRect(canvas.rect(), QColor(theme.VIEWER))
    a, b = frames.get("a"), frames.get("b")
    difference = frames.get("difference")
    if canvas.compare == "difference" and difference is not None:
        _picture(painter, canvas, difference)
    elif canvas.compare == "wipe" and b is not None:
        for side, frame in (("b", b), ("a", a)):
            if frame is None:
                continue
            painter.save()
            path = QPainterPath()
            path.addPolygon(canvas.wipe.half(canvas.viewport, side))
            path.closeSubpath()
            painter.setClipPath(path)
            if side == "b":
                painter.fillRect(canvas.rect(), QColor(theme.VIEWER))
            _picture(painter, canvas, frame)
            painter.restore()
    else:
        if under is not None:
            _picture(painter, canvas, under)
        if a is not None:
            _picture(painter, canvas, a)
    if canvas.show_marks:
        for overlay in canvas.overlays:
            painter.save()
            overlay(painter, canvas)
            painter.restore()
    _windows(painter, canvas)  # above heat maps: its figures must be read
    if canvas.roi is not None:
        _roi(painter, canvas, canvas.roi)
    if canvas.sample is not None:
        painter.setPen(QPen(_SAMPLE, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(_crisp(canvas.screen_rect(canvas.sample)))
    if canvas.compare == "wipe" and b is not None:
        canvas.wipe.paint(painter, canvas.viewport, QColor(theme.ACCENT))
    if canvas.linked is not None:
        _crosshair(painter, canvas, canvas.linked)


def _picture(painter: QPainter, canvas: "Canvas", frame: ViewFrame) -> None:
    target = canvas.screen_rect(frame.target)
    zoom = canvas.viewport.zoom * frame.scale
    # Pixels are shown as they are from 100 % up.
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, zoom < 1)
    image = frame.image
    painter.drawImage(target, image, QRectF(0, 0, image.width(), image.height()))


def _windows(painter: QPainter, canvas: "Canvas") -> None:
    if canvas.format is None:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_WINDOW, 1))
    rect = _crisp(canvas.screen_rect(canvas.format))
    painter.drawRect(rect)
    if not canvas.show_marks:
        return
    painter.setFont(theme.font(theme.SMALL))
    painter.setPen(QColor(theme.DIM))
    x0, y0, x1, y1 = canvas.format
    seen = canvas.screen_rect(canvas.data or canvas.format)
    text = f"{x1 - x0:g} x {y1 - y0:g}"
    if rect.bottom() + 19 < canvas.height() and rect.width() > 120:
        _caption(painter, seen, text, rect.bottom() + 3, right=rect.right())
    if canvas.data is not None and canvas.data != canvas.format:
        pen = QPen(_WINDOW.lighter(140), 1, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        box = canvas.screen_rect(canvas.data)
        painter.drawRect(_crisp(box))
        d0, e0, d1, e1 = canvas.data
        # Corners as the artist counts them: from the bottom left of the format.
        low = f"{d0 - x0:g}, {y1 - e1:g}"
        high = f"{d1 - x0:g}, {y1 - e0:g}"
        # Outside the corners, or inside where the widget ends.
        below = min(box.bottom() + 3, canvas.height() - 18.0)
        above = max(box.top() - 18, 2.0)
        _caption(painter, box, low, below, left=box.left() + 2)
        _caption(painter, box, high, above, right=box.right() - 2)


def _caption(
    painter: QPainter,
    picture: QRectF,
    text: str,
    top: float,
    *,
    left: float | None = None,
    right: float | None = None,
) -> None:
    """A few figures beside the picture; over it they get a ground of their own."""
    width = painter.fontMetrics().horizontalAdvance(text)
    start = left if left is not None else (right or 0.0) - width
    # Never cut by the edge of the pane: a cut number would be a wrong number.
    start = max(min(start, painter.window().width() - width - 4.0), 4.0)
    room = QRectF(start, top, width, 16)
    if room.intersects(picture):
        painter.fillRect(room.adjusted(-3, 0, 3, 0), QColor(20, 20, 20, 190))
    painter.setPen(QColor(theme.DIM))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)


def _roi(painter: QPainter, canvas: "Canvas", roi: Box) -> None:
    rect = _crisp(canvas.screen_rect(roi))
    path = QPainterPath()
    path.addRect(QRectF(canvas.rect()))
    path.addRect(rect)
    painter.fillPath(path, QColor(0, 0, 0, 90))
    painter.setPen(QPen(_ROI, 1, Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect)


def linked_box(canvas: "Canvas", linked: tuple[float, float, bool]) -> QRect:
    """Where the mark of the other viewer's cursor is on the canvas, words included."""
    place = canvas.point(linked[0], linked[1])
    box = QRectF(place.x() - _MARK, place.y() - _MARK, 2 * _MARK, 2 * _MARK)
    if not linked[2]:
        width = QFontMetrics(theme.font(theme.SMALL)).horizontalAdvance(_HIDDEN) + 2 * _PAD
        box = box.united(QRectF(place + _BESIDE, QSizeF(width + 2, 24)))
    return box.toAlignedRect()


def _crosshair(painter: QPainter, canvas: "Canvas", linked: tuple[float, float, bool]) -> None:
    x, y, seen = linked
    place = canvas.point(x, y)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for width, colour in ((3.5, QColor(0, 0, 0, 130)), (1.4, _LINKED)):
        pen = QPen(colour, width)
        if not seen:
            pen.setStyle(Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(place, 7.0, 7.0)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            way = QPointF(dx, dy)
            painter.drawLine(place + way * 7, place + way * 13)
    painter.restore()
    if not seen:
        label(painter, place + _BESIDE, _HIDDEN, QColor(theme.DIM))


def paint_words(painter: QPainter, canvas: "Canvas") -> None:
    """Draws the badge, the message and the mark of a picture that is being made."""
    if canvas.badge and canvas.underMouse():
        place = QPointF(canvas.mapFromGlobal(canvas.cursor().pos()))
        label(painter, place + QPointF(16, 16), canvas.badge, QColor(theme.WARNING))
    if canvas.message:
        _message(painter, canvas)
        return
    text, colour = canvas.halted, theme.WARNING
    if not text and canvas.updating:
        text, colour = "updating", theme.DIM
        if canvas.update_share is not None:
            text += f" {100 * canvas.update_share:.0f} %"
    if text:
        painter.setFont(theme.font(theme.SMALL))
        width = painter.fontMetrics().horizontalAdvance(text) + 2 * _PAD
        label(painter, QPointF(canvas.width() - width - 8, 8), text, QColor(colour))


def _message(painter: QPainter, canvas: "Canvas") -> None:
    painter.save()
    painter.setFont(theme.font())
    room = QRectF(canvas.rect()).adjusted(24, 24, -24, -24)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    # A path may be broken after any of its parts, else it would run out of the window.
    text = _BREAKS.sub("\\g<0>\u200b", canvas.message)
    needed = painter.boundingRect(room, flags, text)
    if needed.width() > room.width():
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWrapAnywhere
        needed = painter.boundingRect(room, flags, text)
    needed = needed.adjusted(-12, -8, 12, 8) & QRectF(canvas.rect()).adjusted(8, 8, -8, -8)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 20, 20, 225))
    painter.drawRoundedRect(needed, 4, 4)
    painter.setPen(QColor(theme.ERROR if canvas.failed else theme.DIM))
    painter.drawText(needed.adjusted(12, 8, -12, -8), flags, text)
    painter.restore()


def label(painter: QPainter, place: QPointF, text: str, colour: QColor) -> None:
    """A few words on a dark ground.

    Args:
        painter: On the canvas.
        place: Top left corner.
        text: The words.
        colour: Of the words.
    """
    painter.save()
    painter.setFont(theme.font(theme.SMALL))
    metrics = painter.fontMetrics()
    ground = QRectF(
        place.x(), place.y(), metrics.horizontalAdvance(text) + 2 * _PAD, metrics.height() + 4
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 20, 20, 200))
    painter.drawRoundedRect(ground, 3, 3)
    painter.setPen(colour)
    painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def _crisp(rect: QRectF) -> QRectF:
    """A rectangle whose one-pixel lines fall onto pixels."""
    return QRectF(
        round(rect.left()) - 0.5,
        round(rect.top()) - 0.5,
        round(rect.right()) - round(rect.left()),
        round(rect.bottom()) - round(rect.top()),
    )
