"""The tracks of Nuke's Tracker nodes, read out of their text and written as text.

A ``Tracker4`` keeps all tracks in one knob: a head, the columns of a table, and a row for each
track whose cells are words, quoted names and curves. Rows are read by the names of the columns, so
that versions with more columns are understood too.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.arrays import F64
from engine.errors import UsageError
from engine.io.nukecurves import MOST_FRAMES, braced, curve, knob

_NODE = re.compile(r"^\s*Tracker[34]\s*\{", re.MULTILINE)
#: Columns that a Tracker4 writes: two numbers about their look, name twice, shown or not.
_COLUMNS = (
    ("5 1 20", "enable", "e"),
    ("3 1 75", "name", "name"),
    ("2 1 58", "track_x", "track_x"),
    ("2 1 58", "track_y", "track_y"),
    ("2 1 63", "offset_x", "offset_x"),
    ("2 1 63", "offset_y", "offset_y"),
    ("4 1 27", "T", "T"),
    ("4 1 27", "R", "R"),
    ("4 1 27", "S", "S"),
    ("2 0 45", "error", "error"),
    *(("1 1 0", name, name) for name in ("error_min", "error_max")),
    *(("1 1 0", f"pattern_{side}", f"pattern_{side}") for side in "xyrt"),
    *(("1 1 0", f"search_{side}", f"search_{side}") for side in "xyrt"),
    ("2 1 0", "key_track", "key_track"),
    *(("2 1 0", f"key_search_{side}", f"key_search_{side}") for side in "xyrt"),
    *(("2 1 0", f"key_track_{side}", f"key_track_{side}") for side in "xyrt"),
    *(("2 1 0", f"key_centre_offset_{axis}", f"key_centre_offset_{axis}") for axis in "xy"),
)


def is_nuke(text: str) -> bool:
    """Whether a text holds a Tracker node."""
    return _NODE.search(text) is not None


def tracker_nodes(text: str, path: Path) -> list[tuple[str, dict[int, F64]]]:
    """The tracks of every Tracker node: name, and places float64 [1, 2] by frame, y up.

    Frames count from the first to the last key of a track; between keys it moves evenly.

    Args:
        text: The script.
        path: For messages.

    Raises:
        UsageError: No Tracker node with tracks, or one that is cut short.
    """
    found: list[tuple[str, dict[int, F64]]] = []
    for match in _NODE.finditer(text):
        body = braced(text, match.end() - 1)
        if body is None:
            raise UsageError(f"{path} is cut short: a Tracker node does not end", file=path)
        node = knob(body, "name") or "Tracker"
        table = knob(body, "tracks")
        if table is not None:
            found += _rows(table, node, path)
        else:  # Tracker3 has four places of its own
            for number in range(1, 5):
                value = knob(body, f"track{number}")
                if value is not None:
                    found += _kept(f"{node} {number}", _cells(value), path)
    if not found:
        raise UsageError(
            f"{path} holds no tracks; copy a Tracker node from Nuke and paste it into a text file",
            file=path,
        )
    return found


def _rows(table: str, node: str, path: Path) -> list[tuple[str, dict[int, F64]]]:
    parts = _cells(table)
    if len(parts) < 3:
        return []
    columns = [_cells(column)[3] for column in _cells(parts[1]) if len(_cells(column)) > 3]
    try:
        name, x, y = (columns.index(column) for column in ("name", "track_x", "track_y"))
    except ValueError:
        raise UsageError(
            f"the node {node} in {path} has tracks without the columns name, track_x and track_y",
            file=path,
        ) from None
    found: list[tuple[str, dict[int, F64]]] = []
    for number, row in enumerate(_cells(parts[2]), 1):
        cells = _cells(row)
        if len(cells) > max(name, x, y):
            found += _kept(cells[name] or f"{node} {number}", [cells[x], cells[y]], path)
    return found


def _kept(name: str, cells: Sequence[str], path: Path) -> list[tuple[str, dict[int, F64]]]:
    """A track of two curves; none when it was never tracked."""
    pair = [curve(cell) for cell in cells[:2]]
    keyed = [each for each in pair if isinstance(each, dict)]
    if len(pair) < 2 or not keyed:
        return []
    first, last = min(map(min, keyed)), max(map(max, keyed))
    if last - first > MOST_FRAMES:
        raise UsageError(
            f"the track {name} in {path} has keys in frames {first} and {last}; remove the stray "
            "one",
            file=path,
        )
    frames = np.arange(first, last + 1)
    values = []
    for each in pair:
        if isinstance(each, dict):
            keys = sorted(each)
            values.append(np.interp(frames, keys, [each[key] for key in keys]))
        else:
            values.append(np.full(len(frames), 0.0 if each is None else each))
    return [(name, {int(f): np.array([[x, y]]) for f, x, y in zip(frames, *values, strict=True)})]


def _cells(text: str) -> list[str]:
    """What stands at the top level of a list: words, what quotes hold, and what braces hold."""
    cells: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "{":
            inner = braced(text, at)
            if inner is None:
                break
            cells.append(inner)
            at += len(inner) + 2
        elif character == '"':
            end = text.find('"', at + 1)
            end = len(text) if end < 0 else end
            cells.append(text[at + 1 : end])
            at = end + 1
        elif character.isspace():
            at += 1
        else:
            word = re.split(r"[\s{\"]", text[at:], maxsplit=1)[0]
            cells.append(word)
            at += len(word)
    return cells


def tracker_text(
    tracks: Sequence[tuple[str, Mapping[int, tuple[float, float]]]],
    reference: int,
    size: tuple[int, int],
) -> str:
    """A Tracker4 node to paste into Nuke.

    Args:
        tracks: Name and places by frame, y up; at least one place each.
        reference: Its reference frame.
        size: Width and height of the format.
    """
    columns = "\n".join(f"{{ {look} {name} {short} 1 }}" for look, name, short in _COLUMNS)
    rows = "\n".join(_row(name, places) for name, places in tracks)
    return (
        f"Tracker4 {{\n tracks {{ {{ 1 {len(_COLUMNS)} {len(tracks)} }}\n{{ {columns}\n}}\n"
        f"{{\n{rows}\n}}\n}}\n reference_frame {reference}\n"
        f" center {{{size[0] / 2:g} {size[1] / 2:g}}}\n name CodefTracks\n selected true\n}}\n"
    )


def _row(name: str, places: Mapping[int, tuple[float, float]]) -> str:
    plain = re.sub(r'[{}"\\\[\]$]', "_", name)
    x = curve_text({frame: place[0] for frame, place in places.items()})
    y = curve_text({frame: place[1] for frame, place in places.items()})
    first, last = min(places), max(places)
    nothing = " ".join(["{}"] * 10)
    return (
        f' {{ {{curve K x{first} 1}} "{plain}" {{{x}}} {{{y}}} {{curve K x{first} 0}} '
        f"{{curve K x{first} 0}} 1 0 0 {{curve x{first} 0 x{last} 0}} 1 0 -32 -32 32 32 "
        f"-22 -22 22 22 {{}} {nothing} }}"
    )


def curve_text(values: Mapping[int, float]) -> str:
    """A curve as Nuke writes it: numbers follow each other, ``x`` says where a run starts."""
    words, before = ["curve"], None
    for frame in sorted(values):
        if before is None or frame != before + 1:
            words.append(f"x{frame}")
        words.append(f"{values[frame]:.9g}")
        before = frame
    return " ".join(words)


def corner_pin_text(
    name: str,
    corners: Mapping[int, Sequence[tuple[float, float]]],
    reference: int,
) -> str:
    """A CornerPin2D node to paste into Nuke: it moves a picture of the reference frame along.

    Args:
        name: Of the node; what Nuke does not allow in names becomes an underscore.
        corners: Four places by frame, y up.
        reference: Frame whose corners are ``from1`` to ``from4``.
    """
    lines = ["CornerPin2D {"]
    for n in range(4):
        x, y = (curve_text({f: p[n][axis] for f, p in corners.items()}) for axis in (0, 1))
        lines.append(f" to{n + 1} {{{{{x}}} {{{y}}}}}")
    still = corners[reference]
    lines += [f" from{n + 1} {{{still[n][0]:.9g} {still[n][1]:.9g}}}" for n in range(4)]
    lines += [f" name {re.sub(r'[^A-Za-z0-9_]', '_', name)}", " selected true", "}"]
    return "\n".join(lines) + "\n"
