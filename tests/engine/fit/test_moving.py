"""With what the masks of a moving thing begin, on made votes and clips whose truth is known."""

import cv2
import numpy as np

from engine.arrays import F32, U8, Bool
from engine.fit.moving import start_of
from engine.fit.propose import Search, small_picture
from engine.metrics.segmentation import region
from engine.progress import silent
from tests.engine.fit.test_propose import HEIGHT, WIDTH, texture

COUNT = 8
#: Pixels a frame of what is slow.
PACE = 0.25


def scene() -> tuple[list[U8], list[Bool]]:
    """Green ground and a red disc that goes to the right."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    frames, masks = [], []
    for t in range(COUNT):
        disc = np.asarray(np.hypot(x - (40 + 8 * t), y - 45) < 18, np.bool_)
        grey = texture(HEIGHT, WIDTH, 3) / 255
        colour = np.where(disc[..., None], [200.0, 40.0, 30.0], [60.0, 150.0, 70.0])
        frames.append(np.asarray(np.clip(colour * (0.6 + 0.6 * grey), 0, 255), np.uint8))
        masks.append(disc)
    return frames, masks


def blurred(masks: list[Bool], sigma: float = 2.0) -> F32:
    """Votes as they come: soft."""
    soft = [cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma) for mask in masks]
    return np.asarray(soft, np.float32)


def test_the_rectangle_holds_what_moves_in_the_frame_that_shows_it_best() -> None:
    frames, truth = scene()
    votes = blurred(truth)
    votes[:3] *= 0.6
    votes[5:] *= 0.6
    votes[4] = blurred([truth[4]], 8.0)[0]
    start = start_of(frames, votes)
    assert start is not None and start.rectangle is not None
    assert start.index == 3
    rows, columns = np.flatnonzero(truth[3].any(axis=1)), np.flatnonzero(truth[3].any(axis=0))
    x0, y0, x1, y1 = start.rectangle
    assert x0 * WIDTH <= columns[0] and columns[-1] + 1 <= x1 * WIDTH
    assert y0 * HEIGHT <= rows[0] and rows[-1] + 1 <= y1 * HEIGHT
    assert (x1 - x0) * WIDTH * (y1 - y0) * HEIGHT < 1.4 * len(rows) * len(columns)


def test_what_is_dragged_along_to_the_border_is_told_by_its_colour() -> None:
    """A wake: all that lies left of the disc was voted for as well, and is ground."""
    frames, truth = scene()
    x = np.arange(WIDTH)[None, :]
    wake = [mask | ((x < 40 + 8 * t) & mask.any(axis=1)[:, None]) for t, mask in enumerate(truth)]
    start = start_of(frames, blurred(wake))
    assert start is not None and start.rectangle is None
    assert region(truth[start.index], start.mask > 127) > 0.85
    assert region(truth[start.index], wake[start.index]) < 0.75


def test_no_votes_are_no_start() -> None:
    frames, _ = scene()
    assert start_of(frames, np.zeros((COUNT, HEIGHT, WIDTH), np.float32)) is None


def test_what_is_slow_is_seen_over_more_frames() -> None:
    """A quarter of a pixel a frame is less than flow tells between frames four apart."""
    ground, disc = texture(HEIGHT, WIDTH + 60, 1), texture(HEIGHT, WIDTH, 2)[..., ::-1]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    frames, truth = [], []
    for t in range(24):
        moved = np.array([[1, 0, PACE * t], [0, 1, 0]], np.float32)
        own = cv2.warpAffine(disc, moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        mask = np.asarray(np.hypot(x - (50 + PACE * t), y - 45) < 20, np.bool_)
        shown = np.where(mask[..., None], own, ground[:, 20 : 20 + WIDTH])
        frames.append(small_picture(np.asarray(shown, np.uint8)))
        truth.append(mask)
    start = Search(frames, silent()).start(silent())
    assert start is not None and start.rectangle is not None
    x0, y0, x1, y1 = start.rectangle
    told = np.zeros_like(truth[0])
    told[round(y0 * HEIGHT) : round(y1 * HEIGHT), round(x0 * WIDTH) : round(x1 * WIDTH)] = True
    assert (told & truth[start.index]).sum() > 0.9 * truth[start.index].sum()
    assert region(truth[start.index], told) > 0.4
