"""Commands: the only way to change a document.

A command is made with plain values, checks itself against the document and yields the smallest
exact edits; ``History.do`` runs it so that it can be undone.
"""

import difflib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codef_nodes.graph.document import Document, finite_position, setting
from codef_nodes.graph.edits import ABSENT, Edit, Put, RenameKey, Splice, difference, inverse
from codef_nodes.graph.jsonvalue import JSON, plain, same
from codef_nodes.graph.port import ANY
from codef_nodes.graph.registry import UnknownNode
from codef_nodes.graph.types import compatible, gives, takes
from engine.errors import UsageError


class Command(ABC):
    """One change."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the Edit menu shows after "Undo"."""

    @abstractmethod
    def edits(self, document: Document) -> list[Edit]:
        """The edits that this command means for the document as it is now.

        Raises:
            UsageError: The command makes no sense there.
        """

    def run(self, document: Document) -> list[Edit]:
        """Changes the document and returns what was changed (empty: nothing)."""
        edits = self.edits(document)
        if edits:
            document.apply_edits(edits)
        return edits


@dataclass
class AddNode(Command):
    """Adds a node.

    Attributes:
        type: Type of the node; it must be known.
        name: Name; empty: one is made from the type. Holds the name afterwards.
        position: Where it is drawn.
        knobs: Values to start with.
    """

    type: str
    name: str = ""
    position: tuple[float, float] = (0.0, 0.0)
    knobs: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Add {self.name or self.type}"

    def edits(self, document: Document) -> list[Edit]:
        """One node block."""
        cls = document.registry.node_class(self.type)
        if cls is UnknownNode:
            names = [known.type for known in document.registry.all_node_classes()]
            near = difflib.get_close_matches(self.type, names, 3, 0.5)
            hint = "did you mean " + " or ".join(near) + "?" if near else "see: codef nodes"
            raise UsageError(f"there is no node type {self.type!r}; {hint}")
        self.name = self.name or document.free_name(self.type)
        document.check_new_name(self.name)
        knobs = {}
        for name, value in self.knobs.items():
            described = cls.knob(name)
            if described is None:
                raise UsageError(f"{self.name} ({self.type}) has no knob {name!r}", node=self.name)
            checked = described.check(value, self.name)
            if not same(checked, described.check(described.default)):
                knobs[name] = checked
        block = {
            "type": cls.type,
            "version": cls.version,
            "knobs": knobs,
            "inputs": {},
            "position": finite_position(*self.position),
        }
        return [Put(("nodes", self.name), ABSENT, block)]


@dataclass
class RemoveNode(Command):
    """Removes a node and heals its wires: its readers read its main input instead."""

    name: str

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Remove {self.name}"

    def edits(self, document: Document) -> list[Edit]:
        """The readers' wires and the block."""
        document.state(self.name)
        main = document.main_input(self.name)
        sources = document.wires(self.name, main) if main else ()
        heal = sources[0] if sources else None
        touched = dict.fromkeys((reader, port) for reader, port, _ in document.readers(self.name))
        edits: list[Edit] = []
        for reader, port in touched:
            fits = heal is not None and _fits(document, heal, reader, port)
            replaced = [
                heal if wire == self.name else wire for wire in document.wires(reader, port)
            ]
            kept = [wire for wire in replaced if wire is not None and (fits or wire != heal)]
            edits += rewire(document, reader, port, kept)
        return [*edits, Put(("nodes", self.name), document.state(self.name).block(), ABSENT)]


@dataclass
class SetKnob(Command):
    """Sets a knob; the default is stored as nothing."""

    node: str
    knob: str
    value: JSON

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Set {self.node}.{self.knob}"

    def edits(self, document: Document) -> list[Edit]:
        """The smallest difference of the value."""
        described = document.knob(self.node, self.knob)
        value = described.check(self.value, self.node)
        path = ("nodes", self.node, "knobs", self.knob)
        before = document.state(self.node).knobs.get(self.knob, ABSENT)
        after = ABSENT if same(value, described.check(described.default)) else value
        if before is ABSENT or after is ABSENT:
            return [] if before is after else [Put(path, plain_or_absent(before), after)]
        return difference(path, plain(before), after)


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


@dataclass
class Rename(Command):
    """Renames a node; its readers follow."""

    name: str
    to: str

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Rename {self.name} to {self.to}"

    def edits(self, document: Document) -> list[Edit]:
        """The name and the wires that hold it."""
        document.state(self.name)
        if self.to == self.name:
            return []
        document.check_new_name(self.to, instead_of=self.name)
        edits: list[Edit] = []
        for reader, port in dict.fromkeys((r, p) for r, p, _ in document.readers(self.name)):
            wires = [self.to if w == self.name else w for w in document.wires(reader, port)]
            edits += rewire(document, reader, port, wires)
        return [*edits, RenameKey(("nodes",), self.name, self.to)]


