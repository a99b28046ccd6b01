"""Pictures that the synthetic clips are made of: a pebbled stream bed, a koi, reeds, a mark.

All are scene-linear albedo, float32 RGBA, premultiplied; drawn from a seed, sharp at their own
pixels, with detail from half a pixel of the frame to a fifth of its width.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codef_nodes.demo.synthetic import noise
from engine.colour.encoding import decode

F32 = NDArray[np.float32]

#: Texels per pixel of the frame.
DENSITY = 2

_STONES = (  # display codes
    (128, 122, 112),
    (154, 143, 124),
    (98, 100, 104),
    (72, 74, 78),
    (176, 168, 152),
    (140, 112, 86),
    (118, 86, 70),
    (92, 98, 92),
    (196, 190, 180),
    (112, 116, 124),
)
_SUN = np.array([-0.45, -0.55, 0.70], np.float32)


def _linear(*codes: float) -> F32:
    return decode(np.array(codes, np.float32) / 255)


def _shaded(height: F32) -> F32:
    """Light on a relief [h, w] in texels, about 1 on the flat."""
    down, along = np.gradient(height)
    length = np.sqrt(along**2 + down**2 + 1)
    lambert = (-along * _SUN[0] - down * _SUN[1] + _SUN[2]) / length
    return np.asarray(0.32 + 0.98 * np.clip(lambert, 0, None), np.float32)


def _wobbled(labels: NDArray[np.int32], cell: float, seed: int) -> NDArray[np.int32]:
    """Cells with uneven outlines."""
    h, w = labels.shape
    x = np.arange(w, dtype=np.float32) + 0.1 * cell * noise(h, w, cell * 0.8, 3, seed)
    y = np.arange(h, dtype=np.float32)[:, None] + 0.1 * cell * noise(h, w, cell * 0.8, 3, seed + 1)
    column = np.clip(np.rint(x), 0, w - 1).astype(np.intp)
    row = np.clip(np.rint(y), 0, h - 1).astype(np.intp)
    return labels[row, column]


def _stones(below: F32, cell: float, kept: float, seed: int) -> F32:
    """Lays stones of about ``cell`` texels over a picture [h, w, 3]."""
    import cv2

    h, w = below.shape[:2]
    rng = np.random.default_rng(seed)
    rows, columns = int(h / cell) + 1, int(w / cell) + 1
    seeds = np.full((h, w), 255, np.uint8)
    y = np.clip((np.arange(rows)[:, None] + rng.random((rows, columns))) * cell, 0, h - 1)
    x = np.clip((np.arange(columns) + rng.random((rows, columns))) * cell, 0, w - 1)
    seeds[y.astype(int), x.astype(int)] = 0
    _, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = _wobbled(labels, cell, seed + 7)
    count = int(labels.max()) + 1
    inner = np.full((h, w), 255, np.uint8)
    inner[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    inner[1:][labels[1:] != labels[:-1]] = 0
    # Blurred, so that water has rounded the corners.
    depth = cv2.GaussianBlur(cv2.distanceTransform(inner, cv2.DIST_L2, 5), (0, 0), 0.07 * cell)
    radius = np.ones(count, np.float32)
    np.maximum.at(radius, labels.ravel(), depth.ravel())
    gap = 0.09 * cell + 0.6
    rise = np.clip((depth - gap) / np.maximum(radius[labels] * 0.8, 1), 0, 1)
    dome = np.sqrt(1 - (1 - rise) ** 2) * np.minimum(radius[labels], cell) * 0.55
    rough = noise(h, w, max(cell / 5, 3), 4, seed + 3)
    light = _shaded((dome + 0.02 * cell * rough).astype(np.float32))
    colour = np.stack([_linear(*c) for c in _STONES])[rng.integers(0, len(_STONES), count)]
    colour = 0.55 * colour + 0.45 * colour.mean(axis=1, keepdims=True)
    colour *= rng.uniform(0.55, 1.3, (count, 1)).astype(np.float32)
    vein = np.exp(-np.abs(noise(h, w, max(cell / 2, 4), 4, seed + 5)) * 9)
    grain = 1 + 0.16 * noise(h, w, 5, 4, seed + 9) + 0.18 * rough
    stone = colour[labels] * (np.clip(grain, 0.3, 2) * light)[..., None]
    stone += (0.10 * vein * light)[..., None] * stone.mean(axis=2, keepdims=True)
    there = (rng.random(count) < kept)[labels]
    alpha = np.where(there, np.clip((depth - gap) / 1.2 + 0.5, 0, 1), 0).astype(np.float32)
    # What lies below is darker near a stone, most on the side away from the sun.
    shade = cv2.GaussianBlur(alpha, (0, 0), 0.10 * cell + 1)
    move = np.array([[1, 0, 0.09 * cell], [0, 1, 0.11 * cell]], np.float32)
    shade = cv2.warpAffine(shade, move, (w, h), borderMode=cv2.BORDER_REPLICATE)
    ground = below * (1 - 0.75 * shade)[..., None]
    laid: F32 = (ground + (stone - ground) * alpha[..., None]).astype(np.float32)
    return laid


@lru_cache(maxsize=2)
def stream_bed(height: int, width: int, unit: float, seed: int) -> F32:
    """Stones of four sizes on sand, [height, width, 4] in texels.

    Args:
        height: In texels.
        width: In texels.
        unit: Texels of a pixel in a frame of 640: the stones grow with the frame.
        seed: Another bed for another seed.
    """
    sand = _linear(132, 118, 96) * (1 + 0.3 * noise(height, width, 6 * unit, 5, seed))[..., None]
    bed: F32 = np.clip(sand, 0.01, 1).astype(np.float32)
    for cell, kept in ((7, 0.9), (17, 0.7), (40, 0.4), (92, 0.3)):
        bed = _stones(bed, cell * unit, kept, seed + round(cell) * 101)
    drift = 1 + 0.16 * noise(height, width, 150 * unit, 2, seed + 4)
    moss = np.clip(noise(height, width, 70 * unit, 4, seed + 6) - 0.35, 0, 0.5)[..., None]
    bed = bed * np.clip(drift, 0.5, 1.5)[..., None]
    bed = bed * (1 - moss) + moss * bed.mean(axis=2, keepdims=True) * np.array([0.8, 1.15, 0.5])
    result = np.ones((height, width, 4), np.float32)
    result[..., :3] = np.clip(bed, 0.002, 0.95)
    return result


def picture_bed(path: Path, height: int, width: int) -> F32:
    """Any picture as the ground, scaled to cover [height, width, 4] texels."""
    import cv2

    from engine.io.read import read_picture

    rgb = read_picture(path).rgb
    scale = max(height / rgb.shape[0], width / rgb.shape[1])
    size = (int(np.ceil(rgb.shape[1] * scale)), int(np.ceil(rgb.shape[0] * scale)))
    large = cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    result = np.ones((height, width, 4), np.float32)
    result[..., :3] = np.clip(large[top : top + height, left : left + width], 0, 1)
    return result


def koi(length: float, seed: int) -> F32:
    """A fish that looks to the right, [0.62 length, 1.16 length, 4] in texels."""
    import cv2

    fine = 2
    w, h = int(1.16 * length) * fine, int(0.62 * length) * fine
    size, middle = length * fine, np.array([0.56 * length * fine, h / 2])
    along = np.linspace(0, 1, 80)
    belly = 0.128 * np.sin(np.pi * along**0.72) ** 0.85 * (1 - 0.35 * along) + 0.012
    spine = 0.5 - along  # head at +0.5
    body = np.concatenate([np.stack([spine, -belly], 1), np.stack([spine[::-1], belly[::-1]], 1)])

    def filled(*shapes: NDArray[np.float64]) -> F32:
        sheet = np.zeros((h, w), np.uint8)
        for shape in shapes:
            cv2.fillPoly(
                sheet, [np.rint((shape * size + middle) * 16).astype(np.int32)], 255, 16, 4
            )
        return np.asarray(sheet, np.float32) / 255

    def fin(x: float, y: float, reach: float, turn: float, spread: float) -> NDArray[np.float64]:
        angle = turn + spread * np.linspace(-1, 1, 24)
        edge = reach * (1 - 0.16 * np.cos(np.linspace(0, 4 * np.pi, 24)))
        fan = np.stack([x + edge * np.cos(angle), y + edge * np.sin(angle)], 1)
        return np.concatenate([[[x, y]], fan])

    tail = [fin(-0.44, 0, 0.17, np.pi - 0.42, 0.3), fin(-0.44, 0, 0.17, np.pi + 0.42, 0.3)]
    fins = [fin(0.2, 0.1, 0.16, 2.15, 0.4), fin(0.2, -0.1, 0.16, -2.15, 0.4)]
    fins += [fin(-0.16, 0.08, 0.09, 2.4, 0.35), fin(-0.16, -0.08, 0.09, -2.4, 0.35)]
    trunk, thin = filled(body), filled(*tail, *fins)
    depth = cv2.distanceTransform((trunk > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    dome = np.sqrt(np.clip(1 - (1 - np.clip(depth / (0.1 * size), 0, 1)) ** 2, 0, 1))
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    step = 0.026 * size
    row = np.floor(y / (0.5 * step))
    across = (x / step + 0.5 * (row % 2)) % 1 - 0.5
    inside = (y / (0.5 * step)) % 1
    scale_rim = np.clip(np.hypot(across * 1.5, inside - 0.2) * 1.5 - 0.45, 0, 1)
    head = np.clip((x - middle[0]) / size * 9 - 2.4, 0, 1)
    scales = 1 - 0.5 * scale_rim * (1 - head)
    patch = noise(h, w, 0.16 * size, 3, seed + 2)
    orange = np.clip(patch * 8 + 1.2, 0, 1)[..., None]
    black = np.clip(noise(h, w, 0.1 * size, 3, seed + 8) * 9 - 5.2, 0, 1)[..., None]
    skin = _linear(236, 226, 210) * (1 - orange) + _linear(222, 92, 30) * orange
    skin = skin * (1 - black) + _linear(28, 26, 30) * black
    relief = _shaded((dome * 0.10 * size).astype(np.float32))
    fleck = 1 + 0.10 * noise(h, w, 6, 3, seed + 5)
    colour = skin * (scales * relief * fleck)[..., None]
    back = np.exp(-(((y - middle[1]) / (0.012 * size)) ** 2)) * (1 - head)
    colour *= (1 - 0.35 * back)[..., None]
    angle = np.arctan2(y - middle[1], x - (middle[0] - 0.3 * size))
    rays = 0.8 + 0.25 * np.cos(angle * 60) + 0.12 * noise(h, w, 8, 3, seed + 6)
    film = _linear(226, 172, 128) * rays[..., None]
    alpha = np.maximum(trunk, thin)
    colour = np.where(trunk[..., None] > 0.5, colour, film)
    pupil = [float(v) for v in _linear(20, 18, 18)]
    for side in (-1, 1):
        eye = (int(middle[0] + 0.4 * size), int(middle[1] + side * 0.062 * size))
        cv2.circle(colour, eye, max(1, int(0.018 * size)), pupil, -1)
    rgba = np.dstack([np.clip(colour, 0.003, 0.95) * alpha[..., None], alpha]).astype(np.float32)
    small: F32 = cv2.resize(rgba, (w // fine, h // fine), interpolation=cv2.INTER_AREA)
    return small


def reeds(height: int, width: int, unit: float, seed: int) -> F32:
    """Blades of grass 1 to 3 pixels of the frame wide across the whole, [height, width, 4].

    Args:
        height: In texels.
        width: In texels.
        unit: Texels of a pixel of the frame, whatever its size.
        seed: Others for another seed.
    """
    import cv2

    rng = np.random.default_rng(seed)
    colour, alpha = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    down = np.linspace(-0.02, 1.02, 60)
    for n in range(9):
        thick = int(max(1, round(unit * (1 + n % 3))))
        start, lean, bend = (
            rng.uniform(0.05, 0.95),
            rng.uniform(-0.3, 0.3),
            rng.uniform(-0.12, 0.12),
        )
        x = (start + lean * (down - 0.5) + bend * (down - 0.5) ** 2 * 4) * width
        line = np.rint(np.stack([x, down * height], 1) * 16).astype(np.int32)
        blade = np.zeros((height, width), np.uint8)
        cv2.polylines(blade, [line], False, 255, thick, cv2.LINE_AA, 4)
        share = blade.astype(np.float32) / 255
        tone = _linear(*(np.array([96, 128, 58]) * rng.uniform(0.6, 1.3)))
        shade = (0.75 + 0.25 * np.sin(down * 31 + n)).astype(np.float32)
        tall = cv2.resize(shade[:, None], (1, height)).reshape(-1, 1, 1) * tone
        colour += (tall - colour) * share[..., None]
        alpha += (1 - alpha) * share
    return np.dstack([colour * alpha[..., None], alpha]).astype(np.float32)


def mark(size: int) -> F32:
    """What is drawn on the texture: a roundel with letters, [size, size, 4] in texels."""
    import cv2

    fine = 4
    n = size * fine
    centre, radius = (n // 2, n // 2), int(0.49 * n)
    codes = np.zeros((n, n, 3), np.uint8)
    codes[:] = (196, 30, 42)
    cv2.circle(codes, centre, int(0.44 * n), (244, 240, 230), int(0.03 * n))
    cv2.circle(codes, centre, int(0.335 * n), (24, 44, 92), -1)
    star = [
        (
            n / 2 + r * n * np.sin(k * np.pi / 5),
            n / 2 - 0.09 * n - r * n * np.cos(k * np.pi / 5),
        )
        for k, r in enumerate([0.17, 0.068] * 5)
    ]
    cv2.fillPoly(codes, [np.rint(np.array(star)).astype(np.int32)], (250, 206, 62))
    font = cv2.FontFace("sans")
    _, _, width, _ = cv2.getTextSize((0, 0), "CODEF", (0, 0), font, int(0.16 * n), 700)
    place = (int((n - width) / 2), int(0.72 * n))
    cv2.putText(codes, "CODEF", place, (244, 240, 230), font, int(0.16 * n), 700, 0, (0, 10 * n))
    shape = np.zeros((n, n), np.uint8)
    cv2.circle(shape, centre, radius, 255, -1)
    alpha = shape.astype(np.float32) / 255
    rgba = np.dstack([decode(codes.astype(np.float32) / 255) * alpha[..., None], alpha])
    small: F32 = cv2.resize(rgba.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return small
