"""Counting of tracks, against figures worked out by hand."""

import numpy as np
import pytest

from engine.errors import UsageError
from engine.metrics.tracking import (
    f1,
    first_sight,
    jitter,
    share_within,
    tap_vid,
    transfer_error,
)


def offset(*gaps: float) -> tuple[np.ndarray, np.ndarray]:
    """Truth at 100, 100 and an answer that is off by ``gaps`` in x; one track."""
    truth = np.full((1, len(gaps), 2), 100.0)
    answer = truth.copy()
    answer[0, :, 0] += gaps
    return truth, answer


def flags(*values: int) -> np.ndarray:
    return np.array([values], bool)


def test_tap_vid_counts_hits_misses_and_false_alarms():
    truth, answer = offset(0, 0.5, 3, 20, 0.5)
    truth_visible, answer_visible = flags(1, 1, 1, 1, 0), flags(1, 1, 1, 0, 1)
    counted = flags(0, 1, 1, 1, 1)
    found = tap_vid(truth, truth_visible, answer, answer_visible, counted, (256, 256))
    # Visible truths 0.5, 3 and 20 off: 1/3 within 1 and 2 pixels, 2/3 within 4, 8 and 16.
    assert found.delta == pytest.approx((1 / 3 + 1 / 3 + 2 / 3 + 2 / 3 + 2 / 3) / 5)
    assert found.occlusion_accuracy == pytest.approx(2 / 4)
    # At 1 and 2 pixels: one hit, false alarms the one 3 off and the hidden one: 1 / (3 + 2).
    # From 4 on: two hits, one false alarm: 2 / (3 + 1).
    assert found.jaccard == pytest.approx((0.2 + 0.2 + 0.5 + 0.5 + 0.5) / 5)


def test_tap_vid_measures_on_a_raster_of_256():
    truth, answer = offset(0, 3)
    seen = flags(1, 1)
    wide = tap_vid(truth, seen, answer, seen, flags(0, 1), (1024, 512))
    # 3 pixels of 1024 are 0.75 of 256.
    assert wide.delta == 1


def test_nothing_to_count_is_no_figure():
    truth, answer = offset(0, 0)
    none = tap_vid(truth, flags(1, 0), answer, flags(1, 0), flags(0, 1), (256, 256))
    assert np.isnan(none.delta)
    assert none.occlusion_accuracy == 1
    assert np.isnan(transfer_error(truth, answer, flags(0, 0)).median)


def test_a_joint_is_hit_within_a_fifth_of_the_root_of_the_area():
    truth, answer = offset(0, 19.9, 20.1, 5)
    share = share_within(truth, answer, flags(0, 1, 1, 1), [1e4, 1e4, 1e4, 400])
    # The root of 10000 is 100, a fifth 20; the root of 400 is 20, a fifth 4.
    assert share == pytest.approx(1 / 3)


def test_transfer_errors_are_told_by_median_and_percentile():
    truth, answer = offset(*range(101))
    found = transfer_error(truth, answer, np.ones((1, 101), bool))
    assert (found.median, found.p95, found.count) == (50, 95, 101)


def test_an_offset_and_a_drift_do_not_jitter_and_a_jump_does():
    assert jitter(*offset(2, 2, 2, 2), flags(1, 1, 1, 1)) == 0
    assert jitter(*offset(0, 1, 2, 3), flags(1, 1, 1, 1)) == 0
    # Second differences 1 and -2.
    assert jitter(*offset(0, 0, 1, 0), flags(1, 1, 1, 1)) == pytest.approx(np.sqrt(5 / 2))
    # A frame that does not count breaks the threes that hold it.
    assert jitter(*offset(0, 0, 1, 0), flags(1, 1, 1, 0)) == 1
    assert np.isnan(jitter(*offset(0, 0, 1, 0), flags(1, 0, 1, 1)))


def test_white_errors_jitter_by_the_root_of_twelve():
    answer = np.random.default_rng(1).normal(0, 0.1, (200, 60, 2))
    counted = np.ones((200, 60), bool)
    assert jitter(np.zeros_like(answer), answer, counted) == pytest.approx(
        0.1 * np.sqrt(12), rel=0.02
    )


def test_f1_joins_precision_and_recall():
    # Precision 2/3, recall 2/4.
    truth, answer = flags(1, 1, 1, 1, 0, 0, 1), flags(1, 1, 0, 0, 1, 0, 0)
    counted = flags(1, 1, 1, 1, 1, 1, 0)
    assert f1(truth, answer, counted) == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))


def test_tracks_are_judged_after_their_first_sight():
    first, counted = first_sight(np.array([[0, 1, 0, 1], [1, 1, 1, 0]], bool))
    assert first.tolist() == [1, 0]
    assert counted.tolist() == [[False, False, False, True], [False, True, True, False]]
    with pytest.raises(UsageError, match="never seen"):
        first_sight(np.zeros((1, 3), bool))
