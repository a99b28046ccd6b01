"""Where a point goes while its layer's map is plainly wrong about it.

A map knows a layer only where frames show it. What turns away or slips behind another limb of the
same animal is extrapolated, and soon lies where the frame shows the ground: there the point cannot
be. It then moves as what is beside it, and stays within the layer, until the map is credible again.
"""

import numpy as np

from engine.arrays import F32, U8, Bool
from engine.fields.field import Field
from engine.warp.inverse import FrameInverse

#: Pixels beyond a layer's rim that a place may have: mattes are not more exact, nor are people.
RIM = 2.0
#: About how many points of the layer tell its motion.
SAMPLES = 2000


def astray(coverage: F32, k: int, points: F32, corner: tuple[int, int]) -> tuple[Bool, F32]:
    """Points of a layer that lie where the frame shows what is behind the layer.

    Places outside the frame and behind what is in front are possible, so they are not astray, nor
    is anything when the frame shows nothing of the layer.

    Args:
        coverage: ``field.seen(index)``, [K, H, W].
        k: Layer, front to back.
        points: Frame points [N, 2].
        corner: Top left pixel (x0, y0) of ``coverage``.

    Returns:
        Which are astray, [N]; and each point, or for those astray the nearest place of the layer.
    """
    import cv2

    height, width = coverage.shape[1:]
    held = np.array(points, np.float32)
    lost = np.zeros(len(points), np.bool_)
    column = np.floor(points[:, 0]).astype(np.int64) - corner[0]
    row = np.floor(points[:, 1]).astype(np.int64) - corner[1]
    here = np.flatnonzero((column >= 0) & (row >= 0) & (column < width) & (row < height))
    behind = coverage[k + 1 :, row[here], column[here]].sum(axis=0) > 0.5
    here = here[behind]
    own = coverage[k] > 0.5
    if not len(here) or not own.any():
        return lost, held
    outside: U8 = np.where(own, 0, 255).astype(np.uint8)
    far, labels = cv2.distanceTransformWithLabels(
        outside, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    here = here[far[row[here], column[here]] > RIM]
    lost[here] = True
    # A label stands for one pixel of the layer, and is written on that pixel too.
    rows, columns = np.nonzero(own)
    place = np.zeros((int(labels.max()) + 1, 2), np.float32)
    place[labels[rows, columns]] = np.stack([columns, rows], axis=1)
    nearest = place[labels[row[here], column[here]]]
    held[here] = nearest + np.array([corner[0] + 0.5, corner[1] + 0.5], np.float32)
    return lost, held


def moved_along(
    field: Field, k: int, before: int, inverse: FrameInverse, coverage: F32, points: F32
) -> F32:
    """Points moved as what is beside them, from one frame to another.

    Args:
        field: The field.
        k: Layer, front to back.
        before: Position of the frame that ``points`` lie in.
        inverse: Of the layer in the other frame.
        coverage: ``field.seen(before)[k]``, [H, W].
        points: Frame points [N, 2].

    Returns:
        Frame points [N, 2]; where no part of the layer is seen in both frames, unmoved.
    """
    step = max(4, int(np.sqrt((coverage > 0.5).sum() / SAMPLES)))
    rows, columns = np.nonzero(coverage[step // 2 :: step, step // 2 :: step] > 0.5)
    if not len(rows):
        return points
    here = np.stack([columns, rows], axis=1) * step + step // 2 + 0.5
    here = (here + np.array([field.data.x0, field.data.y0])).astype(np.float32)
    found = inverse.find(field.layers[k].deformation.at(before, here), here)
    both = found.visible
    if not both.any():
        return points
    here, motion = here[both], (found.points - here)[both]
    # What lies within two steps counts alike; far away, by the fourth power.
    squared = sum(np.square(points[:, c, None] - here[None, :, c]) for c in (0, 1))
    squared = squared + np.float32((2 * step) ** 2)
    weight = 1 / np.square(squared / squared.min(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray(points + weight @ motion, np.float32)
