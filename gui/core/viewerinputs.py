"""The ten inputs of the Viewer node: what the digits wire and look at. No Qt."""

from codef_nodes.graph.commands import AddNode, Command, Connect, Group, SetKnob
from codef_nodes.graph.document import Document
from engine.errors import UsageError

VIEWER, COMPARE, INPUT = "Viewer", "compare", "input"
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


def first_looked_at(document: Document) -> int:
    """The input that the Viewer node says; 0: there is no such node, or no such number."""
    viewer = viewer_of(document)
    try:
        return int(document.knob_value(viewer, INPUT)) if viewer is not None else 0
    except UsageError:  # a value of a file that the knob refuses
        return 0


def connect(
    document: Document, node: str, port: str, place: tuple[float, float], *, first: int = 0
) -> Command | None:
    """Wires a node to an input of the Viewer node, which is made where there is none.

    Args:
        document: The document.
        node: What is looked at.
        port: The input, or ``compare``.
        place: Where a new Viewer node goes.
        first: The input that the document opens on; 0: as it was.

    Returns:
        One step of undo, or None where all is as wanted.
    """
    viewer = viewer_of(document)
    commands: list[Command] = []
    if viewer is None:
        viewer = document.free_name(VIEWER)
        commands.append(AddNode(VIEWER, viewer, place, {INPUT: first} if first > 1 else {}))
    elif first and first_looked_at(document) != first:
        commands.append(SetKnob(viewer, INPUT, first))
    if viewer not in document or document.wires(viewer, port) != (node,):
        commands.append(Connect(node, viewer, port))
    return Group(commands, f"View {node}") if commands else None
