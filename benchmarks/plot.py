"""Curves, drawn with what the program already has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from codef_nodes.demo.contact_sheet import text_width, write_text

GROUND, WELL, RULE, QUIET, BRIGHT = 24, 31, 52, 146, 230
PANEL, HIGH, GAP, MARGIN, HEAD = (620, 380), 380, 36, 64, 112
COLOURS = {  # RGB; told apart by those who see no red or no green as well
    "seeded": (255, 176, 64),
    "paper": (98, 170, 255),
    "chain": (190, 190, 196),
}
OTHERS = ((220, 120, 220), (120, 200, 160), (230, 120, 100), (200, 200, 110), (150, 140, 240))
FINE = 16  # OpenCV draws in sixteenths of a pixel

Colour = tuple[int, int, int]
Point = Sequence[float]


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Attributes:
        colour: RGB.
        points: What is drawn as a line.
        rings: What is drawn as rings, dotted to the line's last point when there is only one.
        label: Beside the last ring (or the end of the line).
    """

    colour: Colour
    points: Sequence[Point]
    rings: Sequence[Point] = ()
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: Above it.
        units: Of x and of y.
        lines: What is drawn.
        goal: A level that is marked, or None.
        reach: Largest x; None takes the lines'.
        from_zero: Whether y starts at 0.
    """

    title: str
    units: tuple[str, str]
    lines: Sequence[Line]
    goal: float | None = None
    reach: float | None = None
    from_zero: bool = False


@dataclass(frozen=True)
class Curve:
    """One fit.

    Attributes:
        clip: Name of its panel.
        recipe: Its colour.
        points: Seconds from the start of the process, PSNR in dB.
        end: Seconds at its end, and the PSNR measured from outside; None where it was not.
    """

    clip: str
    recipe: str
    points: Sequence[Point]
    end: tuple[float, float] | None


@dataclass
class _Axes:
    """Data to pixels of the sheet."""

    box: tuple[int, int, int, int]
    x: float
    y: tuple[float, float]
    taken: list[float] = field(default_factory=list)

    def place(self, point: Point) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box
        low, high = self.y
        return (
            x0 + (x1 - x0) * point[0] / self.x,
            y1 - (y1 - y0) * (point[1] - low) / (high - low),
        )


def colour_of(name: str, names: Sequence[str]) -> Colour:
    """The colour of a recipe; those without one of their own take turns."""
    strangers = [n for n in dict.fromkeys(names) if n not in COLOURS]
    return COLOURS[name] if name in COLOURS else OTHERS[strangers.index(name) % len(OTHERS)]


def _step(reach: float, wanted: int) -> float:
    """A round step that divides a reach into about ``wanted`` parts."""
    raw = max(reach, 1e-6) / wanted
    size = 10 ** np.floor(np.log10(raw))
    return float(min((m * size for m in (1, 2, 5, 10)), key=lambda s: abs(s - raw)))


def _axes(sheet: np.ndarray, panel: Panel, left: int, top: int) -> _Axes:
    """Draws the well, its rules and its numbers."""
    wide, high = PANEL
    x0, y0, x1, y1 = left + 54, top + 44, left + wide - 92, top + high - 40
    write_text(sheet, (x0, top + 24), panel.title, 19, 600, BRIGHT)
    sheet[y0:y1, x0:x1] = WELL
    points = [p for line in panel.lines for p in (*line.points, *line.rings)]
    values = [p[1] for p in points] + [v for v in (panel.goal,) if v is not None]
    bottom = 0.0 if panel.from_zero else min(values)
    step = _step(max(max(values) - bottom, 0.0 if panel.from_zero else 2.0), 5)
    low, top_value = np.floor(bottom / step) * step, np.ceil(max(values) / step + 0.2) * step
    reach = panel.reach or 1.04 * max(p[0] for p in points)
    axes = _Axes((x0, y0, x1, y1), reach, (float(low), float(top_value)))
    for value in np.arange(low, top_value + step / 2, step):
        y = round(axes.place((0, value))[1])
        sheet[min(y, y1 - 1), x0:x1] = RULE
        text = f"{value:g}"
        write_text(sheet, (x0 - 10 - text_width(text, 14, 400), y + 5), text, 14, 400, QUIET)
    for value in np.arange(0, reach + 1e-6, _step(reach, 6)):
        x = round(axes.place((value, low))[0])
        sheet[y1 : y1 + 5, min(x, x1 - 1)] = QUIET
        text = f"{value:g}"
        write_text(sheet, (x - text_width(text, 14, 400) // 2, y1 + 22), text, 14, 400, QUIET)
    write_text(sheet, (x1 + 12, y1 + 22), panel.units[0], 14, 400, QUIET)
    unit = panel.units[1]
    write_text(sheet, (x0 - 10 - text_width(unit, 14, 400), y0 - 10), unit, 14, 400, QUIET)
    if panel.goal is not None:
        y = round(axes.place((0, panel.goal))[1])
        for x in range(x0, x1, 12):
            sheet[y, x : min(x + 6, x1)] = QUIET
    return axes


def _line(sheet: np.ndarray, axes: _Axes, line: Line) -> None:
    places = [axes.place(p) for p in line.points]
    if places:
        fixed = np.rint(np.array(places) * FINE).astype(np.int32)
        cv2.polylines(sheet, [fixed], False, line.colour, 2, cv2.LINE_AA, 4)
    rings = [axes.place(p) for p in line.rings]
    if places and len(rings) == 1:
        last, end = places[-1], rings[0]
        for share in np.linspace(0, 1, 1 + int(np.hypot(end[0] - last[0], end[1] - last[1]) / 7)):
            dot = np.array(last) * (1 - share) + np.array(end) * share
            cv2.circle(sheet, tuple(np.rint(dot * FINE).astype(int)), 12, line.colour, -1, 16, 4)
    for ring in rings:
        spot = tuple(np.rint(np.array(ring) * FINE).astype(int).tolist())
        cv2.circle(sheet, spot, 6 * FINE, (WELL,) * 3, -1, cv2.LINE_AA, 4)
        cv2.circle(sheet, spot, 5 * FINE, line.colour, 2, cv2.LINE_AA, 4)
    if line.label:
        label = (rings or places)[-1][1] + 5
        while any(abs(label - other) < 17 for other in axes.taken):
            label -= 3
        axes.taken.append(label)
        _named(sheet, (axes.box[2] + 12, round(label)), line.label, line.colour)


def _named(sheet: np.ndarray, at: tuple[int, int], text: str, colour: Colour) -> None:
    font = cv2.FontFace("sans")
    cv2.putText(sheet, text, at, colour, font, 16, 600, 0, (0, 10 * sheet.shape[1]))


def draw_panels(
    panels: Sequence[Panel],
    path: Path,
    *,
    title: str,
    said: str,
    legend: Sequence[tuple[str, Colour]] = (),
) -> Path:
    """Writes a PNG of panels, two beside each other.

    Args:
        panels: At least one.
        path: The PNG.
        title: Above all of them.
        said: A line under the title.
        legend: Names in their colours, at the right of the title.

    Returns:
        ``path``.

    Raises:
        OSError: It cannot be written.
    """
    columns = min(len(panels), 2) or 1
    rows = -(-len(panels) // columns)
    wide = columns * PANEL[0] + (columns - 1) * GAP + 2 * MARGIN
    high = HEAD + rows * PANEL[1] + (rows - 1) * GAP + 76
    sheet = np.full((high, wide, 3), GROUND, np.uint8)
    write_text(sheet, (MARGIN, 54), title, 28, 600, BRIGHT)
    write_text(sheet, (MARGIN, 84), said, 15, 400, QUIET)
    x = wide - MARGIN
    for name, colour in reversed(legend):
        x -= text_width(name, 17, 600)
        _named(sheet, (x, 54), name, colour)
        x -= 26
    for n, panel in enumerate(panels):
        left = MARGIN + (n % columns) * (PANEL[0] + GAP)
        axes = _axes(sheet, panel, left, HEAD + (n // columns) * (PANEL[1] + GAP))
        for line in panel.lines:
            _line(sheet, axes, line)
    if not cv2.imwrite(str(path), sheet[..., ::-1]):
        raise OSError(f"cannot write {path}")
    return path


def draw_curves(curves: Sequence[Curve], path: Path, goal: float | None = None) -> Path:
    """Writes a PNG of quality over time: a panel for each clip and a curve for each recipe.

    Args:
        curves: The fits.
        path: The PNG.
        goal: PSNR that is marked, or None.

    Returns:
        ``path``.

    Raises:
        OSError: It cannot be written.
    """
    recipes = list(dict.fromkeys(curve.recipe for curve in curves))
    panels = []
    for name in dict.fromkeys(curve.clip for curve in curves):
        lines = []
        for curve in sorted(
            (c for c in curves if c.clip == name), key=lambda c: (c.end or c.points[-1])[1]
        ):
            last = curve.end or curve.points[-1]
            rings = [curve.end] if curve.end else []
            colour = colour_of(curve.recipe, recipes)
            lines.append(Line(colour, curve.points, rings, f"{last[1]:.1f}"))
        panels.append(Panel(name, ("s", "dB"), lines, goal))
    return draw_panels(
        panels,
        path,
        title="Quality over time",
        said="line: while fitting   ring: finished, measured on the written frames (edit path)",
        legend=[(recipe, colour_of(recipe, recipes)) for recipe in recipes],
    )
