"""Networks of local ONNX files, and segmentation by one."""

import struct
from pathlib import Path

import numpy as np
import pytest

from engine import onnx
from engine.errors import InputError, UsageError
from engine.masks.segmenter import object_share


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


def red_model(
    path: Path, classes: int = 1, shape: tuple[int, ...] = (1, 3, 0, 0), less: float = 0.0
) -> Path:
    """A convolution of one pixel whose last class is how red a pixel is, less some offset."""
    weights = np.zeros((classes, 3, 1, 1), np.float32)
    weights[-1, :, 0, 0] = (4, -4, -4)
    data = _field(8, "w") + _field(2, 1) + _field(9, weights.tobytes())
    data += b"".join(_field(1, n) for n in weights.shape)
    offset = _field(8, "b") + _field(2, 1) + _field(1, classes)
    offset += _field(9, np.full(classes, -less, np.float32).tobytes())
    node = _field(1, "in") + _field(1, "w") + _field(1, "b") + _field(2, "out")
    node += _field(4, "Conv")
    graph = _field(1, node) + _field(2, "red") + _field(5, data) + _field(5, offset)
    graph += _field(11, _tensor("in", shape)) + _field(12, _tensor("out", (1, classes, 0, 0)))
    model = _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))
    path.write_bytes(model)
    return path


def plate() -> np.ndarray:
    found = np.full((60, 90, 3), (40, 120, 60), np.uint8)
    found[20:40, 30:60] = (220, 20, 20)
    return found


def runtimes() -> list[str]:
    """Where a network can run: onnxruntime only where it is installed."""
    return ["opencv", *(["onnxruntime"] if onnx.has_onnxruntime() else [])]


@pytest.fixture(params=runtimes(), autouse=True)
def runtime(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "opencv":
        monkeypatch.setattr(onnx, "has_onnxruntime", lambda: False)
    return str(request.param)


def test_an_absent_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model"):
        onnx.Network(tmp_path / "absent.onnx")


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("shape", [(1, 3, 0, 0), (1, 3, 64, 96)])
def test_a_model_finds_its_object(tmp_path: Path, classes: int, shape: tuple[int, ...]) -> None:
    network = onnx.Network(red_model(tmp_path / "red.onnx", classes, shape))
    assert network.sides == shape[2:]
    share = object_share(network, plate(), None if classes == 1 else 2)
    assert share.shape == (60, 90)
    assert share[24:36, 34:56].min() > 0.9
    assert max(share[:16].max(), share[:, :26].max()) < 0.1


def test_what_is_no_segmentation_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(struct.pack("16I", *range(16)))
    with pytest.raises(InputError, match="no ONNX model"):
        onnx.Network(tmp_path / "junk.onnx")
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(InputError, match="no ONNX model"):
        onnx.Network(tmp_path / "empty.onnx")
    network = onnx.Network(red_model(tmp_path / "red.onnx", 3))
    with pytest.raises(UsageError, match="classes 0 to 2"):
        object_share(network, plate(), 3)
    wide = red_model(tmp_path / "wide.onnx", shape=(1, 5, 0, 0))
    with pytest.raises(UsageError, match="does not take one picture"):
        onnx.Network(wide)


def test_a_model_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = red_model(tmp_path / "red.onnx").read_bytes()
    for size in (1, len(whole) // 3, len(whole) - 30):
        (tmp_path / "cut.onnx").write_bytes(whole[:size])
        with pytest.raises(InputError, match="no ONNX model"):
            onnx.Network(tmp_path / "cut.onnx")


def test_a_model_says_what_it_takes(tmp_path: Path) -> None:
    assert onnx.takes(red_model(tmp_path / "a.onnx")) == "takes RGB pictures of any size"
    fixed = red_model(tmp_path / "b.onnx", shape=(1, 3, 64, 96))
    assert onnx.takes(fixed) == "takes RGB pictures of 96x64"
    (tmp_path / "c.onnx").write_bytes(b"junk")
    assert "no ONNX model" in onnx.takes(tmp_path / "c.onnx")


def test_the_scale_of_colours_that_a_network_wants_is_found(tmp_path: Path) -> None:
    """In two of the usual scales no pixel of the plate is as red as this network wants."""
    blind = object_share(onnx.Network(red_model(tmp_path / "a.onnx", less=40)), plate())
    assert blind.max() < 0.1
    share = object_share(onnx.Network(red_model(tmp_path / "b.onnx", less=14)), plate())
    assert share[24:36, 34:56].min() > 0.9
    assert max(share[:16].max(), share[:, :26].max()) < 0.1
