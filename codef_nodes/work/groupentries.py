"""What an artist sets for the single groups of MaskGroup: name, colour, place, kind, fit settings.

The entries are kept by the group's source: the node that is wired, or the stem of its mask folder.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import UsageError

PALETTE = (
    "#e77061",
    "#599ee3",
    "#edc846",
    "#61c583",
    "#bd6fd2",
    "#40c4c8",
    "#e290b5",
    "#b1ad6f",
)
"""Colours of groups that have none of their own, front to back, as on the screen; they repeat."""
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def colour_of(entry: Mapping[str, Any], place: int, node: str = "") -> str:
    """A group's colour as ``#rrggbb``.

    Args:
        entry: What is set for the group.
        place: Of the group, counted from the front: its colour when none is set.
        node: For the message.

    Raises:
        UsageError: The colour is none.
    """
    text = entry.get("colour") or PALETTE[place % len(PALETTE)]
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise UsageError(
            f"{node or 'a group'} has the colour {text!r}; write it as #rrggbb", node=node or None
        )
    return text.lower()


def linear_of(colour: str) -> tuple[float, float, float]:
    """``#rrggbb`` as scene-linear red, green and blue."""
    found = []
    for place in (1, 3, 5):
        code = int(colour[place : place + 2], 16) / 255
        found.append(code / 12.92 if code <= 0.04045 else ((code + 0.055) / 1.055) ** 2.4)
    return found[0], found[1], found[2]


def entries_of(table: Mapping[str, Any], sources: Sequence[str]) -> list[dict[str, Any]]:
    """What is set for each source, in the order of the sources; empty where nothing is."""
    found = []
    for source in sources:
        entry = table.get(source)
        found.append(dict(entry) if isinstance(entry, Mapping) else {})
    return found


def order_of(entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """Which entry comes first, second, ... from the front.

    Entries that have a ``place`` stand there, counted from 0; the others fill what is left, in
    their order.
    """
    chosen = {
        k: int(entry["place"])
        for k, entry in enumerate(entries)
        if isinstance(entry.get("place"), int | float) and not isinstance(entry["place"], bool)
    }
    placed = sorted(chosen, key=lambda k: (chosen[k], k))
    result = [k for k in range(len(entries)) if k not in chosen]
    for k in placed:
        result.insert(min(max(chosen[k], 0), len(result)), k)
    return result


def stem_of(spec: str | Path) -> str:
    """The name that a mask folder or pattern gives its group."""
    path = Path(spec)
    if not path.suffix:
        return path.name
    plain = re.sub(r"[._-]*(%0?\d*d|#+|\d+)$", "", path.stem)
    return plain or path.parent.name


def unique_names(names: Iterable[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, each made different from those before it by a number."""
    used, result = set(taken), []
    for name in names:
        plain = name.strip() or "group"
        candidate, number = plain, 2
        while candidate in used:
            candidate, number = f"{plain}_{number}", number + 1
        used.add(candidate)
        result.append(candidate)
    return tuple(result)


def sources_of(wires: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    """The keys of the groups' entries: wired nodes, then stems of mask folders."""
    return unique_names([*wires, *(stem_of(spec) for spec in files)])


@dataclass(frozen=True)
class GroupEntry:
    """A group as it is listed.

    Attributes:
        source: The wired node or the stem of the mask folder: the key of its entry.
        name: Its name.
        colour: ``#rrggbb``.
        kind: ``layer`` or ``ignore``.
        entry: What is set for it.
    """

    source: str
    name: str
    colour: str
    kind: str
    entry: Mapping[str, Any]


def listed(
    wires: Sequence[str],
    files: Sequence[str],
    names: Sequence[str],
    kinds: Sequence[str],
    table: Mapping[str, Any],
) -> list[GroupEntry]:
    """The groups of a MaskGroup, front to back.

    Args:
        wires: Nodes that are wired to it, in order.
        files: Its mask folders.
        names: Its list of names, in the order of the sources.
        kinds: Its list of kinds, likewise.
        table: What is set for single groups, by their source.

    Raises:
        UsageError: A colour that is none.
    """
    sources = sources_of(wires, files)
    entries = entries_of(table, sources)
    order = order_of(entries)
    called = [
        str(entries[k].get("name") or "").strip()
        or (names[k].strip() if k < len(names) else "")
        or sources[k]
        for k in order
    ]
    found = []
    for place, (k, name) in enumerate(zip(order, unique_names(called), strict=True)):
        kind = str(entries[k].get("kind") or "") or (kinds[k].strip() if k < len(kinds) else "")
        colour = colour_of(entries[k], place)
        found.append(GroupEntry(sources[k], name, colour, kind.lower() or "layer", entries[k]))
    return found
