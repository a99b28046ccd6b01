"""Clones: nodes of one type that share their knobs, their label and whether they are disabled.

Each keeps its own name, place, wires and fit. In the document every clone is a whole node that
carries the number of its family as ``clone``: whoever does not know clones reads plain nodes.
"""

from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON, same

MARK = "clone"
SHARED = ("type", "version", "knobs", "label", "disabled")


def family(document: Document, name: str) -> int | None:
    """Number of the family that a node belongs to; it may be alone in it."""
    return family_of(document.state(name).stored(MARK))


def family_of(stored: JSON) -> int | None:
    """The number that a block holds, if it is one."""
    return stored if isinstance(stored, int) and not isinstance(stored, bool) else None


def with_clones(document: Document, name: str) -> list[str]:
    """A node and its clones, the node first."""
    mine = family(document, name)
    if mine is None:
        return [name]
    return [name, *(n for n in document.nodes if n != name and family(document, n) == mine)]


def clone_blocks(nodes: dict[str, dict[str, JSON]], name: str) -> list[dict[str, JSON]]:
    """The block of a node and those of its clones."""
    mine = family_of(nodes[name].get(MARK))
    if mine is None:
        return [nodes[name]]
    return [block for block in nodes.values() if family_of(block.get(MARK)) == mine]


def new_family(document: Document) -> int:
    """A number that no family has."""
    used = (family(document, name) or 0 for name in document.nodes)
    return max(used, default=0) + 1


def alike(one: dict[str, JSON], other: dict[str, JSON]) -> bool:
    """Whether two blocks hold the same in all that clones share."""
    return all(same(one.get(part), other.get(part)) for part in SHARED)


def loosened(nodes: dict[str, dict[str, JSON]]) -> list[str]:
    """Takes nodes out of families that they are no longer like, and names them.

    A version that does not know clones, or a hand, may have changed one of them alone.

    Args:
        nodes: The blocks of a document; changed in place.
    """
    first: dict[int, dict[str, JSON]] = {}
    loose = []
    for name in sorted(nodes):
        number = family_of(nodes[name].get(MARK))
        if number is not None and not alike(first.setdefault(number, nodes[name]), nodes[name]):
            del nodes[name][MARK]
            loose.append(name)
    return loose
