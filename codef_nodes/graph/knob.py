"""A knob: one parameter of a node, described as data."""

import contextlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from codef_nodes.graph.jsonvalue import JSON, Once, plain
from codef_nodes.graph.keys import hash_of
from engine.errors import UsageError

KINDS = (
    "int",
    "float",
    "bool",
    "text",
    "choice",
    "file_in",
    "file_out",
    "frames",
    "colour",
    "point",
    "size",
    "colour_space",
    "arguments",
    "strokes",
    "pins",
    "points",
    "files",
    "table",
    "marks",
    "shapes",
    "groups",
)
_OBJECTS = ("strokes",)
"""Kinds that may hold a thousand objects, of which an edit changes one."""
_PLAIN, _HASHED = Once(plain), Once(hash_of)
_TEXTS = ("text", "file_in", "file_out", "colour_space")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
# The engine's parser has the last word; this only refuses what cannot be a range at all.
_FRAMES = re.compile(r"\s*(-?\d+(--?\d+)?(x\d+)?)([\s,]+-?\d+(--?\d+)?(x\d+)?)*\s*,?\s*")


@dataclass(frozen=True)
class Knob:
    """The description of one knob; the value lives in the document.

    Attributes:
        name: snake_case, unique in the node; what files and ``--set`` use.
        kind: One of ``KINDS``: ``int``, ``float``, ``bool``, ``text``, ``choice``, ``file_in``,
            ``file_out``, ``colour_space`` (text); ``frames`` (text such as ``1-100x2``, empty =
            all); ``colour`` (list of 3 or 4 floats, scene-linear working space); ``point`` (list
            of 2 floats); ``size`` (list of 2 whole numbers, 0 = as the input); ``arguments`` and
            ``files`` (lists of text); ``strokes``, ``pins`` and ``points`` (lists of JSON objects);
            ``table``, ``marks``, ``shapes`` and ``groups`` (JSON objects, each with a list of its
            own in the panel).
        default: A valid value. A default of None makes the knob optional: None is allowed.
        help: One full sentence for the artist: effect, and when it matters.
        label: What the panel shows; empty: made from the name.
        minimum: Smallest number allowed, of each component too; None: no limit.
        maximum: Largest number allowed; None: no limit.
        choices: The values of a ``choice``.
        unit: "px", "s", "stops"; empty for none.
        page: Tab of the panel; empty for the first.
        unkeyed: Names in the entries of a JSON object that change no result, such as a colour.
    """

    name: str
    kind: str
    default: JSON
    help: str
    label: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    page: str = ""
    unkeyed: tuple[str, ...] = ()

    def keyed(self, value: JSON) -> JSON:
        """The part of a value that results depend on."""
        if self.kind in _OBJECTS and isinstance(value, list):
            return [_HASHED(item) for item in value]
        if not self.unkeyed or not isinstance(value, dict):
            return value
        kept: dict[str, JSON] = {}
        for name, entry in value.items():
            if isinstance(entry, dict):
                entry = {k: v for k, v in entry.items() if k not in self.unkeyed}
            if entry != {}:
                kept[name] = entry
        return kept

    @property
    def title(self) -> str:
        """The label, or the name written for people."""
        return self.label or self.name.replace("_", " ").capitalize()

    def check(self, value: JSON, node: str = "") -> JSON:
        """The value in its normal form, a deep copy.

        Args:
            value: Anything.
            node: Name of the node, for the message.

        Raises:
            UsageError: Wrong type, out of range, or none of the choices.
        """
        if value is None and self.default is None:
            return None
        try:
            return _CHECKS[self.kind](self, value)
        except _BadValueError as bad:
            self._refuse(value, str(bad), node)

    def settled(self, value: JSON, node: str = "") -> JSON:
        """As ``check``, for a value in which nothing is ever changed in place: of a list of
        strokes only those that are new are looked at.

        Raises:
            UsageError: Wrong type, out of range, or none of the choices.
        """
        if self.kind in _OBJECTS and isinstance(value, list):
            with contextlib.suppress(ValueError):  # which the check puts into words
                if all(isinstance(item, dict) for item in value):
                    return [_PLAIN(item) for item in value]
        return self.check(value, node)

    def parse(self, text: str, node: str = "") -> JSON:
        """The value that ``--set NODE.KNOB=TEXT`` means; structured kinds take JSON.

        Raises:
            UsageError: The text is no such value.
        """
        if self.default is None and text.strip().lower() in ("", "none", "null"):
            return None
        word = text.strip()
        try:
            if self.kind in _TEXTS or self.kind == "frames":
                return self.check(text, node)
            if self.kind == "choice":
                return self.check(word, node)
            if self.kind == "bool":
                if word.lower() in _TRUE + _FALSE:
                    return word.lower() in _TRUE
                self._refuse(text, "true or false", node)
            if self.kind in ("arguments", "files") and not word.startswith("["):
                return self.check([word] if word else [], node)
            if self.kind in ("colour", "point", "size") and not word.startswith("["):
                return self.check([json.loads(part) for part in re.split(r"[\s,]+", word)], node)
            return self.check(json.loads(word), node)
        except ValueError:
            self._refuse(text, self.wants(), node)

    def wants(self) -> str:
        """What the knob takes, in words: ``a number from 0 to 1``."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            limits = f" from {low:g} to {high:g}"
        elif low is not None:
            limits = f" of at least {low:g}"
        elif high is not None:
            limits = f" of at most {high:g}"
        else:
            limits = ""
        return _WANTS.get(self.kind, "text").format(limits=limits)

    def _refuse(self, value: JSON, wanted: str, node: str) -> NoReturn:
        where = f"{node}.{self.name}" if node else self.name
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise UsageError(f"{where} must be {wanted}, not {shown}", node=node or None)

    def _number(self, value: JSON, whole: bool) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _BadValueError(self.wants())
        if not math.isfinite(value) or (whole and value != int(value)):
            raise _BadValueError(self.wants())
        if self.minimum is not None and value < self.minimum:
            raise _BadValueError(self.wants())
        if self.maximum is not None and value > self.maximum:
            raise _BadValueError(self.wants())
        return int(value) if whole else float(value)


class _BadValueError(Exception):
    """Carries what the knob wants."""


def _bool(knob: Knob, value: JSON) -> JSON:
    if not isinstance(value, bool):
        raise _BadValueError("true or false")
    return value


def _text(knob: Knob, value: JSON) -> JSON:
    if not isinstance(value, str):
        raise _BadValueError(knob.wants())
    return value


def _choice(knob: Knob, value: JSON) -> JSON:
    if not isinstance(value, str) or value not in knob.choices:
        raise _BadValueError(knob.wants())
    return value


def _frames(knob: Knob, value: JSON) -> JSON:
    if not isinstance(value, str) or (value.strip() and not _FRAMES.fullmatch(value)):
        raise _BadValueError(knob.wants())
    return value.strip()


def _numbers(counts: tuple[int, ...], whole: bool) -> Callable[[Knob, JSON], JSON]:
    def check(knob: Knob, value: JSON) -> JSON:
        if not isinstance(value, list | tuple) or len(value) not in counts:
            raise _BadValueError(knob.wants())
        if whole and any(isinstance(item, int | float) and item < 0 for item in value):
            raise _BadValueError(knob.wants())
        return [knob._number(item, whole) for item in value]

    return check


def _list_of(item_type: type) -> Callable[[Knob, JSON], JSON]:
    def check(knob: Knob, value: JSON) -> JSON:
        if not isinstance(value, list | tuple):
            raise _BadValueError(knob.wants())
        if not all(isinstance(item, item_type) for item in value):
            raise _BadValueError(knob.wants())
        return _plain(knob, value)

    return check


def _plain(knob: Knob, value: JSON) -> JSON:
    try:
        return plain(value)
    except ValueError as error:
        raise _BadValueError(f"{knob.wants()} ({error})") from None


def _table(knob: Knob, value: JSON) -> JSON:
    if not isinstance(value, dict):
        raise _BadValueError(knob.wants())
    return _plain(knob, value)


_CHECKS: dict[str, Callable[[Knob, JSON], JSON]] = {
    "int": lambda knob, value: knob._number(value, whole=True),
    "float": lambda knob, value: knob._number(value, whole=False),
    "bool": _bool,
    "choice": _choice,
    "frames": _frames,
    "colour": _numbers((3, 4), whole=False),
    "point": _numbers((2,), whole=False),
    "size": _numbers((2,), whole=True),
    "arguments": _list_of(str),
    "files": _list_of(str),
    "strokes": _list_of(dict),
    "pins": _list_of(dict),
    "points": _list_of(dict),
    "table": _table,
    "marks": _table,
    "shapes": _table,
    "groups": _table,
} | dict.fromkeys(_TEXTS, _text)

_WANTS = {
    "int": "a whole number{limits}",
    "float": "a number{limits}",
    "bool": "true or false",
    "file_in": "the path of a file or folder",
    "file_out": "the path of a file",
    "frames": "frames such as 1-100x2, -8--5 or 1,4,9",
    "colour": "a list of 3 or 4 numbers{limits}",
    "point": "a list of 2 numbers{limits}",
    "size": "a list of 2 whole numbers of at least 0{limits}",
    "colour_space": "the name of a colour space",
    "arguments": "a list of texts",
    "files": "a list of paths",
    "strokes": "a list of JSON objects",
    "pins": "a list of JSON objects",
    "points": "a list of JSON objects",
    "table": "a JSON object",
    "marks": "a JSON object",
    "shapes": "a JSON object",
    "groups": "a JSON object",
}
