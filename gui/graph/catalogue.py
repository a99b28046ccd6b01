"""Which nodes can be created here, in the order that the search shows them. No Qt."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codef_nodes.graph.document import Document
from codef_nodes.graph.node import Node
from codef_nodes.graph.types import compatible, gives, takes
from gui.graph.fuzzy import best_of

KEPT = 12
"""Types that are remembered as used recently."""


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


def candidates(document: Document, wanted: Wanted | None = None) -> list[type[Node]]:
    """The node classes that fit, by title."""
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
    return sorted(classes, key=lambda cls: title_of(cls).casefold())


def ranked(typed: str, classes: Sequence[type[Node]], recent: Sequence[str]) -> list[type[Node]]:
    """The classes that the typed letters fit, best first; what was used last breaks ties.

    Args:
        typed: What was typed; empty: all of them, the recent ones first.
        classes: The classes, in the order of last resort.
        recent: Types used before, the last one first.
    """
    order = {kind: place for place, kind in enumerate(recent)}
    rows: list[tuple[float, int, int, type[Node]]] = []
    for place, cls in enumerate(classes):
        names = [title_of(cls), cls.type, *cls.aliases]
        found = best_of(typed, names) if typed.strip() else 0.0
        if found is not None:
            rows.append((-round(found), order.get(cls.type, KEPT), place, cls))
    return [cls for *_, cls in sorted(rows, key=lambda row: row[:3])]


def remembered(recent: Sequence[str], kind: str) -> list[str]:
    """The recent types after one more use."""
    return [kind, *(other for other in recent if other != kind)][:KEPT]


def matching_alias(typed: str, cls: type[Node]) -> str:
    """The alias that was found, when it was not the title: so that Read explains itself."""
    if not typed.strip() or best_of(typed, [title_of(cls), cls.type]) is not None:
        return ""
    scored = [(best_of(typed, [alias]), alias) for alias in cls.aliases]
    fits = [(found, alias) for found, alias in scored if found is not None]
    return max(fits)[1] if fits else ""
