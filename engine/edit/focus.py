"""Focus: how much softer a frame is than its reconstruction, and edits blurred as much."""

import numpy as np

from engine.arrays import F32
from engine.edit.grain import Grain

#: Standard deviations that are tried, in pixels; the last is the most that is found.
SIGMAS = (0.0, 0.4, 0.6, 0.85, 1.2, 1.7, 2.4, 3.4, 4.8, 6.8)
#: Side of the patches that are compared, and pixels around an edit that are looked at.
TILE, MARGIN = 24, 48
#: Smallest blur that is believed.
LEAST = 0.6
#: Share of the grain's energy that is surely grain.
TRUST = 0.75
#: Root mean square slope of encoded colours per pixel that is needed to tell.
TEXTURE = 1.0 / 255
#: Blurs that tell how soft a picture is, and the share of its slopes below the sharpest edges.
PROBES, SHARPEST = (0.8, 1.6), 0.99


def blur_map(plate: F32, below: F32, weight: F32, grain: Grain | None) -> F32:
    """Standard deviation [h, w] of the blur that makes the reconstruction as soft as the plate.

    Energies of slopes are compared, not pictures, so that a small misalignment does not count.

    Args:
        plate: Encoded colours, [h, w, 3].
        below: The sharp reconstruction, likewise.
        weight: Where the two show the same thing, [h, w], 0 to 1.
        grain: The plate's grain, whose energy does not count; or None.

    Returns:
        0 wherever the plate is not surely the softer one.
    """
    import cv2

    grey, still = (np.ascontiguousarray(p.mean(axis=2), np.float32) for p in (plate, below))
    held = cv2.erode(np.where(weight > 0.98, 1.0, 0.0).astype(np.float32), np.ones((5, 5)))
    noise = np.zeros_like(grey)
    if grain is not None:
        shared = float(np.square(grain.mixing.sum(axis=0)).sum()) / 9
        beside = float(1 - (grain.likeness[3, 4] + grain.likeness[4, 3]) / 2)
        noise = np.square(grain.at(plate)).mean(axis=2) * np.float32(4 * shared * beside)
    base = np.maximum(_local(held), 1e-6)
    # Grain that is taken for too strong must not pass for a blur.
    wanted = np.maximum(_local((_energy(grey) - np.float32(TRUST) * noise) * held) / base, 0)
    energies = []
    for sigma in SIGMAS:
        soft = still if sigma == 0 else cv2.GaussianBlur(still, (0, 0), sigma)
        energies.append(_local(_energy(soft) * held) / base)
    found: F32 = np.zeros_like(grey)
    for n in range(1, len(SIGMAS)):
        above, under = energies[n - 1], energies[n]
        part = np.clip((above - wanted) / np.maximum(above - under, 1e-12), 0, 1)
        between = SIGMAS[n - 1] + part * (SIGMAS[n] - SIGMAS[n - 1])
        found = np.where(wanted < above, between, found).astype(np.float32)
    # Where there is no texture to compare, the neighbours' answer counts.
    floor = np.float32(TEXTURE**2) + 0.5 * _local(noise * held) / base
    told = np.clip(energies[0] / floor - 1, 0, 1) * np.clip(4 * base - 0.4, 0, 1)
    sure = np.asarray(told + 1e-6, np.float32)
    size = (4 * TILE + 1, 4 * TILE + 1)
    total = cv2.blur(np.asarray(found * sure, np.float32), size)
    mean = total / cv2.blur(sure, size)
    mean = np.where(cv2.blur(sure, size) > 0.02, mean, 0)
    # A blur this small is what one more resample does, not the lens.
    return np.asarray(np.sqrt(np.maximum(mean**2 - LEAST**2, 0)), np.float32)


def blurred(pictures: F32, sigma: F32) -> F32:
    """Pictures [h, w, C] blurred by a standard deviation that varies by the pixel [h, w].

    Between two fixed blurs the variances are interpolated.
    """
    import cv2

    most = float(sigma.max(initial=0))
    if most <= 0:
        return pictures
    result = pictures.copy()
    lower, lower_sigma = pictures, 0.0
    for upper_sigma in SIGMAS[1:]:
        upper = np.dstack(
            [
                cv2.GaussianBlur(
                    np.ascontiguousarray(pictures[..., c : c + 4]), (0, 0), upper_sigma
                )
                for c in range(0, pictures.shape[2], 4)
            ]
        ).reshape(pictures.shape)
        part = (sigma**2 - lower_sigma**2) / (upper_sigma**2 - lower_sigma**2)
        mine = (part > 0)[..., None]
        part = np.clip(part, 0, 1)[..., None]
        result = np.where(mine, lower + part * (upper - lower), result)
        lower, lower_sigma = upper, upper_sigma
        if upper_sigma >= most:
            break
    return np.asarray(result, np.float32)


def own_softness(picture: F32, matte: F32, known: F32) -> float:
    """Standard deviation of the blur that the sharpest edges of a picture have already, in pixels.

    An edge that is blurred more loses slope as ``1 / sqrt(own^2 + more^2)``, so two more blurs tell
    the own one; both are wide enough to leave no grain.

    Args:
        picture: Encoded colours, [h, w, 3].
        matte: Where it counts, [h, w], 0 to 1.
        known: Where there is a picture, [h, w], 0 to 1.
    """
    import cv2

    held = np.where(known > 0.5, 1, 0).astype(np.float32)
    inside = (matte > 0) & (held > 0)
    if not inside.any():
        return 0.0
    steep = []
    for sigma in PROBES:
        total, base = (
            cv2.GaussianBlur(each, (0, 0), sigma) for each in (picture * held[..., None], held)
        )
        soft = np.asarray(total / np.maximum(base, 1e-3)[..., None], np.float32)
        steep.append(float(np.quantile(_energy(soft)[inside], SHARPEST)))
    near, far = (sigma**2 for sigma in PROBES)
    ratio = steep[0] / max(steep[1], 1e-12)
    if steep[0] < TEXTURE**2 or ratio <= 1.001:
        return 0.0
    return float(np.sqrt(max((far - near * ratio) / (ratio - 1), 0.0)))


def _local(values: F32) -> F32:
    import cv2

    found: F32 = cv2.blur(np.ascontiguousarray(values, np.float32), (TILE, TILE))
    return found


def _energy(picture: F32) -> F32:
    """Squared slope, [h, w], from neighbours; of several channels together."""
    result = np.zeros(picture.shape[:2], np.float32)
    along, down = (np.square(np.diff(picture, axis=axis)) for axis in (1, 0))
    result[:, :-1] += along if picture.ndim == 2 else along.sum(axis=2)
    result[:-1] += down if picture.ndim == 2 else down.sum(axis=2)
    return result
