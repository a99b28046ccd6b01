"""Strokes as documents hold them: values, lists, deleting. Qt-free."""

from collections.abc import Iterable, Mapping
from typing import Any

from codef_nodes.graph.commands import Command, EditStrokes, Group
from codef_nodes.graph.document import Document
from engine.errors import UsageError
from engine.paint.stroke import LIMITS, Stroke

KNOB = "strokes"

_DEFAULTS: dict[str, Any] = {
    name: field.default
    for name, field in Stroke.__dataclass_fields__.items()
    if name not in ("points", "extra")
} | {"locked": False}


def value_of(stroke: Mapping[str, Any], key: str) -> Any:
    """A value of a stroke as documents hold it, defaults filled in."""
    return stroke.get(key, _DEFAULTS.get(key))


def strokes_of(document: Document, node: str) -> list[dict[str, Any]]:
    """The strokes of a node as the document holds them, bottom first; never change them."""
    if node not in document:
        return []
    found = document.state(node).knobs.get(KNOB, [])
    return found if isinstance(found, list) else []


def removal(node: str, places: Iterable[int]) -> Command:
    """Deletes strokes of a node, in one step."""
    gone = sorted(set(places))
    commands = [EditStrokes(node, first, count) for first, count in reversed(runs(gone))]
    return Group(commands, f"Delete {counted(len(gone))}")


def share(text: str) -> float:
    """An opacity as typed, in per cent: 50, 50 %."""
    word = text.strip()
    try:
        value = float(word.rstrip("% ")) / 100
    except ValueError:
        raise UsageError(f"{word!r} is no opacity; type per cent, 0 to 100") from None
    low, high = LIMITS["opacity"]
    return min(max(value, low), high)


def runs(places: list[int]) -> list[tuple[int, int]]:
    """Sorted places as runs: first and how many."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][0] + runs[-1][1] == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs


def counted(number: int) -> str:
    return "a stroke" if number == 1 else f"{number} strokes"


def step_title(values: Mapping[str, Any]) -> str:
    names = {"visible": "visibility", "locked": "lock", "pressure_size": "pressure"}
    return "Stroke " + names.get(next(iter(values), ""), next(iter(values), "values"))
