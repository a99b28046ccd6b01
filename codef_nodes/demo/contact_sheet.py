"""The contact sheet of a shot: what came in, the still, what was painted, and what came out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, U8
from engine.errors import WriteError

GROUND, WELL, EDGE = 27, 19, 62  # neutral greys: nothing on the sheet tints the pictures
BRIGHT, QUIET = 226, 138
MARGIN, GAP = 56, 24
CAPTION = 46  # height of the line above a picture
HEAD, FOOT = 108, 40


@dataclass(frozen=True)
class Panel:
    """One picture of the sheet.

    Attributes:
        picture: uint8 sRGB [H, W, 3], or [H, W, 4] with straight alpha.
        title: What it is.
        note: Said more quietly behind the title.
    """

    picture: U8
    title: str
    note: str = ""


def _font() -> Any:
    import cv2

    return cv2.FontFace("sans")


def text_width(text: str, size: int, weight: int) -> int:
    """Width in pixels of a line of text."""
    import cv2

    box = cv2.getTextSize((0, 0), text, (0, 0), _font(), size, weight)
    return int(box[2])


def write_text(sheet: U8, at: tuple[int, int], text: str, size: int, weight: int, grey: int) -> int:
    """Writes a line with its baseline at ``at`` and returns where it ends in x."""
    import cv2

    wide = (0, 10 * sheet.shape[1])  # never wrap
    end, _ = cv2.putText(sheet, text, at, (grey,) * 3, _font(), size, weight, 0, wide)
    return int(end[0])


def shortened(text: str, size: int, weight: int, room: int) -> str:
    """The text, cut with an ellipsis where it is wider than ``room`` pixels."""
    if text_width(text, size, weight) <= room:
        return text
    while text and text_width(text + "...", size, weight) > room:
        text = text[:-1].rstrip()
    return text + "..." if text else ""


def fitted(picture: U8, width: int, height: int) -> U8:
    """The picture scaled to fit into [height, width], over the ground of its well."""
    import cv2

    rows, columns = picture.shape[:2]
    scale = min(width / columns, height / rows)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    colour: F32 = picture.astype(np.float32)
    if colour.shape[2] == 4:  # premultiplied before it is scaled: holes must not bleed in
        alpha = colour[..., 3:] / 255
        colour = (colour[..., :3] * alpha + WELL * (1 - alpha)).astype(np.float32)
    small = cv2.resize(np.ascontiguousarray(colour), size, interpolation=how)
    rounded: U8 = np.clip(np.round(small), 0, 255).astype(np.uint8)
    return rounded


def place(sheet: U8, panel: Panel, left: int, top: int, width: int, height: int) -> None:
    """Draws a caption and below it the picture in a well of [height, width]."""
    small = width < 480
    size = 17 if small else 20
    line = top + CAPTION - 16
    end = write_text(sheet, (left, line), panel.title, size, 500, BRIGHT)
    room = left + width - end - 14
    note = shortened(panel.note, size - 3, 400, room)
    if note:
        write_text(sheet, (end + 14, line), note, size - 3, 400, QUIET)
    top += CAPTION
    well = sheet[top : top + height, left : left + width]
    well[:] = WELL
    picture = fitted(panel.picture, width, height)
    y, x = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
    well[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    outer = sheet[top - 1 : top + height + 1, left - 1 : left + width + 1]
    outer[[0, -1]] = EDGE
    outer[:, [0, -1]] = EDGE


def draw(stages: Sequence[Panel], results: Sequence[Panel], title: str = "", note: str = "") -> U8:
    """The sheet: the stages in a row, the results in a row below, a line of text above.

    Args:
        stages: From the source to the edit; the first one sets the size.
        results: What came out, in the order of time.
        title: Name of the shot.
        note: Facts about it, at the right.

    Returns:
        uint8 sRGB [H, W, 3].
    """
    wide = int(np.clip(stages[0].picture.shape[1], 560, 960))

    def shape(panels: Sequence[Panel], width: int) -> int:
        # A canonical picture may be larger than the frame; a very tall one is scaled to fit.
        heights: list[float] = [
            width * float(p.picture.shape[0]) / p.picture.shape[1] for p in panels
        ]
        return round(min(max(heights), 1.25 * heights[0]))

    inner = wide * len(stages) + GAP * (len(stages) - 1)
    narrow = (inner - GAP * (len(results) - 1)) // max(len(results), 1)
    first, second = shape(stages, wide), shape(results, narrow) if results else 0
    rows = HEAD + CAPTION + first + (GAP + CAPTION + second if results else 0) + FOOT + GAP
    sheet = np.full((rows, inner + 2 * MARGIN, 3), GROUND, np.uint8)
    write_text(sheet, (MARGIN, 66), title, 32, 600, BRIGHT)
    if note:
        room = inner - text_width(title, 32, 600) - 2 * GAP
        note = shortened(note, 18, 400, room)
        start = MARGIN + inner - text_width(note, 18, 400)
        write_text(sheet, (start, 65), note, 18, 400, QUIET)
    sheet[88, MARGIN : MARGIN + inner] = EDGE
    for index, panel in enumerate(stages):
        place(sheet, panel, MARGIN + index * (wide + GAP), HEAD, wide, first)
    below = HEAD + CAPTION + first + GAP
    for index, panel in enumerate(results):
        place(sheet, panel, MARGIN + index * (narrow + GAP), below, narrow, second)
    return sheet


def contact_sheet(
    path: Path,
    source: U8,
    canonical: U8,
    edited: U8,
    results: Sequence[tuple[int, U8]],
    title: str = "Codef Nodes",
    note: str = "",
    source_note: str = "",
) -> Path:
    """Writes the sheet as an 8-bit PNG.

    Args:
        path: The PNG; its folder is made.
        source: A frame of the clip, uint8 sRGB [H, W, 3 or 4], as are all pictures here.
        canonical: The still of the shot.
        edited: The still after the edit.
        results: Frame numbers with the frames that came out.
        title: Name of the shot.
        note: Facts about it (size, frames, PSNR).
        source_note: Which frame the source is.

    Returns:
        ``path``.

    Raises:
        WriteError: The file cannot be written.
    """
    import cv2

    stages = [
        Panel(source, "Source", source_note),
        Panel(canonical, "Canonical image", "the whole shot as one still"),
        Panel(edited, "Edited once", "graded and painted on the still"),
    ]
    carried = [Panel(picture, "Result", f"frame {number}") for number, picture in results]
    sheet = draw(stages, carried, title, note)
    _, png = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(png.tobytes())
        os.replace(part, path)
    except OSError as error:
        raise WriteError(
            f"cannot write {path} ({error.strerror}); choose a folder that you may write to",
            file=path,
        ) from error
    return path
