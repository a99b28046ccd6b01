"""Flags of a node that no result depends on: how it is drawn, and what is kept of it."""

from dataclasses import dataclass

from codef_nodes.graph.command import Command
from codef_nodes.graph.commands import put
from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import ABSENT, Edit

HIDE_INPUTS = "hide_inputs"
"""The wires that arrive at the node are not drawn."""
STAMP = "stamp"
"""A small picture of the result is drawn on the node; where nothing is said, the window chooses."""
KEEP = "keep"
"""Its pictures are kept in the disk cache too: the next session need not compute them."""

_TITLES = {
    (KEEP, True): "Keep on disk",
    (KEEP, False): "Keep no longer on disk",
    (HIDE_INPUTS, True): "Hide inputs of",
    (HIDE_INPUTS, False): "Show inputs of",
    (STAMP, True): "Postage stamp on",
    (STAMP, False): "No postage stamp on",
}


@dataclass
class SetFlag(Command):
    """Sets a flag, kept where versions that do not know it leave it alone.

    Attributes:
        name: The node.
        flag: ``HIDE_INPUTS``, ``STAMP`` or ``KEEP``.
        on: Its value; None says nothing.
    """

    name: str
    flag: str
    on: bool | None

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"{_TITLES[self.flag, bool(self.on)]} {self.name}"

    def edits(self, document: Document) -> list[Edit]:
        """One flag."""
        return put(document, self.name, self.flag, ABSENT if self.on is None else self.on)


def flag(document: Document, name: str, which: str) -> bool | None:
    """The value of a flag; None: the document says nothing."""
    stored = document.state(name).stored(which)
    return stored if isinstance(stored, bool) else None
