"""The canonical picture while it is fitted: its canvas, its first colours, its holes."""

from collections.abc import Callable, Iterable
from itertools import islice

import numpy as np

from engine.arrays import F32, AnyArray, Bool
from engine.fit.plates import Plates
from engine.io.picture import Window

#: Free pixels around what the seed needs, so that refinement may move outward.
MARGIN = 12
#: The canvas holds at most this many frame widths and heights; beyond, content is not seen.
MOST_FRAMES = 4.0
#: Accumulated weight from which a canonical pixel counts as seen.
SEEN = 0.05
#: Weight of a frame's sample that counts for good: half a pixel's worth.
WHOLE = 0.5
#: Every so manieth pixel tells how far a frame reaches.
COARSE = 8
#: Frames that are laid at once.
TOGETHER = 2


def canvas_of(extents: Iterable[tuple[float, float, float, float]], plates: Plates) -> Window:
    """The window that holds all extents (x0, y0, x1, y1), within reason.

    Args:
        extents: Boxes in canonical pixels at the working resolution.
        plates: The frames; the canvas is limited around the first frame's place.
    """
    boxes = np.array(list(extents), np.float64).reshape(-1, 4)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    width, height = plates.width, plates.height
    if not len(boxes):
        return Window.of_size(width, height)
    reach_x, reach_y = (MOST_FRAMES - 1) / 2 * width, (MOST_FRAMES - 1) / 2 * height
    x0 = int(np.floor(max(boxes[:, 0].min(), -reach_x))) - MARGIN
    y0 = int(np.floor(max(boxes[:, 1].min(), -reach_y))) - MARGIN
    x1 = int(np.ceil(min(boxes[:, 2].max(), width + reach_x))) + MARGIN
    y1 = int(np.ceil(min(boxes[:, 3].max(), height + reach_y))) + MARGIN
    return Window(x0, y0, max(x1, x0 + 8), max(y1, y0 + 8))


def lay_mosaic(
    plates: Plates,
    layer: int,
    order: Iterable[tuple[int, F32]],
    canvas: Window,
) -> tuple[F32, F32]:
    """The first canonical picture: each place takes the first frame of ``order`` that sees it.

    Args:
        plates: The frames.
        layer: Index of the layer.
        order: (frame index, positions [H, W, 2]) from the reference frame outward.
        canvas: Where the picture lies.

    Returns:
        Encoded colours [h, w, 3] without holes, and weight [h, w] (0 = never seen).
    """
    from engine.kernels import threads
    from engine.kernels.mosaic import keep_first, lay_frames

    picture = np.zeros((canvas.height, canvas.width, 4), np.float32)
    frames = iter(order)
    while some := list(islice(frames, TOGETHER)):
        indices = [index for index, _ in some]
        positions = np.stack([places for _, places in some])
        weights = plates.weights[layer, indices]
        # A wide pan's canvas is many times a frame: only where these frames lie is anything done.
        part = _part_of(positions, weights, canvas)
        if part is None:
            continue
        laid = np.empty((len(some), part.height, part.width, 4), np.float32)
        with threads.guard():
            lay_frames(
                plates.codes[indices],
                np.float32(plates.scale),
                np.float32(plates.offset),
                weights,
                positions,
                np.float32(part.x0),
                np.float32(part.y0),
                laid,
            )
            corner = part.x0 - canvas.x0, part.y0 - canvas.y0
            keep_first(picture, laid, *corner, np.float32(SEEN), np.float32(WHOLE))
    weight = picture[..., 3].copy()
    colour = (picture[..., :3] / np.maximum(weight, 1e-9)[..., None]).astype(np.float32)
    return fill_holes(colour, weight > 0), weight


def extent_of(
    places: Callable[[slice, slice], F32], seen: AnyArray
) -> tuple[float, float, float, float] | None:
    """Box (x0, y0, x1, y1) of the canonical points of what is seen, good to a few pixels.

    Args:
        places: Rows and columns to the points there, [h, w, 2].
        seen: [H, W], 0 where nothing is.
    """
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    down, across = (slice(int(n[0]), int(n[-1]) + 1, COARSE) for n in (rows, columns))
    last_row, last_column = (slice(int(n[-1]), int(n[-1]) + 1) for n in (rows, columns))
    parts = ((down, across), (last_row, across), (down, last_column))
    points = np.concatenate([places(*part).reshape(-1, 2) for part in parts])
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x0, y0, x1, y1


def _part_of(positions: F32, weights: AnyArray, canvas: Window) -> Window | None:
    """The part of a canvas that frames at positions [B, H, W, 2] touch."""
    found = [
        extent_of(lambda down, across, at=at: at[down, across], seen)  # type: ignore[misc]
        for at, seen in zip(positions, weights, strict=True)
    ]
    boxes = np.array([box for box in found if box is not None]).reshape(-1, 4)
    if not len(boxes):
        return None
    if not np.isfinite(boxes).all():
        return canvas
    low = np.clip(boxes[:, :2].min(axis=0), -1e6, 1e6).astype(int) - 2 * COARSE
    high = np.clip(boxes[:, 2:].max(axis=0), -1e6, 1e6).astype(int) + 2 * COARSE
    x0, y0 = max(int(low[0]), canvas.x0), max(int(low[1]), canvas.y0)
    x1, y1 = min(int(high[0]), canvas.x1), min(int(high[1]), canvas.y1)
    return Window(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def fill_holes(colour: F32, seen: Bool) -> F32:
    """Smooth continuation of colours [h, w, C] into unseen places (push-pull over a pyramid)."""
    import cv2

    if seen.all():
        return colour
    weight = seen.astype(np.float32)
    if not seen.any() or min(weight.shape) <= 2:
        total = max(float(weight.sum()), 1.0)
        mean = (colour * weight[..., None]).sum(axis=(0, 1)) / total
        return np.where(seen[..., None], colour, mean).astype(np.float32)
    height, width = weight.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    small = cv2.resize(colour * weight[..., None], half, interpolation=cv2.INTER_AREA)
    small_weight = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    small = small.reshape(*half[::-1], -1) / np.maximum(small_weight, 1e-6)[..., None]
    coarse = fill_holes(small.astype(np.float32), small_weight > 0)
    wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    wide = wide.reshape(height, width, -1)
    return np.where(seen[..., None], colour, wide).astype(np.float32)
