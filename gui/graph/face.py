"""What is drawn of a node, as plain data found from the document and from what the workers told.

No Qt: an item keeps one of these and is repainted only when it becomes another.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from codef_nodes.graph.clones import with_clones
from codef_nodes.graph.document import Document
from codef_nodes.graph.node import Node
from codef_nodes.graph.port import ANY, Port
from codef_nodes.graph.registry import UnknownNode
from gui.core.faces import Face as Told
from gui.graph.catalogue import title_of
from gui.graph.flow import DOWN, Flow
from gui.graph.metrics import DOT_SIZE, NODE_HEIGHT, NODE_WIDTH

_SIDE = ("mask", "ignore")
_CORNER, _NARROW_CORNER = 15.0, 7.0
"""Room of an input that waits at the corner of a long and of a short edge."""
UP, ASIDE, LEFT, BELOW = (0, -1), (1, 0), (-1, 0), (0, 1)
"""Which way the wire of an input comes from."""
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
        out: Which way its wire comes from.
    """

    port: str
    index: int
    type: str
    x: float
    y: float
    wired: bool
    optional: bool
    out: tuple[int, int] = UP

    def depth(self, dx: float, dy: float) -> float:
        """How far something lies inside the node, seen from here."""
        return -dx * self.out[0] - dy * self.out[1]

    def beside(self, dx: float, dy: float) -> float:
        """How far something lies beside the line that the wire comes in on."""
        return abs(dx * self.out[1] - dy * self.out[0])


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
        across: Its stream runs to the right.
        clones: The nodes that share its knobs.
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
    across: bool = False
    clones: tuple[str, ...] = ()

    def spot(self, port: str, index: int = 0) -> Spot | None:
        """Where a wire of an input goes."""
        return next((s for s in self.spots if s.port == port and s.index == index), None)


def face_of(
    document: Document, name: str, told: Told, keys: str = "", flow: Flow = DOWN
) -> NodeFace:
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
        spots=spots(document, name, flow),
        gives=unknown or cls.output is not None,
        disabled=state.disabled,
        unknown=unknown,
        told=told,
        keys=keys,
        across=flow.across,
        clones=tuple(with_clones(document, name)[1:]),
    )


def spots(document: Document, name: str, flow: Flow = DOWN) -> tuple[Spot, ...]:
    """Where the inputs of a node are: where the stream comes from in their order, masks beside."""
    state, cls = document.state(name), document.node_class(name)
    if state.type == "Dot" and cls is not UnknownNode:
        middle, wired = DOT_SIZE / 2, "input" in state.inputs
        place, out = ((0.0, middle), LEFT) if flow.across else ((middle, 0.0), UP)
        return (Spot("input", 0, ANY, *place, wired, False, out),)
    places: list[tuple[Port, int, bool]] = []
    side: list[tuple[Port, int, bool]] = []
    for port in _ports(document, name, cls):
        wires = document.wires(name, port.name)
        rows = [(port, index, True) for index in range(len(wires))]
        if port.variadic or not wires:
            rows.append((port, len(wires), False))
        (side if port.name in _SIDE else places).extend(rows)
    masks = [_spot(each) for each in side]
    if flow.across:
        gap = NODE_WIDTH / (len(side) + 1)
        streams = [replace(s, x=0.0, y=at, out=LEFT) for s, at in _along(places, NODE_HEIGHT)]
        beside = [replace(s, x=gap * n, y=NODE_HEIGHT, out=BELOW) for n, s in enumerate(masks, 1)]
    else:
        gap = NODE_HEIGHT / (len(side) + 1)
        streams = [replace(s, x=at) for s, at in _along(places, NODE_WIDTH)]
        beside = [replace(s, x=NODE_WIDTH, y=gap * n, out=ASIDE) for n, s in enumerate(masks, 1)]
    return (*streams, *beside)


def _along(places: Sequence[tuple[Port, int, bool]], edge: float) -> list[tuple[Spot, float]]:
    """What is wired or needed is spread over the edge, a single one in its middle, so that a
    stream runs straight; what may be left out waits at the far corner."""
    spots = [_spot(each) for each in places]
    waiting = [spot for spot in spots if spot.optional and not spot.wired]
    if len(waiting) == len(spots) and spots:
        waiting = waiting[1:]
    apart = [spot for spot in spots if not any(spot is each for each in waiting)]
    corner = _CORNER if edge == NODE_WIDTH else _NARROW_CORNER
    step = (edge - (corner * len(waiting) if len(apart) > 1 else 0.0)) / (len(apart) + 1)
    return [
        *((spot, step * (n + 1)) for n, spot in enumerate(apart)),
        *((spot, edge - corner * (len(waiting) - n - 0.27)) for n, spot in enumerate(waiting)),
    ]


def _spot(place: tuple[Port, int, bool]) -> Spot:
    port, index, wired = place
    optional = port.optional or (port.variadic and index > 0)
    return Spot(port.name, index, port.type, 0.0, 0.0, wired, optional)


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
        if knob.kind == "points" and isinstance(value, list) and value:
            return f"{len(value)} point{'' if len(value) == 1 else 's'}"
    return cls.title if cls.title and cls.title != name else ""


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]
