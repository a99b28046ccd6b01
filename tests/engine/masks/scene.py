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
        mask = np.zeros((height, width), np.uint8)
        cv2.ellipse(mask, (x, y), (26, 17), 10, 0, 360, 1, -1)
        moved = np.roll(cover, (y - 48, 2 * t), (0, 1))
        frame[mask > 0] = moved[mask > 0]
        frames.append(frame)
        masks.append(mask > 0)
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
