"""Flow between frames: convention, odd sizes, confidence, and no link computed twice."""

import itertools

import numpy as np
import pytest

from engine.errors import InputError, MissingFrameError, UsageError
from engine.flow.confidence import confidence_of
from engine.flow.dis import PairwiseFlow, dis_flow, flow_pair, grey8


def texture(height: int, width: int, dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
    """A smooth pattern whose content moved by (dx, dy) pixels, y down."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x, y = x - dx, y - dy
    value = np.sin(x / 3.1 + 0.3 * np.sin(y / 5)) + np.sin(y / 2.7 + x / 11) + np.cos((x + y) / 7)
    return np.uint8(np.clip(128 + 38 * value, 0, 255))


@pytest.mark.parametrize("preset", ["fast", "medium", "fine"])
def test_flow_points_to_where_the_content_went(preset):
    a, b = texture(120, 160), texture(120, 160, 2.5, -1.25)
    flow = dis_flow(a, b, preset)
    assert flow.shape == (120, 160, 2) and flow.dtype == np.float32
    inner = flow[20:-20, 20:-20]
    np.testing.assert_allclose(np.median(inner, axis=(0, 1)), [2.5, -1.25], atol=0.1)
    assert np.abs(inner - [2.5, -1.25]).max() < 0.5


def test_odd_small_frames_work():
    a, b = texture(17, 33), texture(17, 33, 1.0, 0.5)
    flow = dis_flow(a, b)
    assert flow.shape == (17, 33, 2)
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), [1.0, 0.5], atol=0.25)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 200), (8, 8), (63, 65), (65, 31)])
def test_any_size_gives_finite_flow_near_zero_for_equal_frames(size):
    grey = texture(*size)
    flow = dis_flow(grey, grey)
    assert flow.shape == (*size, 2)
    assert np.abs(flow).max() < 0.1


def test_flow_of_two_sizes_is_refused_naming_both():
    with pytest.raises(InputError, match=r"\[8, 9\].*\[9, 8\]"):
        dis_flow(np.zeros((8, 9), np.uint8), np.zeros((9, 8), np.uint8))


def test_unknown_preset_is_a_usage_error():
    grey = texture(70, 70)
    with pytest.raises(UsageError, match="slowest"):
        dis_flow(grey, grey, "slowest")


def test_confidence_is_one_where_both_ways_agree_and_zero_outside_the_frame():
    there = np.full((40, 60, 2), (5.0, 0.0), np.float32)
    confidence = confidence_of(there, -there)
    assert confidence[:, :55].min() > 0.999
    assert confidence[:, 55:].max() == 0


def test_confidence_falls_smoothly_with_disagreement_and_is_half_at_the_hard_limit():
    zero = np.zeros((5, 5, 2), np.float32)
    values = []
    # The returning flow counts in the tolerance: e^2 = 0.01 e^2 + 0.5 at the limit.
    limit = np.sqrt(0.5 / 0.99)
    for error in (0.0, 0.3, limit, 1.0, 1.3, 2.0):
        back = zero.copy()
        back[..., 0] = error
        values.append(float(confidence_of(zero, back)[2, 2]))
    assert values[0] == 1 and values[2] == pytest.approx(0.5, abs=1e-3) and values[-1] < 1e-3
    assert all(high > low for high, low in itertools.pairwise(values))


def test_flow_that_is_not_finite_has_no_confidence_and_warns_nobody():
    there = np.zeros((6, 6, 2), np.float32)
    there[1, 1], there[2, 2, 0] = np.nan, np.inf
    back = np.zeros((6, 6, 2), np.float32)
    back[4, 4] = np.nan
    confidence = confidence_of(there, back)
    assert confidence[1, 1] == confidence[2, 2] == confidence[4, 4] == 0
    assert confidence[0, 0] == 1


def test_background_that_gets_hidden_is_not_trusted():
    # A block at columns 30..59 moves by 12 over a still background.
    there, back = np.zeros((2, 50, 100, 2), np.float32)
    there[10:40, 30:60, 0], back[10:40, 42:72, 0] = 12, -12
    confidence = confidence_of(there, back)
    assert confidence[12:38, 61:71].max() < 1e-3
    assert confidence[12:38, 31:59].min() == 1
    assert confidence[:8].min() == 1


def test_ends_of_the_clip_have_no_flow():
    a, b = texture(64, 64), texture(64, 64, 1, 0)
    first = flow_pair(7, a, b, None)
    assert first.frame == 7 and first.backward is None and first.backward_confidence is None
    assert first.forward is not None and np.median(first.forward[..., 0]) == pytest.approx(
        1, abs=0.1
    )
    last = flow_pair(8, b, None, a)
    assert last.forward is None
    assert last.backward is not None
    assert np.median(last.backward[..., 0]) == pytest.approx(-1, abs=0.1)


def test_sequential_use_computes_each_link_and_reads_each_frame_once():
    frames = (10, 11, 12, 15, 16)
    read = []

    def grey(frame):
        read.append(frame)
        return texture(64, 64, frame - 10, 0)

    flow = PairwiseFlow(frames, grey, "ultrafast")
    pairs = [flow(frame) for frame in frames]
    assert flow.computed == 4 and read == list(frames)
    assert pairs[0].backward is None and pairs[-1].forward is None
    alone = flow_pair(
        12, texture(64, 64, 2, 0), texture(64, 64, 5, 0), texture(64, 64, 1, 0), "ultrafast"
    )
    np.testing.assert_array_equal(pairs[2].forward, alone.forward)
    np.testing.assert_array_equal(pairs[2].backward, alone.backward)
    np.testing.assert_array_equal(pairs[2].backward_confidence, alone.backward_confidence)
    with pytest.raises(MissingFrameError, match="13"):
        flow(13)


def test_grey_survives_nan_infinity_and_negatives_and_keeps_highlights_apart():
    picture = np.zeros((1, 7, 3), np.float32)
    picture[0, :, :] = np.array([np.nan, -1, np.inf, 0.18, 1.0, 2.0, 8.0])[:, None]
    grey = grey8(picture)[0]
    assert grey.dtype == np.uint8
    assert grey[0] == grey[1] == 0 and grey[2] == 255
    assert abs(int(grey[3]) - 118) <= 1
    assert grey[3] < grey[4] < grey[5] < grey[6]
