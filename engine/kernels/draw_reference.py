"""What ``engine.kernels.draw`` computes, in plain numpy on top of ``sample``."""

import numpy as np

from engine.arrays import F32
from engine.colour.encoding import decode
from engine.kernels.sample import sample


def spread(control: F32, height: int, width: int) -> F32:
    """Evenly spread control points [gy, gx, 3], corners included, at pixel centres [H, W, 3]."""
    rows, columns = (
        np.maximum(
            0, 1 - np.abs(((np.arange(n) + 0.5) / n * (count - 1))[:, None] - np.arange(count))
        )
        for n, count in ((height, control.shape[0]), (width, control.shape[1]))
    )
    return np.asarray(np.einsum("hr,wc,rcd->hwd", rows, columns, control), np.float32)


def draw_layer(
    picture: F32,
    origin: tuple[float, float],
    scale: tuple[float, float],
    positions: F32,
    share: F32,
    hole: float,
    colour: F32,
    weight: F32,
    carry: F32,
    *,
    filter: str,
    lit: F32,
    control: F32,
    exposure: F32,
) -> None:
    """As ``engine.kernels.draw.draw_layer``, all arguments given."""
    whole = share + carry
    seen = sample(picture, positions, origin=origin, scale=scale, filter=filter, footprint=True)
    alpha = seen[..., 3]
    taken = whole * np.clip((alpha - hole) / (3 * hole), 0, 1)
    plain = decode(seen[..., :3] / np.where(taken > 0, alpha, 1)[..., None])
    gain = spread(control, *share.shape) * exposure[0]
    colour += taken[..., None] * plain
    lit += taken[..., None] * (gain * plain + exposure[1])
    weight += taken
    carry[:] = whole - taken
