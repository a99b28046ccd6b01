"""Commands: the only way to change a document.

A command is made with plain values, checks itself against the document and yields the smallest
exact edits; ``History.do`` runs it so that it can be undone. Those of wires are in ``wires.py``.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codef_nodes.graph.clones import with_clones
from codef_nodes.graph.command import Command, Group
from codef_nodes.graph.document import Document, finite_position
from codef_nodes.graph.edits import ABSENT, Absent, Edit, Put, RenameKey, Splice, difference
from codef_nodes.graph.jsonvalue import JSON, plain, same
from codef_nodes.graph.registry import UnknownNode
from codef_nodes.graph.settings import setting
from codef_nodes.graph.wires import Connect, Disconnect, InsertOnWire, check_wire, fits, rewire
from engine.errors import UsageError

__all__ = [
    "AddNode", "Command", "Connect", "Disconnect", "EditStrokes", "Group", "InsertOnWire", "Move",
    "RecordField", "RemoveNode", "Rename", "SetDisabled", "SetKnob", "SetLabel", "SetSetting",
    "check_wire", "put", "rewire",
]  # fmt: skip


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
            healed = heal is not None and fits(document, heal, reader, port)
            replaced = [
                heal if wire == self.name else wire for wire in document.wires(reader, port)
            ]
            kept = [wire for wire in replaced if wire is not None and (healed or wire != heal)]
            edits += rewire(document, reader, port, kept)
        return [*edits, Put(("nodes", self.name), document.state(self.name).block(), ABSENT)]


@dataclass
class SetKnob(Command):
    """Sets a knob of a node and of its clones; the default is stored as nothing."""

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
        after = ABSENT if same(value, described.check(described.default)) else value
        edits: list[Edit] = []
        for node in with_clones(document, self.node):
            path = ("nodes", node, "knobs", self.knob)
            before = document.state(node).knobs.get(self.knob, ABSENT)
            if before is not ABSENT and after is not ABSENT:
                edits += difference(path, plain(before), after)
            elif before is not after:
                edits.append(Put(path, before if before is ABSENT else plain(before), after))
        return edits


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
            edits += put(document, name, "position", finite_position(x, y))
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
        """One flag for each clone."""
        off = True if self.disabled else ABSENT
        names = with_clones(document, self.name)
        return [edit for name in names for edit in put(document, name, "disabled", off)]


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
        """One text for each clone."""
        label = str(self.label) or ABSENT
        names = with_clones(document, self.name)
        return [edit for name in names for edit in put(document, name, "label", label)]


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
        """A splice of each clone's list, or less."""
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
        removed = plain(now[at : at + self.remove])
        if same(removed, added):
            return []
        edits: list[Edit] = []
        for node in with_clones(document, self.node):
            path = ("nodes", node, "knobs", self.knob)
            if len(removed) == 1 == len(added):
                edits += difference((*path, at), removed[0], added[0])
            else:
                edits.append(Splice(path, at, removed, added))
        return edits


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
        return put(document, self.node, "field", after)


def put(document: Document, node: str, name: str, after: JSON | Absent) -> list[Edit]:
    """The edit that gives a member of a node's block this value."""
    before = document.state(node).stored(name)
    if before is after or same(before, after):
        return []
    return [Put(("nodes", node, name), before, after)]
