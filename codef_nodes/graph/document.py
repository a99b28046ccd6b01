"""The document: settings, nodes and wires. Read it freely; only commands change it."""

import copy
import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

from codef_nodes.graph import registry as registry_module
from codef_nodes.graph.edits import ABSENT, Absent, Edit, RenameKey, inverse
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.knob import Knob
from codef_nodes.graph.node import Node
from codef_nodes.graph.registry import Registry, UnknownNode
from codef_nodes.graph.settings import SETTINGS
from codef_nodes.graph.suggest import nearest
from engine.errors import UsageError

SCHEMA = 1


@dataclass(frozen=True)
class Change:
    """One thing that changed.

    Attributes:
        kind: ``node`` (added, removed, renamed), ``knob``, ``wire``, ``disabled``, ``setting``,
            ``field`` (record of a finished fit) or ``layout`` (position, label and the like).
        node: Name of the node, or None for a setting.
        detail: Name of the knob, input or setting; for a rename, the old name.
    """

    kind: str
    node: str | None
    detail: str = ""

    @property
    def affects_results(self) -> bool:
        """Whether a result may be another one now."""
        return self.kind not in ("layout", "field")


class NodeState:
    """What a document holds about one node: a view of its block."""

    __slots__ = ("_block",)

    def __init__(self, block: dict[str, JSON]) -> None:
        self._block = block

    @property
    def type(self) -> str:
        """Type of the node."""
        return str(self._block["type"])

    @property
    def version(self) -> int:
        """Version of the node class that the block is written for."""
        return int(self._block["version"])

    @property
    def knobs(self) -> Mapping[str, JSON]:
        """Knob values that are not the default, unknown ones included."""
        return MappingProxyType(self._block["knobs"])

    @property
    def inputs(self) -> Mapping[str, str | list[str]]:
        """Wires: input to the name of a node, or to a list of names for a variadic input."""
        return MappingProxyType(self._block["inputs"])

    @property
    def position(self) -> tuple[float, float]:
        """Where the node is drawn: x to the right, y down."""
        x, y = self._block.get("position", (0, 0))
        return x, y

    @property
    def disabled(self) -> bool:
        """The main input passes through."""
        return bool(self._block.get("disabled", False))

    @property
    def label(self) -> str:
        """The artist's note on the node."""
        return str(self._block.get("label", ""))

    @property
    def field(self) -> Mapping[str, JSON] | None:
        """Record of the finished fit: ``path`` relative to the document, ``key`` at the fit."""
        record = self._block.get("field")
        return None if record is None else MappingProxyType(record)

    def stored(self, name: str) -> JSON | Absent:
        """A copy of one member of the block as it is stored, or ABSENT."""
        return copy.deepcopy(self._block.get(name, ABSENT))

    def block(self) -> dict[str, JSON]:
        """A copy of the whole block."""
        return copy.deepcopy(self._block)

    @property
    def extra(self) -> dict[str, JSON]:
        """What later versions wrote into the block, kept as it is."""
        return {name: value for name, value in self._block.items() if name not in BLOCK_KEYS}


BLOCK_KEYS = ("type", "version", "label", "disabled", "knobs", "inputs", "position", "field")


