"""In which frames a stroke shows."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from engine.errors import UsageError
from engine.io.frames import parse_frames


@lru_cache(maxsize=64)
def _frames(text: str) -> frozenset[int]:
    return frozenset(parse_frames(text))


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
            _frames(value)
        except UsageError:
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
        return frame in _frames(lifetime)
    return lifetime[0] <= frame <= lifetime[1]
