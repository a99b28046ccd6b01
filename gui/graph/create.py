"""Where a new node goes and what it is wired to. No Qt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codef_nodes.graph.commands import AddNode, Command, Connect, Disconnect, Group, Move
from codef_nodes.graph.document import Document
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.rewiring import best_input
from codef_nodes.graph.types import compatible, gives, readers_of_all, takes
from engine.errors import UsageError
from gui.graph.catalogue import Wanted
from gui.graph.flow import DOWN, Flow
from gui.graph.metrics import DOT_SIZE, NODE_HEIGHT, NODE_WIDTH

_STILL = ("Backdrop",)


@dataclass(frozen=True)
class Creation:
    """A node to be made.

    Attributes:
        command: Makes, places and wires it in one step.
        name: What it will be called.
    """

    command: Group
    name: str


def create(
    document: Document,
    kind: str,
    place: tuple[float, float],
    *,
    below: str | None = None,
    wanted: Wanted | None = None,
    branch: bool = False,
    knobs: Mapping[str, JSON] | None = None,
    stem: str = "",
    flow: Flow = DOWN,
) -> Creation:
    """A new node, wired as far as the types allow.

    Args:
        document: Where it comes to be.
        kind: Its type.
        place: Its middle, when nothing else says where it goes.
        below: The selected node: the new one goes below it, reads it and feeds its readers.
        wanted: The wire that was let go over nothing.
        branch: Leave the readers of the selected node as they are.
        knobs: Values to start with.
        stem: What it is called before its number; empty: its type.
        flow: Which way the stream runs.
    """
    name = document.free_name(stem or kind)
    size = size_of(kind)
    at = (place[0] - size[0] / 2, place[1] - size[1] / 2)
    trial = document.copied()
    first: list[Command] = []
    if below is not None and wanted is None and _edits_stills(document, below, kind):
        # Nobody paints on a fit: what is meant is its still.
        still = create(document, "CanonicalView", place, below=below, flow=flow)
        _run(trial, first, still.command)
        below = still.name
    AddNode(kind, name, knobs=knobs or {}).run(trial)
    commands: list[Command] = []
    if wanted is not None and wanted.source is not None:
        at = flow.docked(place, size, giver=False)
        _wire(trial, commands, wanted.source, name)
    elif wanted is not None and wanted.reader is not None:
        node, port, index = wanted.reader
        at = flow.docked(place, size, giver=True)
        if len(trial.wires(node, port)) > index:
            _run(trial, commands, Disconnect(node, port, index))
        _run(trial, commands, Connect(name, node, port))
    elif below is not None and kind not in _STILL:
        at = _below(trial, commands, below, name, kind, branch=branch, flow=flow)
    elif kind not in _STILL:
        while _taken(trial, at, name):
            at = _aside(at, flow)
    commands.insert(0, AddNode(kind, name, (round(at[0]), round(at[1])), knobs or {}))
    return Creation(Group([*first, *commands], f"Create {name}"), name)


def _edits_stills(document: Document, above: str, kind: str) -> bool:
    """Whether a node edits pictures and is asked for below a fit, which gives none itself."""
    if above not in document or document.node_class(above).output != "field":
        return False
    cls = document.registry.node_class(kind)
    needed = [port.type for port in cls.inputs if not port.optional]
    return cls.category == "Edit" and needed == ["image"]


def size_of(kind: str) -> tuple[float, float]:
    """Size of a node on the desk."""
    return (DOT_SIZE, DOT_SIZE) if kind == "Dot" else (NODE_WIDTH, NODE_HEIGHT)


def place_beside(
    document: Document, name: str, kind: str, flow: Flow = DOWN
) -> tuple[float, float]:
    """A free place after a node and beside its stream, as for a viewer.

    Args:
        document: The document.
        name: The node.
        kind: Type of what goes there.
        flow: Which way the stream runs.
    """
    state = document.state(name)
    spot = _aside(flow.after(state.position, size_of(state.type), size_of(kind)), flow)
    while _taken(document, spot, ""):
        spot = _aside(spot, flow)
    return spot


def _aside(spot: tuple[float, float], flow: Flow) -> tuple[float, float]:
    return spot[0] + flow.aside[0], spot[1] + flow.aside[1]


def _below(
    trial: Document,
    commands: list[Command],
    above: str,
    name: str,
    kind: str,
    *,
    branch: bool,
    flow: Flow,
) -> tuple[float, float]:
    state = trial.state(above)
    spot = flow.after(state.position, size_of(state.type), size_of(kind))
    readers = [] if branch else trial.readers(above)
    wired = _wire(trial, commands, above, name)
    moved: list[str] = []
    if wired and gives(trial, name) == gives(trial, above):
        for reader, port, index in readers:
            _run(trial, commands, Disconnect(reader, port, index))
            _run(trial, commands, Connect(name, reader, port, _place(trial, reader, port, index)))
        moved = _downstream(trial, [reader for reader, _, _ in readers])
    if not wired or not moved:
        # Nothing is below in the stream: step aside until there is room.
        while _taken(trial, spot, name):
            spot = _aside(spot, flow)
    else:
        axis, step = flow.axis, max(flow.onward)
        room = min(trial.state(each).position[axis] for each in moved) - spot[axis]
        push = max(1.0 - room / step, 0.0)
        if push > 0:
            places = {each: trial.state(each).position for each in moved}
            dx, dy = flow.onward[0] * push, flow.onward[1] * push
            commands.append(Move({each: (x + dx, y + dy) for each, (x, y) in places.items()}))
    return spot


def _wire(trial: Document, commands: list[Command], source: str, name: str) -> bool:
    try:
        port = best_input(trial, source, name)
    except UsageError:
        return False
    _run(trial, commands, Connect(source, name, port))
    if port == "edit":
        _bring_field(trial, commands, source, name)
    return True


def _bring_field(trial: Document, commands: list[Command], source: str, name: str) -> None:
    """A carrier of an edit needs the fit that the edited canonical came from."""
    for above in reversed(trial.upstream(source)):
        if trial.state(above).type == "CanonicalView" or trial.node_class(above).canvas:
            for fit in trial.wires(above, "field"):
                if compatible(gives(trial, fit), takes(trial, name, "field")):
                    _run(trial, commands, Connect(fit, name, "field"))
            return


def _run(trial: Document, commands: list[Command], command: Command) -> None:
    command.run(trial)
    commands.append(command)


def _place(trial: Document, node: str, port: str, index: int) -> int | None:
    described = trial.node_class(node).port(port)
    return index if described is not None and described.variadic else None


def _downstream(document: Document, names: Sequence[str]) -> list[str]:
    readers = readers_of_all(document)
    found, waiting = dict.fromkeys(names), list(names)
    while waiting:
        for reader, _ in readers.get(waiting.pop(), []):
            if reader not in found:
                found[reader] = None
                waiting.append(reader)
    return list(found)


def _taken(document: Document, spot: Sequence[float], leave_out: str) -> bool:
    for name, state in document.nodes.items():
        if name == leave_out or state.type == "Backdrop":
            continue
        x, y = state.position
        if abs(x - spot[0]) < NODE_WIDTH + 8 and abs(y - spot[1]) < NODE_HEIGHT + 16:
            return True
    return False
