"""What pin gestures make of a document: commands, and nothing of Qt."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from codef_nodes.graph.commands import AddNode, Command, Connect, Group, InsertOnWire, SetKnob
from codef_nodes.graph.document import Document
from engine.errors import UsageError
from gui.core.places import free_place
from gui.core.streams import fit_of, main_path

PINS, KNOB = "Pins", "pins"
RADIUS = 64.0
"""Pixels around a pin that move with it, as long as it is not dragged farther."""
_SHARE = 0.5

Place = tuple[float, float]


@dataclass(frozen=True)
class Home:
    """Where pins of a viewer go.

    Attributes:
        node: The Pins node; it may have to be made first.
        fit: What it corrects.
        commands: Make it, where it is not there.
    """

    node: str
    fit: str
    commands: tuple[Command, ...] = ()


def pins_of(document: Document, node: str) -> list[dict[str, Any]]:
    """Copies of the pins that a node holds; the document changes its own in place."""
    if node not in document:
        return []
    stored = document.state(node).knobs.get(KNOB, [])
    return [deepcopy(p) for p in stored if isinstance(p, dict)] if isinstance(stored, list) else []


@dataclass(frozen=True)
class Placed:
    """Pins of a node on one still.

    Attributes:
        node: The Pins node.
        layer: Name of their layer; None: the front one.
        segment: Of a long shot the segment of the still.
        pins: As they are stored.
    """

    node: str
    layer: str | None
    segment: int
    pins: tuple[dict[str, Any], ...]

    @property
    def dots(self) -> list[dict[str, Any]]:
        """The pinned points as strokes of one point each, which know how to be carried."""
        return [{"points": [list(pin["canonical"])], "size": 1.0} for pin in self.pins]


def pinned_on(document: Document, fit: str) -> Iterator[Placed]:
    """The pins that correct a fit, by their stills."""
    for name, state in document.nodes.items():
        if state.type != PINS or fit not in main_path(document, name):
            continue
        by_still: dict[tuple[str | None, int], list[dict[str, Any]]] = {}
        for pin in pins_of(document, name):
            still = pin.get("layer"), int(pin.get("segment") or 0)
            by_still.setdefault(still, []).append(pin)
        for (layer, segment), pins in by_still.items():
            yield Placed(name, layer, segment, tuple(pins))


def moved_to(
    pins: Sequence[Mapping[str, Any]],
    placed: Placed,
    dots: Sequence[Mapping[str, Any]],
    segment: int,
) -> list[dict[str, Any]]:
    """Pins with those of one still on another; one that was changed meanwhile is left alone.

    Args:
        pins: All pins of the node, as they are now.
        placed: Those that move.
        dots: Where to, as ``Placed.dots``.
        segment: Of a long shot the segment of the other still.
    """
    found = [dict(pin) for pin in pins]
    for before, dot in zip(placed.pins, dots, strict=True):
        if before in found:
            after = {**before, "canonical": rounded(dot["points"][0][:2]), "segment": segment}
            if not segment:
                del after["segment"]
            found[found.index(before)] = after
    return found


def home_of(document: Document, shown: str | None, selected: Sequence[str] = ()) -> Home | None:
    """Where pins go that are set on what a viewer shows; None where nothing leads to a fit.

    The Pins node that the picture comes through, else a selected one, else one that corrects the
    same fit, else a new one behind the fit, before all that reads it.

    Args:
        document: The document.
        shown: The node that the viewer shows.
        selected: The selected nodes.
    """
    fit = fit_of(document, shown) if shown is not None and shown in document else None
    if fit is None:
        return None
    line = [name for name in main_path(document, fit) if _is_pins(document, name)]
    chosen = [name for name in selected if name in line]
    if line:
        return Home((chosen or line)[0], fit)
    beside = [name for name, _, _ in document.readers(fit) if _is_pins(document, name)]
    if beside:
        return Home(next((name for name in selected if name in beside), beside[0]), fit)
    name = document.free_name(PINS)
    readers = document.readers(fit)
    commands: list[Command] = [AddNode(PINS, name, free_place(document, fit, under=True))]
    commands += [InsertOnWire(name, reader, port, index) for reader, port, index in readers]
    if not readers:
        commands.append(Connect(fit, name, "field"))
    return Home(name, fit, tuple(commands))


def _is_pins(document: Document, name: str) -> bool:
    state = document.state(name)
    return state.type == PINS and not state.disabled


def setting(home: Home, pins: Sequence[Mapping[str, Any]]) -> Command:
    """Sets the pins of a home, making it first where it is not there."""
    command = SetKnob(home.node, KNOB, [dict(pin) for pin in pins])
    if not home.commands:
        return command
    return Group([*home.commands, command], f"Pin {home.fit}")


def new_pin(
    pins: Sequence[Mapping[str, Any]],
    layer: str,
    canonical: Place,
    frame: int,
    place: Place,
    segment: int = 0,
) -> dict[str, Any]:
    """A pin with one key and a name of its own; ``segment``: of a long shot that of the still."""
    names = {str(pin.get("name")) for pin in pins}
    number = next(n for n in range(1, len(names) + 2) if f"pin {n}" not in names)
    return {
        "name": f"pin {number}",
        "canonical": rounded(canonical),
        "frames": {str(frame): rounded(place)},
        "layer": layer,
        "radius": RADIUS,
        "hard": True,
        "fade": 12,
        "enabled": True,
        **({"segment": segment} if segment else {}),
    }


def with_key(pin: Mapping[str, Any], frame: int, place: Place) -> dict[str, Any]:
    """A pin with a place in a frame."""
    return {**pin, "frames": {**dict(pin["frames"]), str(frame): rounded(place)}}


def without_key(pin: Mapping[str, Any], frame: int) -> dict[str, Any]:
    """A pin without its place in a frame.

    Raises:
        UsageError: It would be left without any.
    """
    frames = {key: place for key, place in dict(pin["frames"]).items() if key != str(frame)}
    if not frames:
        raise UsageError(f"{pin.get('name')} has no other key; delete the pin instead.")
    return {**pin, "frames": frames}


def reaching(pin: Mapping[str, Any], moved: float) -> dict[str, Any]:
    """A pin whose radius is large enough for the way that it was dragged."""
    need = float(round(moved / _SHARE + 0.5))
    return {**pin, "radius": max(float(pin.get("radius", RADIUS)), need)}


def rounded(place: Place) -> list[float]:
    """A place as documents hold it: a thousandth of a pixel is finer than anybody points."""
    return [round(float(place[0]), 3), round(float(place[1]), 3)]
