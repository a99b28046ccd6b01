"""The line under a viewer: where the cursor is, what the pixel holds, what the picture is."""

import colorsys
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.arrays import F32, AnyArray
from gui import theme
from gui.viewer.viewport import Box

_CHANNEL = {"R": "#ff8f86", "G": "#8fd18a", "B": "#8fb4ff", "A": theme.TEXT}
_ROW = 19


@dataclass
class Sampled:
    """A sampled box, in the artist's own coordinates.

    Attributes:
        box: x0, y0, x1, y1 with y up from the bottom-left of the format.
        mean: One value for each channel.
        least: The same.
        most: The same.
        count: Pixels.
    """

    box: Box
    mean: list[float]
    least: list[float]
    most: list[float]
    count: int

    @classmethod
    def of(cls, pixels: AnyArray, box: Box) -> "Sampled":
        """The figures of some linear pixels, [H, W, C]."""
        flat = np.asarray(pixels, np.float64).reshape(-1, pixels.shape[2])
        return cls(
            box,
            [float(v) for v in flat.mean(axis=0)],
            [float(v) for v in flat.min(axis=0)],
            [float(v) for v in flat.max(axis=0)],
            len(flat),
        )


def y_up(y: float, bottom: float) -> float:
    """A place that counts from the top, counted from the bottom of the format."""
    return bottom - y


def hsvl(values: "F32 | list[float]", weights: F32) -> tuple[float, float, float, float]:
    """Hue in degrees, saturation, value, luminance of a linear colour.

    Args:
        values: Red, green, blue.
        weights: Of red, green and blue in the luminance.
    """
    red, green, blue = (float(v) for v in values[:3])
    light = float(red * weights[0] + green * weights[1] + blue * weights[2])
    if not all(math.isfinite(v) for v in (red, green, blue)):
        return 0.0, 0.0, math.nan, light
    hue, saturation, value = colorsys.rgb_to_hsv(max(red, 0), max(green, 0), max(blue, 0))
    return hue * 360, saturation, value, light


@dataclass
class Facts:
    """What the bar says.

    Attributes:
        x: The cursor's pixel, counted from the bottom-left, or None.
        y: The same.
        values: Linear values of that pixel, or None.
        names: Names of the channels.
        sampled: The sampled box, or None.
        weights: Of red, green and blue in the luminance.
        right: Facts about the picture, shown at the right end.
        note: A word about the values (a coarser scale).
    """

    x: int | None = None
    y: int | None = None
    values: "F32 | None" = None
    names: tuple[str, ...] = ()
    sampled: Sampled | None = None
    weights: F32 = field(default_factory=lambda: np.array([0.2126, 0.7152, 0.0722], np.float32))
    right: str = ""
    note: str = ""


class InfoBar(QWidget):
    """Shows ``Facts``; a second row appears with a sampled box."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = Facts()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_ROW)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """One row."""
        return QSize(320, _ROW)

    def set(self, **facts: Any) -> None:
        """Changes facts by name."""
        for name, value in facts.items():
            setattr(self.facts, name, value)
        rows = 1 if self.facts.sampled is None else 2
        self.setFixedHeight(_ROW * rows + (2 if rows > 1 else 0))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draws the rows."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.PANE))
        painter.setFont(theme.mono(theme.SMALL))
        facts = self.facts
        wide = self._wide()
        right = self._right(painter, facts.right)
        pieces = _cursor_pieces(facts, wide)
        _row(painter, theme.MARGIN, 0, right - theme.MARGIN, pieces)
        if facts.sampled is not None:
            _row(painter, theme.MARGIN, _ROW, self.width(), _sample_pieces(facts.sampled, wide))
        painter.end()

    def _wide(self) -> bool:
        return self.width() > 760

    def _right(self, painter: QPainter, text: str) -> int:
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(text)
        # The pixel under the cursor matters more than what is said of the picture.
        room = self.width() - (420 if self.facts.values is not None else 120)
        while width > room and text:
            text = text.partition("   ")[2]
            width = metrics.horizontalAdvance(text)
        left = self.width() - width - theme.MARGIN
        painter.setPen(QColor(theme.DIM))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(left, 0, width + 2, _ROW), flags, text)
        return left


Piece = tuple[str, str]


def _number(value: float) -> str:
    if not math.isfinite(value):
        return f"{value:>8}"
    return f"{value:8.5f}" if abs(value) < 10 else f"{value:8.3f}"


def _cursor_pieces(facts: Facts, wide: bool) -> list[Piece]:
    if facts.x is None or facts.y is None:
        return []
    pieces: list[Piece] = [(f"x={facts.x:<5d}y={facts.y:<5d}", theme.DIM)]
    if facts.values is None:
        return pieces
    names = facts.names or ("R", "G", "B", "A")
    for name, value in zip(names, facts.values, strict=False):
        pieces.append((_number(float(value)) + " ", _CHANNEL.get(name, theme.TEXT)))
    if wide and len(facts.values) >= 3:
        hue, saturation, value, light = hsvl(facts.values, facts.weights)
        pieces.append((f" H{hue:4.0f} S{saturation:5.2f} V{value:8.5f} L{light:8.5f}", theme.DIM))
    if facts.note:
        pieces.append((f"  {facts.note}", theme.WARNING))
    return pieces


def _sample_pieces(sampled: Sampled, wide: bool) -> list[Piece]:
    x0, y0, x1, y1 = sampled.box
    place = f"({x0:g}, {y0:g})" if sampled.count == 1 else f"{x1 - x0:g}x{y1 - y0:g}"
    pieces: list[Piece] = [(f"sample {place} ", "#ffd24a")]
    rows = [("mean", sampled.mean)]
    if sampled.count > 1:
        rows += [("min", sampled.least), ("max", sampled.most)]
    names = ("R", "G", "B", "A")
    for title, values in rows:
        pieces.append((f" {title}", theme.DIM))
        for name, value in zip(names, values, strict=False):
            if wide or name != "A":
                pieces.append((_number(value), _CHANNEL[name]))
    return pieces


def _row(painter: QPainter, left: float, top: float, end: float, pieces: list[Piece]) -> None:
    metrics = painter.fontMetrics()
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    for text, colour in pieces:
        width = metrics.horizontalAdvance(text)
        if left + width > end:
            return  # a cut number would be a wrong number
        painter.setPen(QColor(colour))
        painter.drawText(QRectF(left, top, width + 2, _ROW), flags, text)
        left += width
