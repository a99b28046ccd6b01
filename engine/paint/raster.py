"""From strokes to pixels: the strokes' own RGBA over a picture."""

import itertools
import math
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.errors import UsageError
from engine.paint.stroke import BLENDS, Stroke, strokes_from
from engine.progress import Task

#: Fewest pixels between two stamps: closer ones cannot be told apart.
CLOSEST = 0.25


def stamps(stroke: Stroke) -> tuple[F64, F64, F64, F64]:
    """Where a stroke puts its stamps.

    The first stamp is on the first point, the last one on the last; between them they are evenly
    spaced along the line, ``spacing * size`` apart at most, closer where pressure narrows the
    brush.

    Args:
        stroke: A stroke.

    Returns:
        float64 [N] each: x, y (canonical pixels, y down), radius, strength (0 to 1).
    """
    points = np.asarray(stroke.points, np.float64)
    step = max(stroke.spacing * stroke.size, CLOSEST)
    pieces = [points[:1]]
    for start, end in itertools.pairwise(points):
        narrow = max(min(start[2], end[2]), 0.05) if stroke.pressure_size else 1.0
        length = math.hypot(end[0] - start[0], end[1] - start[1])
        count = max(1, math.ceil(length / max(step * narrow, CLOSEST)))
        share = np.arange(1, count + 1)[:, None] / count
        pieces.append(start + (end - start) * share)
    every = np.concatenate(pieces)
    pressure = every[:, 2]
    radii = 0.5 * stroke.size * (pressure if stroke.pressure_size else np.ones_like(pressure))
    strengths = pressure if stroke.pressure_opacity else np.where(pressure > 0, 1.0, 0.0)
    return every[:, 0].copy(), every[:, 1].copy(), radii, np.ascontiguousarray(strengths)


def stroke_box(stroke: Stroke) -> tuple[int, int, int, int]:
    """The canonical pixels that a stroke may touch.

    Args:
        stroke: A stroke.

    Returns:
        (x0, y0, x1, y1), right and bottom excluded.
    """
    points = np.asarray(stroke.points)
    reach = stroke.size / 2 + 1.5
    x0, y0 = np.floor(points[:, :2].min(axis=0) - reach)
    x1, y1 = np.ceil(points[:, :2].max(axis=0) + reach)
    return int(x0), int(y0), int(x1), int(y1)


def _shifted(picture: F32, box: tuple[int, int, int, int], offset: tuple[float, float]) -> F32:
    """The rectangle ``box`` (array indices) of a picture, read bilinearly ``offset`` away.

    Outside the picture there is nothing (transparent).
    """
    x0, y0, x1, y1 = box
    left, top = math.floor(offset[0]), math.floor(offset[1])
    fx, fy = np.float32(offset[0] - left), np.float32(offset[1] - top)
    height, width = picture.shape[:2]
    grown = np.zeros((y1 - y0 + 1, x1 - x0 + 1, 4), np.float32)
    u0, v0 = x0 + left, y0 + top
    u1, v1 = x1 + left + 1, y1 + top + 1
    a0, b0, a1, b1 = max(u0, 0), max(v0, 0), min(u1, width), min(v1, height)
    if a0 < a1 and b0 < b1:
        grown[b0 - v0 : b1 - v0, a0 - u0 : a1 - u0] = picture[b0:b1, a0:a1]
    if fx == 0 and fy == 0:
        return np.ascontiguousarray(grown[:-1, :-1])
    rows = grown[:-1] * (1 - fy) + grown[1:] * fy
    return np.asarray(rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx, np.float32)


def _finite(pixels: F32) -> F32:
    """Bad pixels of the picture must not spread into the paint; they count as empty."""
    bad: Bool = np.logical_not(np.isfinite(pixels.sum(axis=2)))
    return np.where(bad[..., None], np.float32(0), pixels) if bad.any() else pixels


