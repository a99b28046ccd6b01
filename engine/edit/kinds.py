"""Merge kinds: how a warped change meets the plate.

With ``P`` the plate, ``B`` the canonical image warped and lit, ``N`` the same with the edit in it,
``r = P - B`` the life of the plate that the still does not have, and ``s`` the visible share, all
scene-linear,

    result = P + s (N - B + (k - 1) t r)

which is ``N + k r`` where the layer is wholly visible. ``over`` has ``k = 1 - alpha`` (paint covers
grain, light and motion), ``difference`` has 1, ``ratio`` has ``N / B``: the plate is multiplied. In
a pixel that other things share (``t`` below 1) ``r`` is mostly theirs and left alone, so that the
soft edge of a mask leaves no fringe.
"""

from dataclasses import dataclass

import numpy as np

from engine.arrays import F32
from engine.kernels.mergekinds import FLOOR, KNOWN, MIXED, MOST, WHOLE

#: Share of the automatic holdout at which the plate's difference is all the foreground's.
HELD = 0.15


@dataclass(frozen=True, eq=False)
class Merged:
    """A change ready to be added: ``result = own * P + added``.

    Attributes:
        own: Factor on the plate, [h, w, 3].
        added: What comes on top, [h, w, 3].
        alpha: Share of the pixel that is edited, [h, w].
        grain: Factor on the plate's fine detail, [h, w, 3]; ``own`` unless ``detail`` differs.
        covered: How much of the plate's broad light is hidden, [h, w, 3].
    """

    own: F32
    added: F32
    alpha: F32
    grain: F32
    covered: F32


def factors(kind: str, alpha: F32, grade: F32, new: F32, below: F32) -> F32:
    """``k`` of a merge kind, [h, w, 3]: how much of the plate's own life stays.

    Args:
        kind: One of ``engine.edit.finish.MERGES``.
        alpha: The change's matte, [h, w].
        grade: How surely it is a grade, [h, w]; what ``auto`` goes by.
        new: Warped and lit with the edit, [h, w, 3].
        below: Without it.
    """
    ones = np.ones_like(new)
    if kind == "difference":
        return ones
    over = ones * (1 - alpha)[..., None]
    if kind == "over":
        return over
    floor = np.float32(FLOOR)
    ratio = (np.maximum(new, 0) + floor) / (np.maximum(below, 0) + floor)
    ratio = np.minimum(ratio, np.float32(MOST))
    if kind == "ratio":
        return np.asarray(ratio, np.float32)
    share = grade[..., None]
    return np.asarray(over + share * (ratio - over), np.float32)


def merged(
    kind: str,
    paint: F32,
    below: F32,
    known: F32,
    plate: F32,
    visible: F32,
    pure: F32,
    grade: F32,
    fine: F32 | None = None,
    detail: float | None = None,
) -> Merged:
    """A change against the plate.

    Args:
        kind: One of ``engine.edit.finish.MERGES``.
        paint: Warped, lit and premultiplied, [h, w, 4].
        below: The canonical image warped and lit, [h, w, 3].
        known: Share of each pixel that the canonical image knows, [h, w].
        plate: [h, w, 3].
        visible: Share of each pixel in which the edit can be seen, [h, w].
        pure: How surely nothing else is in the pixel, [h, w].
        grade: How surely it is a grade, [h, w].
        fine: Fine part of ``plate - below``, [h, w, 3]; needed with ``detail``.
        detail: How much of it stays, 0 to 1; None: as the kind has it.
    """
    alpha = paint[..., 3]
    # Where the still is empty there is nothing to compare with: paint covers what is there.
    there = (known > KNOWN)[..., None]
    below = np.where(there, below, plate)
    fresh = paint[..., :3] + below * (1 - alpha)[..., None]
    k = factors(kind, alpha, grade, fresh, below)
    k = np.where(there, k, (1 - alpha)[..., None])
    share = (visible * (alpha > 0))[..., None]
    sure = np.where(there, pure[..., None], 1)
    loss = share * sure * (k - 1)
    added = share * (fresh - below) - loss * below
    grain = 1 + loss
    if detail is not None and fine is not None:
        # What the kind keeps of fine detail when this share of it is wanted.
        covers = 1 - alpha[..., None] * np.float32(1 - detail)
        graded = np.float32(kind != "over") if kind != "auto" else grade[..., None]
        wanted = covers + graded * (np.float32(detail) * k - covers)
        more = share * sure * (wanted - k) * there
        added = added + more * fine
        grain = grain + more
    return Merged(
        np.asarray(1 + loss, np.float32),
        np.asarray(added, np.float32),
        np.ascontiguousarray((share * alpha[..., None])[..., 0], np.float32),
        np.asarray(grain, np.float32),
        np.clip(-loss, 0, 1).astype(np.float32),
    )


def purity(share: F32, held: F32 | None) -> F32:
    """How surely a pixel shows the layer alone, [h, w], from its mask and the holdout."""
    pure = np.clip((share - MIXED) / (WHOLE - MIXED), 0, 1)
    if held is not None:
        pure = pure * np.clip(1 - held / HELD, 0, 1)
    return np.asarray(pure, np.float32)
