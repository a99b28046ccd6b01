"""The warp grid: lines that are straight in the canonical image, as a frame shows them; outlines.

Convention: lines are [N, 2] of frame or canonical points (see ``engine.warp.lookup``).
"""

import math

import numpy as np

from engine.arrays import F32, Bool
from engine.fields.field import Field
from engine.io.picture import Window
from engine.warp.lookup import FrameLookup

#: Grid cells across the frame, about.
_CELLS = 20
#: Samples per cell along a line.
_FINE = 8
#: Pixels that a simplified line may be off.
_OFF = 0.2


def spacing_of(field: Field) -> float:
    """Distance of grid lines in canonical pixels: a round number."""
    wanted = max(field.display.width / _CELLS, 4.0)
    power = 10.0 ** math.floor(math.log10(wanted))
    return float(min((power * f for f in (1, 2, 5, 10)), key=lambda s: abs(s - wanted)))


def grid_in_canonical(field: Field, k: int, spacing: float) -> list[F32]:
    """The grid of a layer in its canonical image, where that holds something."""
    found: list[F32] = []
    for line in _straight(field.layers[k].canonical.data, spacing):
        for run in _runs(line, _laid(field, k, line)):
            found.append(np.ascontiguousarray(run[[0, -1]]))
    return found


def grid_in_frame(lookup: FrameLookup, k: int, spacing: float) -> list[F32]:
    """The same lines as one frame shows them, where it shows the layer."""
    field = lookup.field
    lines = _straight(field.layers[k].canonical.data, spacing)
    if not lines:
        return []
    points = np.concatenate(lines)
    places = lookup.inverse(k).find(points, beyond=False)
    shown = places.visible & _laid(field, k, points)
    found: list[F32] = []
    at = 0
    for line in lines:
        part = slice(at, at + len(line))
        at += len(line)
        found += [simplified(run) for run in _runs(places.points[part], shown[part])]
    return found


def outlines_in_frame(lookup: FrameLookup) -> list[tuple[int, F32]]:
    """Closed outlines of the groups in a frame, with their layers."""
    data = lookup.field.data
    found: list[tuple[int, F32]] = []
    for k in range(len(lookup.field.layers)):
        found += [(k, line) for line in _contours(lookup.seen[k] > 0.5, data)]
    return found


def outlines_in_canonical(field: Field, k: int) -> list[F32]:
    """Closed outlines of what a layer's canonical image holds."""
    canonical = field.layers[k].canonical
    size = np.float32(canonical.scale)
    lines = _contours(canonical.pixels[..., 3] > 0.5, canonical.grid)
    return [np.asarray(line / size, np.float32) for line in lines]


def simplified(line: F32, off: float = _OFF, closed: bool = False) -> F32:
    """A line with as few points as it needs."""
    import cv2

    points = cv2.approxPolyDP(np.ascontiguousarray(line, np.float32), off, closed)
    return np.asarray(points.reshape(-1, 2), np.float32)


def _straight(canvas: Window, spacing: float) -> list[F32]:
    """Vertical and horizontal lines over a canvas, finely sampled."""
    lines: list[F32] = []
    spans = ((canvas.x0, canvas.x1), (canvas.y0, canvas.y1))
    for axis in (0, 1):
        low, high = spans[axis]
        start, end = spans[1 - axis]
        count = max(int((end - start) / spacing * _FINE), 2)
        along = np.linspace(start + 0.5, end - 0.5, count, dtype=np.float32)
        for place in np.arange(math.ceil(low / spacing), math.floor(high / spacing) + 1) * spacing:
            line = np.empty((count, 2), np.float32)
            line[:, axis], line[:, 1 - axis] = place, along
            lines.append(line)
    return lines


def _runs(points: F32, shown: Bool) -> list[F32]:
    """The parts of a line that are shown, of at least two points."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shown, [False]]).astype(np.int8)))
    pairs = edges.reshape(-1, 2).tolist()
    return [points[start:end] for start, end in pairs if end - start > 1]


def _laid(field: Field, k: int, points: F32) -> Bool:
    return np.asarray(field.layers[k].canonical.alpha_at(points) > 0, np.bool_)


def _contours(mask: Bool, data: Window) -> list[F32]:
    """Outlines along the edges of pixels, of all that has some area."""
    import cv2

    # Four times as fine, so that an outline runs on the edge of a pixel, not through its middle.
    fine = np.repeat(np.repeat(mask.astype(np.uint8), 2, axis=0), 2, axis=1)
    found, _ = cv2.findContours(fine, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    corner = np.array([data.x0 + 0.25, data.y0 + 0.25], np.float32)
    lines: list[F32] = []
    for contour in found:
        if len(contour) < 12:
            continue
        line = simplified(contour.reshape(-1, 2).astype(np.float32) / 2, 0.6, closed=True)
        line = np.concatenate([line, line[:1]]) + corner
        lines.append(np.asarray(line, np.float32))
    return lines
