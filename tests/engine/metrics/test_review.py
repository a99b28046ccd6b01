"""Which frames of a review a person is sent to."""

import pytest

from engine.metrics.review import FrameReview, Review


def reviewed(confidences: list[float]) -> Review:
    frames = [FrameReview(1001 + n, 30.0, 28.0, c, 0.0) for n, c in enumerate(confidences)]
    return Review(frames, [], [])


def test_the_worst_frames_lie_apart_since_neighbours_fail_alike():
    confidences = [0.9] * 100
    for n in range(40, 46):
        confidences[n] = 0.4 + 0.01 * n
    confidences[80] = 0.86
    worst = [each.frame for each in reviewed(confidences).worst()]
    assert worst[:3] == [1041, 1046, 1081]
    assert len(worst) == 5
    assert all(abs(a - b) >= 99 / 20 for a in worst for b in worst if a != b)


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_a_short_clip_names_every_frame_worst_first(count):
    found = reviewed([0.5 + 0.1 * n for n in range(count)])
    assert [each.frame for each in found.worst()] == [1001 + n for n in range(count)]


def test_a_frame_without_a_figure_is_not_the_worst():
    assert [each.frame for each in reviewed([0.8, float("nan"), 0.7]).worst()] == [1003, 1001]
