"""The first canonical picture: frames side by side give what one after the other would."""

import numpy as np
import pytest

from engine.fit.canvas import SEEN, WHOLE
from engine.kernels.mosaic import keep_first, lay_frame, lay_frames

HEIGHT, WIDTH, FRAMES = 40, 56, 5


@pytest.fixture(scope="module", params=[np.uint8, np.uint16])
def frames(request):
    """Codes, weights and places of frames that drift and swell, with holes in their weights."""
    rng = np.random.default_rng(3)
    most = np.iinfo(request.param).max
    codes = rng.integers(0, most, (FRAMES, HEIGHT, WIDTH, 3), endpoint=True, dtype=request.param)
    weights = rng.integers(0, 255, (FRAMES, HEIGHT, WIDTH), endpoint=True, dtype=np.uint8)
    weights[weights < 90] = 0
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    places = [
        np.stack([x * (1 + 0.1 * t) + 7.3 * t - 9, y + 2 * np.sin(x / 9 + t)], axis=-1)
        for t in range(FRAMES)
    ]
    return codes, weights, np.asarray(places, np.float32), 1 / most


def one_by_one(codes, weights, places, scale):
    """What each frame lays on its own, [B, h, w, 4]."""
    laid = np.zeros((len(codes), 44, 100, 4), np.float32)
    for b in range(len(codes)):
        lay_frame(
            *(codes[b], np.float32(scale), np.float32(0.0), weights[b], places[b]),
            *(np.float32(-6), np.float32(-2), laid[b]),
        )
    return laid


def test_frames_side_by_side_lay_what_each_lays_alone(frames):
    codes, weights, places, scale = frames
    outs = np.full((FRAMES, 44, 100, 4), 7, np.float32)
    lay_frames(
        *(codes, np.float32(scale), np.float32(0.0), weights, places),
        *(np.float32(-6), np.float32(-2), outs),
    )
    np.testing.assert_array_equal(outs, one_by_one(*frames))


@pytest.mark.parametrize("together", [1, 2, 5])
def test_the_first_whole_sample_stays_and_fringes_only_fill(frames, together):
    laid = one_by_one(*frames)
    wanted = np.zeros(laid.shape[1:], np.float32)
    seen, whole = np.float32(SEEN), np.float32(WHOLE)
    for once in laid:
        fresh = (wanted[..., 3] < seen) & (once[..., 3] > whole)
        wanted[fresh] = once[fresh]
        thin = (wanted[..., 3] == 0) & (once[..., 3] > seen)
        wanted[thin] = once[thin] * (seen / 2)
    picture = np.zeros_like(wanted)
    for low in range(0, FRAMES, together):
        keep_first(picture, laid[low : low + together], 0, 0, seen, whole)
    np.testing.assert_array_equal(picture, wanted)
    # All three kinds of places are there.
    weight = wanted[..., 3]
    assert (weight == 0).any() and (weight > whole).any()
    assert ((weight > 0) & (weight < seen)).any()


def test_a_part_is_taken_over_where_it_lies(frames):
    laid = one_by_one(*frames)
    seen, whole = np.float32(SEEN), np.float32(WHOLE)
    laid[:, :5] = laid[:, 30:] = laid[:, :, :9] = laid[:, :, 80:] = 0
    picture, parts = np.zeros((2, *laid.shape[1:]), np.float32)
    keep_first(picture, laid, 0, 0, seen, whole)
    keep_first(parts, np.ascontiguousarray(laid[:, 5:30, 9:80]), 9, 5, seen, whole)
    assert picture.any()
    np.testing.assert_array_equal(parts, picture)
