"""A tiny clip and what a command says; shared by the tests of the command line and the nodes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.arrays import U8

FRAMES = tuple(range(1001, 1009))
WIDTH, HEIGHT = 64, 48


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> Any:
        """The last line of standard output as JSON."""
        return json.loads(self.out.strip().splitlines()[-1])


Codef = Callable[..., Answer]


def texture() -> U8:
    """A smooth random picture, uint8 [160, 220, 3]."""
    noise = np.random.default_rng(7).random((160, 220, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.5)
    soft = (soft - soft.min()) / (soft.max() - soft.min())
    return np.rint(20 + 200 * soft).astype(np.uint8)


def make_clip(folder: Path, frames: tuple[int, ...] = FRAMES) -> Path:
    """A pan over the texture as PNG files."""
    folder.mkdir(parents=True)
    big = texture()
    for frame in frames:
        i = frame - 1001
        shot = big[30 + i : 30 + i + HEIGHT, 40 + 2 * i : 40 + 2 * i + WIDTH]
        write_png(folder / f"shot.{frame}.png", shot)
    return folder


def write_png(path: Path, picture: U8) -> None:
    """Writes BGR or grey codes; cv2 alone fails at non-ASCII names on some systems."""
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def read_png(path: Path) -> Any:
    """Codes as they are in the file."""
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)


def make_masks(folder: Path, frames: tuple[int, ...] = FRAMES, value: int = 255) -> Path:
    """A rectangle in each frame."""
    folder.mkdir(parents=True)
    for frame in frames:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[12:30, 20:44] = value
        write_png(folder / f"mask.{frame}.png", mask)
    return folder
