"""Where a layer starts on a bare machine: the whole picture's motion, whoever moves in it where."""

import cv2
import numpy as np
import torch

from engine.fit.device_passes import DevicePasses
from engine.fit.device_seeds import _affine, seed_layer
from engine.fit.plates import Plates
from engine.io.picture import Window
from engine.kernels.device.lattice import positions
from engine.progress import silent
from tests.engine.fit.clips import texture

HEIGHT, WIDTH, COUNT, REFERENCE = 72, 96, 3, 1
#: Middle and half a side of a group far from the picture's corner.
MIDDLE, HALF = np.array([66.0, 44.0]), 22


def to_reference(index: int) -> np.ndarray:
    """Frame pixels to the reference frame's, for the group: it grows and turns about its middle."""
    grown, angle = 1.1 ** (index - REFERENCE), 0.08 * (index - REFERENCE)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / grown
    found = np.eye(3)
    found[:2, :2], found[:2, 2] = turn, MIDDLE - turn @ MIDDLE
    return found


def clip() -> Plates:
    """The group on a still ground, with its masks."""
    ground, own = texture(HEIGHT, WIDTH, 3), texture(HEIGHT, WIDTH, 9)
    square = np.zeros((HEIGHT, WIDTH), np.float32)
    x, y = MIDDLE.astype(int)
    square[y - HALF : y + HALF, x - HALF : x + HALF] = 1
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    frames, masks = [], []
    for index in range(COUNT):
        # OpenCV counts from the middle of the first pixel.
        matrix = (half @ to_reference(index) @ np.linalg.inv(half))[:2]
        how = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP}
        there, mask = (
            cv2.warpAffine(each, matrix, (WIDTH, HEIGHT), **how) for each in (own, square)
        )
        frames.append(ground * (1 - mask[..., None]) + there * mask[..., None])
        masks.append(mask)
    codes = np.rint(np.stack(frames) * 255).astype(np.uint8)
    front = np.rint(np.stack(masks) * 255).astype(np.uint8)
    shares, window = np.stack([front, 255 - front]), Window.of_size(WIDTH, HEIGHT)
    return Plates(codes, 1 / 255, 0.0, shares, shares, 1, window, window, 1.0, 0)


def test_a_group_far_from_the_corner_that_grows_and_turns_starts_where_it_is():
    plates, passes = clip(), DevicePasses(torch.device("cpu"))
    try:
        seed = seed_layer(plates, 0, REFERENCE, 16, passes, silent())
    finally:
        passes.close()
    found = positions(
        torch.from_numpy(seed.matrices), torch.from_numpy(seed.lattices), HEIGHT, WIDTH, 16.0
    ).numpy()
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    for index in range(COUNT):
        matrix = to_reference(index)
        truth = np.stack([x, y], -1) @ matrix[:2, :2].T + matrix[:2, 2]
        inside = cv2.erode(plates.weights[0, index], np.ones((13, 13))) == 255
        off = np.linalg.norm(found[index] - truth, axis=2)[inside]
        assert np.median(off) < 0.6
        # Its motion alone is right, too, with the picture's own corner as origin.
        plain = np.stack([x, y], -1) @ seed.matrices[index, :2, :2].T + seed.matrices[index, :2, 2]
        assert np.median(np.linalg.norm(plain - truth, axis=2)[inside]) < 1.5


def test_an_affine_motion_of_a_part_is_found_with_the_origin_of_the_whole():
    y, x = np.mgrid[:60, :80] + 0.5
    matrix = np.array([[1.2, 0.1, -20.0], [-0.1, 0.9, 8.0]])
    moved = np.stack([x, y], -1) @ (matrix[:, :2] - np.eye(2)).T + matrix[:, 2]
    trust = np.zeros((1, 60, 80), np.float32)
    trust[:, 35:, 50:] = 1
    moved[:35] += 9
    found = _affine(torch.from_numpy(moved[None]).float(), torch.from_numpy(trust))
    np.testing.assert_allclose(found[0, :2].numpy(), matrix, atol=2e-3)
