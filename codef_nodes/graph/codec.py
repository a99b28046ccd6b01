"""Values as bytes for the disk cache: arrays raw, everything else JSON, one checksum.

Layout: magic, length of the header (8 bytes, little endian), CRC-32 of header and payload
(4 bytes), header (JSON), payload (arrays, each at a multiple of 64 bytes). Kinds are a closed
list; nothing in a file can name code.
"""

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from codef_nodes.graph.jsonvalue import JSON
from engine.arrays import AnyArray
from engine.flow.compact import as_bytes, as_halves, from_bytes, from_halves
from engine.flow.pair import FlowPair
from engine.io.picture import Native, Picture, Window

MAGIC = b"CODEFV2\n"
_FIXED = struct.Struct("<8sQI")
_ALIGN = 64
_DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
_FLOATS = ("float16", "float32", "float64")


class NotEncodableError(Exception):
    """The value has no form on disk; it stays in memory only."""


class CorruptError(Exception):
    """The bytes are no value that ``encode`` wrote."""


def encode(value: Any) -> list[bytes | memoryview]:
    """The pieces of a file, in order; arrays are not copied.

    Raises:
        NotEncodableError: Not a Picture, a FlowPair or plain data with arrays.
    """
    arrays: list[AnyArray] = []
    body = _pack(value, arrays)
    table: list[JSON] = []
    payload: list[bytes | memoryview] = []
    offset = 0
    for array in arrays:
        gap = -offset % _ALIGN
        payload += [bytes(gap), array.reshape(-1).view(np.uint8).data] if array.size else []
        offset += gap if array.size else 0
        table.append([array.dtype.name, list(array.shape), offset])
        offset += array.nbytes
    header = json.dumps({"value": body, "arrays": table}).encode()
    check = zlib.crc32(header)
    for piece in payload:
        check = zlib.crc32(piece, check)
    return [_FIXED.pack(MAGIC, len(header), check), header, *payload]


def decode(content: bytearray) -> Any:
    """The value of a file. Its arrays are views of ``content``.

    Raises:
        CorruptError: Truncated, changed, or of another version.
    """
    try:
        magic, length, check = _FIXED.unpack_from(content)
        if magic != MAGIC or zlib.crc32(memoryview(content)[_FIXED.size :]) != check:
            raise CorruptError("checksum")
        start = _FIXED.size + length
        header = json.loads(bytes(content[_FIXED.size : start]))
        arrays = []
        for name, shape, offset in header["arrays"]:
            if name not in _DTYPES + _FLOATS:
                raise CorruptError(f"type {name}")
            count = int(np.prod(shape, dtype=np.int64))
            flat = np.frombuffer(content, np.dtype(name), count, start + offset if count else 0)
            arrays.append(flat.reshape(shape))
        return _unpack(header["value"], arrays)
    except (struct.error, ValueError, KeyError, IndexError, TypeError) as error:
        raise CorruptError(str(error)) from None


def _pack(value: Any, arrays: list[AnyArray]) -> JSON:
    """JSON of a value: lists and texts as they are, the rest as ``{"kind": content}``."""
    if value is None or isinstance(value, bool | int | float | str):
        # NumPy's own floats are floats, too, and would not come back as what they were.
        if type(value) not in (type(None), bool, int, float, str):
            raise NotEncodableError(type(value).__name__)
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.name not in _DTYPES + _FLOATS:
            raise NotEncodableError(value.dtype.name)
        arrays.append(np.ascontiguousarray(value))
        # ascontiguousarray makes a 0-d array 1-d.
        return {"array": [len(arrays) - 1, list(value.shape)]}
    if isinstance(value, list):
        return [_pack(item, arrays) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [_pack(item, arrays) for item in value]}
    if isinstance(value, dict):
        if not all(type(key) is str for key in value):
            raise NotEncodableError("a dict whose keys are not text")
        return {"dict": {key: _pack(item, arrays) for key, item in value.items()}}
    if type(value) is FlowPair:
        return {"flow": [_pack(part, arrays) for part in _flow_parts(value)]}
    for kind, (cls, names) in _CLASSES.items():
        if type(value) is cls:
            return {kind: [_pack(getattr(value, name), arrays) for name in names]}
    raise NotEncodableError(type(value).__name__)


def _unpack(value: JSON, arrays: list[AnyArray]) -> Any:
    if isinstance(value, list):
        return [_unpack(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        index, shape = content
        return arrays[index].reshape(shape)
    if kind == "tuple":
        return tuple(_unpack(item, arrays) for item in content)
    if kind == "dict":
        return {key: _unpack(item, arrays) for key, item in content.items()}
    if kind == "flow":
        return _flow([_unpack(item, arrays) for item in content])
    cls, names = _CLASSES[kind]
    return cls(**{name: _unpack(v, arrays) for name, v in zip(names, content, strict=True)})


_CLASSES: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "window": (Window, ("x0", "y0", "x1", "y1")),
    "native": (Native, ("codes", "channels", "space", "bits", "part", "metadata")),
    "picture": (
        Picture,
        (
            "pixels",
            "display",
            "data",
            "pixel_aspect",
            "native",
            "extra",
            "changed",
            "under",
            "overlay",
            "metadata",
        ),
    ),
}


def _flow_parts(pair: FlowPair) -> list[Any]:
    """A flow in the smallest form that gives it back exactly.

    A computed flow holds only what halves and bytes can say (``engine.flow.compact``), so that a
    frame of 1920 x 1080 takes 21 MB instead of 50; flows of other programs keep all their digits.
    """
    return [
        pair.frame,
        as_halves(pair.forward),
        as_bytes(pair.forward_confidence),
        as_halves(pair.backward),
        as_bytes(pair.backward_confidence),
    ]


def _flow(parts: list[Any]) -> FlowPair:
    frame, forward, forward_confidence, backward, backward_confidence = parts
    return FlowPair(
        frame,
        from_halves(forward),
        from_bytes(forward_confidence),
        from_halves(backward),
        from_bytes(backward_confidence),
    )
