"""Corner pins out of Nuke scripts: the text of CornerPin2D nodes, read as data.

A script is Tcl-like text. Nothing of it is run: nodes are found by their braces, and of their
knobs only numbers and curves of numbers are understood.
"""

import math
import re
from pathlib import Path

import numpy as np

from engine.arrays import F64
from engine.errors import UsageError

_NODE = re.compile(r"^\s*CornerPin2D\s*\{", re.MULTILINE)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")

#: Keys farther apart than this are a mistake.
MOST_FRAMES = 100_000

Curve = float | dict[int, float]


def corner_pins(text: str, path: Path) -> list[tuple[str, dict[int, F64]]]:
    """The corners of every CornerPin2D node.

    The animated corners count: ``to1`` to ``to4``, else ``from1`` to ``from4`` (a stabilising
    pin). Between keys they move evenly; frames before the first and after the last key are not
    known.

    Args:
        text: The script.
        path: For messages.

    Returns:
        Name of the node and its corners float64 [4, 2] by frame, as in the script (y up).

    Raises:
        UsageError: No such node, or its corners are not four animated places.
    """
    found: list[tuple[str, dict[int, F64]]] = []
    for match in _NODE.finditer(text):
        body = braced(text, match.end() - 1)
        if body is None:
            raise UsageError(f"{path} is cut short: a CornerPin2D node does not end", file=path)
        name = knob(body, "name") or f"CornerPin2D {len(found) + 1}"
        found.append((name, _corners(body, name, path)))
    if not found:
        raise UsageError(
            f"{path} holds no CornerPin2D node; copy the node from Nuke and paste it into a text "
            "file",
            file=path,
        )
    return found


def braced(text: str, start: int) -> str | None:
    """What stands between the brace at ``start`` and its partner; None without partner."""
    depth, quoted = 0, False
    for at in range(start, len(text)):
        if text[at] == '"' and depth == 1 and text[at - 1] != "\\":
            quoted = not quoted  # a text such as a label; inside deeper braces it is a mere mark
        elif quoted:
            continue
        elif text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if not depth:
                return text[start + 1 : at]
    return None


def knob(body: str, name: str) -> str | None:
    """The value of a knob: what its braces hold, or the word behind its name."""
    match = re.search(rf"^\s*{name}[ \t]+(\S.*)$", body, re.MULTILINE)
    if match is None:
        return None
    start = match.start(1)
    return braced(body, start) if body[start] == "{" else match.group(1).strip().strip('"')


def _corners(body: str, name: str, path: Path) -> dict[int, F64]:
    for kind in ("to", "from"):
        curves: list[Curve] = []
        for number in range(1, 5):
            value = knob(body, f"{kind}{number}")
            if value is None:
                break
            curves += _pair(value, f"{kind}{number} of {name}", path)
        keyed = [each for each in curves if isinstance(each, dict)]
        if len(curves) == 8 and keyed:
            first, last = min(map(min, keyed)), max(map(max, keyed))
            if last - first > MOST_FRAMES:
                raise UsageError(
                    f"the node {name} in {path} has keys in frames {first} and {last}; remove the "
                    "stray one",
                    file=path,
                )
            frames = range(first, last + 1)
            return {
                frame: np.array([_at(each, frame) for each in curves]).reshape(4, 2)
                for frame in frames
            }
    raise UsageError(
        f"the node {name} in {path} has no animated corners to1 to to4; track them, or bake its "
        "expressions to keys",
        file=path,
    )


def _pair(value: str, what: str, path: Path) -> list[Curve]:
    """x and y of a corner: ``100 200``, ``{curve ...} {curve ...}``, or a mixture."""
    parts: list[str] = []
    at = 0
    while at < len(value):
        if value[at] == "{":
            inner = braced(value, at)
            if inner is None:
                break
            parts.append(inner)
            at += len(inner) + 2
        elif value[at].isspace():
            at += 1
        else:
            word = value[at:].split()[0]
            parts.append(word)
            at += len(word)
    curves = [curve(part) for part in parts]
    if len(curves) != 2 or any(each is None for each in curves):
        raise UsageError(
            f"{what} in {path} is no pair of numbers or curves; bake its expressions to keys",
            file=path,
        )
    return [each for each in curves if each is not None]


def curve(text: str) -> Curve | None:
    """A number, or the keys of ``curve x1 10 11 x5 20``; slopes and kinds are passed over."""
    words = text.replace("{", " ").replace("}", " ").split()
    if words and words[0] != "curve":
        return _number(words[0]) if len(words) == 1 else None
    keys: dict[int, float] = {}
    frame: float | None = None
    for word in words[1:]:
        value = _number(word)
        if value is not None:
            frame = 1.0 if frame is None else frame
            if frame != int(frame):
                return None  # keys between frames: no tracker writes them
            keys[int(frame)] = value
            frame += 1
        elif word[0] == "x" and (at := _number(word[1:])) is not None:
            frame = at
        elif not (word.isalpha() or word[0] in "stuvab"):
            return None
    return keys or None


def _number(word: str) -> float | None:
    if not _NUMBER.fullmatch(word):
        return None
    value = float(word)
    return value if math.isfinite(value) else None


def _at(keys: Curve, frame: int) -> float:
    if not isinstance(keys, dict):
        return keys
    frames = sorted(keys)
    return float(np.interp(frame, frames, [keys[key] for key in frames]))
