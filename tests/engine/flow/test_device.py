"""Flow for cards against that of OpenCV, where the true motion is known."""

import cv2
import numpy as np
import pytest
import torch

from engine.flow import device as card
from engine.flow.confidence import confidence_of
from engine.flow.dis import dis_flow
from tests.engine.fit.clips import texture


def moved(kind, height=120, width=150):
    """Two grey pictures and the flow from the first to the second."""
    world = texture(height + 160, width + 160)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    if kind == "waves":
        flow = np.stack([3.4 + 1.5 * np.sin(y / 25), -1.7 + 1.5 * np.cos(x / 30)], -1)
    elif kind == "far":
        flow = np.stack([np.full_like(x, 21.3), np.full_like(x, -13.6)], -1)
    else:  # a disc that moves against its background
        disc = np.hypot(x - 70, y - 60) < 32
        flow = np.where(disc[..., None], np.float32([6.0, 2.0]), np.float32([-4.0, 0.5]))
    # The second picture is the world; the first shows what is found there.
    second = world[80 : 80 + height, 80 : 80 + width]
    first = cv2.remap(world, x + 80 + flow[..., 0], y + 80 + flow[..., 1], cv2.INTER_CUBIC)
    grey = [np.rint(np.clip(each.mean(axis=2), 0, 1) * 255) for each in (first, second)]
    return [each.astype(np.uint8) for each in grey], flow.astype(np.float32)


def error(found, flow):
    return np.linalg.norm(found - flow, axis=2)[12:-12, 12:-12]


@pytest.fixture(scope="module")
def found():
    """All three motions as one batch, there and back."""
    pairs = {kind: moved(kind) for kind in ("waves", "far", "disc")}
    first, second = (
        torch.from_numpy(np.stack([pair[n] for pair, _ in pairs.values()])) for n in range(2)
    )
    flows = [each.numpy() for each in card.link(first, second)]
    return {kind: (pairs[kind], [each[n] for each in flows]) for n, kind in enumerate(pairs)}


@pytest.mark.parametrize(("kind", "most"), [("waves", 0.1), ("far", 0.1), ("disc", 0.04)])
def test_motion_is_found_about_as_well_as_by_opencv(found, kind, most):
    (pictures, flow), (there, *_) = found[kind]
    # Where the disc's truth jumps nobody is right; what lies outside the picture nobody sees.
    height, width = flow.shape[:2]
    y, x = np.mgrid[:height, :width]
    seen = ((x + flow[..., 0] < width - 4) & (y + flow[..., 1] > 4))[12:-12, 12:-12]
    mine, theirs = (error(each, flow)[seen] for each in (there, dis_flow(*pictures, "patches")))
    assert np.median(mine) < most and np.median(mine) < 1.1 * np.median(theirs) + 0.02
    assert np.percentile(mine, 90) < 1.5 * np.percentile(theirs, 90) + 0.1


def test_trust_is_that_of_the_processor(found):
    for _, (there, sure, back, sure_back) in found.values():
        # OpenCV reads between pixels in steps of a 32nd.
        for given, wanted in (
            (sure, confidence_of(there, back)),
            (sure_back, confidence_of(back, there)),
        ):
            assert np.percentile(np.abs(given - wanted), 98) < 0.03
    _, (_, sure, _, _) = found["waves"]
    assert np.median(sure[12:-12, 12:-12]) > 0.98


def test_flow_to_start_from_is_refined():
    (first, second), flow = moved("far")
    start = torch.from_numpy(flow + np.float32([2.5, -2.0]))[None]
    pictures = (torch.from_numpy(each)[None] for each in (first, second))
    there = card.flow(*pictures, start=start)[0].numpy()
    assert np.median(error(there, flow)) < 0.2


def test_what_does_not_move_stays_and_small_pictures_work():
    grey = torch.from_numpy((texture(20, 31).mean(axis=2) * 255).astype(np.uint8))[None]
    there, sure, *_ = card.link(grey, grey)
    assert there.shape == (1, 20, 31, 2) and float(there.abs().max()) < 1e-3
    assert float(sure.min()) > 0.99
