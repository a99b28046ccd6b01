"""A keypoint detector from an ONNX file: the network runs, and its peaks become keypoints."""

from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError, UsageError
from engine.lift.keypoints import find_keypoints
from engine.lift.onnxpoints import peaks, strengths
from tests.engine.masks.test_segmenter import _field, _tensor
from tests.engine.warp.moving import moving_field


def model(path: Path, weights: np.ndarray, stride: int = 1) -> Path:
    """A convolution [K, C, h, w] as an ONNX file; ``stride`` in pixels."""
    classes, channels, *kernel = weights.shape
    data = _field(8, "w") + _field(2, 1) + _field(9, weights.astype(np.float32).tobytes())
    data += b"".join(_field(1, n) for n in weights.shape)

    def ints(name: str, values: list[int]) -> bytes:
        held = b"".join(_field(8, value) for value in values)
        return _field(5, _field(1, name) + held + _field(20, 7))

    node = _field(1, "in") + _field(1, "w") + _field(2, "out") + _field(4, "Conv")
    margin = (kernel[0] - 1) // 2 if stride == 1 else 0
    node += ints("kernel_shape", kernel) + ints("pads", [margin] * 4)
    node += ints("strides", [stride, stride])
    graph = _field(1, node) + _field(2, "points") + _field(5, data)
    graph += _field(11, _tensor("in", (1, channels, 0, 0)))
    graph += _field(12, _tensor("out", (1, classes, 0, 0)))
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)))
    return path


def spots(channels: int = 1) -> np.ndarray:
    """A filter that answers to a bright spot on darker ground."""
    kernel = np.full((5, 5), -1.0)
    kernel[1:4, 1:4] = 16 / 9
    return np.repeat(kernel[None, None] / channels, channels, axis=1)


def picture() -> np.ndarray:
    found = np.full((64, 96, 3), 60, np.uint8)
    for x, y in ((20, 12), (70, 40), (33, 50)):
        found[y - 1 : y + 2, x - 1 : x + 2] = 230
    return found


@pytest.mark.parametrize("channels", [1, 3])
def test_spots_are_found_by_a_grey_and_by_a_colour_network(tmp_path: Path, channels: int) -> None:
    heat = strengths(model(tmp_path / "spots.onnx", spots(channels)), picture())
    assert heat.shape == (64, 96)
    found = peaks(heat, np.full((64, 96), 255, np.uint8))
    strongest = sorted(found, key=lambda each: -each[2])[:3]
    assert {each[:2] for each in strongest} == {(20, 12), (70, 40), (33, 50)}


def test_cells_of_64_pixels_and_none_are_unfolded(tmp_path: Path) -> None:
    """Each pixel of a cell answers for itself, none of them to the threshold."""
    weights = np.zeros((65, 1, 8, 8))
    for place in range(64):
        weights[place, 0, place // 8, place % 8] = 30
    heat = strengths(model(tmp_path / "cells.onnx", weights, stride=8), picture())
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert tuple(picture()[y, x]) == (230, 230, 230)


def test_a_still_gives_its_keypoints(tmp_path: Path) -> None:
    path = model(tmp_path / "spots.onnx", spots())
    found = find_keypoints(moving_field(), 0, str(path), 12)
    assert 1 <= len(found.points) <= 12
    assert (np.diff(found.strength) <= 0).all()


def test_what_is_no_detector_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model"):
        strengths(tmp_path / "absent.onnx", picture())
    (tmp_path / "bad.onnx").write_bytes(b"no model at all")
    with pytest.raises(InputError, match="no ONNX model"):
        strengths(tmp_path / "bad.onnx", picture())
    wrong = model(tmp_path / "wrong.onnx", np.ones((7, 1, 1, 1)))
    with pytest.raises(UsageError, match="no keypoints"):
        strengths(wrong, picture())
    with pytest.raises(UsageError, match=r"\.onnx"):
        find_keypoints(moving_field(), 0, "surf", 4)
