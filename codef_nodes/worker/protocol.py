"""What the messages look like: JSON objects in frames of limited size, errors included.

See ``docs/protocol.md``. Nothing here touches a socket.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from engine.errors import CodefError

VERSION = 1
MAX_FRAME = 16 << 20
"""Bytes of one message at most; a longer one ends the connection."""

_GENTLE_DEPTH = 8
"""Down to the members of a stroke: request, args, tree, nodes, node, knobs, knob, stroke."""

Message = dict[str, Any]


class ProtocolError(CodefError):
    """What came over the line is no message of this protocol."""

    code = 1


class WorkerError(CodefError):
    """What a worker answered instead of a result.

    Args:
        code: Exit code of the same failure on the command line; 5 is cancelled.
        message: One sentence for the person.
        file: The file at fault.
        frame: The frame at fault.
        node: The node at fault.
    """

    def __init__(
        self,
        code: int,
        message: str,
        file: str | None = None,
        frame: int | None = None,
        node: str | None = None,
    ) -> None:
        super().__init__(message, file=file, frame=frame, node=node)
        self.code = code

    @property
    def cancelled(self) -> bool:
        """Whether nothing is wrong: the work was stopped or overtaken."""
        return self.code == 5


def encode(message: Message) -> bytes:
    """A message as bytes, without the length in front; numbers that are not finite become null.

    Raises:
        ProtocolError: It is too long, or holds something that JSON has no word for.
    """
    try:
        try:
            body = _dump(message)
        except ValueError:
            body = _dump(_finite(message))
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"a message cannot be sent as JSON: {error}") from None
    return _not_too_long(body)


def encode_gently(message: Message) -> bytes:
    """As ``encode``, in many small steps, so that other threads get their turn in between.

    ``json.dumps`` keeps every other thread waiting until it is done: a tenth of a second for a
    document with a thousand strokes.

    Raises:
        ProtocolError: As ``encode``.
    """
    try:
        body = "".join(_pieces(message, _GENTLE_DEPTH)).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"a message cannot be sent as JSON: {error}") from None
    return _not_too_long(body)


def decode(body: bytes) -> Message:
    """The message that some bytes hold.

    Raises:
        ProtocolError: They are no JSON object.
    """
    if len(body) > MAX_FRAME:
        raise ProtocolError(f"a message of {len(body)} bytes is too long")
    try:
        message = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"this is no message: {error}") from None
    if not isinstance(message, dict):
        raise ProtocolError("this is no message: it must be a JSON object")
    return message


def error_to_json(error: CodefError) -> Message:
    """The form in which an error travels."""
    return dict(error.as_dict())


def error_from_json(content: Any) -> WorkerError:
    """The error that an answer holds."""
    if not isinstance(content, dict):
        return WorkerError(1, "the worker failed without saying why; look at its log")
    code, frame = content.get("code"), content.get("frame")
    file, node = content.get("file"), content.get("node")
    return WorkerError(
        code if isinstance(code, int) else 1,
        str(content.get("message") or "the worker failed without saying why; look at its log"),
        None if file is None else str(file),
        frame if isinstance(frame, int) else None,
        None if node is None else str(node),
    )


def _not_too_long(body: bytes) -> bytes:
    if len(body) > MAX_FRAME:
        raise ProtocolError(
            f"a message of {len(body)} bytes is more than the {MAX_FRAME} that may be sent"
        )
    return body


def _pieces(value: Any, depth: int) -> Iterator[str]:
    if depth > 0 and isinstance(value, dict) and all(isinstance(name, str) for name in value):
        opening = "{"
        for name, item in value.items():
            yield f"{opening}{json.dumps(name)}:"
            yield from _pieces(item, depth - 1)
            opening = ","
        yield "}" if value else "{}"
    elif depth > 0 and isinstance(value, list):
        opening = "["
        for item in value:
            yield opening
            yield from _pieces(item, depth - 1)
            opening = ","
        yield "]" if value else "[]"
    else:
        yield json.dumps(value, allow_nan=False, separators=(",", ":"))


def _dump(message: Any) -> bytes:
    # ASCII only: names of files may hold what is no valid UTF-8, and must come back the same.
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
