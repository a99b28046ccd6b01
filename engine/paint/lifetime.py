"""In which frames a stroke shows."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from engine.errors import UsageError

_PART = re.compile(r"(-?\d+)(?:-(-?\d+)(?:x([1-9]\d*))?)?")


@lru_cache(maxsize=256)
def _ranges(text: str) -> tuple[tuple[int, int, int], ...]:
    """(first, last, step) of each part of a range text; membership never lists the frames."""
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    found = [_PART.fullmatch(part) for part in parts]
    if not parts or not all(found):
        raise ValueError(text)
    triples = []
    for match in found:
        if match is not None:
            first, last, step = match.groups()
            triples.append((int(first), int(last or first), int(step or 1)))
    return tuple((min(a, b), max(a, b), step) if a > b else (a, b, step) for a, b, step in triples)


def check_lifetime(value: Any, label: str) -> str | tuple[int, int]:
    """A lifetime that can be used.

    Args:
        value: ``"all"``, range text (``"1-10x2, 20"``, ``"-8--5"``) or [first, last].
        label: How to name the stroke in an error.

    Returns:
        The text, or (first, last).

    Raises:
        UsageError: Anything else.
    """
    if isinstance(value, str):
        if value == "all":
            return value
        try:
            _ranges(value)
        except ValueError:
            raise UsageError(
                f'{label}: lifetime {value!r} is no frame range; write "all" or such as "1001-1010"'
            ) from None
        return value
    if (
        isinstance(value, Sequence)
        and len(value) == 2
        and all(isinstance(item, int) and not isinstance(item, bool) for item in value)
    ):
        return min(value), max(value)
    raise UsageError(f'{label}: lifetime must be "all", a frame range or [first, last]')


def alive_in(lifetime: str | tuple[int, int], frame: int) -> bool:
    """Whether a checked lifetime holds a frame.

    Args:
        lifetime: As ``check_lifetime`` returns it.
        frame: Frame number of the files.
    """
    if lifetime == "all":
        return True
    if isinstance(lifetime, str):
        return any(
            first <= frame <= last and (frame - first) % step == 0
            for first, last, step in _ranges(lifetime)
        )
    return lifetime[0] <= frame <= lifetime[1]
