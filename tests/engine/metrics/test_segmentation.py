"""Region and boundary of masks."""

import numpy as np
import pytest

from engine.errors import UsageError
from engine.metrics.segmentation import boundary, outline, region


def box(top: int, bottom: int, left: int, right: int, size: int = 100) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[top:bottom, left:right] = True
    return mask


def test_region_is_intersection_over_union():
    assert region(box(0, 10, 0, 10), box(0, 10, 5, 15)) == pytest.approx(50 / 150)
    assert region(box(0, 0, 0, 0), box(0, 0, 0, 0)) == 1
    assert region(box(0, 10, 0, 10), box(0, 0, 0, 0)) == 0


def test_the_outline_lies_between_inside_and_outside():
    edge = outline(box(2, 4, 2, 4, size=6))
    rows = ["......", ".###..", ".#.#..", ".###..", "......", "......"]
    assert edge.tolist() == [[c == "#" for c in row] for row in rows]
    assert not outline(np.ones((5, 5), bool)).any()


def test_a_boundary_within_the_tolerance_is_met():
    # 0.008 of the diagonal of 100 x 100 is 1.13: two pixels.
    truth = box(20, 60, 20, 60)
    assert boundary(truth, truth) == 1
    assert boundary(truth, box(22, 62, 20, 60)) == 1
    assert boundary(truth, box(20, 60, 50, 90)) < 0.7
    assert boundary(truth, box(0, 0, 0, 0)) == 0
    assert boundary(box(0, 0, 0, 0), box(0, 0, 0, 0)) == 1


def test_precision_and_recall_of_the_boundary_are_joined():
    # The answer is the truth and a far square of the same outline: precision 1/2, recall 1.
    truth = box(10, 20, 10, 20)
    assert boundary(truth, truth | box(70, 80, 70, 80)) == pytest.approx(2 / 3)


def test_other_sizes_are_refused():
    with pytest.raises(UsageError, match="cannot be compared"):
        region(box(0, 1, 0, 1), box(0, 1, 0, 1, size=50))
