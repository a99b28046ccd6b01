"""What a fit leaves unexplained at a place in most frames: no sign that something passes in front.

A field keeps per frame a coarse picture of what it does not explain, its residual. Laid on the
canonical image, the median over frames tells the places where the fit is weak as such (a window
that lights up, an edge a pixel off) from those where something is in front now and then.
"""

import threading
import weakref

import numpy as np

from engine.arrays import F32
from engine.fields.field import Field

#: Frames that are looked at, canonical pixels of a cell, and frame pixels between samples.
FRAMES, CELL, STEP = 15, 8, 4

_known: dict[int, dict[int, tuple[F32, tuple[int, int]]]] = {}
_lock = threading.Lock()


def usual_error(field: Field, k: int, points: F32) -> F32 | None:
    """Encoded error that a layer usually has at canonical points [h, w, 2]; None: not kept."""
    if field.residual is None:
        return None
    with _lock:
        if id(field) not in _known:
            weakref.finalize(field, _known.pop, id(field), None)
        maps = _known.setdefault(id(field), {})
        if k not in maps:
            maps[k] = _map(field, k)
        cells, (left, top) = maps[k]
    import cv2

    places = (points - np.array([left, top], np.float32)) / np.float32(CELL) - np.float32(0.5)
    places = np.nan_to_num(places, nan=-1.0).clip(-1, 30000).astype(np.float32)
    read = cv2.remap(
        cells, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(read, np.float32)


def _map(field: Field, k: int) -> tuple[F32, tuple[int, int]]:
    """Median over frames of the residual's size, per cell of a layer's canonical image."""
    import cv2

    data, residual = field.layers[k].canonical.data, field.residual
    height, width = -(-data.height // CELL), -(-data.width // CELL)
    some = np.unique(np.linspace(0, len(field.frames) - 1, FRAMES).round().astype(int)).tolist()
    seen = []
    for index in some:
        planes = None if residual is None else residual.planes(index)
        if planes is None or residual is None:
            continue
        y, x = np.mgrid[STEP // 2 : field.height : STEP, STEP // 2 : field.width : STEP]
        places = [((v + 0.5) / residual.cell).astype(np.float32) for v in (x, y)]
        size = np.abs(cv2.remap(planes[0], places[0], places[1], cv2.INTER_LINEAR))
        share = field.seen(index)[k][y, x]
        origin = np.array([field.data.x0 + 0.5, field.data.y0 + 0.5])
        at = np.stack([x, y], axis=-1).reshape(-1, 2) + origin
        points = field.layers[k].deformation.at(index, at.astype(np.float32))
        column = np.floor((points[:, 0] - data.x0) / CELL)
        row = np.floor((points[:, 1] - data.y0) / CELL)
        good = (
            (share.ravel() > 0.9) & (column >= 0) & (row >= 0) & (column < width) & (row < height)
        )
        cell = (row[good] * width + column[good]).astype(np.intp)
        count = np.bincount(cell, minlength=height * width)
        total = np.bincount(cell, size.ravel()[good], height * width)
        seen.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    result = np.zeros((height, width), np.float32)
    if seen:
        stack = np.stack(seen).reshape(-1, height, width)
        some_frame = np.isfinite(stack).any(axis=0)
        result[some_frame] = np.nanmedian(stack[:, some_frame], axis=0)
    return cv2.blur(result, (3, 3)), (data.x0, data.y0)
