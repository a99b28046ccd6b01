"""Parameters of operations, described as data, and the check of their values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import UsageError

#: ``colour`` is three numbers (one number sets all three), ``point`` two, ``arguments`` a list of
#: texts.
KINDS = ("float", "int", "bool", "choice", "colour", "point", "arguments")


@dataclass(frozen=True)
class Parameter:
    """One knob of an operation.

    Attributes:
        name: Identifier in documents.
        kind: One of ``KINDS``.
        default: Its value when nothing is said; with it the operation's effect is moderate.
        help: One full sentence.
        low: Smallest value, or None.
        high: Largest value, or None.
        unit: Such as ``px``, ``stops``, ``degrees``, ``s``.
        choices: For ``choice``.
    """

    name: str
    kind: str
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()


def _number(parameter: Parameter, value: Any, label: str) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not math.isfinite(value):
        raise UsageError(f"{label} must be a number, not {value!r}")
    low, high = parameter.low, parameter.high
    if (low is not None and value < low) or (high is not None and value > high):
        between = f"from {low:g} to {high:g}" if None not in (low, high) else ""
        if not between:
            between = f"at least {low:g}" if low is not None else f"at most {high:g}"
        raise UsageError(f"{label} must be {between}, not {value!r}")
    return float(value)


def _check(parameter: Parameter, value: Any, label: str) -> Any:
    kind = parameter.kind
    if kind == "float":
        return _number(parameter, value, label)
    if kind == "int":
        number = _number(parameter, value, label)
        if number != int(number):
            raise UsageError(f"{label} must be a whole number, not {value!r}")
        return int(number)
    if kind == "bool":
        if not isinstance(value, bool):
            raise UsageError(f"{label} must be true or false, not {value!r}")
        return value
    if kind == "choice":
        if value not in parameter.choices:
            raise UsageError(f"{label} must be one of {', '.join(parameter.choices)}")
        return value
    if kind in ("colour", "point"):
        count = 3 if kind == "colour" else 2
        if kind == "colour" and isinstance(value, int | float):
            value = [value] * 3
        if not isinstance(value, list | tuple) or len(value) != count:
            raise UsageError(f"{label} must be {count} numbers, not {value!r}")
        return tuple(_number(parameter, item, label) for item in value)
    if kind == "arguments":
        if not isinstance(value, list | tuple) or not all(isinstance(i, str) for i in value):
            raise UsageError(f"{label} must be a list of texts, one for each argument")
        return tuple(value)
    raise UsageError(f"{label} is of unknown kind {kind!r}")


def check_values(
    title: str, parameters: tuple[Parameter, ...], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Checks values and fills in defaults.

    Args:
        title: The operation's title, for errors.
        parameters: Its parameters.
        given: Some values by name.

    Returns:
        A value for each parameter: float, int, bool, text, or tuples.

    Raises:
        UsageError: An unknown name or a wrong value; names the operation and the parameter.
    """
    unknown = set(given) - {parameter.name for parameter in parameters}
    if unknown:
        names = ", ".join(parameter.name for parameter in parameters)
        raise UsageError(f"{title} has no parameter {sorted(unknown)[0]!r}; it has {names}")
    return {
        parameter.name: _check(
            parameter, given.get(parameter.name, parameter.default), f"{title}: {parameter.name}"
        )
        for parameter in parameters
    }
