"""A small shot with a known mask: the camera pans over a texture, a blob of another one moves."""

import cv2
import numpy as np

from engine.arrays import U8, Bool


def noise(rng: np.random.Generator, height: int, width: int, low: float, high: float) -> U8:
    """Soft coloured noise between two codes."""
    plain = cv2.GaussianBlur(rng.random((height, width, 3)).astype(np.float32), (0, 0), 2.0)
    plain = (plain - plain.min()) / (plain.max() - plain.min())
    return np.asarray(low + plain * (high - low), np.uint8)


def shot(count: int = 12, height: int = 96, width: int = 160) -> tuple[list[U8], list[Bool]]:
    """Frames RGB uint8 [H, W, 3] and what is inside [H, W]."""
    rng = np.random.default_rng(3)
    ground = noise(rng, height, width + 4 * count, 40, 150)
    cover = noise(rng, height, width, 70, 210)
    cover[..., 2] //= 2
    frames, masks = [], []
    for t in range(count):
        frame = ground[:, 3 * t : 3 * t + width].copy()
        x, y = 50 + 2 * t, 48 + round(3 * np.sin(t / 3))
        large = np.zeros((4 * height, 4 * width), np.uint8)
        cv2.ellipse(large, (4 * x, 4 * y), (104, 68), 10, 0, 360, 255, -1)
        share = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA) / 255.0
        share = cv2.GaussianBlur(share, (0, 0), 0.7)
        moved = np.roll(cover, (y - 48, 2 * t), (0, 1))
        mixed = frame + share[..., None] * (moved.astype(np.float32) - frame)
        frames.append(np.asarray(np.rint(mixed), np.uint8))
        masks.append(share > 0.5)
    return frames, masks


def box(mask: Bool, slack: int = 4) -> tuple[float, float, float, float]:
    """A rectangle around a mask."""
    rows, columns = np.nonzero(mask)
    return (
        float(columns.min() - slack),
        float(rows.min() - slack),
        float(columns.max() + 1 + slack),
        float(rows.max() + 1 + slack),
    )
