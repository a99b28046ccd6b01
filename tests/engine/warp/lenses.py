"""A barrel lens and clips taken through it, made for the tests."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.io.picture import Picture, Window
from tests.engine.fit.clips import texture


@dataclass
class Barrel:
    """``straight = c + (plate - c) (1 + k r^2)`` with r in half diagonals."""

    width: int = 160
    height: int = 120
    k: float = 0.18

    def straight(self, points):
        """Straight places of plate places [..., 2]."""
        centre = np.array([self.width, self.height]) / 2
        off = np.asarray(points, np.float64) - centre
        r2 = (off**2).sum(axis=-1, keepdims=True) / (centre**2).sum()
        return centre + off * (1 + self.k * r2)

    def bent(self, points):
        """Plate places of straight places: the inverse, by fixed-point iteration."""
        centre = np.array([self.width, self.height]) / 2
        aim = np.asarray(points, np.float64) - centre
        off = aim.copy()
        for _ in range(60):
            off = aim / (1 + self.k * (off**2).sum(axis=-1, keepdims=True) / (centre**2).sum())
        return centre + off

    def st_map(self, places):
        """An ST map RGB float32 [h, w, 3] of places."""
        result = np.zeros((*places.shape[:2], 3), np.float32)
        result[..., 0] = places[..., 0] / self.width
        result[..., 1] = 1 - places[..., 1] / self.height
        return result

    def overscan(self, margin=24):
        """Data window of the undistorted picture that holds all of the plate."""
        return Window(-margin, -margin, self.width + margin, self.height + margin)

    def pictures(self, margin=24):
        """The undistort and the redistort map as pictures."""
        display = Window.of_size(self.width, self.height)
        window = self.overscan(margin)
        undistort = self.st_map(self.bent(centres(window)))
        redistort = self.st_map(self.straight(centres(display)))
        return Picture(undistort, display, window), Picture(redistort, display, display)

    def write(self, folder, margin=24, bits=32):
        """Both maps as EXR files; their paths."""
        from engine.io.write import WriteOptions, write_picture

        paths = (folder / "undistort.exr", folder / "redistort.exr")
        for path, picture in zip(paths, self.pictures(margin), strict=True):
            write_picture(path, picture, WriteOptions(colour_space="raw", bits=bits))
        return paths


def centres(window):
    """Pixel centres [h, w, 2] of a window."""
    y, x = np.mgrid[window.y0 : window.y1, window.x0 : window.x1] + 0.5
    return np.stack([x, y], axis=-1)


@dataclass
class LensPan:
    """A camera with a barrel lens that pans fast over a flat picture."""

    lens: Barrel
    count: int = 7
    step: tuple[float, float] = (8.0, 1.5)

    def __post_init__(self):
        self.world = texture(self.lens.height + 160, self.lens.width + 220, 3)

    def to_world(self, points, t):
        """Places in the world of plate places."""
        return self.lens.straight(points) + 80 + np.array(self.step) * t

    def frame(self, t):
        """Encoded colours of a plate."""
        window = Window.of_size(self.lens.width, self.lens.height)
        places = (self.to_world(centres(window), t) - 0.5).astype(np.float32)
        return cv2.remap(self.world, places[..., 0], places[..., 1], cv2.INTER_CUBIC)
