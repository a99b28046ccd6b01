"""The groups that a node's pictures show, with their colours, by the document alone."""

from codef_nodes.graph.document import Document
from codef_nodes.work.groupentries import GroupEntry, listed

GROUPS = "MaskGroup"


def groups_above(document: Document, node: str) -> list[GroupEntry]:
    """The groups of the MaskGroup that a node reads, itself, or through the fit it belongs to.

    Raises:
        UsageError: One of them has a colour that is none.
    """
    found = next(
        (
            name
            for name in reversed(document.upstream(node))
            if document.state(name).type == GROUPS and not document.state(name).disabled
        ),
        None,
    )
    return [] if found is None else groups_of(document, found)


def groups_of(document: Document, node: str) -> list[GroupEntry]:
    """The groups of a MaskGroup, front to back."""
    knob = document.knob_value
    return listed(
        document.wires(node, "masks"),
        knob(node, "files"),
        knob(node, "names"),
        knob(node, "kinds"),
        knob(node, "groups"),
    )


def colours_above(document: Document, node: str) -> list[str]:
    """Their colours, front to back."""
    return [group.colour for group in groups_above(document, node)]
