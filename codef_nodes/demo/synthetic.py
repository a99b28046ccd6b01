"""A clip that the program renders itself, with a motion that is known exactly.

A balloon crosses hills at dusk. The camera pans, rolls and pushes in, and the air over the hills
shimmers: every pixel of the landscape reads one still picture at a point that ``landscape_points``
gives. Everything is drawn in display code values; there is no randomness beyond fixed seeds.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import cast

import numpy as np

from engine.arrays import F32, U8

WIDTH, HEIGHT, FRAMES = 640, 360, 60
STILL_WIDTH, STILL_HEIGHT = 1120, 680  # of the landscape, in pixels of the still
BALLOON = 220  # width of the balloon's picture, in its own pixels


def noise(height: int, width: int, cell: float, octaves: int, seed: int) -> F32:
    """Fractal value noise [height, width], mean 0, about -1 to 1; ``cell`` pixels per lump."""
    import cv2

    rng = np.random.default_rng(seed)
    total: F32 = np.zeros((height, width), np.float32)
    weight = 1.0
    for _ in range(octaves):
        rows, columns = int(height / cell) + 3, int(width / cell) + 3
        grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
        large = cv2.resize(
            grid, (int(columns * cell) + 1, int(rows * cell) + 1), interpolation=cv2.INTER_CUBIC
        )
        total += np.float32(weight) * large[:height, :width]
        weight, cell = weight * 0.55, max(cell / 2, 1.0)
    return total


def _mix(low: F32, high: F32, share: F32) -> F32:
    """Linear blend; ``share`` [H, W] against colours [..., 3]."""
    mixed: F32 = (low + (high - low) * share[..., None]).astype(np.float32)
    return mixed


def _rgb(*values: float) -> F32:
    colour: F32 = np.array(values, np.float32) / np.float32(255)
    return colour


@lru_cache(maxsize=1)
def landscape() -> F32:
    """The still that the camera films, display code values 0 to 1, [680, 1120, 3]."""
    height, width = STILL_HEIGHT, STILL_WIDTH
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    down = np.clip(y / (0.62 * height), 0, 1)
    sky = _mix(_rgb(38, 52, 96), _rgb(248, 168, 112), down**1.4)
    clouds = np.clip(noise(height, width, 190, 6, 3) * 0.9 + 0.05 - np.abs(down - 0.55), 0, 1)
    sky = _mix(sky, _rgb(255, 206, 178), clouds * 0.75)
    sun = np.hypot(x - 0.66 * width, y - 0.5 * height)
    sky = _mix(sky, _rgb(255, 226, 170), 0.75 * np.exp(-((sun / 170) ** 2)))
    picture = _mix(sky, _rgb(255, 248, 226), np.clip((46 - sun) / 1.5, 0, 1))
    ridges = (  # height of the crest, roughness, far and near colour
        (0.50, 70, 0.07, (150, 116, 142), 11),
        (0.59, 95, 0.08, (98, 82, 118), 12),
        (0.69, 120, 0.08, (58, 62, 88), 13),
        (0.80, 150, 0.07, (30, 46, 56), 14),
    )
    for crest, cell, rough, colour, seed in ridges:
        line = (crest + rough * noise(1, width, cell * 2, 6, seed)[0]) * height
        depth = y - line[None, :]
        lumps = noise(height, width, cell * 0.5, 6, seed + 40)
        veins = 1 - 2 * np.abs(noise(height, width, cell * 0.22, 5, seed + 80))
        strata = np.sin(depth / 7 + 5 * lumps)
        grain = 0.16 * lumps + 0.2 * veins + 0.06 * strata
        tone = _rgb(*colour) * (1 + grain[..., None])
        haze = np.clip(depth / (0.22 * height), 0, 1)
        tone = _mix(tone * 0.78 + 0.22 * _rgb(236, 160, 130), tone, haze)
        picture = _mix(picture, tone.astype(np.float32), np.clip(depth + 0.5, 0, 1))
    return np.clip(picture, 0, 1).astype(np.float32)


@lru_cache(maxsize=1)
def balloon() -> F32:
    """The balloon, premultiplied display code values, [308, 220, 4]."""
    import cv2

    scale = 3
    size = BALLOON * scale
    high = int(size * 1.4)
    y, x = np.mgrid[0:high, 0:size].astype(np.float32) / size
    u, v = (x - 0.5) / 0.46, (y - 0.48) / 0.46
    below = np.clip((y - 0.5) / 0.62, 0, 1)
    half = np.where(v < 0, np.sqrt(np.clip(1 - v * v, 0, 1)), np.cos(below * 1.35) ** 0.85)
    inside = (np.abs(u) < half) & (y < 1.06)
    across = np.arcsin(np.clip(u / np.maximum(half, 1e-3), -1, 1)) / np.pi + 0.5
    gore = np.floor(across * 9).astype(int) % 3
    paint = np.array([[206, 58, 52], [244, 226, 196], [34, 92, 118]], np.float32)[gore] / 255
    band = (np.abs(y - 0.52) < 0.075) & inside
    zigzag = np.abs(((across * 18) % 1) - 0.5) * 0.12 + 0.49
    paint[band] = _rgb(240, 184, 62)
    paint[band & (np.abs(y - zigzag - 0.005) < 0.018)] = _rgb(120, 34, 44)
    light = 0.55 + 0.55 * np.clip(0.35 + 0.75 * u - 0.35 * v, 0, 1)
    cloth = noise(high, size, 60, 4, 77)
    shaded = np.clip(paint * (light + 0.07 * cloth)[..., None], 0, 1)
    picture = np.dstack([shaded, np.ones_like(x)]) * inside[..., None]
    ropes = np.zeros((high, size), np.uint8)
    for side in (-1, -0.35, 0.35, 1):
        top = (int((0.5 + side * 0.11) * size), int(1.05 * size))
        foot = (int((0.5 + side * 0.062) * size), int(1.22 * size))
        cv2.line(ropes, top, foot, 255, scale, cv2.LINE_AA)
    rope = (ropes.astype(np.float32) / 255)[..., None]
    picture = picture * (1 - rope) + rope * np.array([0.16, 0.11, 0.1, 1], np.float32)
    basket = (np.abs(x - 0.5) < 0.07) & (np.abs(y - 1.275) < 0.058)
    weave = 0.75 + 0.25 * np.sign(np.sin(x * 260) * np.sin(y * 300))
    brown = np.dstack([weave * c for c in (0.47, 0.3, 0.17)] + [np.ones_like(x)])
    picture = np.where(basket[..., None], brown, picture).astype(np.float32)
    small = cv2.resize(picture, (BALLOON, int(BALLOON * 1.4)), interpolation=cv2.INTER_AREA)
    return cast(F32, small)


def landscape_points(frame: int) -> F32:
    """Where each pixel of a frame reads the landscape, [360, 640, 2].

    Convention: (x, y) in pixels of ``landscape()``, y down, pixel centres at +0.5.
    """
    t = frame / (FRAMES - 1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) + 0.5
    u, v = x - WIDTH / 2, y - HEIGHT / 2
    angle, zoom = np.radians(2.2 * np.sin(2.4 * t)), 1.16 - 0.16 * t
    centre = (410 + 250 * t, 372 - 24 * np.sin(np.pi * t))
    px = centre[0] + zoom * (np.cos(angle) * u - np.sin(angle) * v)
    py = centre[1] + zoom * (np.sin(angle) * u + np.cos(angle) * v)
    shimmer_x = 1.6 * np.sin(px / 61 + 5 * t) * np.cos(py / 83 - 3 * t)
    shimmer_y = 1.2 * np.sin(px / 71 - 4 * t) * np.sin(py / 57 + 2 * t)
    return np.stack([px + shimmer_x, py + shimmer_y], -1).astype(np.float32)


def balloon_points(frame: int) -> F32:
    """As ``landscape_points``, for the picture of the balloon; may lie outside of it."""
    t = frame / (FRAMES - 1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) + 0.5
    centre = (545 - 440 * t, 172 - 46 * t + 7 * np.sin(7 * t))
    angle, zoom = np.radians(5 * np.sin(4.2 * t)), 1.5 - 0.28 * t
    u, v = x - centre[0], y - centre[1]
    px = BALLOON / 2 + zoom * (np.cos(angle) * u - np.sin(angle) * v)
    py = BALLOON * 0.7 + zoom * (np.sin(angle) * u + np.cos(angle) * v)
    return np.stack([px, py], -1).astype(np.float32)


def render(frame: int) -> tuple[U8, U8]:
    """One frame and the balloon's mask: uint8 sRGB [360, 640, 3] and uint8 [360, 640]."""
    import cv2

    ground = landscape_points(frame) - np.float32(0.5)
    behind = cv2.remap(landscape(), ground, None, cv2.INTER_CUBIC, None, cv2.BORDER_REFLECT_101)
    place = balloon_points(frame) - np.float32(0.5)
    front = cv2.remap(balloon(), place, None, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, 0)
    picture = front[..., :3] + behind * (1 - front[..., 3:])
    mask = np.round(np.clip(front[..., 3], 0, 1) * 255).astype(np.uint8)
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8), mask


def clip() -> Iterator[tuple[U8, U8]]:
    """All frames with their masks, in order."""
    for frame in range(FRAMES):
        yield render(frame)
