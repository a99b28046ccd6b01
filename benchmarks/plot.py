"""Curves of quality over time, drawn with what the program already has."""

from collections.abc import Sequence
from dataclasses import dataclass
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
FINE = 16  # OpenCV draws in sixteenths of a pixel


@dataclass(frozen=True)
class Curve:
    """One fit.

    Attributes:
        clip: Name of its panel.
        recipe: Its colour.
        points: Seconds from the start of the process, PSNR in dB.
        end: Seconds at its end, and the PSNR measured from outside.
    """

    clip: str
    recipe: str
    points: Sequence[Sequence[float]]
    end: tuple[float, float]


def _step(reach: float, wanted: int) -> float:
    """A round step that divides a reach into about ``wanted`` parts."""
    raw = max(reach, 1e-6) / wanted
    size = 10 ** np.floor(np.log10(raw))
    return float(min((m * size for m in (1, 2, 5, 10)), key=lambda s: abs(s - raw)))


def _line(sheet: np.ndarray, points: np.ndarray, colour: tuple[int, int, int], thick: int) -> None:
    fixed = np.rint(points * FINE).astype(np.int32)
    cv2.polylines(sheet, [fixed], False, colour, thick, cv2.LINE_AA, 4)


def _panel(sheet: np.ndarray, curves: Sequence[Curve], left: int, top: int, seconds: float) -> None:
    """One clip: axes, rules, curves, and a ring where the finished fit was measured."""
    wide, high = PANEL
    x0, y0, x1, y1 = left + 54, top + 44, left + wide - 92, top + high - 40
    write_text(sheet, (x0, top + 24), curves[0].clip, 19, 600, BRIGHT)
    sheet[y0:y1, x0:x1] = WELL
    values = [v for c in curves for _, v in c.points] + [c.end[1] for c in curves]
    step = _step(max(np.ptp(values), 2.0), 5)
    low, top_value = np.floor(min(values) / step) * step, np.ceil(max(values) / step + 0.2) * step

    def place(t: float, v: float) -> tuple[float, float]:
        return x0 + (x1 - x0) * t / seconds, y1 - (y1 - y0) * (v - low) / (top_value - low)

    for value in np.arange(low, top_value + step / 2, step):
        y = round(place(0, value)[1])
        sheet[min(y, y1 - 1), x0:x1] = RULE
        text = f"{value:g}"
        write_text(sheet, (x0 - 10 - text_width(text, 14, 400), y + 5), text, 14, 400, QUIET)
    for time in np.arange(0, seconds + 1e-6, _step(seconds, 6)):
        x = round(place(time, low)[0])
        sheet[y1 : y1 + 5, min(x, x1 - 1)] = QUIET
        text = f"{time:g}"
        write_text(sheet, (x - text_width(text, 14, 400) // 2, y1 + 22), text, 14, 400, QUIET)
    write_text(sheet, (x1 + 12, y1 + 22), "s", 14, 400, QUIET)
    write_text(sheet, (x0 - 10 - text_width("dB", 14, 400), y0 - 10), "dB", 14, 400, QUIET)
    taken: list[float] = []
    for curve in sorted(curves, key=lambda c: c.end[1]):
        colour = COLOURS.get(curve.recipe, (220, 120, 220))
        if curve.points:
            _line(sheet, np.array([place(t, v) for t, v in curve.points]), colour, 2)
            last, end = place(*curve.points[-1]), place(*curve.end)
            for share in np.linspace(
                0, 1, 1 + int(np.hypot(end[0] - last[0], end[1] - last[1]) / 7)
            ):
                dot = np.array(last) * (1 - share) + np.array(end) * share
                cv2.circle(sheet, tuple(np.rint(dot * FINE).astype(int)), 12, colour, -1, 16, 4)
        spot = tuple(np.rint(np.array(place(*curve.end)) * FINE).astype(int).tolist())
        cv2.circle(sheet, spot, 6 * FINE, (WELL,) * 3, -1, cv2.LINE_AA, 4)
        cv2.circle(sheet, spot, 5 * FINE, colour, 2, cv2.LINE_AA, 4)
        label = place(*curve.end)[1] + 5
        while any(abs(label - other) < 17 for other in taken):
            label -= 3
        taken.append(label)
        _named(sheet, (x1 + 12, round(label)), f"{curve.end[1]:.1f}", colour)


def _named(sheet: np.ndarray, at: tuple[int, int], text: str, colour: tuple[int, ...]) -> None:
    font = cv2.FontFace("sans")
    cv2.putText(sheet, text, at, colour, font, 16, 600, 0, (0, 10 * sheet.shape[1]))


def draw_curves(curves: Sequence[Curve], path: Path) -> Path:
    """Writes a PNG with a panel for each clip and a curve for each recipe.

    Args:
        curves: The fits.
        path: The PNG.

    Returns:
        ``path``.

    Raises:
        OSError: It cannot be written.
    """
    names = list(dict.fromkeys(curve.clip for curve in curves))
    columns = min(len(names), 2) or 1
    rows = -(-len(names) // columns)
    wide = columns * PANEL[0] + (columns - 1) * GAP + 2 * MARGIN
    high = HEAD + rows * PANEL[1] + (rows - 1) * GAP + 76
    sheet = np.full((high, wide, 3), GROUND, np.uint8)
    write_text(sheet, (MARGIN, 54), "Quality over time", 28, 600, BRIGHT)
    said = "line: while fitting   ring: finished, measured on the written frames (edit path)"
    write_text(sheet, (MARGIN, 84), said, 15, 400, QUIET)
    x = wide - MARGIN
    for recipe in reversed(list(dict.fromkeys(curve.recipe for curve in curves))):
        x -= text_width(recipe, 17, 600)
        _named(sheet, (x, 54), recipe, COLOURS.get(recipe, (220, 120, 220)))
        x -= 26
    for n, name in enumerate(names):
        left = MARGIN + (n % columns) * (PANEL[0] + GAP)
        top = HEAD + (n // columns) * (PANEL[1] + GAP)
        mine = [curve for curve in curves if curve.clip == name]
        latest = max([c.end[0] for c in mine] + [t for c in mine for t, _ in c.points])
        _panel(sheet, mine, left, top, 1.04 * latest)
    if not cv2.imwrite(str(path), sheet[..., ::-1]):
        raise OSError(f"cannot write {path}")
    return path