@dataclass
class Move(Command):
    """Moves nodes on the desk: name to (x, y)."""

    positions: Mapping[str, tuple[float, float]]

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return "Move " + (next(iter(self.positions)) if len(self.positions) == 1 else "nodes")

    def edits(self, document: Document) -> list[Edit]:
        """One position per node that moved."""
        edits: list[Edit] = []
        for name, (x, y) in self.positions.items():
            edits += _put(document, name, "position", finite_position(x, y))
        return edits


@dataclass
class SetDisabled(Command):
    """Disables a node (its main input passes) or enables it."""

    name: str
    disabled: bool = True

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"{'Disable' if self.disabled else 'Enable'} {self.name}"

    def edits(self, document: Document) -> list[Edit]:
        """One flag."""
        return _put(document, self.name, "disabled", True if self.disabled else ABSENT)


@dataclass
class SetLabel(Command):
    """Writes the artist's note on a node."""

    name: str
    label: str

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Label {self.name}"

    def edits(self, document: Document) -> list[Edit]:
        """One text."""
        return _put(document, self.name, "label", str(self.label) or ABSENT)


@dataclass
class SetSetting(Command):
    """Sets a project setting; the default is stored as nothing."""

    name: str
    value: JSON

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Set {self.name.replace('_', ' ')}"

    def edits(self, document: Document) -> list[Edit]:
        """One value."""
        described = setting(self.name)
        value = described.check(self.value)
        before = document.stored_setting(self.name)
        after = ABSENT if same(value, described.check(described.default)) else value
        if before is after or same(before, after):
            return []
        return [Put(("settings", self.name), before, after)]


@dataclass
class EditStrokes(Command):
    """Replaces a run of strokes: append, replace, remove, reorder one without storing the rest.

    Attributes:
        node: The node that holds them.
        index: Where the run starts; None: at the end.
        remove: How many strokes go.
        add: The strokes that come.
        knob: Name of the knob of kind ``strokes``.
    """

    node: str
    index: int | None = None
    remove: int = 0
    add: Sequence[JSON] = ()
    knob: str = "strokes"

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"{'Paint' if not self.remove else 'Edit strokes'} on {self.node}"

    def edits(self, document: Document) -> list[Edit]:
        """A splice of the list, or less."""
        described = document.knob(self.node, self.knob)
        if described.kind != "strokes":
            raise UsageError(f"{self.node}.{self.knob} holds no strokes", node=self.node)
        added = described.check(list(self.add), self.node)
        stored = document.state(self.node).knobs.get(self.knob, ABSENT)
        now = list(described.default if stored is ABSENT else stored)
        at = len(now) if self.index is None else self.index
        if at < 0 or self.remove < 0 or at + self.remove > len(now):
            raise UsageError(
                f"{self.node} has {len(now)} strokes: no {self.remove} at place {at}",
                node=self.node,
            )
        after = now[:at] + added + now[at + self.remove :]
        if stored is ABSENT or not after:
            return SetKnob(self.node, self.knob, after).edits(document)
        path = ("nodes", self.node, "knobs", self.knob)
        removed = plain(now[at : at + self.remove])
        if len(removed) == 1 == len(added):
            return difference((*path, at), removed[0], added[0])
        return [] if same(removed, added) else [Splice(path, at, removed, added)]


@dataclass
class RecordField(Command):
    """Notes which finished fit belongs to a node (see ``graph/assets.py``); None forgets it."""

    node: str
    record: Mapping[str, JSON] | None

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return f"Fit {self.node}"

    def edits(self, document: Document) -> list[Edit]:
        """One record."""
        after = ABSENT if self.record is None else plain(dict(self.record))
        return _put(document, self.node, "field", after)


@dataclass
class Group(Command):
    """Several commands as one: a macro, a gesture."""

    commands: Sequence[Command]
    name: str = ""

    @property
    def title(self) -> str:
        """What the Edit menu shows."""
        return self.name or (self.commands[0].title if self.commands else "Nothing")

    def edits(self, document: Document) -> list[Edit]:
        """What the commands come to, found out on a copy."""
        return self.run(document.copied())

    def run(self, document: Document) -> list[Edit]:
        """Runs them in order; if one is refused, none has happened."""
        done: list[Edit] = []
        try:
            for command in self.commands:
                done += command.run(document)
        except Exception:
            document.apply_edits(inverse(done))
            raise
        return done


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


def plain_or_absent(value: JSON) -> JSON:
    """A copy, or ABSENT as it is."""
    return value if value is ABSENT else plain(value)


def _put(document: Document, node: str, name: str, after: JSON) -> list[Edit]:
    before = document.state(node).stored(name)
    if before is after or same(before, after):
        return []
    return [Put(("nodes", node, name), before, after)]


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


def _variadic(document: Document, node: str, port: str) -> bool:
    described = document.node_class(node).port(port)
    if described is not None:
        return described.variadic
    return isinstance(document.state(node).inputs.get(port), list)


def _fits(document: Document, source: str, node: str, port: str) -> bool:
    # An input that the reader's class does not know is kept as it is.
    taken = takes(document, node, port) or ANY
    return compatible(gives(document, source), taken)
