"""A network of an artist's own, from a local ONNX file.

onnxruntime runs it where that is installed: it knows every operator, half and quantised numbers.
Else OpenCV, which is always there, runs what it can: plain float32 networks.
"""

import mmap
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import F32, AnyArray
from engine.errors import CodefError, InputError, UsageError

#: Of protobuf: kinds of fields, and how many bytes those of a fixed length have.
_NUMBER, _BYTES, _FIXED = 0, 2, {1: 8, 5: 4}
#: Numbers of the fields that lead from a model to its inputs, and of a picture's element type.
_GRAPH, _INITIALIZER, _INPUT, _FLOAT = 7, 5, 11, 1


class Network:
    """A network that takes one picture ``[1, C, H, W]`` of float32.

    Args:
        path: The ``.onnx`` file.

    Attributes:
        path: As given.
        channels: How many the picture must have: 1 (grey) or 3 (RGB).
        sides: Its height and width; 0 where they are free.

    Raises:
        InputError: The file is absent, or no model that can be run here.
        UsageError: The model takes something else than a picture.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError(f"there is no model {self.path}; check the path", file=self.path)
        self.channels, *sides = _picture(self.path)
        self.sides = (sides[0], sides[1])
        self._run = _with_onnxruntime(self.path) if has_onnxruntime() else _with_opencv(self.path)

    def answers(self, picture: F32) -> list[AnyArray]:
        """What the network says of a picture [C, H, W].

        Raises:
            UsageError: It cannot run on a picture of this size.
        """
        try:
            return [np.asarray(a) for a in self._run(np.ascontiguousarray(picture[None]))]
        except Exception as error:  # onnxruntime's errors have no other common base
            height, width = picture.shape[1:]
            raise UsageError(
                f"{self.path} does not run on a picture of {width}x{height}; export it with free "
                "height and width",
                file=self.path,
            ) from error


def takes(path: Path) -> str:
    """What a model takes, in words, without running it; what is wrong with it where it is none."""
    try:
        channels, height, width = _picture(path)
    except CodefError as error:
        return error.message
    size = f"{width}x{height}" if height and width else "any size"
    return f"takes {'RGB' if channels == 3 else 'grey'} pictures of {size}"


def has_onnxruntime() -> bool:
    """Whether onnxruntime is installed."""
    return find_spec("onnxruntime") is not None


def _with_onnxruntime(path: Path) -> Any:
    import onnxruntime  # type: ignore[import-not-found, import-untyped, unused-ignore]

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors have no other common base
        raise InputError(
            f"{path} is no ONNX model that onnxruntime can run; export it again", file=path
        ) from error
    name = session.get_inputs()[0].name
    return lambda picture: session.run(None, {name: picture})


def _with_opencv(path: Path) -> Any:
    import cv2

    logging: Any = cv2.utils.logging
    level = logging.setLogLevel(logging.LOG_LEVEL_SILENT)  # what is wrong is said below
    try:
        net: Any = cv2.dnn.readNetFromONNX(str(path))
    except cv2.error as error:
        raise InputError(
            f"{path} is no ONNX model that OpenCV can read; export it as plain float32, or `pip "
            "install onnxruntime` in the program's environment, which reads more kinds",
            file=path,
        ) from error
    finally:
        logging.setLogLevel(level)

    def run(picture: F32) -> Any:
        net.setInput(picture)
        return net.forward(net.getUnconnectedOutLayersNames())

    return run


def _picture(path: Path) -> tuple[int, int, int]:
    """Channels, height and width of the picture that a model takes; 0 where a side is free."""
    shape = _input_shape(path)
    if shape is None or len(shape) != 4 or shape[1] not in (1, 3):
        raise UsageError(
            f"{path} does not take one picture [1, 3, H, W] or [1, 1, H, W] of float32; give a "
            "network of that kind",
            file=path,
        )
    return shape[1], shape[2], shape[3]


def _input_shape(path: Path) -> tuple[int, ...] | None:
    """The sides of a model's one input, 0 where one is free; None where it is not one tensor."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            graph = next(part for tag, part in _fields(data, 0, len(data)) if tag == _GRAPH)
            inputs: dict[bytes, tuple[int, ...] | None] = {}
            stored: set[bytes] = set()
            for tag, (start, end) in _fields(data, *graph):
                if tag == _INPUT:
                    # Name, and type of the value: a tensor's element type and shape.
                    inputs[_inner(data, (start, end), 1)] = _shape(data, (start, end))
                elif tag == _INITIALIZER:
                    stored.add(_inner(data, (start, end), 8))
    except (OSError, ValueError, IndexError, StopIteration, TypeError) as error:
        raise InputError(f"{path} is no ONNX model; export it again", file=path) from error
    asked = [shape for name, shape in inputs.items() if name not in stored]
    return asked[0] if len(asked) == 1 else None


def _shape(data: mmap.mmap, value: tuple[int, int]) -> tuple[int, ...] | None:
    tensor = _only(data, _only(data, value, 2), 1)
    if _only(data, tensor, 1) != _FLOAT:
        return None
    dims = [part for tag, part in _fields(data, *_only(data, tensor, 2)) if tag == 1]
    return tuple(next((n for tag, n in _fields(data, *dim) if tag == 1), 0) for dim in dims)


def _only(data: mmap.mmap, where: tuple[int, int], wanted: int) -> Any:
    """The value of the first field of a number: a place of bytes, or a number."""
    return next(part for tag, part in _fields(data, *where) if tag == wanted)


def _inner(data: mmap.mmap, where: tuple[int, int], wanted: int) -> bytes:
    start, end = _only(data, where, wanted)
    return data[start:end]


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message: number, and a number or the place of its bytes."""
    while at < end:
        key, at = _number(data, at)
        tag, kind = key >> 3, key & 7
        if kind == _NUMBER:
            value, at = _number(data, at)
            yield tag, value
            continue
        size = _FIXED.get(kind)
        if kind == _BYTES:
            size, at = _number(data, at)
        if size is None or at + size > end:
            raise ValueError("no protobuf message")
        yield tag, (at, at + size)
        at += size


def _number(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("no number")
