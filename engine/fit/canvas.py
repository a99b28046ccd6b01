"""The canonical picture while it is fitted: its canvas, its first colours, its holes."""

from collections.abc import Iterable
from itertools import islice

import numpy as np

from engine.arrays import F32, Bool
from engine.fit.plates import Plates
from engine.io.picture import Window
from engine.kernels import threads
from engine.kernels.mosaic import keep_first, lay_frames

#: Free pixels around what the seed needs, so that refinement may move outward.
MARGIN = 12
#: The canvas holds at most this many frame widths and heights; beyond, content is not seen.
MOST_FRAMES = 4.0
#: Accumulated weight from which a canonical pixel counts as seen.
SEEN = 0.05
#: Weight of a frame's sample that counts for good: half a pixel's worth.
WHOLE = 0.5
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
    picture = np.zeros((canvas.height, canvas.width, 4), np.float32)
    laid = np.empty((TOGETHER, *picture.shape), np.float32)
    frames = iter(order)
    while some := list(islice(frames, TOGETHER)):
        indices = [index for index, _ in some]
        outs = laid[: len(some)]
        with threads.guard():
            lay_frames(
                plates.codes[indices],
                np.float32(plates.scale),
                np.float32(plates.offset),
                plates.weights[layer, indices],
                np.stack([positions for _, positions in some]),
                np.float32(canvas.x0),
                np.float32(canvas.y0),
                outs,
            )
            keep_first(picture, outs, np.float32(SEEN), np.float32(WHOLE))
    weight = picture[..., 3].copy()
    colour = (picture[..., :3] / np.maximum(weight, 1e-9)[..., None]).astype(np.float32)
    return fill_holes(colour, weight > 0), weight


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
