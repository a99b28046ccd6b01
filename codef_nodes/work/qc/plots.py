"""Small line plots, once as pixels for the sheet and once as SVG for the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite, log10

import numpy as np

from engine.arrays import U8

Colour = tuple[int, int, int]

GROUND, WELL, EDGE = 27, 19, 62
BRIGHT, TEXT, QUIET = 226, 190, 138
BLUE: Colour = (108, 166, 224)
ORANGE: Colour = (226, 150, 84)
GREEN: Colour = (122, 190, 130)
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 14, 30
"""Room around the drawing, in pixels."""
_TICK = 'fill="#8a8a8a" font-size="12" font-family="sans-serif"'


@dataclass(frozen=True)
class Line:
    """One line of a plot.

    Attributes:
        name: For the legend.
        colour: sRGB.
        values: One for each frame; what is not finite leaves a gap.
    """

    name: str
    colour: Colour
    values: Sequence[float]


@dataclass(frozen=True)
class Plot:
    """Lines over frames.

    Attributes:
        title: What is plotted.
        unit: Of the values.
        frames: Frame numbers.
        lines: What is drawn.
        least: The range covers at least this from its middle: small figures stay small.
        floor: Lowest value of the axis, or None.
        ceiling: Highest value of the axis, or None.
        reference: Number of the reference frame, which is marked, or None.
    """

    title: str
    unit: str
    frames: Sequence[int]
    lines: Sequence[Line]
    least: float = 0.0
    floor: float | None = None
    ceiling: float | None = None
    reference: int | None = None


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers that span a range."""
    step = 10 ** floor(log10(max(high - low, 1e-9) / most))
    step *= next(k for k in (1, 2, 5, 10) if (high - low) / (step * k) <= most)
    return [step * n for n in range(ceil(low / step - 1e-6), floor(high / step + 1e-6) + 1)]


def label(value: float) -> str:
    """A tick's number without noise."""
    return f"{value:.4g}" if abs(value) > 1e-9 else "0"


def span(plot: Plot) -> tuple[float, float]:
    """Lowest and highest value of a plot's axis."""
    known = [v for line in plot.lines for v in line.values if isfinite(v)] or [0.0]
    low, high = min(known), max(known)
    middle, half = (low + high) / 2, max((high - low) / 2 * 1.1, plot.least, 1e-6)
    low = middle - half if plot.floor is None else max(plot.floor, middle - half)
    high = middle + half if plot.ceiling is None else min(plot.ceiling, middle + half)
    return (low, high) if high > low else (low - 1e-6, high + 1e-6)


@dataclass(frozen=True)
class _Axes:
    plot: Plot
    width: int
    height: int

    def x(self, index: int) -> float:
        count = max(len(self.plot.frames) - 1, 1)
        return LEFT + (self.width - LEFT - RIGHT) * index / count

    def y(self, value: float) -> float:
        low, high = span(self.plot)
        return TOP + (self.height - TOP - BOTTOM) * (1 - (value - low) / (high - low))

    def stretches(self, line: Line) -> list[list[tuple[float, float]]]:
        """Points of a line between its gaps."""
        found: list[list[tuple[float, float]]] = [[]]
        for index, value in enumerate(line.values):
            if isfinite(value):
                found[-1].append((self.x(index), self.y(value)))
            elif found[-1]:
                found.append([])
        return [each for each in found if each]

    def reference(self) -> float | None:
        """Where the reference frame is; None where it is not among the frames."""
        frame = self.plot.reference
        return self.x(self.plot.frames.index(frame)) if frame in self.plot.frames else None

    def frame_marks(self) -> list[int]:
        """Positions of the frames that are named below the axis."""
        count = len(self.plot.frames)
        return sorted({round(n * (count - 1) / 4) for n in range(5)}) if count else []


def raster_plot(plot: Plot, width: int, height: int) -> U8:
    """A plot as uint8 sRGB [height, width, 3]."""
    import cv2

    from codef_nodes.demo.contact_sheet import text_width, write_text

    picture: U8 = np.full((height, width, 3), WELL, np.uint8)
    axes = _Axes(plot, width, height)
    for value in ticks(*span(plot)):
        row = round(axes.y(value))
        picture[row, LEFT : width - RIGHT] = 40
        text = label(value)
        write_text(picture, (LEFT - 8 - text_width(text, 13, 400), row + 5), text, 13, 400, QUIET)
    here = axes.reference()
    if here is not None:
        picture[TOP : height - BOTTOM, round(here)] = 90
        text = f"reference {plot.reference}"
        x = min(round(here) + 6, width - RIGHT - text_width(text, 12, 400))
        write_text(picture, (x, height - BOTTOM - 6), text, 12, 400, QUIET)
    for index in axes.frame_marks():
        text, x = str(plot.frames[index]), round(axes.x(index))
        half = text_width(text, 13, 400) // 2
        at = min(max(x - half, 0), width - 2 * half - 2)
        write_text(picture, (at, height - 9), text, 13, 400, QUIET)
    for line in plot.lines:
        for points in axes.stretches(line):
            path = np.round(np.array(points) * 16).astype(np.int32).reshape(-1, 1, 2)
            cv2.polylines(picture, [path], False, line.colour, 2, cv2.LINE_AA, 4)
            if len(points) == 1:
                centre = (round(points[0][0]), round(points[0][1]))
                cv2.circle(picture, centre, 3, line.colour, -1, cv2.LINE_AA)
    return picture


def svg_plot(plot: Plot, width: int, height: int) -> str:
    """A plot as an SVG element; every text is escaped."""
    axes = _Axes(plot, width, height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(plot.title, quote=True)}">'
    ]
    for value in ticks(*span(plot)):
        row = axes.y(value)
        parts.append(
            f'<line x1="{LEFT}" x2="{width - RIGHT}" y1="{row:.1f}" y2="{row:.1f}" '
            f'stroke="#2c2c2c"/><text x="{LEFT - 8}" y="{row + 4:.1f}" text-anchor="end" '
            f"{_TICK}>{label(value)}</text>"
        )
    here = axes.reference()
    if here is not None:
        side = 6 if here < width / 2 else -6
        parts.append(
            f'<line x1="{here:.1f}" x2="{here:.1f}" y1="{TOP}" y2="{height - BOTTOM}" '
            f'stroke="#5a5a5a"/><text x="{here + side:.1f}" y="{height - BOTTOM - 6}" '
            f'text-anchor="{"start" if side > 0 else "end"}" {_TICK}>'
            f"reference {plot.reference}</text>"
        )
    for index in axes.frame_marks():
        parts.append(
            f'<text x="{axes.x(index):.1f}" y="{height - 9}" text-anchor="middle" '
            f"{_TICK}>{plot.frames[index]}</text>"
        )
    for line in plot.lines:
        r, g, b = line.colour
        for points in axes.stretches(line):
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(
                f'<polyline points="{path}" stroke="rgb({r},{g},{b})" fill="none" '
                'stroke-width="1.8" stroke-linejoin="round"/>'
            )
    return "".join([*parts, "</svg>"])
