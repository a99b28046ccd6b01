"""A small shot with a group that moves on its own, under light that changes."""

import cv2
import numpy as np

from engine.io.write import write_arrays

WIDTH, HEIGHT, FIRST, LAST = 96, 72, 1001, 1008


def texture(seed, height, width):
    """Something soft to hold on to, linear, 0.1 to 0.7."""
    noise = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return 0.1 + 0.6 * (soft - soft.min()) / (soft.max() - soft.min())


def two_groups(folder):
    """A disc over a ground, both moving; EXR plates, and the disc's soft mattes."""
    ground, disc = texture(3, 200, 260), texture(5, 200, 260)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    (folder / "plate").mkdir(parents=True)
    (folder / "matte").mkdir()
    for n, frame in enumerate(range(FIRST, LAST + 1)):
        light = 1 + 0.06 * n
        back = ground[30 + n : 30 + n + HEIGHT, 40 + 2 * n : 40 + 2 * n + WIDTH]
        front = disc[50 : 50 + HEIGHT, 60 - 2 * n : 60 - 2 * n + WIDTH]
        radius = np.hypot(x - (30 + 2 * n), y - 36)
        matte = np.clip((18 - radius) / 4 + 0.5, 0, 1)
        picture = (back * (1 - matte[..., None]) + front * matte[..., None]) * light
        write_arrays(folder / f"plate/sh.{frame}.exr", picture.astype(np.float32), "RGB")
        cv2.imwrite(str(folder / f"matte/disc.{frame}.png"), np.rint(matte * 255).astype(np.uint8))
    return folder
