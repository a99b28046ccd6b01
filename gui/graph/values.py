"""Keys of the graph that change knobs: another version of a file, values from the clipboard."""

import re
from collections.abc import Sequence

from codef_nodes.graph.commands import Command, Group, SetKnob
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import same
from engine.errors import UsageError

_VERSION = re.compile(r"(?<![A-Za-z0-9])([vV])(\d+)")
_FILES = ("file_in", "file_out")


def versioned(path: str, step: int) -> str | None:
    """A path in its next (or an earlier) version, in folder and name alike; None: it has none.

    Args:
        path: Such as ``plates_v003/shot_v003.%04d.exr``; the last number is the one that counts.
        step: How many versions on; never below 0.
    """
    found = _VERSION.findall(path)
    if not found:
        return None
    now = found[-1][1]
    number = max(int(now) + step, 0)

    def change(match: re.Match[str]) -> str:
        return f"{match[1]}{number:0{len(now)}d}" if match[2] == now else match[0]

    return _VERSION.sub(change, path)


def change_version(document: Document, names: Sequence[str], step: int) -> Group:
    """Takes the files of nodes to another version.

    Raises:
        UsageError: None of them names a file with a version.
    """
    commands: list[Command] = []
    for name in names:
        for knob in document.node_class(name).knobs:
            value = document.state(name).knobs.get(knob.name)
            other = versioned(value, step) if isinstance(value, str) else None
            if knob.kind in _FILES and other is not None:
                commands.append(SetKnob(name, knob.name, other))
    if not commands:
        raise UsageError("no file of the selected nodes has a version such as _v001 in its name")
    return Group(commands, "Version up" if step > 0 else "Version down")


def paste_values(document: Document, names: Sequence[str], copied: Document) -> Group:
    """Gives nodes the knob values of copied nodes of their type.

    Args:
        document: Where the nodes are.
        names: The nodes.
        copied: What the clipboard holds.

    Raises:
        UsageError: There is nothing of the type of any of them.
    """
    commands: list[Command] = []
    fits = False
    for name in names:
        kind = document.state(name).type
        source = next((other for other, s in copied.nodes.items() if s.type == kind), None)
        if source is None:
            continue
        fits = True
        for knob in document.node_class(name).knobs:
            value = copied.knob_value(source, knob.name)
            if not same(value, document.knob_value(name, knob.name)):
                commands.append(SetKnob(name, knob.name, value))
    if not fits:
        raise UsageError("copy a node of the same type as those that are selected first")
    return Group(commands, "Paste values")
