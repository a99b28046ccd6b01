"""The ten inputs of the Viewer node: what the digits wire and look at. No Qt."""

from codef_nodes.graph.commands import AddNode, Command, Connect, Group
from codef_nodes.graph.document import Document

VIEWER, COMPARE = "Viewer", "compare"
COUNT = 10


def port_of(number: int) -> str:
    """Name of an input, counted from 1."""
    return "image" if number == 1 else f"image_{number}"


def viewer_of(document: Document) -> str | None:
    """The Viewer node that the digits are about: the first."""
    return next((name for name, state in document.nodes.items() if state.type == VIEWER), None)


def wired(document: Document) -> dict[int, str]:
    """What is wired to each input of the Viewer node, by number."""
    viewer = viewer_of(document)
    if viewer is None:
        return {}
    found = ((number, document.wires(viewer, port_of(number))) for number in range(1, COUNT + 1))
    return {number: wires[0] for number, wires in found if wires and wires[0] in document}


def compared(document: Document) -> str | None:
    """What is wired to the B side of the Viewer node."""
    viewer = viewer_of(document)
    wires = document.wires(viewer, COMPARE) if viewer is not None else ()
    return wires[0] if wires and wires[0] in document else None


def connect(document: Document, node: str, port: str, place: tuple[float, float]) -> Command | None:
    """Wires a node to an input of the Viewer node, which is made where there is none.

    Args:
        document: The document.
        node: What is looked at.
        port: The input, or ``compare``.
        place: Where a new Viewer node goes.

    Returns:
        One step of undo, or None where the wire is there.
    """
    viewer = viewer_of(document)
    commands: list[Command] = []
    if viewer is None:
        viewer = document.free_name(VIEWER)
        commands.append(AddNode(VIEWER, viewer, place))
    elif document.wires(viewer, port) == (node,):
        return None
    commands.append(Connect(node, viewer, port))
    return Group(commands, f"View {node}")
