"""Commands of single wires, and what every command that rewires asks."""

from dataclasses import dataclass

from codef_nodes.graph.command import Command
from codef_nodes.graph.document import Document
from codef_nodes.graph.edits import ABSENT, Edit, Put
from codef_nodes.graph.jsonvalue import JSON, same
from codef_nodes.graph.port import ANY
from codef_nodes.graph.registry import UnknownNode
from codef_nodes.graph.types import compatible, gives, takes
from engine.errors import UsageError


@dataclass
class Connect(Command):
    """Wires the output of a node to an input of another.

    Attributes:
        source: The node that gives.
        node: The node that reads.
        port: Its input.
        index: Position in a variadic input; None: at the end. Elsewhere the wire is replaced.
    """

    source: str
    node: str
    port: str
    index: int | None = None

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Connect {self.source} to {self.node}"

    def edits(self, document: Document) -> list[Edit]:
        """The wires of that input."""
        check_wire(document, self.source, self.node, self.port)
        wires = list(document.wires(self.node, self.port))
        if _variadic(document, self.node, self.port):
            at = len(wires) if self.index is None else self.index
            if not 0 <= at <= len(wires):
                raise UsageError(
                    f"{self.node}.{self.port} has {len(wires)} wires: no place {at}",
                    node=self.node,
                )
            wires.insert(at, self.source)
        else:
            wires = [self.source]
        return rewire(document, self.node, self.port, wires)


@dataclass
class Disconnect(Command):
    """Takes the wire off an input; ``index`` chooses one of a variadic input, None takes all."""

    node: str
    port: str
    index: int | None = None

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Disconnect {self.node}.{self.port}"

    def edits(self, document: Document) -> list[Edit]:
        """The wires of that input."""
        wires = list(document.wires(self.node, self.port))
        if self.index is None:
            wires = []
        elif 0 <= self.index < len(wires):
            del wires[self.index]
        else:
            raise UsageError(f"{self.node}.{self.port} has no wire {self.index}", node=self.node)
        return rewire(document, self.node, self.port, wires)


@dataclass
class InsertOnWire(Command):
    """Puts a node that is there onto the wire of an input.

    Attributes:
        name: The node to insert; its main input is wired to what the wire came from.
        node: The reader whose wire it is.
        port: The reader's input.
        index: Which wire of a variadic input.
    """

    name: str
    node: str
    port: str
    index: int = 0

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Insert {self.name}"

    def edits(self, document: Document) -> list[Edit]:
        """Two wires."""
        wires = list(document.wires(self.node, self.port))
        if not 0 <= self.index < len(wires):
            raise UsageError(f"{self.node}.{self.port} has no wire {self.index}", node=self.node)
        main = document.main_input(self.name)
        if main is None:
            raise UsageError(f"{self.name} has no input that a wire could go to", node=self.name)
        source = wires[self.index]
        check_wire(document, source, self.name, main)
        check_wire(document, self.name, self.node, self.port)
        wires[self.index] = self.name
        return [
            *rewire(document, self.name, main, [source]),
            *rewire(document, self.node, self.port, wires),
        ]


def check_wire(document: Document, source: str, node: str, port: str) -> None:
    """Refuses a wire whose types do not match or that would close a cycle.

    Raises:
        UsageError: As said, naming nodes, input and types.
    """
    reader = document.node_class(node)
    document.state(source)
    if reader is not UnknownNode:
        described = reader.port(port)
        if described is None:
            names = ", ".join(known.name for known in reader.inputs) or "none"
            raise UsageError(f"{node} has no input {port!r}; it has {names}", node=node)
        given, taken = gives(document, source), takes(document, node, port)
        if not compatible(given, taken):
            raise UsageError(
                f"{source} gives {given or 'nothing'}, but {node}.{port} takes {taken}", node=node
            )
    if node in document.upstream(source):
        raise UsageError(
            f"wiring {source} to {node}.{port} would form a cycle, "
            f"since {source} already reads {node}",
            node=node,
        )


def rewire(document: Document, node: str, port: str, wires: list[str]) -> list[Edit]:
    """The edit that gives an input these wires; the wires themselves are not checked."""
    path = ("nodes", node, "inputs", port)
    stored = document.state(node).inputs.get(port, ABSENT)
    before = list(stored) if isinstance(stored, list) else stored
    after: JSON = ABSENT
    if wires:
        after = list(wires) if _variadic(document, node, port) else wires[0]
    if before is after or same(before, after):
        return []
    return [Put(path, before, after)]


def fits(document: Document, source: str, node: str, port: str) -> bool:
    # An input that the reader's class does not know is kept as it is.
    taken = takes(document, node, port) or ANY
    return compatible(gives(document, source), taken)


def _variadic(document: Document, node: str, port: str) -> bool:
    described = document.node_class(node).port(port)
    if described is not None:
        return described.variadic
    return isinstance(document.state(node).inputs.get(port), list)
