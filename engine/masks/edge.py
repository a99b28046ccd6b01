"""The edge of a small mask found again on the plate itself.

Only a band along the edge is looked at: colours of either side, a few cells wide, say which side a
pixel is on, and a random walk lays the edge where the picture changes. Then it becomes as soft as
the picture is there.
"""

import numpy as np

from engine.arrays import F32, U8, AnyArray
from engine.masks.colours import ColourGrid, lab8
from engine.masks.solve import box_of, log_odds, signed_distance, solve

#: Longest side of the picture on which the edge is found; beyond, it is only drawn larger.
LONG = 1000
#: Half width of the band: pixels, and at most this share of the object's size.
BAND, SHARE = 8.0, 0.05
#: Side of a cell of the colours, in pixels.
CELL = 20.0
#: Weights of the colours and of the small mask.
COLOUR, PLACE = 0.8, 0.5
#: Radius in which the share follows the colours, and the variance that is noise, in codes.
SOFT, GRAIN = 2, 60.0
#: What of the soft share counts as nothing and as all.
BLACK, WHITE = 0.1, 0.9
#: Turns, and sweeps of each.
TURNS, ROUNDS = 2, 25


def fine_mask(share: F32, rgb: U8) -> U8:
    """A small mask on the plate.

    Args:
        share: float32 [h, w], 0 to 1.
        rgb: The plate's codes, uint8 [H, W, 3].

    Returns:
        uint8 [H, W], 255 = inside.
    """
    import cv2

    height, width = rgb.shape[:2]
    scale = min(1.0, LONG / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    whole = cv2.resize(share, size, interpolation=cv2.INTER_LINEAR)
    solid = whole > 0.5
    area = float(solid.sum())
    if area >= 16 and not solid.all():
        band = max(3.0, min(BAND, SHARE * float(np.sqrt(area))))
        box = box_of(solid, int(4 * band) + 4)
        picture = rgb if scale == 1 else cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        lab = lab8(np.ascontiguousarray(picture[box]))
        fine = _refined(np.ascontiguousarray(whole[box]), lab, band)
        whole = np.zeros_like(whole)
        whole[box] = fine
    else:
        whole = _decided(whole)
    if scale < 1:
        whole = cv2.resize(whole, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.rint(np.clip(whole, 0, 1) * 255), np.uint8)


def _refined(share: F32, lab: U8, band: float) -> F32:
    distance = signed_distance(share > 0.5)
    place = np.clip(-2 * distance / band, -3, 3)
    beyond = np.abs(distance) >= band
    answer = (distance < 0).astype(np.float32)
    for _ in range(TURNS):
        about = np.abs(signed_distance(share > 0.5))
        weight = ((about > 1.5) & (np.abs(distance) < 4 * band)).astype(np.float32)
        grid = ColourGrid((share.shape[0], share.shape[1]), CELL)
        grid.add(lab, share, weight)
        grid.smooth(1, 1)
        mass, rest = grid.ask(lab)
        colour = (mass + 0.15) / (mass + rest + 0.3)
        odds = COLOUR * log_odds(np.asarray(colour, np.float32)) + PLACE * place
        share = solve(np.asarray(odds, np.float32), lab, None, (beyond, answer), ROUNDS)
    soft = softened(share > 0.5, lab, np.abs(signed_distance(share > 0.5)) < SOFT + 2)
    return np.asarray(np.where(beyond, answer, _decided(soft)), np.float32)


def softened(inside: AnyArray, guide: U8, band: AnyArray) -> F32:
    """A hard mask as soft as the picture is along its edge.

    The guided filter of He, Sun and Tang (ECCV 2010) with a colour guide: near each pixel the share
    is a linear function of the colour, so a pixel of mixed colour gets a mixed share.

    Args:
        inside: bool [h, w].
        guide: uint8 [h, w, 3].
        band: bool [h, w], where it is computed; elsewhere the mask stays as it is.

    Returns:
        float32 [h, w].
    """
    import cv2

    def mean(picture: AnyArray) -> F32:
        side = 2 * SOFT + 1
        return np.asarray(cv2.blur(picture, (side, side)), np.float32)

    mask = inside.astype(np.float32)
    colour = guide.astype(np.float32)
    near = cv2.dilate(band.astype(np.uint8), np.ones((2 * SOFT + 1,) * 2, np.uint8)) > 0
    middle, level = mean(colour)[near], mean(mask)
    spread = np.empty((len(middle), 3, 3), np.float32)
    for i in range(3):
        for j in range(i + 1):
            both = mean(colour[..., i] * colour[..., j])[near] - middle[:, i] * middle[:, j]
            spread[:, i, j] = spread[:, j, i] = both
    shared = mean(colour * mask[..., None])[near] - middle * level[near, None]
    slope = np.linalg.solve(spread + GRAIN * np.eye(3, dtype=np.float32), shared[..., None])[..., 0]
    line = np.zeros((*mask.shape, 4), np.float32)
    line[near, :3] = slope
    line[near, 3] = level[near] - (slope * middle).sum(axis=1)
    line = mean(line)
    share = (line[..., :3] * colour).sum(axis=2) + line[..., 3]
    return np.asarray(np.where(band, np.clip(share, 0, 1), mask), np.float32)


def _decided(share: F32) -> F32:
    """A share that is 0 and 1 where it nearly is."""
    return np.asarray(np.clip((share - BLACK) / (WHITE - BLACK), 0, 1), np.float32)
