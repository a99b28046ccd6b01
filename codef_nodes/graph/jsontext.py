"""JSON as text: canonical, so that it diffs well; and reading that refuses what is doubtful."""

import json
from typing import NoReturn

from codef_nodes.graph.jsonvalue import JSON

_WIDTH = 96


def write_json(value: JSON, first: tuple[str, ...] = ()) -> str:
    """Text of a value: members sorted by name, one to a line, short leaves on one line.

    Args:
        value: Plain JSON.
        first: Names that come before the others in every object, in this order.
    """
    return _write(value, "", first) + "\n"


def read_json(text: str) -> JSON:
    """The value of a text.

    Raises:
        ValueError: No JSON, a name that is twice in an object, NaN or Inf, nested without end.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _write(value: JSON, indent: str, first: tuple[str, ...]) -> str:
    if not isinstance(value, dict | list) or not value:
        return _short(value)
    inner = indent + "  "
    if isinstance(value, list):
        if not any(isinstance(item, dict) for item in value):
            return _filled(value, indent)
        lines = [inner + _write(item, inner, first) for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    if not any(isinstance(item, dict | list) and item for item in value.values()):
        line = _short(value)
        if len(indent) > 6 and len(indent) + len(line) <= _WIDTH:
            return line
    rank = {name: place for place, name in enumerate(first)}
    names = sorted(value, key=lambda name: (rank.get(name, len(first)), name))
    lines = [f"{inner}{_short(name)}: {_write(value[name], inner, first)}" for name in names]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _filled(items: list[JSON], indent: str) -> str:
    """A list without objects: on one line, or as many items to a line as fit."""
    words = [_short(item) for item in items]
    if len(indent) + sum(map(len, words)) + 2 * len(words) <= _WIDTH:
        return "[" + ", ".join(words) + "]"
    inner = indent + "  "
    lines = [""]
    for place, word in enumerate(words):
        piece = word + ("," if place < len(words) - 1 else "")
        if lines[-1] and len(inner) + len(lines[-1]) + 1 + len(piece) > _WIDTH:
            lines.append(piece)
        else:
            lines[-1] = f"{lines[-1]} {piece}".strip()
    return "[\n" + "\n".join(inner + line for line in lines) + f"\n{indent}]"


def _short(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is twice in one object")
    return made


def _constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")
