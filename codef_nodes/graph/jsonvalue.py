"""Plain JSON values: what documents, knobs and keys are made of."""

import math
from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

JSON: TypeAlias = Any
"""None, bool, int, float, str, list of JSON, or dict of str to JSON."""

_Found = TypeVar("_Found")


class Once(Generic[_Found]):
    """A function of JSON objects that nobody changes any more, found once for each of them.

    A list of a thousand strokes costs what is new in it.

    Args:
        find: The function.
        most: Objects that are remembered.
    """

    def __init__(self, find: Callable[[JSON], _Found], most: int = 1 << 13) -> None:
        self._find, self._most = find, most
        # The object is held too: while it is, no other can have its id.
        self._known: dict[int, tuple[JSON, _Found]] = {}

    def __call__(self, item: JSON) -> _Found:
        """What the function gives for an object."""
        known = self._known.get(id(item))
        if known is not None:
            return known[1]
        found = self._find(item)
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(item)] = item, found
        return found


def plain(value: JSON) -> JSON:
    """A deep copy made of plain JSON types only (tuples become lists).

    Raises:
        ValueError: The value holds something that JSON has no word for, NaN and Inf included.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no JSON number")
        return float(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("the names in a JSON object are text")
        return {key: plain(item) for key, item in value.items()}
    raise ValueError(f"{type(value).__name__} is no JSON value")


def same(a: JSON, b: JSON) -> bool:
    """Whether two values would be written the same (True is not 1, 1 is not 1.0)."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    return bool(a == b)
