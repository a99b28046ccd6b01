"""Sharpness against the reference frame."""

import cv2
import numpy as np
import pytest

from engine.errors import UsageError
from engine.metrics.sharpness import sharpness_ratio


def noise(height: int = 40, width: int = 50) -> np.ndarray:
    return np.random.default_rng(0).random((height, width, 3)).astype(np.float32)


def test_a_picture_is_as_sharp_as_itself_and_sharper_than_its_blur():
    frame, where = noise(), np.ones((40, 50), bool)
    assert sharpness_ratio(frame, frame, where) == pytest.approx(1)
    assert sharpness_ratio(cv2.GaussianBlur(frame, (0, 0), 1.0), frame, where) < 0.1


def test_only_the_given_pixels_count():
    frame, where = noise(), np.zeros((40, 50), bool)
    where[:, :20] = True
    flat = frame.copy()
    flat[:, 25:] = 0.5
    assert sharpness_ratio(flat, frame, where) == pytest.approx(1)


def test_other_sizes_are_refused():
    with pytest.raises(UsageError, match="cannot be compared"):
        sharpness_ratio(noise(30), noise(), np.ones((40, 50), bool))
