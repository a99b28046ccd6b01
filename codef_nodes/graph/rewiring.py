"""Commands of the node editor that rewire: extract, connect in click order, swap.

And the questions that wiring by hand asks: which input would take this, and why not.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from codef_nodes.graph.commands import Command, Connect, Group, check_wire, rewire
from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import Edit
from codef_nodes.graph.registry import UnknownNode
from codef_nodes.graph.types import Readers, compatible, gives, readers_of_all, takes
from engine.errors import UsageError


@dataclass
class Extract(Command):
    """Takes nodes out of the stream without deleting them; wires among them stay.

    Their readers read what the nodes' main input came from instead.
    """

    names: Sequence[str]

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Extract {self.names[0]}" if len(self.names) == 1 else "Extract nodes"

    def edits(self, document: Document) -> list[Edit]:
        """The wires that cross the border of the set."""
        inside = set(self.names)
        edits: list[Edit] = []
        for reader, state in document.nodes.items():
            for port in state.inputs:
                wires = document.wires(reader, port)
                if reader in inside:
                    kept = [wire for wire in wires if wire in inside]
                else:
                    kept = [
                        healed
                        for wire in wires
                        if (healed := _healed(document, wire, inside, reader, port)) is not None
                    ]
                if list(wires) != kept:
                    edits += rewire(document, reader, port, kept)
        for name in self.names:
            document.state(name)
        return edits


@dataclass
class SwapInputs(Command):
    """Swaps A and B: the first two inputs that take the same type."""

    name: str

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Swap inputs of {self.name}"

    def edits(self, document: Document) -> list[Edit]:
        """Two inputs."""
        first, second = swappable(document, self.name)
        one, two = document.wires(self.name, first), document.wires(self.name, second)
        return [
            *rewire(document, self.name, first, list(two)),
            *rewire(document, self.name, second, list(one)),
        ]


@dataclass
class DisconnectAll(Command):
    """Takes the wires off all inputs of nodes."""

    names: Sequence[str]

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return "Disconnect " + (self.names[0] if len(self.names) == 1 else "nodes")

    def edits(self, document: Document) -> list[Edit]:
        """Every input."""
        return [
            edit
            for name in self.names
            for port in document.state(name).inputs
            for edit in rewire(document, name, port, [])
        ]


@dataclass
class CutWires(Command):
    """Takes single wires away.

    Attributes:
        wires: Reader, its input, position in it.
    """

    wires: Collection[tuple[str, str, int]]

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return "Cut wire" if len(self.wires) == 1 else "Cut wires"

    def edits(self, document: Document) -> list[Edit]:
        """The inputs that lose a wire."""
        edits: list[Edit] = []
        for reader, port in dict.fromkeys((reader, port) for reader, port, _ in self.wires):
            kept = [
                wire
                for index, wire in enumerate(document.wires(reader, port))
                if (reader, port, index) not in self.wires
            ]
            edits += rewire(document, reader, port, kept)
        return edits


def connect_in_order(document: Document, names: Sequence[str]) -> Group:
    """Wires nodes in the order they were clicked: each to the next.

    A node that takes nothing waits for the next that does, so that two clips and a Merge become
    the two inputs of the Merge.

    Raises:
        UsageError: Nothing can be wired.
    """
    trial = document.copied()
    waiting: list[str] = list(names[:1])
    commands: list[Command] = []
    reason = "select two nodes or more, in the order of the stream"
    for name in names[1:]:
        used: set[str] = set()
        wired = False
        for source in waiting:
            try:
                port = best_input(trial, source, name, used)
                Connect(source, name, port).run(trial)
            except UsageError as error:
                reason = str(error)
                continue
            used.add(port)
            commands.append(Connect(source, name, port))
            wired = True
        waiting = [name] if wired else [*waiting, name]
    if not commands:
        raise UsageError(reason)
    return Group(commands, "Connect nodes")


def best_input(
    document: Document,
    source: str,
    node: str,
    used: Collection[str] = (),
    readers: Readers | None = None,
) -> str:
    """The input of a node that a wire from a source belongs in.

    A free one before one that would lose its wire; the main input before others; an edit of a
    canonical image goes where edits go.

    Args:
        document: The document.
        source: The node that gives.
        node: The node that would read.
        used: Inputs that are spoken for.
        readers: ``readers_of_all``, where many nodes are asked.

    Raises:
        UsageError: None of its inputs takes what the source gives.
    """
    given = gives(document, source, readers)
    cls = document.node_class(node)
    if cls is UnknownNode:
        ports = list(document.state(node).inputs)
    else:
        ports = [port.name for port in cls.inputs]
    fitting = [port for port in ports if compatible(given, takes(document, node, port, readers))]
    if not fitting:
        if given is None:
            raise UsageError(f"{source} gives nothing that could be wired", node=source)
        if not ports:
            raise UsageError(f"{node} has no inputs", node=node)
        raise UsageError(f"{node} has no input for {given}, which {source} gives", node=node)
    main = "edit" if "edit" in fitting and _is_edit(document, source) else document.main_input(node)
    free = [port for port in fitting if port not in used and _is_free(document, node, port)]
    for group in (free, [port for port in fitting if port not in used], fitting):
        if main in group:
            return str(main)
        required = [port for port in group if not _optional(document, node, port)]
        if group:
            return (required or group)[0]
    return fitting[0]


def drop_targets(document: Document, source: str) -> dict[str, str | None]:
    """For every other node: None if a wire from the source can be dropped on it, else why not."""
    readers = readers_of_all(document)
    above = set(document.upstream(source))
    found: dict[str, str | None] = {}
    for node in document.nodes:
        if node == source:
            continue
        if node in above:
            found[node] = f"{source} already reads {node}: the wire would close a cycle"
            continue
        try:
            best_input(document, source, node, readers=readers)
            found[node] = None
        except UsageError as error:
            found[node] = str(error)
    return found


def source_targets(document: Document, node: str, port: str) -> dict[str, str | None]:
    """For every other node: None if the input can read it, else why not."""
    readers = readers_of_all(document)
    below, waiting = {node}, [node]
    while waiting:
        for reader, _ in readers.get(waiting.pop(), []):
            if reader not in below:
                below.add(reader)
                waiting.append(reader)
    taken = takes(document, node, port, readers)
    found: dict[str, str | None] = {}
    for source in document.nodes:
        if source == node:
            continue
        given = gives(document, source, readers)
        if source in below:
            found[source] = f"{source} already reads {node}: the wire would close a cycle"
        elif compatible(given, taken):
            found[source] = None
        else:
            found[source] = f"{source} gives {given or 'nothing'}, but {node}.{port} takes {taken}"
    return found


def swappable(document: Document, name: str) -> tuple[str, str]:
    """The two inputs that ``SwapInputs`` swaps.

    Raises:
        UsageError: The node has no two of a kind.
    """
    cls = document.node_class(name)
    ports = [port for port in cls.inputs if not port.variadic]
    for place, first in enumerate(ports):
        for second in ports[place + 1 :]:
            if first.type == second.type:
                return first.name, second.name
    raise UsageError(f"{name} has no two inputs of one type to swap", node=name)


def can_insert(document: Document, name: str, node: str, port: str, index: int) -> bool:
    """Whether a loose node could go onto a wire: wired to nothing yet, and the types match."""
    main = document.main_input(name)
    wires = document.wires(node, port)
    if main is None or not 0 <= index < len(wires) or name in (node, wires[index]):
        return False
    if any(document.wires(name, each) for each in document.state(name).inputs):
        return False
    try:
        check_wire(document, wires[index], name, main)
        check_wire(document, name, node, port)
    except UsageError:
        return False
    return not document.readers(name)


def _healed(
    document: Document, wire: str, inside: Collection[str], reader: str, port: str
) -> str | None:
    """What a reader reads instead of a node that leaves the stream."""
    while wire in inside:
        main = document.main_input(wire)
        sources = document.wires(wire, main) if main else ()
        if not sources:
            return None
        wire = sources[0]
        if wire not in inside and not compatible(
            gives(document, wire), takes(document, reader, port)
        ):
            return None
    return wire


def _is_free(document: Document, node: str, port: str) -> bool:
    described = document.node_class(node).port(port)
    variadic = described is not None and described.variadic
    return variadic or not document.wires(node, port)


def _optional(document: Document, node: str, port: str) -> bool:
    described = document.node_class(node).port(port)
    return described is None or described.optional


def _is_edit(document: Document, source: str) -> bool:
    """Whether a picture is in canonical space: it comes down from a canonical view, or from the
    stabilised plate."""
    return any(
        document.state(name).type == "CanonicalView" or document.node_class(name).canvas
        for name in document.upstream(source)
    )
