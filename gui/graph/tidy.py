"""Tidy: nodes in layers from top to bottom, readers below what they read. No Qt.

The classical layered drawing: layers by longest path, stand-ins where a wire passes a layer, order
within the layers by the middle of the neighbours, then places that straighten wires. Everything is
broken by name, so that equal graphs get equal drawings.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gui.graph.clearing import Clearing, Run
from gui.graph.metrics import NODE_WIDTH, STEP_X, STEP_Y

_SWEEPS = 12
_STRAIGHTEN = 16
_THIN = 0.4
"""Room of a stand-in, as a share of a node's."""


@dataclass(frozen=True)
class Wire:
    """A wire of the graph.

    Attributes:
        source: What gives.
        reader: What reads.
        order: Place of the input on the reader, 0 at its left and 1 at its right.
    """

    source: str
    reader: str
    order: float = 0.5

    @property
    def across(self) -> float:
        """Where it arrives, counted from the middle of the reader."""
        return (self.order - 0.5) * NODE_WIDTH


@dataclass
class _Layers:
    rows: list[list[str]]
    above: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    below: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    thin: set[str] = field(default_factory=set)


def tidy(
    nodes: Mapping[str, tuple[float, float]],
    wires: Iterable[Wire],
    small: Collection[str] = (),
) -> dict[str, tuple[float, float]]:
    """New middles of nodes.

    Args:
        nodes: The nodes with their middles now: parts that hang on nothing keep their order from
            left to right, and the whole keeps its upper left corner.
        wires: The wires among them; others are left out.
        small: The nodes that are dots.
    """
    kept = [wire for wire in wires if wire.source in nodes and wire.reader in nodes]
    places: dict[str, tuple[float, float]] = {}
    edge = 0.0
    for part in _parts(nodes, kept):
        inner = [wire for wire in kept if wire.reader in part]
        drawn = _draw(part, inner, small)
        left = min(x for x, _ in drawn.values())
        for name, (x, y) in drawn.items():
            places[name] = (x - left + edge, y)
        edge = max(x for name, (x, _) in places.items()) + STEP_X * 1.25
    if not places:
        return {}
    left, top = (round(min(each[axis] for each in nodes.values())) for axis in (0, 1))
    edge = min(x for x, _ in places.values())
    high = min(y for _, y in places.values())
    return {
        name: (round(x - edge) + left, round(y - high) + top) for name, (x, y) in places.items()
    }


def _parts(nodes: Mapping[str, tuple[float, float]], wires: Sequence[Wire]) -> list[set[str]]:
    """Nodes that hang together, from left to right as they are now."""
    near: dict[str, set[str]] = {name: set() for name in nodes}
    for wire in wires:
        near[wire.source].add(wire.reader)
        near[wire.reader].add(wire.source)
    left, parts = set(nodes), []
    for name in sorted(nodes, key=lambda name: (nodes[name], name)):
        if name not in left:
            continue
        part, waiting = {name}, [name]
        while waiting:
            for other in near[waiting.pop()] - part:
                part.add(other)
                waiting.append(other)
        left -= part
        parts.append(part)
    return parts


def _draw(
    part: set[str],
    wires: Sequence[Wire],
    small: Collection[str],
) -> dict[str, tuple[float, float]]:
    level = _levels(part, wires, small)
    layers = _with_stand_ins(part, wires, level)
    _order(layers)
    across = _straighten(layers)
    places = {name: across[name] for name in sorted(part)}
    runs = [
        Run(wire.source, wire.reader, 0.0 if wire.reader in small else wire.across)
        for wire in sorted(wires, key=lambda wire: (wire.source, wire.reader, wire.order))
    ]
    Clearing(places, level, runs, small).run()
    return {name: (x, level[name] * STEP_Y) for name, x in places.items()}


def _levels(part: set[str], wires: Sequence[Wire], small: Collection[str]) -> dict[str, int]:
    """Layer of each node: as low as its sources demand; then sources and dots down to readers."""
    above: dict[str, list[str]] = {name: [] for name in part}
    below: dict[str, list[str]] = {name: [] for name in part}
    for wire in wires:
        above[wire.reader].append(wire.source)
        below[wire.source].append(wire.reader)
    level: dict[str, int] = {}
    order: list[str] = []
    waiting = {name: len(above[name]) for name in part}
    ready = sorted(name for name in part if not waiting[name])
    while ready:
        name = ready.pop(0)
        order.append(name)
        level[name] = max((level[source] + 1 for source in above[name]), default=0)
        for reader in below[name]:
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    for name in reversed(order):
        if below[name] and (name in small or not above[name]):
            level[name] = min(level[reader] for reader in below[name]) - 1
    lowest = min(level.values(), default=0)
    return {name: value - lowest for name, value in level.items()}


