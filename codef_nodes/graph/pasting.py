"""Commands that bring nodes in as copies or as clones, and the one that ends cloning."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from codef_nodes.graph.clipboard import CLONE_OF
from codef_nodes.graph.clones import MARK, alike, family, family_of, new_family
from codef_nodes.graph.command import Command
from codef_nodes.graph.commands import put
from codef_nodes.graph.document import Document, finite_position
from codef_nodes.graph.edits import ABSENT, Edit, Put
from codef_nodes.graph.jsonvalue import JSON, same


@dataclass
class Paste(Command):
    """Adds the nodes of another document (a clipboard) with the wires among them.

    Attributes:
        fragment: What to add.
        offset: Added to the positions.
        names: From the names in the fragment to those they got; filled in when it runs.
    """

    fragment: Document
    offset: tuple[float, float] = (0.0, 0.0)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return "Paste " + (
            "nodes" if len(self.fragment.nodes) > 1 else next(iter(self.fragment.nodes))
        )

    def edits(self, document: Document) -> list[Edit]:
        """One block per node."""
        self.names.clear()
        taken = {name.casefold() for name in document.nodes}
        for name in self.fragment.nodes:
            self.names[name] = _free(name, taken)
            taken.add(self.names[name].casefold())
        records = [state.field for state in document.nodes.values() if state.field is not None]
        edits: list[Edit] = []
        families: dict[object, int] = {}
        for name, state in self.fragment.nodes.items():
            block = state.block()
            x, y = state.position
            block["position"] = finite_position(x + self.offset[0], y + self.offset[1])
            block["inputs"] = {
                port: [self.names[wire] for wire in wires]
                if isinstance(wires, list)
                else self.names[wires]
                for port, wires in block["inputs"].items()
            }
            # The record of a fit names a folder beside the document that it came from: it means
            # nothing elsewhere.
            known = any(same(dict(record), block.get("field")) for record in records)
            if "field" in block and not known:
                del block["field"]
            edits += self._join_family(document, block, families)
            edits.append(Put(("nodes", self.names[name]), ABSENT, block))
        return edits

    def _join_family(
        self, document: Document, block: dict[str, JSON], families: dict[object, int]
    ) -> list[Edit]:
        """Makes a block the clone that it says it is; returns what that changes elsewhere.

        Args:
            document: Where it goes.
            block: Changed in place.
            families: Numbers by what the fragment calls them; those found are added.
        """
        original, number = block.pop(CLONE_OF, None), family_of(block.pop(MARK, None))
        there = isinstance(original, str) and original in document
        if there and alike(document.state(original).block(), block):
            known = family(document, original)
            block[MARK] = known or new_family(document) + len(families)
            families[original] = block[MARK]
            return [] if known else put(document, original, MARK, block[MARK])
        if number is not None:
            if number not in families:
                families[number] = new_family(document) + len(families)
            block[MARK] = families[number]
        return []


@dataclass
class Declone(Command):
    """Makes nodes independent of their clones; their knobs stay as they are."""

    names: Sequence[str]

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Declone {self.names[0]}" if len(self.names) == 1 else "Declone nodes"

    def edits(self, document: Document) -> list[Edit]:
        """One mark per node."""
        return [edit for name in self.names for edit in put(document, name, MARK, ABSENT)]


def _free(name: str, taken: Collection[str]) -> str:
    if name.casefold() not in taken:
        return name
    stem, number = re.sub(r"\d+$", "", name) or "Node", 1
    while f"{stem}{number}".casefold() in taken:
        number += 1
    return f"{stem}{number}"
