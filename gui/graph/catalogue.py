"""What can be created here, in the order that the search shows it. No Qt."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.node import Node
from codef_nodes.graph.types import compatible, gives, takes
from gui.graph.fuzzy import best_of

KEPT = 12
"""Entries that are remembered as used recently."""
_CHOICE = "operation"
"""The knob whose values artists know as nodes of their own: Blur, Plus."""
_COLLECTIVE = "ImageOperation"
"""The class whose nodes are called by what they do: Blur1."""


@dataclass(frozen=True)
class Wanted:
    """What a node to be created must fit.

    Attributes:
        source: It must read this node; None: anything.
        reader: It must feed this input (node, input, position); None: anything.
    """

    source: str | None = None
    reader: tuple[str, str, int] | None = None


def title_of(cls: type[Node]) -> str:
    """What menus call a node class."""
    # OpticalFlow has no title of its own: Optical flow.
    words = re.sub(r"(?<=[a-z])([A-Z])", lambda found: " " + found[1].lower(), cls.type)
    return cls.title or words


@dataclass(frozen=True)
class Entry:
    """Something that can be created: a node class, or one of its operations.

    Attributes:
        cls: The class.
        operation: Value of the knob *operation*; empty: as shipped.
        name: What the operation is called.
    """

    cls: type[Node]
    operation: str = ""
    name: str = ""

    @property
    def id(self) -> str:
        """``Merge``, or ``Merge.plus``."""
        return f"{self.cls.type}.{self.operation}" if self.operation else self.cls.type

    @property
    def title(self) -> str:
        """What menus call it."""
        return self.name or title_of(self.cls)

    @property
    def names(self) -> list[str]:
        """What it is found by, the title first."""
        if self.operation:
            return [self.name]
        operations = {entry.name for entry in operations_of(self.cls)}
        others = [alias for alias in self.cls.aliases if alias not in operations]
        return [self.title, self.cls.type, *others]

    @property
    def stem(self) -> str:
        """What its nodes are called before the number: Blur, but Merge whatever it does."""
        if self.operation and self.cls.type == _COLLECTIVE:
            return "".join(word.capitalize() for word in self.name.split())
        return self.cls.type

    @property
    def knobs(self) -> dict[str, JSON]:
        """Values that its nodes begin with."""
        return {_CHOICE: self.operation} if self.operation else {}


def operations_of(cls: type[Node]) -> list[Entry]:
    """The operations of a node class, called as its aliases call them."""
    knob = next((knob for knob in cls.knobs if knob.name == _CHOICE), None)
    called = {alias.split()[0].casefold(): alias for alias in cls.aliases}
    choices = knob.choices if knob is not None else ()
    return [Entry(cls, choice, called.get(choice, choice.capitalize())) for choice in choices]


def entry_of(document: Document, name: str) -> Entry:
    """An entry by its id, whose class is known."""
    kind, _, operation = name.partition(".")
    cls = document.registry.node_class(kind)
    return next(
        (e for e in operations_of(cls) if operation and e.operation == operation), Entry(cls)
    )


def candidates(document: Document, wanted: Wanted | None = None) -> list[Entry]:
    """What fits, by title: node classes, then their operations."""
    classes = document.registry.all_node_classes()
    if wanted is not None and wanted.source is not None:
        given = gives(document, wanted.source)
        classes = [
            cls for cls in classes if any(compatible(given, port.type) for port in cls.inputs)
        ]
    if wanted is not None and wanted.reader is not None:
        node, port, _ = wanted.reader
        taken = takes(document, node, port)
        classes = [cls for cls in classes if compatible(cls.output, taken)]
    entries = [Entry(cls) for cls in classes]
    entries += [entry for cls in classes for entry in operations_of(cls)]
    return sorted(entries, key=lambda entry: entry.title.casefold())


def ranked(typed: str, entries: Sequence[Entry], recent: Sequence[str]) -> list[Entry]:
    """The entries that the typed letters fit, best first; what was used last breaks ties.

    Args:
        typed: What was typed; empty: the recent ones, then all classes.
        entries: What there is, in the order of last resort.
        recent: Ids used before, the last one first.
    """
    order = {name: place for place, name in enumerate(recent)}
    rows: list[tuple[float, int, int, Entry]] = []
    for place, entry in enumerate(entries):
        if typed.strip():
            found = best_of(typed, entry.names)
        else:
            found = 0.0 if entry.id in order or not entry.operation else None
        if found is not None:
            rows.append((-round(found), order.get(entry.id, KEPT), place, entry))
    return [entry for *_, entry in sorted(rows, key=lambda row: row[:3])]


def remembered(recent: Sequence[str], name: str) -> list[str]:
    """The recent ids after one more use."""
    return [name, *(other for other in recent if other != name)][:KEPT]


def matching_alias(typed: str, entry: Entry) -> str:
    """The alias that was found better than the title: so that Read explains itself."""
    if not typed.strip() or entry.operation:
        return ""
    own = entry.names[:2]
    others = [name for name in entry.names[2:] if name.casefold() not in own[0].casefold()]
    said = best_of(typed, own)
    scored = [(found, alias) for alias in others if (found := best_of(typed, [alias])) is not None]
    if not scored or (said is not None and said >= max(scored)[0]):
        return ""
    return max(scored)[1]