class Document:
    """A graph with its settings.

    Args:
        registry: The node classes; default: those of ``codef_nodes.nodes``.
        tree: The JSON form, already upgraded and checked (see ``serialise.from_tree``).

    Attributes:
        notes: Sentences for the person who opened the document (unknown nodes and knobs).
        revision: Counts up with each change that may change a result.
    """

    def __init__(
        self, registry: Registry | None = None, tree: dict[str, JSON] | None = None
    ) -> None:
        self.registry = registry or registry_module.DEFAULT
        self.notes: list[str] = []
        self.revision = 0
        self._tree: dict[str, JSON] = tree or {
            "codef": {"schema": SCHEMA},
            "settings": {},
            "nodes": {},
        }
        self._settings: dict[str, JSON] = self._tree["settings"]
        self._listeners: list[Callable[[tuple[Change, ...]], None]] = []
        self._mirrors: list[Callable[[list[Edit]], None]] = []
        self._lock = threading.RLock()

    # Reading.

    @property
    def settings(self) -> dict[str, JSON]:
        """Every setting, defaults included, unknown ones too."""
        return {knob.name: knob.default for knob in SETTINGS} | self._settings

    def stored_setting(self, name: str) -> JSON | Absent:
        """A copy of a setting as it is stored, or ABSENT for the default."""
        return copy.deepcopy(self._settings.get(name, ABSENT))

    @property
    def nodes(self) -> Mapping[str, NodeState]:
        """The nodes by name, sorted."""
        blocks = self._tree["nodes"]
        return {name: NodeState(blocks[name]) for name in sorted(blocks)}

    @property
    def extra(self) -> dict[str, JSON]:
        """What other versions keep at the top of the document (backdrops and the like)."""
        return {k: v for k, v in self._tree.items() if k not in ("codef", "settings", "nodes")}

    def __contains__(self, name: object) -> bool:
        return name in self._tree["nodes"]

    def state(self, name: str) -> NodeState:
        """What the document holds about a node.

        Raises:
            UsageError: No such node; the message names those that are near.
        """
        block = self._tree["nodes"].get(name)
        if block is None:
            self._no_such_node(name)
        return NodeState(block)

    def node_class(self, name: str) -> type[Node]:
        """Class of a node; ``UnknownNode`` for a type or version that nobody here knows."""
        state = self.state(name)
        cls = self.registry.node_class(state.type)
        return cls if state.version <= cls.version else UnknownNode

    def knob(self, node: str, knob: str) -> Knob:
        """Description of a knob.

        Raises:
            UsageError: No such node or knob; the message names what is near.
        """
        cls = self.node_class(node)
        found = cls.knob(knob)
        if found is None:
            if cls is UnknownNode:
                raise UsageError(
                    f"{node} is of the unknown type {self.state(node).type!r}: its knobs cannot "
                    "be set here",
                    node=node,
                )
            names = [known.name for known in cls.knobs]
            raise UsageError(
                f"{node} ({cls.type}) has no knob {knob!r}; {nearest(knob, names)}", node=node
            )
        return found

    def knob_value(self, node: str, knob: str) -> JSON:
        """Value of a knob; never change what it gives.

        Raises:
            UsageError: No such node or knob, or the file holds a value that the knob refuses.
        """
        described = self.knob(node, knob)
        stored = self.state(node).knobs
        if knob not in stored:
            return described.default
        return self._checked(described, stored[knob], node)

    def _checked(self, knob: Knob, value: JSON, node: str) -> JSON:
        return knob.check(value, node)

    def wires(self, node: str, port: str) -> tuple[str, ...]:
        """Names of the nodes wired to an input, in order."""
        wires = self.state(node).inputs.get(port, [])
        return (wires,) if isinstance(wires, str) else tuple(wires)

    def sources(self, node: str) -> tuple[str, ...]:
        """Names of all nodes that a node reads, each once."""
        found = dict.fromkeys(
            name for port in self.state(node).inputs for name in self.wires(node, port)
        )
        return tuple(found)

    def readers(self, node: str) -> list[tuple[str, str, int]]:
        """The wires that leave a node: reader, its input, position in a variadic input."""
        return [
            (reader, port, index)
            for reader, state in self.nodes.items()
            for port in state.inputs
            for index, name in enumerate(self.wires(reader, port))
            if name == node
        ]

    def main_input(self, node: str) -> str | None:
        """The input that passes through when a node is disabled, or None.

        An unknown node with one input passes that.
        """
        cls = self.node_class(node)
        if cls is not UnknownNode:
            return cls().main_input()
        inputs = self.state(node).inputs
        return next(iter(inputs)) if len(inputs) == 1 else None

    def upstream(self, node: str, known: set[str] | None = None) -> list[str]:
        """A node and all it reads, directly or not; sources first.

        Args:
            node: Where to start.
            known: Nodes to leave out, with all they read.

        Raises:
            UsageError: The nodes form a cycle; the message names them.
        """
        order: list[str] = []
        done: set[str] = set(known or ())
        trail: dict[str, Iterator[str]] = {node: iter(self.sources(node))}
        while trail:
            current = next(reversed(trail))
            for source in trail[current]:
                if source in trail:
                    names = list(trail)
                    ring = names[names.index(source) :]
                    # Data flows from the deepest to the first; say it in that order.
                    self._cycle([*reversed(ring), ring[-1]])
                if source not in done:
                    trail[source] = iter(self.sources(source))
                    break
            else:
                del trail[current]
                done.add(current)
                order.append(current)
        return order

    def check_cycles(self) -> None:
        """Refuses a document whose nodes form a cycle.

        Raises:
            UsageError: The message names the nodes.
        """
        done: set[str] = set()
        for name in self.nodes:
            if name not in done:
                done.update(self.upstream(name, done))

    def free_name(self, base: str) -> str:
        """A name that is not taken: ``Grade1``, ``Grade2``, ..."""
        stem = re.sub(r"\d+$", "", base) or "Node"
        taken = {name.casefold() for name in self._tree["nodes"]}
        number = 1
        while f"{stem}{number}".casefold() in taken:
            number += 1
        return f"{stem}{number}"

    def check_new_name(self, name: str, instead_of: str = "") -> None:
        """Refuses a name that is taken or cannot be typed on the command line.

        Raises:
            UsageError: As said. Names that differ in capitals only count as equal, since they
                become names of folders.
        """
        if not name.isidentifier():
            raise UsageError(
                f"{name!r} is no name for a node; use letters, digits and _, no digit first"
            )
        for other in self._tree["nodes"]:
            if other.casefold() == name.casefold() and other != instead_of:
                raise UsageError(f"there is already a node called {other}", node=other)

    def tree(self) -> dict[str, JSON]:
        """A deep copy of the JSON form."""
        with self._lock:
            return copy.deepcopy(self._tree)

    def copied(self) -> "Document":
        """An independent document with the same content."""
        other = Document(self.registry, self.tree())
        other.notes = list(self.notes)
        return other

    # Being told.

    def subscribe(self, listener: Callable[[tuple[Change, ...]], None]) -> Callable[[], None]:
        """Calls back after each change, in the thread that made it; returns the way to stop."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def mirror(self, listener: Callable[[list[Edit]], None]) -> Callable[[], None]:
        """Calls back with the exact edits, before the listeners hear of the changes.

        For whoever keeps the same tree elsewhere. The edits must not be changed. Returns the way
        to stop.
        """
        self._mirrors.append(listener)

        def stop() -> None:
            if listener in self._mirrors:
                self._mirrors.remove(listener)

        return stop

    # Changing: for commands and history only.

    def apply_edits(self, edits: list[Edit]) -> None:
        """Applies edits; for commands and the history, nobody else.

        Either all are applied or none.
        """
        with self._lock:
            applied: list[Edit] = []
            try:
                for edit in edits:
                    # Copies: what is in the tree is never shared with an edit that is kept.
                    copy.deepcopy(edit).apply(self._tree)
                    applied.append(edit)
            except Exception:
                for edit in inverse(applied):
                    copy.deepcopy(edit).apply(self._tree)
                raise
            changes = tuple(dict.fromkeys(_change(edit) for edit in edits))
            if any(change.affects_results for change in changes):
                self.revision += 1
        for mirror in list(self._mirrors):
            mirror(edits)
        for listener in list(self._listeners):
            listener(changes)

    def _no_such_node(self, name: str) -> NoReturn:
        names = sorted(self._tree["nodes"])
        raise UsageError(
            f"there is no node {name!r} in the document; {nearest(name, names)}", node=name
        )

    def _cycle(self, ring: list[str]) -> NoReturn:
        raise UsageError(
            f"the nodes {' -> '.join(ring)} form a cycle; disconnect one of them", node=ring[0]
        )


def finite_position(x: float, y: float) -> list[float]:
    """A position as documents hold it.

    Raises:
        UsageError: Not finite.
    """
    if not (math.isfinite(x) and math.isfinite(y)):
        raise UsageError(f"a node cannot be at ({x}, {y})")
    return [float(x), float(y)]


def _change(edit: Edit) -> Change:
    if isinstance(edit, RenameKey):
        return Change("node", edit.after, edit.before)
    path = edit.path
    if path[0] == "settings":
        return Change("setting", None, str(path[1]))
    if path[0] != "nodes":
        return Change("layout", None, str(path[0]))
    node = str(path[1])
    if len(path) == 2:
        return Change("node", node)
    kind = {"knobs": "knob", "inputs": "wire", "disabled": "disabled", "field": "field"}.get(
        str(path[2]), "layout"
    )
    return Change(kind, node, str(path[3]) if len(path) > 3 else "")
