"""What is drawn of a node, as plain data found from the document and from what the workers told.

No Qt: an item keeps one of these and is repainted only when it becomes another.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from codef_nodes.graph.document import Document
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import ANY, Port
from codef_nodes.graph.registry import UnknownNode
from gui.core.faces import Face as Told
from gui.graph.catalogue import title_of
from gui.graph.metrics import DOT_SIZE, NODE_HEIGHT, NODE_WIDTH

_SIDE = ("mask", "ignore")
_CORNER = 15.0
"""Room of an input that waits at the corner."""
_MANY = 4
"""A node with more inputs than this shows those that are wired and the next free one."""
_NUMBERED = re.compile(r".*_\d+$").match


@dataclass(frozen=True)
class Spot:
    """Where a wire meets a node.

    Attributes:
        port: The input.
        index: Which wire of it; one past the last is the free place of a variadic input.
        type: What it takes.
        x: In the node's own coordinates.
        y: As ``x``.
        wired: Something is wired there.
        optional: The node works without it.
    """

    port: str
    index: int
    type: str
    x: float
    y: float
    wired: bool
    optional: bool

    @property
    def side(self) -> bool:
        """It is on the right side of the node, where masks come in."""
        return self.y > 0


@dataclass(frozen=True)
class NodeFace:
    """What is drawn of a node.

    Attributes:
        name: Name of the node.
        kind: Its type.
        title: What menus call the type.
        category: Its menu.
        caption: Second line: the artist's label, else what tells this node from its like.
        label: The artist's label alone.
        spots: Its inputs.
        gives: It has an output.
        disabled: Crossed out.
        unknown: Nobody here knows its type.
        told: Error, state of the fit, progress.
        keys: Digits that show it in a viewer.
    """

    name: str
    kind: str
    title: str
    category: str
    caption: str
    label: str
    spots: tuple[Spot, ...]
    gives: bool
    disabled: bool
    unknown: bool
    told: Told
    keys: str = ""

    def spot(self, port: str, index: int = 0) -> Spot | None:
        """Where a wire of an input goes."""
        return next((s for s in self.spots if s.port == port and s.index == index), None)


def face_of(document: Document, name: str, told: Told, keys: str = "") -> NodeFace:
    """The face of a node as it is now."""
    state, cls = document.state(name), document.node_class(name)
    unknown = cls is UnknownNode
    caption = _first_line(state.label) or _caption(document, name, cls)
    return NodeFace(
        name=name,
        kind=state.type,
        title=state.type if unknown else title_of(cls),
        category=cls.category,
        caption="" if caption == name else caption,
        label=state.label,
        spots=spots(document, name),
        gives=unknown or cls.output is not None,
        disabled=state.disabled,
        unknown=unknown,
        told=told,
        keys=keys,
    )


def spots(document: Document, name: str) -> tuple[Spot, ...]:
    """Where the inputs of a node are: along the top in their order, masks on the right side."""
    state, cls = document.state(name), document.node_class(name)
    if state.type == "Dot" and cls is not UnknownNode:
        return (Spot("input", 0, ANY, DOT_SIZE / 2, 0.0, "input" in state.inputs, False),)
    places: list[tuple[Port, int, bool]] = []
    side: list[tuple[Port, int, bool]] = []
    for port in _ports(document, name, cls):
        wires = document.wires(name, port.name)
        rows = [(port, index, True) for index in range(len(wires))]
        if port.variadic or not wires:
            rows.append((port, len(wires), False))
        (side if port.name in _SIDE else places).extend(rows)
    top = _along_the_top(places)
    gap = NODE_HEIGHT / (len(side) + 1)
    return (
        *top,
        *(_spot(each, NODE_WIDTH, gap * (place + 1)) for place, each in enumerate(side)),
    )


def _along_the_top(places: Sequence[tuple[Port, int, bool]]) -> list[Spot]:
    """What is wired or needed is spread over the edge, a single one in its middle, so that a
    stream runs straight down; what may be left out waits at the right corner."""
    spots = [_spot(each, 0.0, 0.0) for each in places]
    waiting = [spot for spot in spots if spot.optional and not spot.wired]
    if len(waiting) == len(spots) and spots:
        waiting = waiting[1:]
    apart = [spot for spot in spots if not any(spot is each for each in waiting)]
    width = NODE_WIDTH - (_CORNER * len(waiting) if len(apart) > 1 else 0.0)
    step = width / (len(apart) + 1)
    return [
        *(replace(spot, x=step * (n + 1)) for n, spot in enumerate(apart)),
        *(
            replace(spot, x=NODE_WIDTH - _CORNER * (len(waiting) - n) + 4.0)
            for n, spot in enumerate(waiting)
        ),
    ]


def _spot(place: tuple[Port, int, bool], x: float, y: float) -> Spot:
    port, index, wired = place
    optional = port.optional or (port.variadic and index > 0)
    return Spot(port.name, index, port.type, x, y, wired, optional)


def _ports(document: Document, name: str, cls: type[Node]) -> Sequence[Port]:
    state = document.state(name)
    if cls is UnknownNode:
        return [
            Port(port, ANY, "", variadic=isinstance(wires, list))
            for port, wires in state.inputs.items()
        ]
    ports = list(cls.inputs)
    # What a file wires to inputs that the class does not know is still there.
    ports += [Port(port, ANY, "") for port in state.inputs if cls.port(port) is None]
    if [port.name for port in ports[:2]] == ["b", "a"]:
        ports[:2] = ports[1::-1]  # A comes from the left, as in Nuke
    # image_2 to image_10 of a viewer: the digits wire them.
    ports = [port for port in ports if port.name in state.inputs or not _NUMBERED(port.name)]
    if len(ports) > _MANY and all(port.optional for port in ports):
        last = max((n for n, port in enumerate(ports) if port.name in state.inputs), default=-1)
        ports = ports[: max(last + 2, 2)]
    return ports


def _caption(document: Document, name: str, cls: type[Node]) -> str:
    """What tells a node from others of its type: its file, its operation, its layer."""
    knobs = document.state(name).knobs
    if cls is UnknownNode:
        return "unknown type"
    for knob in cls.knobs:
        value = knobs.get(knob.name)
        if knob.name == "file":
            return PurePath(str(value)).name if value else f"no {knob.title.lower()}"
        if knob.kind == "files" and isinstance(value, list) and value:
            return ", ".join(PurePath(str(each)).name for each in value)
        if knob.name == "operation":
            return str(knob.default if value is None else value)
        if knob.name in ("layer", "which"):
            return f"{knob.title.lower()} {knob.default if value is None else value}"
        if knob.kind == "strokes":
            count = len(value) if isinstance(value, list) else 0
            return f"{count or 'no'} stroke{'' if count == 1 else 's'}"
        if knob.kind == "pins" and isinstance(value, list) and value:
            return f"{len(value)} pin{'' if len(value) == 1 else 's'}"
    return cls.title if cls.title and cls.title != name else ""


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]
