"""How natural a deformation is: does it fold, and how much does it stretch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, Bool
from engine.fields.field import Field


@dataclass(frozen=True)
class Folding:
    """Figures of a deformation.

    Attributes:
        fold_share: Share of pixels whose Jacobian has a determinant of 0 or less.
        mean_log_det: Mean of ``|log det J|`` over the others: 0 keeps all areas, 0.69 is twice or
            half the area.
        pixels: How many were counted.
    """

    fold_share: float
    mean_log_det: float
    pixels: int


def determinants(positions: F32) -> F64:
    """Determinant of the Jacobian between pixel centres, [H - 1, W - 1].

    Forward differences: a fold of one pixel shows, which central differences step over. Frame and
    canonical image share their pixel aspect, so the determinant is the one in square pixels.

    Args:
        positions: Canonical points of the pixel centres of a frame, [H, W, 2].
    """
    p = np.asarray(positions, np.float64)
    along = p[:-1, 1:] - p[:-1, :-1]
    down = p[1:, :-1] - p[:-1, :-1]
    return np.asarray(along[..., 0] * down[..., 1] - along[..., 1] * down[..., 0], np.float64)


def folding(frames: Sequence[tuple[F32, Bool]]) -> Folding:
    """Figures over several frames.

    Args:
        frames: Positions [H, W, 2] and the pixels that count [H, W]; a pixel counts when its right
            and lower neighbours do as well.
    """
    folded = counted = 0
    total = 0.0
    for positions, where in frames:
        inside = where[:-1, :-1] & where[:-1, 1:] & where[1:, :-1]
        det = determinants(positions)[inside]
        upright = det[det > 0]
        counted += len(det)
        folded += len(det) - len(upright)
        total += float(np.abs(np.log(upright)).sum())
    if not counted:
        return Folding(float("nan"), float("nan"), 0)
    return Folding(folded / counted, total / max(counted - folded, 1), counted)


def folding_of(field: Field, k: int, stride: int = 1) -> Folding:
    """Figures of one layer of a field, where the layer is visible.

    Args:
        field: The field.
        k: Layer, front to back.
        stride: Every how many frames to look.
    """
    indices = range(0, len(field.frames), stride)
    deformation = field.layers[k].deformation
    return folding([(deformation.positions(i), field.seen(i)[k] > 0.5) for i in indices])
