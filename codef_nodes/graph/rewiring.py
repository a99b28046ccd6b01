"""Commands of the node editor that rewire: extract, connect in click order, swap, paste.

And the questions that wiring by hand asks: which input would take this, and why not.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from codef_nodes.graph.commands import Command, Connect, Group, check_wire, rewire
from codef_nodes.graph.document import Document, finite_position
from codef_nodes.graph.edits import ABSENT, Edit, Put
from codef_nodes.graph.jsonvalue import same
from codef_nodes.graph.registry import UnknownNode
from codef_nodes.graph.types import Readers, compatible, gives, readers_of_all, takes
from engine.errors import UsageError

_HIDDEN = "hide_inputs"


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


@dataclass
class HideInputs(Command):
    """Hides the wires that arrive at a node, for the eye only; or shows them again."""

    name: str
    hidden: bool = True

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"{'Hide' if self.hidden else 'Show'} inputs of {self.name}"

    def edits(self, document: Document) -> list[Edit]:
        """One flag, kept where versions that do not know it leave it alone."""
        before = document.state(self.name).stored(_HIDDEN)
        after = True if self.hidden else ABSENT
        return [] if before is after else [Put(("nodes", self.name, _HIDDEN), before, after)]


def hides_inputs(document: Document, name: str) -> bool:
    """Whether the wires that arrive at a node are hidden."""
    return document.state(name).stored(_HIDDEN) is True


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
            edits.append(Put(("nodes", self.names[name]), ABSENT, block))
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


def _free(name: str, taken: Collection[str]) -> str:
    if name.casefold() not in taken:
        return name
    stem, number = re.sub(r"\d+$", "", name) or "Node", 1
    while f"{stem}{number}".casefold() in taken:
        number += 1
    return f"{stem}{number}"
