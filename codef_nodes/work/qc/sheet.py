"""The QC sheet as one picture."""

import numpy as np

from codef_nodes.demo.contact_sheet import (
    BRIGHT,
    CAPTION,
    EDGE,
    GAP,
    GROUND,
    HEAD,
    MARGIN,
    QUIET,
    WELL,
    Panel,
    place,
    shortened,
    text_width,
    write_text,
)
from codef_nodes.work.qc.contents import Contents
from codef_nodes.work.qc.plots import Plot, raster_plot
from codef_nodes.work.qc.words import (
    coverage_note,
    group_rows,
    pin_rows,
    plot_note,
    worst_note,
)
from engine.arrays import U8

INNER = 1840
"""Width of what lies between the margins."""
_TALLEST = 460
_PLOT = 230
_ROW = 30
_LAYERS = 4
"""Layers whose maps the picture has room for; the page shows all."""


def draw_sheet(contents: Contents) -> U8:
    """The sheet, uint8 sRGB [H, W, 3]."""
    blocks = [
        _header(contents),
        _heading("Checker", "carried from the canonical image"),
        _panels([Panel(picture, f"Frame {frame}") for frame, picture in contents.checker], 5),
        _plots(contents.plots),
        _heading("Least believed frames", "orange: not believed"),
        _panels(
            [
                Panel(picture, f"Frame {frame}", worst_note(contents, frame))
                for frame, picture in contents.worst
            ],
            5,
        ),
        *_maps(contents),
        *_groups(contents),
        _pins(contents),
    ]
    sheet = np.concatenate([block for block in blocks if block is not None])
    foot = np.full((GAP, sheet.shape[1], 3), GROUND, np.uint8)
    return np.concatenate([sheet, foot])


def _blank(height: int) -> U8:
    return np.full((height, INNER + 2 * MARGIN, 3), GROUND, np.uint8)


def _header(contents: Contents) -> U8:
    block = _blank(HEAD + 64)
    room = INNER
    write_text(block, (MARGIN, 62), shortened(contents.title, 32, 600, room), 32, 600, BRIGHT)
    x = MARGIN
    for name, value in contents.facts:
        wide = max(text_width(name, 14, 400), text_width(value, 18, 500)) + 34
        if x + wide > MARGIN + INNER + 34:
            value = shortened(value, 18, 500, MARGIN + INNER - x)
        if x >= MARGIN + INNER:
            break
        write_text(block, (x, 104), name, 14, 400, QUIET)
        write_text(block, (x, 130), value, 18, 500, BRIGHT)
        x += wide
    block[150, MARGIN : MARGIN + INNER] = EDGE
    return block


def _heading(title: str, note: str) -> U8:
    block = _blank(34)
    end = write_text(block, (MARGIN, 24), title, 20, 600, BRIGHT)
    write_text(block, (end + 14, 24), note, 15, 400, QUIET)
    return block


def _panels(panels: list[Panel], columns: int) -> U8 | None:
    if not panels:
        return None
    width = (INNER - GAP * (columns - 1)) // columns
    tallest = max(panel.picture.shape[0] / panel.picture.shape[1] for panel in panels)
    height = round(min(width * tallest, _TALLEST))
    block = _blank(CAPTION + height + GAP)
    for n, panel in enumerate(panels[:columns]):
        place(block, panel, MARGIN + n * (width + GAP), 0, width, height)
    return block


def _plots(plots: list[Plot]) -> U8:
    count = len(plots)
    width = (INNER - GAP * (count - 1)) // count
    block = _blank(CAPTION + _PLOT + GAP)
    for n, plot in enumerate(plots):
        left = MARGIN + n * (width + GAP)
        end = write_text(block, (left, CAPTION - 16), plot.title, 17, 500, BRIGHT)
        room = _legend(block, plot, left + width, CAPTION - 16) - end - 28
        note = shortened(plot_note(plot), 14, 400, room)
        write_text(block, (end + 14, CAPTION - 16), note, 14, 400, QUIET)
        block[CAPTION : CAPTION + _PLOT, left : left + width] = raster_plot(plot, width, _PLOT)
        _frame(block, left, CAPTION, width, _PLOT)
    return block


def _legend(block: U8, plot: Plot, right: int, line: int) -> int:
    """Names the lines up to ``right``; returns where that begins."""
    if len(plot.lines) < 2:
        return right
    for entry in reversed(plot.lines):
        right -= text_width(entry.name, 14, 400)
        write_text(block, (right, line), entry.name, 14, 400, QUIET)
        block[line - 6 : line - 3, right - 24 : right - 7] = entry.colour
        right -= 38
    return right


def _frame(block: U8, left: int, top: int, width: int, height: int) -> None:
    outer = block[top - 1 : top + height + 1, left - 1 : left + width + 1]
    outer[[0, -1]] = EDGE
    outer[:, [0, -1]] = EDGE


def _maps(contents: Contents) -> list[U8 | None]:
    several = len(contents.layers) > 1
    rows: list[U8 | None] = [_heading("Canvas", "all that the shot ever shows")]
    for k, name in enumerate(contents.layers[:_LAYERS]):
        of = f" of {name}" if several else ""
        panels = [
            Panel(contents.stills[k], f"Canonical image{of}"),
            Panel(contents.coverage[k], "Coverage", coverage_note(contents, k)),
            Panel(contents.pins[k], "Where a pin pays", "orange: not believed"),
        ]
        rows.append(_panels(panels, 3))
    return rows


def _groups(contents: Contents) -> list[U8]:
    rows = group_rows(contents)
    return [_listed("Groups", rows)] if rows else []


def _pins(contents: Contents) -> U8:
    rows = [f"{n}   {row}" for n, row in enumerate(pin_rows(contents), 1)]
    return _listed("Next pins or painted frames", rows)


def _listed(title: str, rows: list[str]) -> U8:
    """Sentences under each other."""
    block = _blank(CAPTION + _ROW * max(len(rows), 1) + GAP)
    write_text(block, (MARGIN, CAPTION - 16), title, 17, 500, BRIGHT)
    if not rows:
        text = "Nothing is in doubt."
        write_text(block, (MARGIN, CAPTION + 20), text, 16, 400, QUIET)
    for n, row in enumerate(rows):
        top = CAPTION + n * _ROW
        if n % 2 == 0:
            block[top : top + _ROW, MARGIN : MARGIN + INNER] = WELL
        write_text(block, (MARGIN + 12, top + 21), row, 16, 400, 200)
    return block
