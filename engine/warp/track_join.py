"""What the field says of points, and what the plate does, together.

The plate's answer is coarser than the field's, so it counts only where both disagree by more than
the field can be wrong when it is right.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32, F64, AnyArray, Bool

#: Pixels from a point up to which what comes from there speaks for it wholly, and at all.
SURE, FAR = 13.0, 18.0
#: Pixels by which field and plate may differ so that the field stands, and from which the plate
#: does; between them, a mixture.
AGREE, DIFFER = 6.0, 12.0
#: Pixels from a point up to which what comes from there counts as the point itself.
ITSELF = 6.0
#: Frames in a row for which the plate must say otherwise; shorter is a slip of the flow.
LASTING = 5
#: Frames around one, more than this share of which must prefer the field's look: a single look
#: proves little.
LOOKS, MOST = 9, 0.6


@dataclass(frozen=True)
class Looked:
    """What the plate says.

    Attributes:
        points: Frame points [N, T, 2], NaN where the plate says nothing.
        apart: How far from each point comes what speaks for it, in pixels of the small pictures,
            [N, T]; Inf: nothing.
        shown: Whether the frame shows the layer at the place, [N, T].
        better: Whether the field's place looks more like the first look, [N, T].
        covered: Whether something in front covers the field's place, [N, T].
        onward: Where the points were last surely seen, moved on with what is there, [N, T, 2].
        scale: Pixels of the small pictures per pixel of the frame.
    """

    points: F32
    apart: F32
    shown: Bool
    better: Bool
    covered: Bool
    onward: F32
    scale: float


def join(looked: Looked, points: F32, visible: Bool, confidence: F64) -> tuple[F32, Bool, F64]:
    """The field's answers where plate and field agree, the plate's where it surely does not.

    Where neither knows a point, it goes on from where the plate last had it.

    Args:
        looked: What the plate says.
        points: What the field says, frame points [N, T, 2].
        visible: Whether the frame shows them there, [N, T].
        confidence: How far to trust the field, [N, T].

    Returns:
        ``points``, ``visible`` and ``confidence`` together.
    """
    said = np.asarray(np.isfinite(looked.points).all(axis=2), np.bool_)
    plate = np.where(said[..., None], looked.points, points)
    away = np.linalg.norm(plate.astype(np.float64) - points, axis=2) * looked.scale
    apart = np.where(said, looked.apart, FAR).astype(np.float64)
    weight = _ramp(apart, FAR, SURE) * _ramp(away, AGREE, DIFFER)
    held = looked.covered | (_windows(looked.better.astype(np.float64), LOOKS).mean(axis=2) > MOST)
    weight = _lasting(weight * ~held)
    lost = (confidence <= 0) & ~(apart <= SURE) & np.isfinite(looked.onward).all(axis=2)
    known = np.where(lost[..., None], looked.onward, points)
    mixed = np.asarray(known + weight[..., None] * (plate - known), np.float32)
    itself = looked.shown & (apart <= ITSELF) & ~held
    trust = np.exp(-np.square(apart / SURE)) * np.where(itself, 1.0, 0.25)
    other = weight > 0.5
    # What the plate sees where the field expects it is visible, whatever the field thinks.
    agreed = ~other & itself & ~visible
    return (
        mixed,
        np.asarray(np.where(other, itself, visible | itself), np.bool_),
        np.asarray(np.where(other | agreed, trust, confidence * (1 - weight)), np.float64),
    )


def _lasting(weight: F64) -> F64:
    """Weights [N, T] without what lasts for less than ``LASTING`` frames, softened over time."""
    kept = _windows(_windows(weight, LASTING).min(axis=2), LASTING).max(axis=2)
    return np.asarray(np.minimum(weight, _windows(kept, 3).mean(axis=2)), np.float64)


def _windows(values: F64, size: int) -> F64:
    """For each value of [N, T] the ``size`` values around it, [N, T, size]."""
    reach = size // 2
    wider = np.pad(values, ((0, 0), (reach, reach)), mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(wider, size, axis=1), np.float64)


def _ramp(value: AnyArray, nothing: float, all_of_it: float) -> F64:
    """0 up to ``nothing``, 1 from ``all_of_it`` on, smooth between."""
    share = np.clip((np.asarray(value, np.float64) - nothing) / (all_of_it - nothing), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float64)
