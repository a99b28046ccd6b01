"""How coarse grain is: its autocorrelation, and a filter that makes noise as coarse."""

from functools import cache

import numpy as np

from engine.arrays import F32, F64

#: Side of a tile.
TILE = 16
#: Pixels to each side over which grain is alike.
REACH = 3


def flattened(tiles: F32) -> F32:
    """Tiles [N, h, w, C] without mean and slope."""
    place = np.linspace(-1, 1, tiles.shape[1], dtype=np.float32)
    norm = np.float32(np.square(place).mean())
    flat = tiles - tiles.mean(axis=(1, 2), keepdims=True)
    down = np.einsum("nhc,h->nc", flat.sum(axis=2), place) / (place.size**2 * norm)
    along = np.einsum("nwc,w->nc", flat.sum(axis=1), place) / (place.size**2 * norm)
    flat = flat - down[:, None, None] * place[:, None, None]
    return np.asarray(flat - along[:, None, None] * place[None, None, :, None], np.float32)


def autocorrelation(tiles: F32) -> F32:
    """Of all tiles and channels, [2 REACH + 1, 2 REACH + 1], 1 in the middle."""
    # Strong tiles must not outvote the rest.
    scale = np.sqrt(np.square(tiles).mean(axis=(1, 2), keepdims=True))
    plain = tiles / np.maximum(scale, 1e-9)
    size = plain.shape[1]
    result = np.zeros((2 * REACH + 1, 2 * REACH + 1), np.float32)
    for dy in range(REACH + 1):
        for dx in range(-REACH, REACH + 1):
            first = plain[:, : size - dy, max(-dx, 0) : size - max(dx, 0)]
            second = plain[:, dy:, max(dx, 0) : size - max(-dx, 0)]
            value = float((first * second).mean())
            result[REACH + dy, REACH + dx] = result[REACH - dy, REACH - dx] = value
    return result / max(float(result[REACH, REACH]), 1e-9)


def with_planes(likeness: F32) -> tuple[F32, float]:
    """An autocorrelation of tiles without their planes, as it is with them.

    Grain has a mean and a slope over a tile, too, and the coarser it is, the more.

    Returns:
        The autocorrelation; share of the variance that was left without planes.
    """
    half = likeness[REACH:, :].ravel()[REACH:]
    whole = np.linalg.solve(_plane_loss(), half)
    left = float(np.clip(1 / max(whole[0], 1.0), 0.5, 1))
    whole = np.concatenate([whole[:0:-1], whole]) / whole[0]
    return whole.reshape(likeness.shape).astype(np.float32), left


@cache
def _plane_loss() -> F64:
    """Times an autocorrelation's later half gives that of tiles without planes, [lags, lags]."""
    y, x = (each.ravel() for each in np.mgrid[:TILE, :TILE])
    planes, _ = np.linalg.qr(np.stack([np.ones(TILE * TILE), x, y], axis=1))
    down, right = y[:, None] - y, x[:, None] - x
    later = [(dy, dx) for dy in range(REACH + 1) for dx in range(-REACH, REACH + 1)][REACH:]
    pairs = np.stack(
        [((down == dy) & (right == dx)) | ((down == -dy) & (right == -dx)) for dy, dx in later]
    ).astype(np.float64)
    count = pairs.sum(axis=(1, 2))
    # Sums over pairs of (I - P P') C (I - P P') for each C of one lag alone.
    once = pairs @ planes
    twice = (planes.T @ once).reshape(len(later), -1)
    once = once.reshape(len(later), -1)
    kept = np.diag(count) - 2 * once @ once.T + twice @ twice.T
    return np.asarray(kept / count[:, None], np.float64)


def kernel(likeness: F32) -> F32:
    """The symmetric filter that turns white noise into noise of this autocorrelation."""
    size = 32
    wave = np.zeros((size, size))
    reach = np.arange(-REACH, REACH + 1)
    # A window, for what lies beyond the reach was not measured.
    fade = 1 - (np.abs(reach) / (REACH + 1)) ** 4
    wave[np.ix_(reach % size, reach % size)] = likeness * np.outer(fade, fade)
    power = np.maximum(np.fft.fft2(wave).real, 0)
    filtered = np.fft.ifft2(np.sqrt(power)).real[np.ix_(reach % size, reach % size)]
    return np.asarray(filtered / np.sqrt(np.square(filtered).sum()), np.float32)