def _with_stand_ins(part: set[str], wires: Sequence[Wire], level: Mapping[str, int]) -> _Layers:
    layers = _Layers([[] for _ in range(max(level.values(), default=0) + 1)])
    for name in _walk(part, wires):
        layers.rows[level[name]].append(name)
        layers.above[name], layers.below[name] = [], []
    for number, wire in enumerate(
        sorted(wires, key=lambda wire: (wire.reader, wire.order, wire.source))
    ):
        last = wire.source
        for row in range(level[wire.source] + 1, level[wire.reader]):
            # No node's name holds a blank.
            stand_in = f"{number} {row}"
            layers.rows[row].append(stand_in)
            layers.thin.add(stand_in)
            layers.above[stand_in], layers.below[stand_in] = [(last, 0.0)], []
            layers.below[last].append((stand_in, 0.0))
            last = stand_in
        layers.above[wire.reader].append((last, wire.order))
        layers.below[last].append((wire.reader, wire.order))
    return layers


def _walk(part: set[str], wires: Sequence[Wire]) -> list[str]:
    """The nodes as one meets them from the ends of the streams upwards, inputs from left to right:
    a first order that does not depend on where they are, so that Tidy twice changes nothing."""
    above: dict[str, list[tuple[float, str]]] = {name: [] for name in part}
    for wire in wires:
        above[wire.reader].append((wire.order, wire.source))
    read = {wire.source for wire in wires}
    found: dict[str, None] = {}
    waiting = sorted(part - read, reverse=True)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting.extend(source for _, source in sorted(above[name], reverse=True))
    return list(found)


def _order(layers: _Layers) -> None:
    """Orders each layer by the middle of its neighbours, up and down in turn; keeps the best."""
    best, fewest = [list(row) for row in layers.rows], _crossings(layers)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        rows = range(1, len(layers.rows)) if down else range(len(layers.rows) - 2, -1, -1)
        near = layers.above if down else layers.below
        for number in rows:
            row = layers.rows[number]
            beside = layers.rows[number - 1 if down else number + 1]
            place = {name: float(at) for at, name in enumerate(beside)}
            middle = {}
            for at, name in enumerate(row):
                known = [
                    place[other] + (0.0 if down else 0.3 * order)
                    for other, order in near[name]
                    if other in place
                ]
                middle[name] = sum(known) / len(known) if known else float(at)
            row.sort(key=lambda name: middle[name])
        now = _crossings(layers)
        if now < fewest:
            best, fewest = [list(row) for row in layers.rows], now
        if fewest == 0:
            break
    layers.rows = best


def _crossings(layers: _Layers) -> int:
    """How often wires cross between neighbouring layers."""
    total = 0
    for upper, lower in zip(layers.rows, layers.rows[1:], strict=False):
        place = {name: at for at, name in enumerate(lower)}
        ends = [
            (float(at), place[other] + 0.1 * order)
            for at, name in enumerate(upper)
            for other, order in layers.below[name]
            if other in place
        ]
        ends.sort()
        seen: list[float] = []
        for _, end in ends:
            total += sum(other > end for other in seen)
            seen.append(end)
    return total


def _straighten(layers: _Layers) -> dict[str, float]:
    """Places from left to right: near the middle of the neighbours, never closer than allowed."""

    def room(name: str) -> float:
        return STEP_X * (_THIN if name in layers.thin else 1.0) / 2

    across: dict[str, float] = {}
    for row in layers.rows:
        x = 0.0
        for name in row:
            x += room(name)
            across[name] = x
            x += room(name)
        for name in row:
            across[name] -= x / 2
    for turn in range(_STRAIGHTEN):
        rows = layers.rows if turn % 2 == 0 else layers.rows[::-1]
        near = layers.above if turn % 2 == 0 else layers.below
        for row in rows:
            wanted = {
                name: _median([across[other] for other, _ in near[name]])
                if near[name]
                else across[name]
                for name in row
            }
            _separate(row, wanted, across, room)
    return across


def _separate(
    row: Sequence[str],
    wanted: Mapping[str, float],
    across: dict[str, float],
    room: Callable[[str], float],
) -> None:
    """The nearest places to the wanted ones that keep the order and the room: runs that would
    overlap share their middle."""
    runs: list[tuple[float, float, list[tuple[str, float]]]] = []
    for name in row:
        # A run: sum of the wanted places of its first member, weight, members with their offset.
        total, weight, members = wanted[name], 1.0, [(name, 0.0)]
        while runs:
            before_total, before_weight, before = runs[-1]
            end = before_total / before_weight + before[-1][1]
            gap = room(before[-1][0]) + room(members[0][0])
            if end + gap <= total / weight + 1e-9:
                break
            shift = before[-1][1] + gap
            total = before_total + total - shift * weight
            weight += before_weight
            members = [*before, *((each, offset + shift) for each, offset in members)]
            runs.pop()
        runs.append((total, weight, members))
    for total, weight, members in runs:
        for name, offset in members:
            across[name] = total / weight + offset


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
