"""What gestures of the track tool make of a document: commands, and nothing of Qt."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from codef_nodes.graph.commands import AddNode, Command, Connect, Group, SetKnob
from codef_nodes.graph.document import Document
from gui.core.places import free_place
from gui.core.streams import fit_of, main_path, plate_of

TRACK, KNOB = "Track", "placed"

Place = tuple[float, float]


@dataclass(frozen=True)
class Home:
    """Where points of the frame viewer go.

    Attributes:
        node: The Track node; it may have to be made first.
        commands: Make it, where it is not there.
    """

    node: str
    commands: tuple[Command, ...] = ()


def home_of(document: Document, shown: str | None, selected: Sequence[str]) -> Home | None:
    """Where points go that are set on what the frame viewer shows; None where no fit made that.

    A selected Track node, else the one that is shown, else one that follows the same fit, else a
    new one.

    Args:
        document: The document.
        shown: The node that the viewer shows.
        selected: The selected nodes, the last click last.
    """
    for name in reversed(selected):
        if name in document and document.state(name).type == TRACK:
            return Home(name)
    if shown is None or shown not in document:
        return None
    for name in main_path(document, shown):
        if document.state(name).type == TRACK:
            return Home(name)
    fit = fit_of(document, shown)
    if fit is None:
        return None
    for reader, port, _ in document.readers(fit):
        if document.state(reader).type == TRACK and port == "field":
            return Home(reader)
    name = document.free_name(TRACK)
    make: list[Command] = [AddNode(TRACK, name, free_place(document, fit))]
    make.append(Connect(fit, name, "field"))
    plate = plate_of(document, shown)
    if plate is not None:
        make.append(Connect(plate, name, "source"))
    return Home(name, tuple(make))


def points_of(document: Document, node: str) -> list[dict[str, Any]]:
    """Copies of the points that a node holds."""
    if node not in document:
        return []
    stored = document.state(node).knobs.get(KNOB, [])
    return [deepcopy(p) for p in stored if isinstance(p, dict)] if isinstance(stored, list) else []


def setting(home: Home, points: Sequence[Mapping[str, Any]], name: str) -> Command:
    """Sets the points of a home, making it first where it is not there."""
    return Group([*home.commands, SetKnob(home.node, KNOB, [dict(p) for p in points])], name)


def with_point(
    points: Sequence[Mapping[str, Any]], frame: int, place: Place, name: str | None = None
) -> tuple[list[dict[str, Any]], str]:
    """Points with one in a place: that of a name moved there, or a new one; and its name."""
    if name is None:
        names = {str(point.get("name")) for point in points}
        number = next(n for n in range(1, len(points) + 2) if f"track {n}" not in names)
        name = f"track {number}"
    made = {"name": name, "frame": frame, "x": round(place[0], 2), "y": round(place[1], 2)}
    if any(point.get("name") == name for point in points):
        return [{**p, **made} if p.get("name") == name else dict(p) for p in points], name
    return [*(dict(p) for p in points), made], name
