"""The arguments of a request, checked as they are taken out."""

import math
from collections.abc import Mapping
from typing import Any

from engine.errors import UsageError


class Args:
    """What a request says.

    Args:
        verb: Its verb, for messages.
        values: The JSON object of the request; read-only.
    """

    def __init__(self, verb: str, values: Mapping[str, Any]) -> None:
        self.verb, self.values = verb, values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """A value as it came, or the default where it is absent or null."""
        value = self.values.get(name)
        return default if value is None else value

    def text(self, name: str, default: str | None = None) -> str:
        """A text; required without a default."""
        value = self.get(name, default)
        if not isinstance(value, str):
            self._refuse(name, "a text")
        return str(value)

    def optional_text(self, name: str) -> str | None:
        """A text, or None where it is absent or null."""
        return self.text(name) if name in self else None

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number; required without a default."""
        value = self.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self._refuse(name, "a whole number")
        return int(value)

    def optional_integer(self, name: str) -> int | None:
        """A whole number, or None where it is absent or null."""
        return self.integer(name) if name in self else None

    def number(self, name: str, default: float | None = None) -> float:
        """A finite number; required without a default."""
        value = self.get(name, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            self._refuse(name, "a number")
        return float(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self.get(name, default)
        if not isinstance(value, bool):
            self._refuse(name, "true or false")
        return bool(value)

    def frame(self, name: str = "frame") -> int | None:
        """A frame number, or None."""
        return self.optional_integer(name)

    def box(self, name: str) -> tuple[int, int, int, int] | None:
        """A rectangle ``[x0, y0, x1, y1]`` in pixels, grown to whole ones, or None."""
        value = self.get(name)
        if value is None:
            return None
        if (
            not isinstance(value, list)
            or len(value) != 4
            or not all(_is_number(each) for each in value)
        ):
            self._refuse(name, "a list [x0, y0, x1, y1]")
        x0, y0, x1, y1 = value
        return math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)

    def points(self, name: str, width: int = 2) -> list[list[float]]:
        """A list of points, each a list of at least ``width`` numbers."""
        value = self.get(name, [])
        good = isinstance(value, list) and all(
            isinstance(point, list)
            and len(point) >= width
            and all(_is_number(each) for each in point)
            for point in value
        )
        if not good:
            self._refuse(name, "a list of points")
        return [[float(each) for each in point] for point in value]

    def names(self, name: str) -> list[str] | None:
        """A list of texts, or None."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._refuse(name, "a list of texts")
        return list(value)

    def integers(self, name: str) -> list[int] | None:
        """A list of whole numbers, or None."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(
            isinstance(each, int) and not isinstance(each, bool) for each in value
        ):
            self._refuse(name, "a list of whole numbers")
        return list(value)

    def _refuse(self, name: str, wanted: str) -> None:
        raise UsageError(f"the request {self.verb!r} needs {wanted} as {name!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
