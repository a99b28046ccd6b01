"""Groups from motion, on made clips whose truth is known."""

import cv2
import numpy as np

from engine.arrays import F32, U8, Bool
from engine.fit.propose import propose_group, small_picture
from engine.metrics.segmentation import region
from engine.progress import silent

HEIGHT, WIDTH, FRAMES = 90, 160, 12


def texture(height: int, width: int, seed: int) -> F32:
    """Blotches of every size, so that any motion of them shows."""
    rng = np.random.default_rng(seed)
    noise = [cv2.GaussianBlur(rng.random((height, width, 3)), (0, 0), s) for s in (1.5, 4, 9)]
    total = sum((n - n.mean()) / n.std() for n in noise)
    return np.asarray(np.clip(110 + 35 * total, 0, 255), np.float32)


def clip(speed: float, swing: bool = False) -> tuple[list[U8], list[Bool]]:
    """A camera that pans over a ground, and a disc that goes its own way over it."""
    ground, disc = texture(HEIGHT, WIDTH + 60, 1), texture(HEIGHT, WIDTH, 2)[..., ::-1]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    frames, masks = [], []
    for t in range(FRAMES):
        step = 3 * (t % 2) if swing else t
        middle = 45 + speed * step, 45
        mask = np.asarray(np.hypot(x - middle[0], y - middle[1]) < 20, np.bool_)
        moved = np.array([[1, 0, speed * step], [0, 1, 0]], np.float32)
        own = cv2.warpAffine(disc, moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        shown = np.where(mask[..., None], own, ground[:, 2 * t : 2 * t + WIDTH])
        frames.append(small_picture(np.asarray(shown, np.uint8)))
        masks.append(mask)
    return frames, masks


def test_what_crosses_the_ground_is_found_with_its_frames_and_place() -> None:
    frames, truth = clip(4.0)
    found = propose_group(frames, silent())
    assert found is not None
    met = [region(m, found.masks[t] > 127) for t, m in enumerate(truth)]
    assert np.mean(met) > 0.6
    assert min(met) > 0.4
    assert found.frames == (0, FRAMES - 1)
    assert found.sweep > 1.5
    said = found.sentence(range(1001, 1001 + FRAMES))
    assert "frames 1001-1012" in said and "against the camera" in said


def test_a_camera_alone_proposes_nothing() -> None:
    ground = texture(HEIGHT, WIDTH + 60, 1)
    frames = [
        small_picture(np.asarray(ground[:, 2 * t : 2 * t + WIDTH], np.uint8)) for t in range(9)
    ]
    assert propose_group(frames, silent()) is None


def test_two_frames_say_nothing() -> None:
    assert propose_group(clip(4.0)[0][:2], silent()) is None


def test_the_same_clip_gives_the_same_masks() -> None:
    frames, _ = clip(4.0)
    one, two = (propose_group(frames, silent()) for _ in range(2))
    assert one is not None and two is not None
    assert all((a == b).all() for a, b in zip(one.masks, two.masks, strict=True))


def test_what_a_group_holds_already_is_not_proposed_again() -> None:
    frames, truth = clip(4.0)
    known = [np.asarray(255 * mask, np.uint8) for mask in truth]
    assert propose_group(frames, silent(), known) is None
