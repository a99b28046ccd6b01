"""How freely a lattice may bend: where, against what noise, and how smoothly over time.

Stiffness is what keeps paint calm, and what keeps detail out. So it is spent where it does good: a
place that is already explained down to its noise stays stiff, a place that is visibly wrong may
bend, grain makes everything stiffer and ties a frame to the frames beside it.
"""

from typing import Any

import numpy as np

from engine.arrays import F32
from engine.fit.plates import Plates

#: Noise that an 8-bit plate of good light has, encoded; stiffness is given for this much.
CLEAN = 0.012
#: Share of a clip's cells that fit no worse than the noise.
GOOD_CELLS = 30
#: Mean error of a layer, above its noise, up to which it counts as explained.
RIGHT = 1e-4
#: Pixels of the blocks, and the percentile of them, from which grain is read.
BLOCK, CALM = 16, 30
#: Variance of film grain against what single pixels of it show.
CORRELATED = 10.0
#: Frames that grain is read from.
READ = 8


def grain_of(plates: Plates) -> float:
    """Variance of the grain per channel, encoded: what the calmest blocks cannot be free of.

    The mask of Immerkaer, "Fast noise variance estimation" (1996), which no plane, edge or slope of
    light answers to. Texture does, and film grain, whose pixels are not independent, answers too
    little: so this is an upper bound after ``CORRELATED``.
    """
    import cv2

    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    found = []
    for index in range(0, plates.count, max(1, plates.count // READ)):
        answer = cv2.filter2D(plates.encoded(index), -1, mask, borderType=cv2.BORDER_REPLICATE)
        blocks = cv2.blur(answer * answer, (BLOCK, BLOCK))[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK]
        if blocks.size:
            found.append(float(np.percentile(blocks, CALM)) / 36)
    return CORRELATED * float(np.median(found)) if found else 0.0


def noise_of(misfit: F32, grain: float) -> float:
    """Variance per channel below which an error says nothing.

    Args:
        misfit: [B, rows, columns, 2], see ``register_pass``.
        grain: Upper bound, see ``grain_of``.
    """
    misfit = misfit[:, ::2, ::2]  # a quarter of the cells tells as much
    pixels = misfit[..., 1]
    seen = pixels > 0.5 * pixels.max(initial=0)
    if not seen.any():
        return 0.0
    errors = misfit[..., 0][seen] / (3 * pixels[seen])
    return min(float(np.percentile(errors, GOOD_CELLS)), grain)


def stiffness_of(misfit: F32, noise: float, excess: float, recipe: dict[str, Any]) -> F32:
    """Weight of the bending energy at every control point.

    Args:
        misfit: [B, gy - 3, gx - 3, 2], see ``register_pass``.
        noise: See ``noise_of``.
        excess: Mean error of the layer above its noise: a layer that is wrong as a whole bends at
            smaller errors than one that is right but for some places.
        recipe: ``stiffness`` of a clean place, ``visible`` (the error, encoded, at which it has
            fallen to half) and ``softest`` (its least share).

    Returns:
        float32 [B, gy, gx].
    """
    import cv2

    batch, rows, columns = misfit.shape[:3]
    half = float(recipe["visible"]) ** 2 * min(1.0, RIGHT / max(excess, 1e-9)) + 2 * noise
    grainy = 1 + noise / CLEAN**2
    # A cell lies between its second and its third control point, so half a cell is the shift.
    shift = np.array([[1, 0, 1.5], [0, 1, 1.5]], np.float32)
    result = np.empty((batch, rows + 3, columns + 3), np.float32)
    for b in range(batch):
        sums = cv2.blur(misfit[b], (3, 3), borderType=cv2.BORDER_CONSTANT)
        sums = cv2.warpAffine(sums, shift, (columns + 3, rows + 3), borderMode=cv2.BORDER_REPLICATE)
        # A rim shows few firm pixels: they say little, so it stays about as stiff as it was.
        full = max(float(sums[..., 1].max()), 1e-3)
        error = sums[..., 0] / (3 * full) * (sums[..., 1] / full) ** 2
        result[b] = grainy / (1 + np.square(error / half))
    floor = float(recipe["softest"])
    return np.asarray(np.maximum(result, floor) * float(recipe["stiffness"]), np.float32)


def bond_of(known: F32, noise: float, recipe: dict[str, Any]) -> F32:
    """Weight of what the neighbouring frames ask for, at every control point.

    Only grain needs it: motion itself may change from frame to frame. ``temporal`` above 1 smooths
    motion too.

    Args:
        known: [B, gy, gx], see ``neighbours_pull``; one neighbour is not enough.
        noise: See ``noise_of``.
        recipe: ``temporal`` and ``bond``, the weight at ``temporal`` 1 and twice the clean noise.
    """
    temporal = float(recipe["temporal"])
    grain = max(noise / CLEAN**2 - 1, 0.0)
    weight = min(temporal, 1.0) * grain + max(temporal - 1, 0.0)
    return np.asarray((known == 1) * np.float32(float(recipe["bond"]) * weight), np.float32)


def without_trend(pull: F32, weight: F32) -> None:
    """Takes the affine part out of each frame's pull, in place.

    A camera may shake, and all pixels together know how; only what differs within the picture is
    noise.

    Args:
        pull: [B, gy, gx, 2].
        weight: [B, gy, gx]: how well the pictures know each control point.
    """
    batch, rows, columns = weight.shape
    down, across = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    basis = np.stack([np.ones_like(down), across, down], axis=-1).reshape(-1, 3)
    for b in range(batch):
        weighted = basis * weight[b].reshape(-1, 1)
        normal = basis.T @ weighted + 1e-6 * np.eye(3)
        trend = basis @ np.linalg.solve(normal, weighted.T @ pull[b].reshape(-1, 2))
        pull[b] -= trend.reshape(rows, columns, 2).astype(np.float32)
