"""Clips with known motion, made for the tests of the fit."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.colour.encoding import decode
from engine.fit.request import FitOptions, FitRequest, GroupMasks
from engine.io.picture import Native, Picture


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth coloured noise, encoded, [H, W, 3]."""
    noise = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    smooth = sum(cv2.GaussianBlur(noise, (0, 0), s) * w for s, w in ((1.2, 1), (3, 3), (8, 6)))
    low, high = smooth.min(), smooth.max()
    return (0.1 + 0.8 * (smooth - low) / (high - low)).astype(np.float32)


def picture(encoded: np.ndarray, eight_bit: bool = True) -> Picture:
    """Encoded colours as a picture, as if read from an 8-bit sRGB file or from a float EXR."""
    if not eight_bit:
        return Picture.of(decode(encoded))
    codes = np.rint(np.clip(encoded, 0, 1) * 255).astype(np.uint8)
    native = Native(codes, ("R", "G", "B"), "sRGB Encoded Rec.709 (sRGB)", 8)
    return Picture.of(decode(codes.astype(np.float32) / 255), native=native)


@dataclass
class Pan:
    """A texture that pans and swells, with its truth.

    ``to_world(t)`` sends a frame's pixels to the texture; two frames see the same world.
    """

    count: int = 9
    height: int = 132
    width: int = 160
    step: tuple[float, float] = (2.3, -0.8)
    wave: float = 1.5
    seed: int = 0

    def __post_init__(self) -> None:
        self.world = texture(self.height + 120, self.width + 120, self.seed)

    def to_world(self, t: int) -> np.ndarray:
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32) + 0.5
        swell = self.wave * np.sin(2 * np.pi * t / 8)
        u = x + 60 + self.step[0] * t + swell * np.sin(y / 25)
        v = y + 60 + self.step[1] * t + swell * np.cos(x / 30)
        return np.stack([u, v], axis=-1).astype(np.float32)

    def frame(self, t: int) -> np.ndarray:
        places = self.to_world(t) - 0.5
        return cv2.remap(self.world, places[..., 0], places[..., 1], cv2.INTER_CUBIC)

    def clip(self, eight_bit: bool = True) -> list[Picture]:
        return [picture(self.frame(t), eight_bit) for t in range(self.count)]


def request(clip: list[Picture], masks=None, first: int = 0, **options) -> FitRequest:
    """A request for a whole clip; ``masks`` is a list of (name, list of uint8 [H, W])."""
    groups = [
        GroupMasks(name, lambda f, frames=frames: frames[f - first])
        for name, frames in (masks or [])
    ]
    return FitRequest(
        tuple(range(first, first + len(clip))),
        lambda f: clip[f - first],
        groups,
        options=FitOptions(**options),
    )
