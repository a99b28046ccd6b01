"""Segmentation by a local ONNX model; the tests that run one need onnxruntime."""

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DeviceError, InputError, UsageError
from engine.masks.segmenter import Segmenter

RUNS = importlib.util.find_spec("onnxruntime") is not None
runs = pytest.mark.skipif(not RUNS, reason="onnxruntime is not installed")


def _number(value: int) -> bytes:
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def _field(tag: int, value: bytes | str | int) -> bytes:
    """One field of a protobuf message."""
    if isinstance(value, int):
        return _number(tag << 3) + _number(value)
    data = value.encode() if isinstance(value, str) else value
    return _number(tag << 3 | 2) + _number(len(data)) + data


def _tensor(name: str, shape: tuple[int, ...], kind: int = 1) -> bytes:
    sides = b"".join(
        _field(1, _field(1, n) if n else _field(2, f"{name}{k}")) for k, n in enumerate(shape)
    )
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, sides)))


def red_model(path: Path, classes: int = 1, shape: tuple[int, ...] = (1, 3, 0, 0)) -> Path:
    """A convolution of one pixel whose last class is how red a pixel is."""
    weights = np.zeros((classes, 3, 1, 1), np.float32)
    weights[-1, :, 0, 0] = (4, -4, -4)
    data = _field(8, "w") + _field(2, 1) + _field(9, weights.tobytes())
    data += b"".join(_field(1, n) for n in weights.shape)
    node = _field(1, "in") + _field(1, "w") + _field(2, "out") + _field(4, "Conv")
    graph = _field(1, node) + _field(2, "red") + _field(5, data)
    graph += _field(11, _tensor("in", shape)) + _field(12, _tensor("out", (1, classes, 0, 0)))
    model = _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))
    path.write_bytes(model)
    return path


def plate() -> np.ndarray:
    found = np.full((60, 90, 3), (40, 120, 60), np.uint8)
    found[20:40, 30:60] = (220, 20, 20)
    return found


def test_an_absent_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model"):
        Segmenter(tmp_path / "absent.onnx")


@pytest.mark.skipif(RUNS, reason="onnxruntime is installed")
def test_without_onnxruntime_the_error_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="pip install onnxruntime"):
        Segmenter(red_model(tmp_path / "red.onnx"))


@runs
@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("shape", [(1, 3, 0, 0), (1, 3, 64, 96)])
def test_a_model_finds_its_object(tmp_path: Path, classes: int, shape: tuple[int, ...]) -> None:
    share = Segmenter(red_model(tmp_path / "red.onnx", classes, shape)).share(
        plate(), None if classes == 1 else 2
    )
    assert share.shape == (60, 90)
    assert share[24:36, 34:56].min() > 0.9
    assert max(share[:16].max(), share[:, :26].max()) < 0.1


@runs
def test_what_is_no_segmentation_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(struct.pack("16I", *range(16)))
    with pytest.raises(InputError, match="no ONNX model"):
        Segmenter(tmp_path / "junk.onnx")
    model = Segmenter(red_model(tmp_path / "red.onnx", 3))
    with pytest.raises(UsageError, match="classes 0 to 2"):
        model.share(plate(), 3)