def _draw(
    stroke: Stroke, overlay: F32, under: F32, origin: tuple[int, int], loops: ModuleType
) -> None:
    height, width = overlay.shape[:2]
    x0, y0, x1, y1 = stroke_box(stroke)
    x0, y0 = max(x0 - origin[0], 0), max(y0 - origin[1], 0)
    x1, y1 = min(x1 - origin[0], width), min(y1 - origin[1], height)
    if x0 >= x1 or y0 >= y1:
        return
    xs, ys, radii, strengths = stamps(stroke)
    mask = np.zeros((y1 - y0, x1 - x0), np.float32)
    loops.stamp(
        mask, xs - origin[0] - x0, ys - origin[1] - y0, radii, strengths, float(stroke.hardness)
    )
    place = (slice(y0, y1), slice(x0, x1))
    opacity = np.float32(stroke.opacity)
    if stroke.kind == "erase":
        loops.lift(overlay[place], mask, opacity)
    elif stroke.kind == "clone":
        box = (x0, y0, x1, y1)
        source = _finite(_shifted(under, box, stroke.offset))
        if stroke.source == "painted":
            paint = _shifted(overlay, box, stroke.offset)
            source = paint + source * (1 - paint[..., 3:])
        loops.lay_picture(overlay[place], source, mask, opacity)
    else:
        colour = np.asarray(stroke.colour, np.float32)
        blend = BLENDS.index(stroke.blend)
        below = under[place] if stroke.blend == "over" else _finite(under[place])
        loops.lay_colour(overlay[place], below, mask, opacity, colour, blend)


def render_strokes(
    strokes: Sequence[Mapping[str, Any] | Stroke],
    under: F32,
    origin: tuple[int, int] = (0, 0),
    frame: int | None = None,
    *,
    overlay: F32 | None = None,
    reference: bool = False,
    task: Task | None = None,
) -> F32:
    """Draws strokes, bottom first, and returns their own paint.

    ``overlay + under * (1 - overlay alpha)`` is the painted picture. A stroke that multiplies,
    screens and so on stores the colour that results, so the same holds for it. Work is limited to
    each stroke's bounding box.

    Convention: the array's pixel (j, i) is centred on the canonical point
    ``(origin x + j + 0.5, origin y + i + 0.5)``, y down. Scene-linear, premultiplied.

    Args:
        strokes: JSON objects or ``Stroke``s.
        under: float32 [h, w, 3 or 4], the picture below; 3 channels are opaque.
        origin: Top-left corner of the data window.
        frame: Frame whose strokes to draw (their ``lifetime``); None draws all visible ones.
        overlay: Paint so far, [h, w, 4], to draw on in place (an editor adds one stroke); None
            starts empty.
        reference: Use the plain numpy loops.
        task: Cancels between strokes.

    Returns:
        float32 [h, w, 4].

    Raises:
        UsageError: A stroke is wrong, or the arrays are.
    """
    loops: ModuleType
    if reference:
        from engine.paint import reference as loops
    else:
        from engine.paint import kernels as loops
    if under.ndim != 3 or under.shape[2] not in (3, 4):
        raise UsageError(f"paint needs a picture [h, w, 3 or 4], not {list(under.shape)}")
    below = np.ascontiguousarray(under, np.float32)
    if below.shape[2] == 3:
        opaque = np.ones((*below.shape[:2], 1), np.float32)
        below = np.concatenate([below, opaque], axis=2)
    if overlay is None:
        overlay = np.zeros(below.shape, np.float32)
    elif overlay.shape != below.shape or overlay.dtype != np.float32:
        raise UsageError(
            f"the paint so far must be float32 {list(below.shape)}, not {list(overlay.shape)}"
        )
    for stroke in strokes_from(strokes):
        if task is not None:
            task.check()
        if stroke.alive(frame) and stroke.opacity > 0:
            _draw(stroke, overlay, below, origin, loops)
    return overlay


def paint_over(overlay: F32, under: F32) -> F32:
    """The painted picture, ``overlay`` over ``under``; unpainted pixels are exactly ``under``.

    Args:
        overlay: float32 [h, w, 4] premultiplied.
        under: float32 [h, w, 3 or 4] premultiplied.

    Returns:
        float32 with the channels of ``under``.
    """
    channels = under.shape[2]
    painted = overlay.any(axis=2)
    result = np.array(under, np.float32)
    top = overlay[painted]
    keep = 1 - top[:, 3:]
    # Opaque paint hides what is below even when that is NaN.
    below = np.where(keep > 0, result[painted], np.float32(0))
    result[painted] = top[:, :channels] + below * keep
    return result
